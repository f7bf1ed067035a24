"""Over any history, a purge takes nothing that is needed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from purging_support import ALLOW, FORGOTTEN, QUEUE, WORDS, everything, new_desk, purge
from sqlalchemy import select
from store_desk import FORUM, START, Desk, decision, reply

import modbot.store
import modbot.store.types
from modbot.domain import (
    ActionOutcome,
    ReplyKey,
    VerdictKind,
    VerdictSource,
)
from modbot.errors import Conflict
from modbot.store import audit, campaigns, cards, flags, inbox, labels, outbox, schema

KINDS = ("hide", "hide", "queue", "allow", "not yet")
OPERATION = st.one_of(
    st.tuples(st.just("read"), st.integers(1, 3), st.integers(0, 3), st.sampled_from(KINDS)),
    st.tuples(st.just("act"), st.sampled_from([ActionOutcome.DONE, *ActionOutcome]), st.booleans()),
    st.tuples(st.just("decide"), st.integers(0, 5), st.sampled_from(VerdictKind), st.booleans()),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 80, 95, 170, 200])),
    st.tuples(st.just("purge")),
)


def live(desk: Desk, operation: tuple[Any, ...]) -> None:
    """One step of a history; what the store refuses is no step."""
    name, *how = operation
    desk.later(minutes=1)
    if name == "read":
        desk.record(reply(how[0], WORDS[how[1]], posted_at=START))
        judge(desk, how[0], how[2])
    elif name == "act":
        act(desk, *how)
    elif name == "wait":
        desk.later(days=how[0])
    elif name == "purge":
        purge(desk)
    else:
        decide(desk, name, *how)


def judge(desk: Desk, post: int, kind: str) -> None:
    with desk.store.write() as tx:
        stored = inbox.find(tx, ReplyKey(FORUM, post))
        if stored is None or stored.reply_id not in {one.reply_id for one in inbox.unassessed(tx, FORUM)}:
            return
    recorded = inbox.Recorded(
        stored.reply.key, stored.reply_id, stored.revision_id, False, False, False, False
    )
    if kind == "not yet":
        return
    decided = {"allow": ALLOW, "queue": QUEUE, "hide": decision()}[kind]
    judged = desk.judge(recorded, decided)
    if kind == "allow":
        return
    with desk.store.write() as tx:
        flag_id = desk.open(tx, recorded, judged, decided)
        if flag_id is not None and kind == "hide":
            desk.enqueue(tx, recorded, flag_id)


def act(desk: Desk, outcome: ActionOutcome, crashes: bool) -> None:
    for action in desk.claim():
        if not crashes:
            desk.settle(action, outcome)


def decide(desk: Desk, name: str, number: int, *how: Any) -> None:
    with desk.store.read() as rx:
        ids = list(rx.scalars(select(schema.flags.c.id).order_by(schema.flags.c.id)))
    if not ids:
        return
    try:
        if name == "undo":
            desk.undo(ids[number % len(ids)])
        else:
            source = VerdictSource.FORUM if how[1] else VerdictSource.TERMINAL
            desk.give(ids[number % len(ids)], how[0], source=source)
    except Conflict:
        pass


def what_must_stay(desk: Desk, at: datetime) -> dict[str, object]:
    """Everything that a purge at ``at`` may not change, whatever it does to the rest."""
    young = at - timedelta(days=180)
    window = at - timedelta(days=30)
    with desk.store.read() as rx:
        everyone = rx.execute(select(schema.replies)).mappings().all()
        digests = rx.execute(
            select(schema.revisions.c.id, schema.revisions.c.reply_id, schema.revisions.c.digest)
        )
        needed = select(schema.flags.c.id).where(
            schema.flags.c.closed_at.is_(None) | (schema.flags.c.closed_at >= young)
        )
        shown = [cards.show(rx, flag_id) for flag_id in rx.scalars(needed)]
        return {
            "identity": [
                {name: row[name] for name in row if name not in ("links", "decision_id", "campaign")}
                | {"judged": row["decision_id"] is not None}
                for row in everyone
            ],
            "digests": sorted(map(tuple, digests)),
            "unjudged": inbox.unassessed(rx, FORUM),
            "flags": [(card.flag, card.stored, card.judged, card.verdicts, card.actions) for card in shown],
            "unsettled": outbox.listing(rx, states=outbox.UNSETTLED),
            "labels": [{**label, "flag_id": None} for label in labels.export(rx)],
            "young audit": list(audit.listing(rx, since=young)),
            "duplicates": list(campaigns.observations(rx, window)),
            "our hides": [
                (row["id"], outbox.get(rx, row["our_hide"]).reason)
                for row in everyone
                if row["our_hide"] is not None
            ],
        }


HIDDEN = ("read", 1, 0, "hide"), ("act", ActionOutcome.DONE, False)


@settings(max_examples=60, deadline=None)
@example([*HIDDEN, ("decide", 0, VerdictKind.UPHOLD, False)], 400)
@example([*HIDDEN, ("decide", 0, VerdictKind.DISMISS, False), ("act", ActionOutcome.DONE, False)], 400)
@given(history=st.lists(OPERATION, max_size=30), pause=st.sampled_from([0, 91, 181, 400]))
def test_after_any_history_a_purge_takes_nothing_that_is_needed_and_the_next_finds_nothing(
    history: list[tuple[Any, ...]], pause: int
) -> None:
    with new_desk() as desk:
        for operation in history:
            live(desk, operation)
        desk.later(days=pause)
        before = what_must_stay(desk, desk.now)
        purge(desk)
        assert what_must_stay(desk, desk.now) == before
        with desk.store.read() as rx:
            assert rx.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        rows = everything(desk.store)
        again = purge(desk)
        assert {name: again[name] for name in again if name != "longest_ms"} == {
            **dict.fromkeys(FORGOTTEN, 0),
            "stopped": False,
        }
        assert everything(desk.store) == rows
        nothing_is_taken_for_new(desk)
        every_hide_in_effect_can_be_undone(desk)


def nothing_is_taken_for_new(desk: Desk) -> None:
    with desk.store.read() as rx:
        digests = select(schema.replies.c.post_id, schema.revisions.c.digest).join(
            schema.revisions, schema.revisions.c.id == schema.replies.c.revision_id
        )
        current = dict(rx.execute(digests).all())
    for post, digest in current.items():
        [words] = [one for one in WORDS if modbot.store.types.text_digest(one) == digest]
        [again] = desk.record(reply(post, words, posted_at=START))
        assert (again.is_new, again.is_changed) == (False, False)


def every_hide_in_effect_can_be_undone(desk: Desk) -> None:
    with desk.store.read() as rx:
        everyone = select(schema.flags.c.id).join(
            schema.replies, schema.replies.c.id == schema.flags.c.reply_id
        )
        hidden = list(rx.scalars(everyone.where(schema.replies.c.our_hide.is_not(None))))
        replies = {flags.get(rx, flag_id).reply_id for flag_id in hidden}
        ours = select(schema.replies.c.id).where(schema.replies.c.our_hide.is_not(None))
        assert replies == set(rx.scalars(ours))
