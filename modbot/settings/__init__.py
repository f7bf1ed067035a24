"""The operator's settings: schema, files, environment."""

from modbot.settings.loading import OPERATOR_FILE, Loaded, load, over, project_root, usable_over
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
    "over",
    "project_root",
    "usable_over",
]
