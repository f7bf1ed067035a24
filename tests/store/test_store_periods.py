"""What happened between two moments is counted once, by the moment that it happened."""

from __future__ import annotations

from datetime import timedelta

from store_desk import FORUM, START, decision, reply

from modbot.domain import DecisionKind, Label, Reason, VerdictKind
from modbot.store import brake, periods
from modbot.store.periods import Waiting

DAY = timedelta(days=1)


def between(desk, start, end) -> periods.Period:
    with desk.store.read() as rx:
        return periods.between(rx, FORUM, start, end)


def test_a_day_in_numbers(desk):
    desk.hidden_flag(1)
    desk.flag(reply(2), decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT))
    desk.flag(reply(3), decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT), shown=False)
    [passed] = desk.record(reply(4))
    desk.judge(passed, decision(DecisionKind.ALLOW, None, Label.HAM))
    desk.give(1, VerdictKind.DISMISS)
    desk.give(2, VerdictKind.UPHOLD)
    with desk.store.write() as tx:
        brake.pull(tx, FORUM, "overturned", at=desk.now)
    told = between(desk, START, START + DAY)
    assert (told.read, told.hidden, told.queued, told.overturned, told.brakes) == (4, 1, 2, 1, 1)
    assert told.by_reason == {Reason.SPAM: 1, Reason.LOW_EFFORT: 2}
    assert told.verdicts == {VerdictKind.DISMISS: 1, VerdictKind.UPHOLD: 1}
    for start, end in ((START - DAY, START), (START + DAY, START + 2 * DAY)):
        nothing = between(desk, start, end)
        assert not any((nothing.read, nothing.hidden, nothing.queued, nothing.by_reason, nothing.verdicts))


def test_a_reply_that_was_judged_twice_counts_once(desk):
    flag = desk.flag(reply(1))
    recorded = desk.record(reply(1))[0]
    desk.judge(recorded, decision())
    assert flag
    assert between(desk, START, START + DAY).by_reason == {Reason.SPAM: 1}


def test_a_verdict_that_was_undone_is_none(desk):
    flag = desk.flag(reply(1), decision(DecisionKind.QUEUE))
    desk.give(flag)
    desk.undo(flag)
    assert between(desk, START, START + DAY).verdicts == {}


def test_the_queue_waits_since_its_oldest_flag_was_shown(desk):
    def waiting() -> Waiting:
        with desk.store.read() as rx:
            return periods.waiting(rx, FORUM)

    assert waiting() == Waiting(0, None)
    desk.flag(reply(1), decision(DecisionKind.QUEUE), shown=False)
    assert waiting() == Waiting(0, None), "what the budget keeps back waits for nobody"
    second = desk.flag(reply(2), decision(DecisionKind.QUEUE))
    desk.later(hours=1)
    desk.flag(reply(3), decision(DecisionKind.QUEUE))
    assert waiting() == Waiting(2, START)
    desk.give(second)
    assert waiting() == Waiting(1, START + timedelta(hours=1))
