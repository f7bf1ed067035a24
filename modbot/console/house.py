"""What the console is lent by whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from modbot.moderation.deciding import Moderator
from modbot.settings import Loaded
from modbot.store.engine import Store


class House(Protocol):
    """Every method may be called from any thread."""

    @property
    def store(self) -> Store: ...

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    def loaded(self) -> Loaded:
        """The settings in force."""
        ...

    def moderator(self, who: str) -> Moderator:
        """Decides in the name of ``who``, as a verdict of source ``console``."""
        ...

    def status(self) -> Mapping[str, Any]:
        """How the house stands: what ``modbot status --json`` prints."""
        ...
