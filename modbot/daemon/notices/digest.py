"""One message a day: what happened yesterday, and what waits for people now.

It is skipped when nothing was flagged or decided, nothing waits and nothing was wrong: a
message that asks for nothing teaches its readers to pass it by. That modbot is alive is
what the heartbeat is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from modbot import i18n
from modbot.daemon.notices.hours import Hours
from modbot.store import brake, budget, inbox, notices, periods, spot_checks
from modbot.store.notices import Notice

CODE = "notify.digest"
TROUBLES = ("notify.unreachable", "notify.human_needed")

Facts = dict[str, Any]


def key(day: date) -> str:
    return f"digest:{day.isoformat()}"


def facts(rx: Connection, forums: Sequence[str], day: date, hours: Hours, *, now: datetime) -> Facts:
    """The digest of ``day`` as JSON; its ``forums`` are those that there is something to say of."""
    start, end = hours.span(day)
    told = [_of_forum(rx, name, start, end, now) for name in forums]
    return {"day": day.isoformat(), "at": now.isoformat(), "forums": [each for each in told if each]}


def lines(told: Mapping[str, Any], words: i18n.Catalogue, hours: Hours) -> list[str]:
    """The digest's body: a heading per forum and what is to be said of it."""
    now = datetime.fromisoformat(told["at"])
    said: list[str] = []
    for forum in told["forums"]:
        said += [forum["name"], *(f"· {line}" for line in _lines_of(forum, words, hours, now)), ""]
    return said[:-1]


def _silent_minutes(told: Sequence[Notice], start: datetime, end: datetime) -> int:
    """How long a forum was in trouble within the day; what overlaps counts once."""
    spans = sorted(
        (max(each.opened_at, start), min(each.closed_at or end, end))
        for each in told
        if each.code in TROUBLES
    )
    total, until = timedelta(), start
    for begin, over in spans:
        total += max(over - max(begin, until), timedelta())
        until = max(until, over)
    return int(total.total_seconds() // 60)


def _of_forum(rx: Connection, forum: str, start: datetime, end: datetime, now: datetime) -> Facts | None:
    begun = inbox.began(rx, forum)
    if begun is None or begun >= end:
        return None  # nobody watched it on that day
    period = periods.between(rx, forum, start, end)
    waiting = periods.waiting(rx, forum)
    state = brake.state(rx, forum)
    silent = _silent_minutes(notices.between(rx, forum, start, end), start, end)
    kept = budget.not_shown(rx, forum, now=now)
    events = (period.by_reason, period.hidden, period.queued, period.verdicts, period.overturned)
    if not any((*events, *period.missed, period.brakes, waiting.number, kept, state.pulled, silent)):
        return None
    return {
        "name": forum,
        "spot_checks": spot_checks.count_open(rx, forum),
        "not_shown": budget.not_shown_between(rx, forum, start, end, now=now),
        "kept_back": sum(one.number for one in kept),
        "kept_since": min(one.since for one in kept).isoformat() if kept else None,
        "read": period.read,
        "by_reason": {reason.value: number for reason, number in period.by_reason.items()},
        "hidden": period.hidden,
        "queued": period.queued,
        "verdicts": sum(period.verdicts.values()),
        "by_forum": period.by_forum,
        "overturned": period.overturned,
        "missed_hidden": period.missed.hidden,
        "missed_gone": period.missed.gone,
        "waiting": waiting.number,
        "oldest": waiting.oldest.isoformat() if waiting.oldest else None,
        "brake": state.pulled,
        "brakes": period.brakes,
        "silent_minutes": silent,
    }


def _lines_of(forum: Facts, words: i18n.Catalogue, hours: Hours, now: datetime) -> Iterator[str]:
    yield words.text("notify.digest.read", **_numbers(forum))
    if forum["by_reason"]:
        yield words.text("notify.digest.reasons", reasons=_reasons(forum["by_reason"], words))
    if forum["verdicts"] or forum["overturned"]:
        yield words.text("notify.digest.verdicts", **_numbers(forum))
    # A digest that an earlier version wrote down tells nothing of these.
    if forum.get("by_forum"):
        yield words.text("notify.digest.by_forum", number=forum["by_forum"])
    if forum.get("missed_hidden") or forum.get("missed_gone"):
        yield words.text("notify.digest.missed", **_numbers(forum))
    if forum["waiting"]:
        oldest = hours.shown(datetime.fromisoformat(forum["oldest"]), now=now)
        yield words.text("notify.digest.waiting", number=forum["waiting"], oldest=oldest)
    if forum["kept_back"]:
        oldest = hours.shown(datetime.fromisoformat(forum["kept_since"]), now=now)
        yield words.text("notify.digest.kept_back", number=forum["kept_back"], oldest=oldest)
    if forum["not_shown"]:
        yield words.text("notify.digest.not_shown", reasons=_reasons(forum["not_shown"], words))
    if forum["spot_checks"]:
        yield words.text("notify.digest.spot_checks", number=forum["spot_checks"])
    if forum["brake"]:
        yield words.text("notify.digest.brake", forum=forum["name"])
    elif forum["brakes"]:
        yield words.text("notify.digest.brakes", number=forum["brakes"])
    if forum["silent_minutes"]:
        yield words.text("notify.digest.silent", minutes=forum["silent_minutes"])


def _reasons(counted: Mapping[str, int], words: i18n.Catalogue) -> str:
    return " · ".join(f"{words.text(f'reason.{reason}')} {number}" for reason, number in counted.items())


def _numbers(forum: Facts) -> dict[str, int]:
    return {name: value for name, value in forum.items() if isinstance(value, int)}
