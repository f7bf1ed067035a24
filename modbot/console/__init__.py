"""The moderators' web console and its JSON API, in the process of the daemon.

Pages are made on the server and work without JavaScript. What only the daemon can do (look at
a forum, take new settings) it lends through :class:`~modbot.console.house.House`.
"""

from modbot.console.app import create_app

__all__ = ["create_app"]
