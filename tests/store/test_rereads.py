"""When what is read again, and in which order."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from store_desk import FORUM, START, Desk, decision, reply

from modbot.domain import ActionKind, ActionOutcome, Author, DecisionKind, Removal, Visibility
from modbot.store import Store, inbox, outbox, rereads
from modbot.store.carrying import Means
from modbot.store.rereads import Known, Rhythm, next_time
from modbot.store.schema import replies

RHYTHM = Rhythm()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def known(**changes: object) -> Known:
    """A reply of an author with standing that was posted and read an hour ago."""
    plain = {
        "visibility": Visibility.VISIBLE,
        "seen_at": START,
        "posted_at": START,
        "established": True,
        "is_flagged": False,
        "hidden_since": None,
    }
    return Known(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply_known", "after"),
    [
        (known(), None),
        (known(established=None), None),
        (known(is_flagged=True), HOUR / 2),
        (known(established=False), HOUR),
        (known(established=False, seen_at=START + 0.9 * HOUR), HOUR),
        (known(established=False, seen_at=START + HOUR), DAY),
        (known(established=False, seen_at=START + 5 * HOUR), DAY),
        (known(established=False, seen_at=START + DAY), 3 * DAY),
        (known(established=False, seen_at=START + 3 * DAY), None),
        (known(established=False, posted_at=None), None),
        (known(established=False, is_flagged=True, seen_at=START + 0.8 * HOUR), HOUR),
        (known(hidden_since=START), HOUR / 2),
        (known(hidden_since=START, seen_at=START + 20 * HOUR), 20.5 * HOUR),
        (known(hidden_since=START, seen_at=START + 23.5 * HOUR), DAY),
        (known(hidden_since=START, seen_at=START + 23.9 * HOUR), 23.9 * HOUR + DAY),
        (known(hidden_since=START, seen_at=START + 28.5 * DAY), 29.5 * DAY),
        (known(hidden_since=START, seen_at=START + 29.5 * DAY), None),
        (known(hidden_since=START, is_flagged=True, seen_at=START + 40 * DAY), 40 * DAY + HOUR / 2),
        (known(visibility=Visibility.GONE, established=False, hidden_since=START), None),
        (known(visibility=Visibility.GONE, is_flagged=True), HOUR / 2),
        (known(visibility=Visibility.GONE, may_return=True, hidden_since=START), HOUR / 2),
        (
            known(
                visibility=Visibility.GONE,
                may_return=True,
                hidden_since=START,
                established=False,
                seen_at=START + 23.9 * HOUR,
            ),
            23.9 * HOUR + DAY,
        ),
    ],
)
def test_when_a_reply_is_read_again(reply_known: Known, after: timedelta | None) -> None:
    assert next_time(reply_known, RHYTHM) == (None if after is None else START + after)


def test_an_empty_list_of_hours_looks_for_no_edits() -> None:
    assert next_time(known(established=False), Rhythm(edits=())) is None


def judged(desk: Desk, post_id: int, *, established: bool = False, posted_at: datetime = START) -> int:
    [recorded] = desk.record(reply(post_id, posted_at=posted_at))
    desk.judge(recorded, decision(DecisionKind.ALLOW, reason=None), established=established)
    with desk.store.write() as tx:
        rereads.plan(tx, [recorded.reply_id], RHYTHM)
    return recorded.reply_id


def take(desk: Desk, limit: int = 10) -> list[int]:
    with desk.store.write() as tx:
        return [one.post_id for one in rereads.take(tx, FORUM, RHYTHM, now=desk.now, limit=limit)]


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_what_is_due_for_longest_comes_first_and_no_more_than_asked_for(desk: Desk) -> None:
    for post_id, ago in ((1, 5), (2, 20), (3, 10), (4, 0)):
        judged(desk, post_id, posted_at=START - ago * timedelta(minutes=1))
    judged(desk, 5, established=True)
    desk.later(minutes=59)
    assert take(desk) == [2, 3, 1]
    assert take(desk, limit=2) == [2, 3]
    with desk.store.read() as rx:
        waiting = rereads.waiting(rx, FORUM, now=desk.now)
    assert (waiting.number, waiting.since) == (3, START + timedelta(minutes=40))


def test_what_a_poll_has_read_since_it_fell_due_is_not_read_again(desk: Desk) -> None:
    for post_id in (1, 2):
        judged(desk, post_id)
    desk.later(hours=2)
    desk.record(reply(1, posted_at=START))
    assert take(desk) == [2]
    desk.later(hours=23)
    assert take(desk) == [2, 1]


def test_what_was_put_off_lets_the_others_pass(desk: Desk) -> None:
    first, _ = judged(desk, 1), judged(desk, 2, posted_at=START + timedelta(minutes=1))
    desk.later(hours=2)
    with desk.store.write() as tx:
        rereads.put_off(tx, [first], until=desk.now + HOUR)
    assert take(desk) == [2]
    desk.later(hours=1)
    assert take(desk) == [2, 1], "put off, and not forgotten"


def test_a_flood_of_replies_that_polls_have_read_keeps_nothing_due_waiting(desk: Desk) -> None:
    for post_id in range(1, 31):
        judged(desk, post_id)
    judged(desk, 40, posted_at=START + timedelta(minutes=1))
    desk.later(hours=2)
    desk.record(*(reply(post_id, posted_at=START) for post_id in range(1, 31)))
    assert take(desk, limit=5) == [40]


TAKEN_AWAY = [
    # how, the post, whether it is read again
    (Means(how=Removal.DELETE, recycles=True), {}, True),
    (Means(how=Removal.DELETE, recycles=None, for_good=True), {}, True),
    (Means(how=Removal.DELETE, recycles=False, for_good=True), {}, False),
    (Means(), {"pending": True}, True),
    (Means(how=Removal.RECYCLE, recycles=True), {"floor": 1}, True),
    (Means(how=Removal.MOVE, staff_board=9), {"floor": 1}, True),
]


@pytest.mark.parametrize(("means", "fields", "is_read"), TAKEN_AWAY)
def test_what_was_taken_away_and_may_come_back_is_read_as_often_as_a_hide(
    desk: Desk, means: Means, fields: dict[str, object], is_read: bool
) -> None:
    author = Author(id=5, name="老会员", posts=900)
    flag_id = desk.flag(reply(1, author=author, **fields), established=True)
    desk.give(flag_id, means=means)
    [action] = desk.claim()
    gone = action.kind is not ActionKind.MOVE_THREAD
    with desk.store.write() as tx:
        shown = Visibility.GONE if gone else Visibility.VISIBLE
        done = {"outcome": ActionOutcome.DONE, "visibility": shown, "at": desk.now}
        outbox.settle(tx, action.id, "worker", **done)
        rereads.adopt(tx, FORUM, RHYTHM, now=desk.now)
    looks = []
    for half_hour in range(1, 2 * 24 * 4 + 1):
        desk.now = START + half_hour * HOUR / 2
        if take(desk):
            looks.append(half_hour / 2)
            with desk.store.write() as tx:
                inbox.saw(tx, {1: shown}, at=desk.now)
                rereads.plan(tx, [1], RHYTHM)
    first_day = [half_hour / 2 for half_hour in range(1, 49)]
    assert looks == ([*first_day, 48.0, 72.0, 96.0] if is_read else [])


def test_what_an_earlier_version_flagged_hid_or_upheld_is_taken_up(desk: Desk) -> None:
    flagged = desk.flag(reply(1))
    desk.hidden_flag(2)
    desk.give(desk.flag(reply(3)))
    desk.give(desk.flag(reply(4)))
    desk.record(reply(5))
    assert desk.get(flagged).is_open
    desk.later(hours=2)
    with desk.store.write() as tx:
        tx.execute(replies.update().values(read_again_at=None))
        assert rereads.adopt(tx, FORUM, RHYTHM, now=desk.now) == 4
        assert rereads.adopt(tx, FORUM, RHYTHM, now=desk.now) == 0
    assert sorted(take(desk)) == [1, 2, 3, 4]
    desk.later(days=40)
    desk.record(*(reply(post_id) for post_id in range(1, 5)))
    desk.later(hours=1)
    assert take(desk) == [1], "what waits for a human always; what was hidden a month ago no more"
