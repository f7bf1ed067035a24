"""``[[boards]]``, ``[[threads]]`` and nights of the settings, made into what policy asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from modbot.daemon.notices import hours
from modbot.detection.rules.patterns import Patterns, Unusable, readable
from modbot.domain import ThreadKind
from modbot.errors import SettingsError
from modbot.policy import Custom, Night
from modbot.settings import PolicySettings, Settings
from modbot.settings.customs import BoardEntry, ThreadEntry, named
from modbot.settings.policies import night_of


def of_boards(settings: Settings, *, source: str) -> tuple[Custom, ...]:
    """Raises SettingsError naming the entry whose pattern cannot be used."""
    entries = [(entry, entry.name) for entry in settings.boards]
    return tuple(_custom("boards", number, *one, source=source) for number, one in enumerate(entries, 1))


def of_threads(settings: Settings, *, source: str) -> tuple[Custom, ...]:
    """Raises SettingsError naming the entry whose pattern cannot be used."""
    entries = [(entry, entry.title) for entry in settings.threads]
    return tuple(_custom("threads", number, *one, source=source) for number, one in enumerate(entries, 1))


def _custom(
    listed: str, number: int, entry: BoardEntry | ThreadEntry, pattern: str, *, source: str
) -> Custom:
    key = f"{listed}[{number}] {named(entry.model_dump())}"
    return Custom(
        kind=ThreadKind(entry.kind) if entry.kind else None,
        ids=entry.id,
        matches=_matcher(pattern, source=source, key=key) if pattern else None,
        forum=entry.forum,
    )


def _matcher(pattern: str, *, source: str, key: str) -> Callable[[str], bool]:
    """Whether ``pattern`` is found in a text, in time linear in it."""
    try:
        compiled = Patterns({0: pattern}, is_folded=False)
    except Unusable as problem:
        everything = problem.code == "error.rules.regex_everything"
        code = "error.settings.entry.pattern" + ("_everything" if everything else "")
        raise SettingsError(
            code=code, source=source, key=key, pattern=pattern, detail=problem.detail
        ) from None
    return lambda text: bool(compiled.find(readable([text])[0]))


def night(settings: Settings, chosen: PolicySettings, *, source: str) -> Night[PolicySettings] | None:
    """The night of a policy; None while it is off. Raises SettingsError for its time zone."""
    found = night_of(chosen)
    if found is None:
        return None
    begins, until, zone = found.hours.begins, found.hours.until, found.hours.timezone
    key = "policy.night.timezone" if zone else "notifications.timezone"
    known = hours.zone_named(zone or settings.notifications.timezone, source=source, key=key)
    return Night(time.fromisoformat(begins), time.fromisoformat(until), known, found.policy)
