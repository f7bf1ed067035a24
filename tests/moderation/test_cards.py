"""One card for what one decision closes: a campaign, an author, a single flag."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from moderation_room import CAMPAIGN, REPEATED, Room, newcomer, regular
from sqlalchemy import event
from store_desk import FORUM, decision, reply

from modbot.domain import ActionKind, Author, DecisionKind, Label, Reason, VerdictKind
from modbot.moderation import cards
from modbot.moderation.cards import Card
from modbot.store import flags, groups
from modbot.store.flags import Filter, Order
from modbot.store.groups import Group, GroupKind

UPHOLD, DISMISS, ALLOW, REMOVE = VerdictKind


def found(room: Room, wanted: Filter | None = None, **how: Any) -> list[Group]:
    with room.store.read() as rx:
        return groups.find(rx, wanted, **how)


def whole(room: Room, flag_id: int) -> Card:
    with room.store.read() as rx:
        return cards.whole(rx, room.moderator(), cards.of_flag(rx, flag_id))


def queue(score: float, **fields: Any) -> Any:
    return decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT, score)


def busy_queue(room: Room) -> None:
    """A campaign of three, an author with two other flags, a guest, and a single flag."""
    for post in (1, 2, 3):
        room.member(post, author=newcomer(post), thread_id=7 + post % 2)
    room.later(minutes=1)
    for post in (11, 12):
        room.flag(reply(post, author=newcomer(40)), queue(0.7))
    room.flag(reply(21, author=Author(name="过客")), queue(0.95))
    room.flag(reply(31, author=newcomer(41)), queue(0.6))


def test_a_campaign_is_one_card_an_author_another_and_the_rest_are_single(room: Room) -> None:
    busy_queue(room)
    shown = [(one.kind, one.number, one.authors, one.threads) for one in found(room)]
    assert shown == [
        (GroupKind.SINGLE, 1, 1, 1),
        (GroupKind.CAMPAIGN, 3, 3, 2),
        (GroupKind.AUTHOR, 2, 1, 1),
        (GroupKind.SINGLE, 1, 1, 1),
    ]
    with room.store.read() as rx:
        assert groups.count(rx) == 4


def test_the_members_of_a_card_come_with_it_best_first(room: Room) -> None:
    busy_queue(room)
    by_kind = {one.kind: one for one in found(room)}
    assert [flag.post_id for flag in by_kind[GroupKind.CAMPAIGN].flags] == [1, 2, 3]
    assert [flag.post_id for flag in by_kind[GroupKind.AUTHOR].flags] == [11, 12]


@pytest.mark.parametrize(
    ("order", "first"),
    [(Order.BEST, GroupKind.SINGLE), (Order.OLDEST, GroupKind.CAMPAIGN), (Order.NEWEST, GroupKind.SINGLE)],
)
def test_cards_come_in_the_order_that_is_asked_for(room: Room, order: Order, first: GroupKind) -> None:
    for post in (1, 2):
        room.member(post, author=newcomer(post))
    room.later(minutes=1)
    room.flag(reply(3, author=newcomer(3)), queue(0.95))
    assert found(room, order=order)[0].kind is first
    assert len(found(room, order=order, limit=1)) == 1


def test_guests_of_different_names_are_different_authors(room: Room) -> None:
    for post, name in ((1, "过客"), (2, "过客"), (3, "路人")):
        room.flag(reply(post, author=Author(name=name)), queue(0.7))
    assert sorted(one.number for one in found(room)) == [1, 2]


def test_a_filter_holds_for_cards_as_for_flags(room: Room) -> None:
    busy_queue(room)
    assert [one.number for one in found(room, Filter(campaign=CAMPAIGN))] == [3]
    assert [one.number for one in found(room, Filter(author_id=40))] == [2]
    assert found(room, Filter(forum="elsewhere")) == []


def test_one_flag_in_the_queue_shows_the_whole_campaign(room: Room) -> None:
    [first, second] = [room.member(post, author=newcomer(post)) for post in (1, 2)]
    with room.store.write() as tx:
        flags.change(tx, second, shown_at=None)
    assert [one.number for one in found(room, Filter(shown=True))] == [2]
    assert found(room, Filter(shown=False)) == []
    with room.store.write() as tx:
        flags.change(tx, first, shown_at=None)
    assert found(room, Filter(shown=True)) == []
    assert [one.number for one in found(room, Filter(shown=False))] == [2]


def test_many_cards_cost_no_more_statements_than_one(room: Room) -> None:
    counted: list[str] = []

    def count(*said: Any) -> None:
        counted.append(said[2])

    def statements() -> int:
        counted.clear()
        found(room)
        return sum(one.lstrip().startswith(("SELECT", "WITH")) for one in counted)

    room.member(1)
    event.listen(room.store.engine, "before_cursor_execute", count)
    few = statements()
    for post in range(2, 30):
        room.member(post, campaign=f"c{post:016x}")
        room.flag(reply(100 + post), queue(0.7))
    assert statements() == few


def test_a_whole_card_marks_how_the_texts_differ_and_counts_what_passed(room: Room) -> None:
    room.member(1, text="今天的面真好吃", author=newcomer(1))
    room.member(2, text="今天的面很好吃", author=newcomer(2))
    room.passed(3, campaign=CAMPAIGN, author=newcomer(3))
    card = whole(room, 2)
    assert [member.differs for member in card.members] == [(), ((4, 5),)]
    assert [one.post_id for one in card.passed] == [3]


def test_a_whole_card_tells_of_each_author_standing_last_replies_and_verdicts(room: Room) -> None:
    room.give(room.flag(reply(90, author=newcomer(1))))
    room.member(1, author=newcomer(1))
    room.member(2, author=regular(50))
    card = whole(room, 2)
    notes = {one.author_id: one for one in card.authors}
    assert (notes[1].standing, notes[50].standing) == (False, True)
    assert [one.post_id for one in notes[1].last] == [1, 90]
    assert [one.kind for one in notes[1].verdicts] == [UPHOLD]
    assert notes[50].verdicts == ()


@pytest.mark.parametrize(
    ("fields", "hidden", "uphold", "dismiss"),
    [
        ({}, False, ActionKind.HIDE, None),
        ({}, True, None, ActionKind.RESTORE),
        ({"pending": True}, False, ActionKind.IGNORE, ActionKind.APPROVE),
    ],
)
def test_a_card_says_what_each_verdict_will_do_and_so_it_does(
    room: Room, fields: dict[str, Any], hidden: bool, uphold: ActionKind | None, dismiss: ActionKind | None
) -> None:
    flag_id = room.flag(reply(1, **fields), decision(), hide=hidden)
    if hidden:
        room.carry_out()
    expected = {UPHOLD: uphold, REMOVE: uphold, DISMISS: dismiss, ALLOW: dismiss}
    effects = whole(room, flag_id).effects
    assert {kind: one.action for kind, one in effects.items()} == expected
    assert {one.at for one in effects.values() if one.action} <= {room.now + timedelta(seconds=10)}
    for kind in (UPHOLD, DISMISS):
        verdict = room.moderator().give(flag_id, kind)
        queued = [one.kind for one in room.actions() if one.id == verdict.action_id]
        assert queued == [action for action in (expected[kind],) if action]
        room.moderator().undo(flag_id)
        if hidden:
            break


def test_a_card_says_beforehand_what_would_be_refused(room: Room) -> None:
    flag_id = room.flag(reply(1, floor=1), decision())
    effect = whole(room, flag_id).effects[UPHOLD]
    assert effect.action is None
    assert effect.refused is not None
    assert "recycle" in effect.refused.message("en")


def test_the_card_of_a_closed_flag_is_that_flag(room: Room) -> None:
    flag_id = room.flag(reply(1), REPEATED)
    room.give(flag_id)
    assert [flag.id for flag in whole(room, flag_id).group.flags] == [flag_id]
    assert whole(room, flag_id).group.key.forum == FORUM
