"""Standing decisions as moderators see them: what is in force, what it does, and ending it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from modbot.errors import Conflict, ModbotError
from modbot.store import standing, standing_hides
from modbot.store.engine import Store
from modbot.store.standing import StandingDecision
from modbot.store.standing_hides import Effects, Hidden
from modbot.store.verdicts import Undone

TEXTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision in a list. ``texts`` are the first few canonical ones of ``texts_known``;
    ``until``: when it ends if no more copy is seen."""

    decision: StandingDecision
    texts: tuple[str, ...]
    texts_known: int
    until: datetime
    in_force: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One decision with all its texts, how many authors it names, and what came of it."""

    entry: Entry
    texts: tuple[str, ...]
    authors: int
    effects: Effects
    hidden: tuple[Hidden, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of undoing one hide. ``action_id``: the restore that waits for the forum."""

    hidden: Hidden
    action_id: int | None = None
    problem: ModbotError | None = None


@dataclass(frozen=True, slots=True)
class Revoked:
    """``hidden``: what the decision hid and what was hidden still, ``cancelled``: hides that had
    not begun. ``was_in_force``: it had not been revoked before."""

    decision: StandingDecision
    was_in_force: bool
    hidden: tuple[Hidden, ...]
    cancelled: int


class Undoes(Protocol):
    """A moderator who can take modbot's own hide back."""

    def undo(self, flag_id: int) -> Undone: ...


def listing(
    rx: Connection, *, forum: str | None, now: datetime, lasting: timedelta, everything: bool = False
) -> list[Entry]:
    """What is in force, the last made first; ``everything``: what is over, too. Two statements."""
    known = standing.listing(rx, forum=forum, revoked=everything)
    texts = standing.texts_of(rx, [one.id for one in known])
    found = [_entry(one, texts.get(one.id, []), now, lasting) for one in known]
    return [entry for entry in found if everything or entry.in_force]


def show(rx: Connection, standing_id: int, *, now: datetime, lasting: timedelta) -> Card:
    """Raises StoreError when there is none of that number."""
    texts = standing.texts(rx, standing_id)
    return Card(
        entry=_entry(standing.get(rx, standing_id), texts, now, lasting),
        texts=tuple(texts),
        authors=len(standing.authors(rx, standing_id)),
        effects=standing_hides.effects(rx, standing_id),
        hidden=tuple(standing_hides.in_effect(rx, standing_id)),
    )


def preview(rx: Connection, standing_id: int) -> Revoked:
    """What revoking would come to. Raises StoreError when there is none of that number."""
    decision = standing.get(rx, standing_id)
    return Revoked(
        decision=decision,
        was_in_force=decision.revoked_at is None,
        hidden=tuple(standing_hides.in_effect(rx, standing_id)),
        cancelled=len(standing_hides.waiting(rx, standing_id)),
    )


def revoke(store: Store, standing_id: int, *, who: str, now: datetime) -> Revoked:
    """End a decision at once; what it hid stays hidden. Raises StoreError when there is none
    of that number."""
    with store.write(lasting=True) as tx:
        found = preview(tx, standing_id)
        standing.revoke(tx, standing_id, who=who, now=now)
    return found


def restore(moderator: Undoes, hidden: Sequence[Hidden]) -> list[Restored]:
    """Undo these hides one by one, each in a transaction of its own: one that fails spoils
    no other."""
    return [_restore(moderator, one) for one in hidden]


def _restore(moderator: Undoes, hidden: Hidden) -> Restored:
    try:
        undone = moderator.undo(hidden.flag_id)
    except Conflict as conflict:
        return Restored(hidden, problem=conflict)
    return Restored(hidden, action_id=undone.action_id)


def _entry(decision: StandingDecision, texts: Sequence[str], now: datetime, lasting: timedelta) -> Entry:
    until = decision.last_copy_at + lasting
    return Entry(
        decision=decision,
        texts=tuple(texts[:TEXTS_SHOWN]),
        texts_known=len(texts),
        until=until,
        in_force=decision.revoked_at is None and now <= until,
    )
