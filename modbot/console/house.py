"""What the console is lent by whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from modbot.domain import Reply
from modbot.moderation.deciding import Moderator
from modbot.moderation.trying import Found, Tried
from modbot.policy import PolicyBook
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

    def adopt(self, wishes: Mapping[str, Any], *, who: str, seen: int) -> None:
        """Change settings by key (None: as files and environment say), which come into force
        within seconds. Raises what ``moderation.changing.change`` raises."""
        ...

    def revert(self, change_id: int, *, who: str) -> None:
        """Take one change of the settings back. Raises as :meth:`adopt`."""
        ...

    def policy_book(self, loaded: Loaded) -> PolicyBook:
        """Every board's policy under these settings. Raises SettingsError and ModelError."""
        ...

    def assess(self, reply: Reply) -> Tried:
        """What is made of a text where it stands; nothing is stored or learned of it. Raises
        SettingsError and ModelError."""
        ...

    def read_post(self, where: str, *, forum: str) -> Found:
        """The post at an address, or of that number in ``forum``; within seconds. Raises
        UsageError for what names none, and what the forum's engine raises."""
        ...

    def promote(self, version: str, *, who: str) -> None:
        """Let another model version judge, from the next seconds on. Raises ModelError."""
        ...
