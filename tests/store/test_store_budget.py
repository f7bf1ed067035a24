"""The queue's budget: which cards a day shows, and what becomes of the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from store_desk import FORUM, START, Desk, decision, repetition, reply

from modbot.domain import ActionOutcome, DecisionKind, FlagState, Reason, ReplyKey
from modbot.policy import QueueBudget, free_places, urgent_places
from modbot.store import budget
from modbot.store.budget import NotShown, Today

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
BUDGET = QueueBudget(share=0.02, per_day=5, at_least=2)


def waiting(desk: Desk, post_id: int, score: float = 0.9, *, held: str = "standing", **how: object) -> int:
    """A flag that the budget has yet to let through."""
    decided = replace(decision(DecisionKind.QUEUE, score=score), held_by=(held,))
    return desk.flag(reply(post_id), decided, shown=False, **how)


def show(desk: Desk, limits: QueueBudget = BUDGET) -> int:
    """What the judge does after each batch."""
    with desk.store.write() as tx:
        today = budget.today(tx, FORUM, now=desk.now)
        places = free_places(limits, replies_today=today.replies, shown_today=today.shown)
        must = urgent_places(limits, urgent_today=today.must)
        return budget.show_best(tx, FORUM, places=places, must=must, at=desk.now)


def today(desk: Desk) -> Today:
    with desk.store.read() as rx:
        return budget.today(rx, FORUM, now=desk.now)


def not_shown(desk: Desk) -> list[NotShown]:
    with desk.store.read() as rx:
        return budget.not_shown(rx, FORUM, now=desk.now)


def shown(desk: Desk, *flag_ids: int) -> list[bool]:
    return [desk.get(flag_id).shown_at is not None for flag_id in flag_ids]


def test_a_quiet_day_shows_at_least_a_few_however_small_the_share(desk: Desk) -> None:
    ids = [waiting(desk, number, number / 10) for number in (1, 2, 3)]
    assert show(desk) == 2
    assert shown(desk, *ids) == [False, True, True]
    assert show(desk) == 0


def test_the_share_of_a_busy_day_is_bounded_by_its_number(desk: Desk) -> None:
    desk.record(*(reply(number) for number in range(1000, 1600)))
    ids = [waiting(desk, number) for number in range(1, 9)]
    assert show(desk) == 5
    assert sum(shown(desk, *ids)) == 5


def test_the_next_days_places_go_to_the_best_of_all_that_wait(desk: Desk) -> None:
    desk.now = MIDNIGHT - timedelta(seconds=1)
    old = [waiting(desk, number, score) for number, score in ((1, 0.5), (2, 0.95), (3, 0.9), (4, 0.8))]
    assert show(desk) == 2
    desk.now = MIDNIGHT
    new = waiting(desk, 5, 0.7)
    assert show(desk) == 2
    assert shown(desk, *old, new) == [False, True, True, True, True]


def test_the_count_survives_a_restart_since_the_store_holds_it(desk: Desk) -> None:
    for number in (1, 2, 3):
        waiting(desk, number)
    show(desk)
    again = Desk(desk.store, desk.now + timedelta(hours=3))
    assert (show(again), today(again).shown) == (0, 2)


def test_a_copy_that_joins_a_card_of_an_earlier_day_takes_no_place(desk: Desk) -> None:
    repeated = repetition("c1", ReplyKey(FORUM, 1))
    waiting(desk, 1, repeated=repeated)
    waiting(desk, 2)
    show(desk)
    desk.now = MIDNIGHT
    waiting(desk, 3, repeated=repeated)
    assert show(desk) == 1
    assert today(desk).shown == 0


def test_a_campaign_that_comes_back_after_its_card_was_decided_is_a_card_again(desk: Desk) -> None:
    repeated = repetition("c1", ReplyKey(FORUM, 1))
    first = waiting(desk, 1, repeated=repeated)
    show(desk)
    desk.give(first)
    desk.now = MIDNIGHT
    waiting(desk, 3, repeated=repeated)
    assert show(desk) == 1
    assert today(desk).shown == 1


def test_the_first_author_and_a_conflict_are_seen_before_better_scores_and_beyond_the_share(
    desk: Desk,
) -> None:
    better = [waiting(desk, number, 0.99) for number in (1, 2)]
    show(desk)
    late = waiting(desk, 3, 0.99)
    first = waiting(desk, 4, 0.1, held="first_author")
    torn = waiting(desk, 5, 0.2, held="standing_conflict")
    assert show(desk) == 2
    assert shown(desk, *better, late, first, torn) == [True, True, False, True, True]
    assert today(desk) == Today(replies=5, shown=4, kept_back=1, must=2)


def test_even_what_must_be_seen_is_bounded_by_the_days_number(desk: Desk) -> None:
    ids = [waiting(desk, number, held="first_author") for number in range(1, 9)]
    show(desk)
    show(desk)
    assert sum(shown(desk, *ids)) == 5


def test_a_hide_under_way_asks_nobody_and_one_that_the_forum_refused_asks_at_once(desk: Desk) -> None:
    [refused, under_way] = [desk.flag(reply(number), hide=True, shown=False) for number in (1, 2)]
    assert show(desk) == 0
    desk.settle(desk.claim()[0], ActionOutcome.REFUSED)
    assert desk.get(refused).state is FlagState.PENDING
    assert show(desk, replace(BUDGET, at_least=0)) == 1
    assert shown(desk, refused, under_way) == [True, False]
    desk.later(hours=2)
    assert show(desk) == 1, "whatever keeps the hide, a human should know"


def test_what_waits_unseen_is_counted_by_day_and_reason_with_its_oldest(desk: Desk) -> None:
    desk.now = MIDNIGHT - timedelta(minutes=2)
    waiting(desk, 1, 0.9)
    waiting(desk, 2, 0.8)
    desk.later(minutes=1)
    desk.flag(reply(3), decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, score=0.3), shown=False)
    waiting(desk, 4, 0.2)
    desk.now = MIDNIGHT
    waiting(desk, 5, 0.1)
    assert show(desk) == 2
    before = MIDNIGHT - timedelta(minutes=1)
    assert not_shown(desk) == [
        NotShown(date(2026, 3, 1), Reason.LOW_EFFORT, 1, before),
        NotShown(date(2026, 3, 1), Reason.SPAM, 1, before),
        NotShown(date(2026, 3, 2), Reason.SPAM, 1, MIDNIGHT),
    ]
    with desk.store.read() as rx:
        opened = budget.not_shown_between(rx, FORUM, START, MIDNIGHT, now=desk.now)
    assert opened == {Reason.LOW_EFFORT: 1, Reason.SPAM: 1}


def test_a_flag_without_a_campaign_that_is_shown_hides_no_other_campaign(desk: Desk) -> None:
    waiting(desk, 1)
    show(desk)
    waiting(desk, 2, repeated=repetition("c1", ReplyKey(FORUM, 2)))
    assert show(desk) == 1
