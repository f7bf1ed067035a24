"""The brake's state and counters, and what the queue's budget counts."""

from __future__ import annotations

from datetime import timedelta

from store_desk import FORUM, START, Desk, decision, repetition, reply

from modbot.domain import ActionOutcome, DecisionKind, FlagState, ReplyKey, VerdictKind
from modbot.store import audit, brake, budget, campaigns, inbox, overview


def counters(desk: Desk, **how: int) -> tuple[int, int, int]:
    with desk.store.read() as rx:
        found = brake.recent(rx, FORUM, now=desk.now, **how)
    return (len(found.texts), len(found.established), found.overturned)


def test_the_brake_is_off_until_it_is_pulled_and_only_a_lift_frees_it(desk: Desk) -> None:
    with desk.store.write() as tx:
        assert brake.state(tx, FORUM) == brake.Brake(pulled=False)
        assert not brake.lift(tx, FORUM, who="ann", at=START)
        assert brake.pull(tx, FORUM, "texts", at=START, details={"texts": 11})
        assert not brake.pull(tx, FORUM, "overturned", at=START)
        state = brake.state(tx, FORUM)
        assert (state.pulled, state.since, state.why, state.details) == (True, START, "texts", {"texts": 11})
        assert not brake.state(tx, "sea").pulled
        assert brake.lift(tx, FORUM, who="ann", at=START + timedelta(hours=1))
        state = brake.state(tx, FORUM)
        assert (state.pulled, state.since, state.who) == (False, START + timedelta(hours=1), "ann")
        assert [entry.what for entry in audit.listing(tx, forum=FORUM)] == ["brake.pulled", "brake.lifted"]


def test_distinct_texts_hidden_unasked_within_the_hour_are_counted(desk: Desk) -> None:
    for number, canonical in enumerate(["同文", "同文", "另一句"], start=1):
        desk.flag(reply(number), hide=True, canonical=canonical)
    assert counters(desk) == (2, 0, 0)
    desk.carry_out()
    assert counters(desk) == (2, 0, 0)
    desk.later(hours=1)
    assert counters(desk) == (0, 0, 0)


def test_a_campaign_counts_as_one_text_however_its_copies_vary(desk: Desk) -> None:
    for number in range(1, 4):
        repeated = repetition("c1", ReplyKey(FORUM, 1))
        desk.flag(reply(number), hide=True, canonical=f"同文 {number}", repeated=repeated)
    with desk.store.read() as rx:
        assert brake.recent(rx, FORUM, now=desk.now).texts == {"c1"}


def test_what_was_cancelled_refused_or_asked_for_does_not_count(desk: Desk) -> None:
    desk.flag(reply(1), hide=True, canonical="一")
    desk.carry_out(ActionOutcome.REFUSED)
    cancelled = desk.flag(reply(2), hide=True, canonical="二")
    desk.give(cancelled, VerdictKind.DISMISS)
    desk.give(desk.flag(reply(3), canonical="三"))
    desk.carry_out()
    assert counters(desk) == (0, 0, 0)


def test_authors_with_standing_who_were_hit_are_counted_once_each(desk: Desk) -> None:
    author = reply(1).author
    desk.flag(reply(1), hide=True, canonical="一", established=True)
    desk.flag(reply(2, author=author), hide=True, canonical="二", established=True)
    desk.flag(reply(3), hide=True, canonical="三")
    assert counters(desk) == (3, 1, 0)


def test_overturned_and_undone_hides_are_counted_among_the_latest(desk: Desk) -> None:
    made = []
    for number in range(1, 5):
        made.append(desk.hidden_flag(number))
        desk.later(minutes=1)
    desk.give(made[0], VerdictKind.DISMISS)
    desk.undo(made[1])
    desk.give(made[2])
    desk.carry_out()
    assert counters(desk)[2] == 2
    assert counters(desk, overturned_of=3)[2] == 1
    assert counters(desk, overturned_of=2)[2] == 0


def test_an_overturn_that_was_itself_undone_does_not_count(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS)
    desk.carry_out()
    assert counters(desk)[2] == 1
    desk.undo(flag_id)
    desk.carry_out()
    assert counters(desk)[2] == 0


def test_counting_starts_anew_when_the_brake_is_lifted(desk: Desk) -> None:
    desk.give(desk.hidden_flag(1), VerdictKind.DISMISS)
    with desk.store.write() as tx:
        brake.pull(tx, FORUM, "overturned", at=desk.now)
    assert counters(desk) == (1, 0, 1)
    desk.later(minutes=1)
    with desk.store.write() as tx:
        brake.lift(tx, FORUM, who="ann", at=desk.now)
    assert counters(desk) == (0, 0, 0)
    desk.later(minutes=1)
    desk.flag(reply(2), hide=True)
    assert counters(desk) == (1, 0, 0)


def test_the_budget_counts_replies_and_flags_of_the_utc_day(desk: Desk) -> None:
    desk.record(reply(90), reply(91))
    desk.flag(reply(1))
    desk.flag(reply(2), shown=False)
    with desk.store.read() as rx:
        assert budget.today(rx, FORUM, now=desk.now) == budget.Today(replies=4, shown=1, kept_back=1)
        tomorrow = START + timedelta(days=1)
        assert budget.today(rx, FORUM, now=tomorrow) == budget.Today(0, 0, 0)
        assert budget.today(rx, "sea", now=desk.now) == budget.Today(0, 0, 0)


def test_the_best_cards_are_shown_first_and_a_campaign_is_one_card(desk: Desk) -> None:
    queue = [decision(DecisionKind.QUEUE, score=score) for score in (0.5, 0.9, 0.7, 0.6)]
    low = desk.flag(reply(1), queue[0], shown=False)
    best = desk.flag(reply(2), queue[1], shown=False)
    copies = [
        desk.flag(reply(number), decided, shown=False, repeated=repetition("c1", ReplyKey(FORUM, 3)))
        for number, decided in ((3, queue[2]), (4, queue[3]))
    ]
    with desk.store.write() as tx:
        assert budget.show_best(tx, FORUM, places=2, at=desk.now) == 3
        assert budget.today(tx, FORUM, now=desk.now) == budget.Today(replies=4, shown=2, kept_back=1)
        assert budget.show_best(tx, FORUM, places=0, at=desk.now) == 0
    assert [desk.get(flag_id).shown_at for flag_id in (best, *copies)] == [START] * 3
    assert desk.get(low).shown_at is None
    late = desk.flag(reply(5), queue[0], shown=False, repeated=repetition("c1", ReplyKey(FORUM, 3)))
    with desk.store.write() as tx:
        assert budget.show_best(tx, FORUM, places=0, at=desk.now) == 1
    assert desk.get(late).shown_at == START


def test_members_of_a_campaign_that_passed_and_are_still_to_be_seen_are_found(desk: Desk) -> None:
    repeated = repetition("c1", ReplyKey(FORUM, 1))
    passed, flagged, other = desk.record(reply(1), reply(2), reply(3))
    desk.judge(passed, decision(DecisionKind.ALLOW, reason=None), repeated=repeated)
    desk.judge(flagged, decision(), repeated=repeated)
    desk.judge(other, decision(DecisionKind.ALLOW, reason=None))
    with desk.store.read() as rx:
        assert campaigns.passed_members(rx, FORUM, ["c1"]) == [passed.reply_id]


def test_the_overview_counts_replies_decisions_flags_and_campaigns(desk: Desk) -> None:
    with desk.store.read() as rx:
        assert inbox.began(rx, FORUM) is None
        assert overview.counts(rx, FORUM) == overview.Counts(0, {}, {}, 0)
    desk.flag(reply(1), hide=True)
    desk.flag(reply(2))
    desk.carry_out()
    with desk.store.read() as rx:
        assert inbox.began(rx, FORUM) == START
        assert overview.counts(rx, FORUM) == overview.Counts(
            replies=2,
            decisions={DecisionKind.HIDE: 2},
            flags={FlagState.HIDDEN: 1, FlagState.PENDING: 1},
            campaigns=0,
        )
