"""The operator's settings: schema, files, environment."""

from modbot.settings.loading import OPERATOR_FILE, Loaded, load, project_root
from modbot.settings.schema import (
    BoardSettings,
    ForumSettings,
    PolicySettings,
    Settings,
)

__all__ = [
    "OPERATOR_FILE",
    "BoardSettings",
    "ForumSettings",
    "Loaded",
    "PolicySettings",
    "Settings",
    "load",
    "project_root",
]
