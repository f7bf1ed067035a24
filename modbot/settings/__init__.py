"""The operator's settings: schema, files, environment."""

from modbot.settings.loading import Loaded, load, project_root
from modbot.settings.schema import (
    BoardSettings,
    ForumSettings,
    PolicySettings,
    Settings,
)

__all__ = [
    "BoardSettings",
    "ForumSettings",
    "Loaded",
    "PolicySettings",
    "Settings",
    "load",
    "project_root",
]
