"""A forum to try modbot on: it speaks the wire of Discuz! X3.4 and has simulated members.

Markup, sentences and code are modbot's own; only what a client relies on (parameters,
field names, ids, phrases) is that of the real forum.
"""

from modbot.demo.server import DemoServer

__all__ = ["DemoServer"]
