"""The week's sums for volunteers, and how often modbot was right: by reason, board and week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from moderation_room import Room
from store_desk import FORUM, decision, reply

from modbot.domain import EVERYWHERE, DecisionKind, Reason, Scope, VerdictKind, VerdictSource, Visibility
from modbot.moderation import quality
from modbot.moderation.quality import Line, Quality
from modbot.policy.intervals import rate
from modbot.store import byhand, inbox, misses

SPAM = decision(DecisionKind.QUEUE)
LOW = decision(DecisionKind.QUEUE, Reason.LOW_EFFORT)
UPHOLD, DISMISS = VerdictKind.UPHOLD, VerdictKind.DISMISS
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def read(room: Room, within: Scope = EVERYWHERE) -> Quality:
    with room.store.read() as rx:
        return quality.read(rx, room.loaded(), {}, now=room.now, within=within)


def decide(
    room: Room, post: int, kind: VerdictKind, *, who: str = "ann", after: float = 0, **fields: object
) -> int:
    flag_id = room.flag(reply(post, **fields), SPAM)
    room.later(seconds=after)
    room.give(flag_id, kind, who)
    return flag_id


def test_the_week_counts_what_people_decided_since_monday(room: Room) -> None:
    room.now = MONDAY - timedelta(minutes=5)
    decide(room, 1, UPHOLD)
    room.now = MONDAY + timedelta(hours=8)
    decide(room, 2, UPHOLD)
    decide(room, 3, UPHOLD, after=20)
    decide(room, 4, DISMISS, after=40)
    week = read(room).week
    assert (week.since, week.confirmed, week.wrong, week.missed) == (MONDAY, 2, 1, 0)


def test_a_verdict_that_is_taken_back_counts_no_more(room: Room) -> None:
    room.undo(decide(room, 1, UPHOLD))
    assert (read(room).week.confirmed, read(room).week.wrong) == (0, 0)


def test_a_campaign_counts_once(room: Room) -> None:
    for post in (1, 2, 3):
        room.member(post)
    room.give_many(UPHOLD)
    assert read(room).week.confirmed == 1
    assert read(room).whole.confirmed == 1
    assert read(room).whole.flags == 3


@pytest.mark.parametrize(
    ("gaps", "minutes"),
    [
        ([], 0),
        ([0], 1),  # somebody did something
        ([0, 60, 60], 2),
        ([0, 60, 60, 3600, 60], 4),  # away for an hour: that is a new sitting
        ([0, *[30] * 20], 10),
    ],
)
def test_minutes_are_the_gaps_between_ones_own_decisions(room: Room, gaps: list[float], minutes: int) -> None:
    room.now = MONDAY + timedelta(hours=8)
    for post, gap in enumerate(gaps, start=1):
        decide(room, post, UPHOLD, after=gap)
    assert read(room).week.minutes == minutes


def test_each_person_has_their_own_minutes_and_the_forum_takes_none(room: Room) -> None:
    room.now = MONDAY + timedelta(hours=8)
    for post in range(1, 9, 2):
        decide(room, post, UPHOLD, after=60)
        decide(room, post + 1, UPHOLD, who="ben", after=0)
    room.give(room.flag(reply(20), SPAM), UPHOLD, "forum", VerdictSource.FORUM)
    assert read(room).week.minutes == round((2 * 15 + 6 * 60) / 60)


def test_missed_is_what_humans_hid_on_the_forum_after_it_passed(room: Room) -> None:
    room.passed(1)
    room.passed(2, board_id=3)
    room.later(minutes=1)
    with room.store.write() as tx:
        for post in (1, 2):
            [seen] = [inbox.known_ids(tx, FORUM, [post])[post]]
            misses.note(tx, seen, Visibility.HIDDEN, at=room.now)
    assert read(room).week.missed == 2
    assert read(room, Scope({FORUM: frozenset({3})})).week.missed == 1


def test_lines_divide_the_flags_by_reason_board_and_week(room: Room) -> None:
    room.now = MONDAY - timedelta(days=3)
    decide(room, 1, UPHOLD, board_id=2)
    room.now = MONDAY + timedelta(hours=1)
    decide(room, 2, DISMISS, board_id=2)
    decide(room, 3, UPHOLD, board_id=3)
    room.flag(reply(4, board_id=3), LOW)
    found = read(room)
    assert {one.reason: numbers(one.line) for one in found.reasons} == {
        Reason.SPAM: (3, 2, 1),
        Reason.LOW_EFFORT: (1, 0, 0),
    }
    assert {one.board_id: numbers(one.line) for one in found.boards} == {2: (2, 1, 1), 3: (2, 1, 0)}
    assert [numbers(one.line) for one in found.weeks[-2:]] == [(1, 1, 0), (3, 1, 1)]
    assert [one.since for one in found.weeks[-2:]] == [MONDAY - timedelta(days=7), MONDAY]
    assert len(found.weeks) == quality.WEEKS
    assert found.whole.precision == rate(2, 3)


def numbers(line: Line) -> tuple[int, int, int]:
    return line.flags, line.confirmed, line.wrong


def test_hides_that_were_brought_back_make_the_overturn_rate(room: Room) -> None:
    room.hidden_flag(1)
    room.give(room.hidden_flag(2), DISMISS)
    whole = read(room).whole
    assert (whole.hidden, whole.overturned, whole.overturn_rate) == (2, 1, rate(1, 2))


def test_what_a_human_flagged_tells_nothing_of_modbot(room: Room) -> None:
    room.passed(1)
    with room.store.write() as tx:
        flag_id = byhand.open(tx, 1, 1, Reason.SPAM, who="ann", at=room.now)
    room.give(flag_id, UPHOLD)
    assert numbers(read(room).whole) == (0, 0, 0)
    assert read(room).week.confirmed == 1, "but it was work"


def test_older_weeks_are_left_out(room: Room) -> None:
    decide(room, 1, UPHOLD)
    room.later(weeks=quality.WEEKS + 1)
    assert numbers(read(room).whole) == (0, 0, 0)


def test_of_a_board_only_its_own_is_told_and_of_the_whole_nothing(room: Room) -> None:
    decide(room, 1, UPHOLD, board_id=2)
    decide(room, 2, DISMISS, board_id=3)
    room.flag(reply(3, board_id=2), SPAM)
    narrow = read(room, Scope({FORUM: frozenset({3})}))
    assert numbers(narrow.whole) == (1, 0, 1)
    assert (narrow.week.confirmed, narrow.week.wrong) == (0, 1)
    assert (narrow.oldest_open, narrow.forums) == (None, ())
    whole = read(room, Scope({FORUM: None}))
    assert [forum.name for forum in whole.forums] == [FORUM]
    assert whole.oldest_open == room.now
    assert read(room, Scope({"village": None})) == replace(
        narrow,
        week=replace(narrow.week, wrong=0, minutes=0),
        whole=replace(whole.whole, flags=0, confirmed=0, wrong=0, precision=rate(0, 0)),
        reasons=(),
        boards=(),
        weeks=tuple(
            replace(one, line=replace(one.line, flags=0, wrong=0, precision=rate(0, 0)))
            for one in narrow.weeks
        ),
    )


def test_each_reason_is_told_what_it_lacks(room: Room) -> None:
    [forum] = read(room).forums
    assert {one.reason for one in forum.standings} == {Reason.SPAM, Reason.REPEATED, Reason.RULE}
    with room.store.read() as rx:
        bare = quality.read(rx, room.loaded(), None, now=room.now, within=EVERYWHERE)
    assert bare.forums[0].standings == (), "no model, nothing to say"
