"""Passed replies drawn at random for people to judge: only they tell what is missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    String,
    cast,
    exists,
    func,
    select,
    update,
)

from modbot.domain import EVERYWHERE, DecisionKind, FlagState, Label, Reason, Scope, Visibility
from modbot.errors import Conflict, StoreError
from modbot.store import audit, labels
from modbot.store.flag_filter import in_scope
from modbot.store.schema import decisions, flags, replies, revisions, spot_checks

SOURCE = "spot_check"
FIRST_WINDOW = timedelta(hours=24)
NOT_MODBOTS = ("exempt_group", "before_first_start", "restored_by_human")
"""What passed for these reasons says nothing of how modbot judges."""

Choose = Callable[[Sequence[int], int], Sequence[int]]
"""``random.Random.sample``: so many of them, each set of that size as likely as any other."""


class State(StrEnum):
    OPEN = "open"
    JUDGED = "judged"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """A drawn reply with its text as it was then. ``population`` passed in that draw's window.
    ``flag_id``: the flag that the answer opened."""

    id: int
    forum: str
    day: date
    reply_id: int
    revision_id: int
    decision_id: int
    population: int
    drawn_at: datetime
    label: Label | None
    who: str | None
    answered_at: datetime | None
    label_id: int | None
    flag_id: int | None
    post_id: int
    thread_id: int | None
    thread_title: str
    board_id: int | None
    author_id: int | None
    author_name: str
    posted_at: datetime | None
    visibility: Visibility
    text: str
    quoted: str

    @property
    def state(self) -> State:
        if self.answered_at is None:
            return State.OPEN
        return State.SKIPPED if self.label is None else State.JUDGED


@dataclass(frozen=True, slots=True)
class Draw:
    """``drawn`` of the ``population`` that passed after ``since``."""

    drawn: int
    population: int
    since: datetime


def draw(tx: Connection, forum: str, *, number: int, now: datetime, choose: Choose) -> Draw | None:
    """Draw ``number`` of what passed since the last draw (before the first: in the last day).
    None when this UTC day has had its draw."""
    last = last_draw(tx, forum)
    if last is not None and last.astimezone(UTC).date() >= now.astimezone(UTC).date():
        return None
    since = now - FIRST_WINDOW if last is None else last
    passed = {row.id: row for row in tx.execute(_passed(forum, since, now))}
    chosen = choose(sorted(passed), min(number, len(passed)))
    values = [
        {
            "forum": forum,
            "day": now.astimezone(UTC).date(),
            "reply_id": reply_id,
            "revision_id": passed[reply_id].revision_id,
            "decision_id": passed[reply_id].decision_id,
            "population": len(passed),
            "drawn_at": now,
        }
        for reply_id in chosen
    ]
    if values:
        tx.execute(spot_checks.insert(), values)
    found = Draw(len(values), len(passed), since)
    details = {"drawn": found.drawn, "population": found.population, "since": since.isoformat()}
    audit.add(tx, audit.Entry(now, "modbot", "spot_checks.drawn", forum, details=details))
    return found


def last_draw(rx: Connection, forum: str) -> datetime | None:
    latest = func.max(spot_checks.c.drawn_at, type_=spot_checks.c.drawn_at.type)
    found: datetime | None = rx.scalar(select(latest).where(spot_checks.c.forum == forum))
    return found


def get(rx: Connection, check_id: int) -> Check:
    """Raises StoreError when there is none of that number."""
    row = rx.execute(_query().where(spot_checks.c.id == check_id)).mappings().one_or_none()
    if row is None:
        raise StoreError(code="error.store.spot_check_unknown", check=check_id)
    return _check(row)


def listing(
    rx: Connection,
    forum: str | None = None,
    *,
    state: State | None = State.OPEN,
    limit: int = 100,
    within: Scope = EVERYWHERE,
) -> list[Check]:
    """The latest draw first, of those ``within`` the places of whoever asks."""
    query = _query().order_by(spot_checks.c.drawn_at.desc(), spot_checks.c.id).limit(limit)
    query = query.where(in_scope(within, spot_checks.c.forum))
    if forum is not None:
        query = query.where(spot_checks.c.forum == forum)
    if state is not None:
        query = query.where(*_in_state(state))
    return [_check(row) for row in rx.execute(query).mappings()]


def count_open(rx: Connection, forum: str) -> int:
    query = select(func.count()).where(spot_checks.c.forum == forum, *_in_state(State.OPEN))
    return rx.scalar(query) or 0


def answer(
    tx: Connection, check_id: int, label: Label | None, *, who: str, now: datetime, teach: bool = True
) -> Check:
    """A human's answer; None skips. It teaches the label as an example of source SOURCE.

    Raises Conflict when it was answered before, or its text is forgotten.
    """
    check = get(tx, check_id)
    if check.answered_at is not None:
        at = check.answered_at.isoformat(timespec="seconds")
        raise Conflict(code="error.store.spot_check_answered", check=check_id, who=check.who, at=at)
    label_id = None
    if label is not None:
        if not check.text:
            raise Conflict(code="error.store.spot_check_forgotten", check=check_id)
        if teach:
            about = (check.revision_id, check.decision_id, label)
            label_id = labels.teach_passed(tx, *about, source=SOURCE, who=who, at=now)
    _change(tx, check_id, label=label, who=who, answered_at=now, label_id=label_id)
    what = "spot_check.skipped" if label is None else "spot_check.judged"
    _note(tx, check, what, who, now, {"label": label})
    return get(tx, check_id)


def led_to(tx: Connection, check_id: int, flag_id: int) -> None:
    """The answer opened this flag: from now on its verdict speaks for the answer."""
    _change(tx, check_id, flag_id=flag_id)


def undo(tx: Connection, check_id: int, *, who: str, now: datetime) -> int:
    """Take an answer back: the check is open again; answers how many labels were forgotten.

    Raises Conflict when there is no answer.
    """
    check = get(tx, check_id)
    if check.answered_at is None:
        raise Conflict(code="error.store.spot_check_open", check=check_id)
    forgotten = 0 if check.label_id is None else labels.forget_one(tx, check.label_id, at=now)
    _change(tx, check_id, label=None, who=None, answered_at=None, label_id=None, flag_id=None)
    _note(tx, check, "spot_check.undone", who, now, {"label": check.label, "labels": forgotten})
    return forgotten


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw and what people said of it: ``labels`` counts the judged."""

    at: datetime
    population: int
    drawn: int
    labels: dict[Label, int]

    @property
    def judged(self) -> int:
        return sum(self.labels.values())


def draws(rx: Connection, forum: str) -> list[Drawn]:
    """All draws, the first first. Where an answer opened a flag, the flag's verdict speaks:
    one that was dismissed was ham, one that is open is not judged yet."""
    query = (
        select(spot_checks.c.drawn_at, spot_checks.c.population, spot_checks.c.label, flags.c.state)
        .outerjoin(flags, flags.c.id == spot_checks.c.flag_id)
        .where(spot_checks.c.forum == forum)
        .order_by(spot_checks.c.drawn_at)
    )
    found: dict[datetime, Drawn] = {}
    for at, population, label, state in rx.execute(query):
        before = found.get(at, Drawn(at, population, 0, {}))
        said = _said(label, state)
        counted = dict(before.labels)
        if said is not None:
            counted[said] = counted.get(said, 0) + 1
        found[at] = Drawn(at, population, before.drawn + 1, counted)
    return list(found.values())


def _said(label: str | None, state: str | None) -> Label | None:
    if label is None or state in (FlagState.PENDING, FlagState.HIDDEN):
        return None
    if state in (FlagState.DISMISSED, FlagState.OVERTURNED, FlagState.ALLOWED_HERE):
        return Label.HAM
    return Label(label)


def reason_of(label: Label) -> Reason:
    """The reason of a flag that an answer opens."""
    return Reason.SPAM if label is Label.SPAM else Reason.LOW_EFFORT


def _passed(forum: str, since: datetime, until: datetime) -> Select[Any]:
    """What passed in between, is to be seen still, and has words to judge."""
    held = cast(decisions.c.held_by, String)
    return (
        select(replies.c.id, replies.c.revision_id, decisions.c.id.label("decision_id"))
        .join(decisions, decisions.c.id == replies.c.decision_id)
        .join(revisions, revisions.c.id == replies.c.revision_id)
        .where(
            decisions.c.forum == forum,
            decisions.c.decided_at > since,
            decisions.c.decided_at <= until,
            decisions.c.kind == DecisionKind.ALLOW,
            replies.c.visibility == Visibility.VISIBLE,
            revisions.c.text != "",
            ~exists().where(spot_checks.c.reply_id == replies.c.id),
            *(~held.contains(f'"{code}"') for code in NOT_MODBOTS),
        )
    )


def _in_state(state: State) -> tuple[ColumnElement[bool], ...]:
    if state is State.OPEN:
        return (spot_checks.c.answered_at.is_(None),)
    unlabelled = spot_checks.c.label.is_(None)
    return (spot_checks.c.answered_at.is_not(None), unlabelled if state is State.SKIPPED else ~unlabelled)


def _query() -> Select[Any]:
    about = ("post_id", "thread_id", "thread_title", "board_id", "author_id", "author_name", "posted_at")
    return (
        select(
            spot_checks,
            *(replies.c[name] for name in about),
            replies.c.visibility,
            revisions.c.text,
            revisions.c.quoted,
        )
        .join(replies, replies.c.id == spot_checks.c.reply_id)
        .join(revisions, revisions.c.id == spot_checks.c.revision_id)
    )


def _check(row: RowMapping) -> Check:
    fields = {name: row[name] for name in Check.__slots__}
    fields["label"] = Label(row["label"]) if row["label"] else None
    fields["visibility"] = Visibility(row["visibility"])
    return Check(**fields)


def _change(tx: Connection, check_id: int, **columns: object) -> None:
    tx.execute(update(spot_checks).where(spot_checks.c.id == check_id).values(columns))


def _note(
    tx: Connection, check: Check, what: str, who: str, at: datetime, details: dict[str, object]
) -> None:
    told = {"check": check.id, **details}
    audit.add(tx, audit.Entry(at, who, what, check.forum, check.flag_id, check.reply_id, told))
