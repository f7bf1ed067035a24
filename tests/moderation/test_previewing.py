"""What other policies would have made of the last days."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from moderation_room import ALLOWED, CAMPAIGN, Room, newcomer, regular
from store_desk import FORUM, decision, repetition, reply

from modbot.domain import (
    Author,
    DecisionKind,
    ExceptionScope,
    Mode,
    Reason,
    ReplyKey,
    Scope,
    VerdictKind,
)
from modbot.moderation import previewing
from modbot.moderation.deciding import Choice
from modbot.moderation.previewing import Counts, Preview
from modbot.policy import Policy, PolicyBook
from modbot.store.exceptions import Where

STRICT = PolicyBook(Policy(mode=Mode.ENFORCE, spam_hide=0.8, spam_queue=0.5))
LAX = PolicyBook(Policy(mode=Mode.ENFORCE, spam_hide=None, spam_queue=0.95))


def preview(
    room: Room, before: PolicyBook = LAX, after: PolicyBook = STRICT, *, days: int = 7, **how: object
) -> Preview:
    with room.store.read() as rx:
        since = room.now - timedelta(days=days)
        return previewing.preview(rx, before, after, since=since, forums=(FORUM,), **how)  # type: ignore[arg-type]


def advert(room: Room, post: int, **fields: object) -> int:
    """A flagged reply that is spam with 0.9, with a contact, by a newcomer."""
    return room.flag(reply(post, **{"author": newcomer(post), **fields}), decision())


def test_every_judgement_is_decided_by_either_book(room: Room) -> None:
    for post in (1, 2, 3):
        advert(room, post)
    found = preview(room)
    assert (found.before, found.after) == (Counts(passed=3), Counts(hidden=3))
    assert (found.looked_at, found.number, found.differing) == (3, 3, 3)
    one = found.examples[0]
    assert (one.before.kind, one.after.kind) == (DecisionKind.ALLOW, DecisionKind.HIDE)
    assert one.reply.text


def test_the_same_book_differs_in_nothing(room: Room) -> None:
    advert(room, 1)
    found = preview(room, STRICT, STRICT)
    assert (found.before, found.differing, found.examples) == (found.after, 0, ())


def test_the_days_and_the_newest_bound_what_is_looked_at(room: Room) -> None:
    advert(room, 1)
    room.later(days=5)
    advert(room, 2)
    advert(room, 3)
    assert preview(room, days=3).looked_at == 2
    found = preview(room, newest=1)
    assert (found.looked_at, found.number) == (1, 3)
    assert found.examples[0].reply.post_id == 3


def test_a_mode_is_looked_at_as_if_it_had_been_on_all_the_time(room: Room) -> None:
    advert(room, 1)
    shadow = PolicyBook(replace(STRICT.default, mode=Mode.SHADOW))
    found = preview(room, shadow, STRICT)
    assert (found.before, found.after) == (Counts(queued=1, would_hide=1), Counts(hidden=1))


def test_who_has_standing_and_what_is_allowed_stay_as_they_are(room: Room) -> None:
    advert(room, 1, author=regular(9))
    flag = advert(room, 2, board_id=5)
    room.moderator().give(
        flag, VerdictKind.ALLOW_HERE, Choice(where=Where(ExceptionScope.BOARD), confirmed=True)
    )
    advert(room, 3, board_id=5)
    advert(room, 4, author=Author(id=77, group_id=1))
    assert preview(room).after == Counts(queued=1, passed=3)


def test_an_author_of_whom_something_was_upheld_has_no_standing_any_more(room: Room) -> None:
    flag = advert(room, 1, author=regular(9))
    advert(room, 2, author=regular(9))
    assert preview(room).after == Counts(queued=2)
    room.moderator().give(flag, VerdictKind.UPHOLD)
    assert preview(room).after == Counts(hidden=2)


def test_what_moderators_said_of_the_stricter_ones_is_counted_and_shown_first(room: Room) -> None:
    flags = [advert(room, post, author=newcomer(post)) for post in range(1, 31)]
    room.moderator().give(flags[0], VerdictKind.UPHOLD)
    room.moderator().give(flags[1], VerdictKind.DISMISS)
    found = preview(room)
    assert (found.right, found.wrong) == (1, 1)
    assert len(found.examples) == previewing.EXAMPLES
    assert {one.verdict for one in found.examples[:2]} == {VerdictKind.UPHOLD, VerdictKind.DISMISS}
    assert {one.verdict for one in found.examples[2:]} == {None}
    assert (preview(room, STRICT, LAX).right, preview(room, STRICT, LAX).wrong) == (0, 0), "none is stricter"


def test_only_the_places_of_who_asks_are_looked_at(room: Room) -> None:
    advert(room, 1, board_id=2)
    advert(room, 2, board_id=5)
    within = Scope({FORUM: frozenset({5})})
    assert [one.reply.board_id for one in preview(room, within=within).examples] == [5]
    assert preview(room, within=Scope({"elsewhere": None})).number == 0


def test_a_standing_decision_and_the_history_before_the_first_start_are_nobodys_policy(room: Room) -> None:
    early = replace(ALLOWED, held_by=("before_first_start",))
    room.judged(1, early, author=newcomer(1))
    hidden = replace(decision(), standing=1)
    [recorded] = room.record(reply(2, author=newcomer(2)))
    room.judge(recorded, hidden, repeated=repetition(CAMPAIGN, ReplyKey(FORUM, 2)))
    found = preview(room)
    assert found.before == found.after == Counts(hidden=1, passed=1)


def test_what_the_forum_hid_by_itself_is_let_alone_and_what_we_hid_is_not(room: Room) -> None:
    advert(room, 1, hidden=True)
    theirs = replace(ALLOWED, held_by=("hidden_by_others",))
    room.judged(2, theirs, author=newcomer(2), hidden=True)
    assert preview(room).after == Counts(hidden=1, passed=1)


@pytest.mark.parametrize(("forum_mode", "hidden"), [(Mode.QUEUE, 0), (Mode.ENFORCE, 1)])
def test_each_reply_is_decided_by_the_policy_of_its_place(room: Room, forum_mode: Mode, hidden: int) -> None:
    advert(room, 1)
    after = replace(STRICT, boards={(FORUM, 2): replace(STRICT.default, mode=forum_mode)})
    assert preview(room, STRICT, after).after.hidden == hidden
    assert Reason.SPAM in {one.after.reason for one in preview(room, LAX, after).examples}
