"""What an engine is given: the operator's choices for one forum, and its surroundings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from modbot.forums.protocol import RequestLedger


class PollingMethod(StrEnum):
    AUTO = "auto"
    PANEL = "panel"
    SWEEP = "sweep"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Either a password or the two cookies ``auth`` and ``saltkey`` of a signed-in browser."""

    username: str = ""
    password: str = field(default="", repr=False)
    auth_cookie: str = field(default="", repr=False)
    saltkey_cookie: str = field(default="", repr=False)
    security_question: int = 0
    security_answer: str = field(default="", repr=False)
    password_over_http: bool = False


@dataclass(frozen=True, slots=True)
class Politeness:
    """``requests_per_second`` is a ceiling; seconds and bytes are per response."""

    requests_per_second: float = 1.0
    requests_per_day: int = 5000
    response_seconds: float = 60.0
    max_raw_bytes: int = 4_000_000
    max_decoded_bytes: int = 16_000_000
    attempts: int = 4
    longest_backoff_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class ForumConfig:
    """``panel_search`` allows the moderator panel's search, which needs the password
    and writes one line a request into the forum's moderator log; it is used at most
    every ``panel_search_seconds``. ``boards`` empty means every board the account sees."""

    name: str
    url: str
    engine: str = "discuz"
    credentials: Credentials = Credentials()
    polling: PollingMethod = PollingMethod.AUTO
    panel_search: bool = False
    panel_search_seconds: float = 300.0
    boards: tuple[int, ...] = ()
    skip_boards: tuple[int, ...] = ()
    board_passwords: dict[int, str] = field(default_factory=dict, repr=False)
    first_poll_days: int = 30
    user_agent: str = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
    )
    politeness: Politeness = Politeness()


@dataclass(frozen=True, slots=True)
class EngineContext:
    """``state_dir`` holds the engine's own small files (session, 0600); ``clock``
    answers aware UTC; ``sleep`` takes seconds and returns early with True when the
    owner is stopping; ``urgent_sleep``, for the requests of an action that is under way,
    only when that action must be cut off."""

    state_dir: Path
    ledger: RequestLedger
    clock: Callable[[], datetime]
    sleep: Callable[[float], bool]
    urgent_sleep: Callable[[float], bool] | None = None

    def sleep_for(self, *, urgent: bool) -> Callable[[float], bool]:
        return self.urgent_sleep if urgent and self.urgent_sleep is not None else self.sleep
