"""For authors of forum engines: a suite that any engine must pass, and a scripted forum.

``conformance`` asks of an engine what the journey relies on; ``scripted`` is a forum in
memory that does what a test tells it, errors included.
"""

from modbot.testing.scripted import ScriptedForum

__all__ = ["ScriptedForum"]
