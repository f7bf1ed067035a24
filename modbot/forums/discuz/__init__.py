"""The engine for Discuz! X3.4 and X3.5."""

from __future__ import annotations

from modbot.forums.config import EngineContext, ForumConfig
from modbot.forums.discuz.forum import DiscuzForum
from modbot.forums.protocol import Forum


def engine(config: ForumConfig, context: EngineContext) -> Forum:
    """The forum of ``config``; makes no request before it is asked something."""
    return DiscuzForum(config, context)


__all__ = ["DiscuzForum", "engine"]
