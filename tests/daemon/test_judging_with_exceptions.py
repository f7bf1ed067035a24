"""An exception takes effect with the next reply that is judged, and not before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from executor_support import Bench

from modbot import settings
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import ExceptionScope, Mode, Reason, ThreadKind, VerdictKind, VerdictSource
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import decisions, flags, inbox, verdicts
from modbot.store.exceptions import Where

FILLER = "支持支持，赞赞赞赞赞赞"
POLICY = Policy(mode=Mode.ENFORCE, spam_hide=0.9, spam_queue=0.8, low_effort_queue=0.7)


@pytest.fixture
def judge(bench: Bench) -> Callable[[], dict[int, flags.Flag]]:
    """Polls, judges, and answers the open flags by post."""
    rules = JudgingRules(
        book=PolicyBook(POLICY, board_kinds={("city", 1): ThreadKind.CHATTER}),
        brake=BrakeLimits(),
        budget=QueueBudget(),
        reasons=dict.fromkeys(Reason, "说明"),
    )
    works = Judge(
        forum="city",
        store=bench.store,
        detector=Detector.load(settings.project_root() / "models" / "baseline"),
        duplicates=DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=100),
        rules=rules,
        clock=bench.clock,
    )

    def judged() -> dict[int, flags.Flag]:
        Poller(forum=bench.forum, store=bench.store, clock=bench.clock).poll()
        works.judge_waiting()
        with bench.store.read() as rx:
            return {flag.post_id: flag for flag in flags.find(rx)}

    return judged


def allow(bench: Bench, flag_id: int, where: Where) -> verdicts.Verdict:
    with bench.store.write() as tx:
        return verdicts.give(
            tx,
            flag_id,
            VerdictKind.ALLOW_HERE,
            source=VerdictSource.TERMINAL,
            who="ann",
            now=bench.clock(),
            where=where,
        )


@pytest.mark.parametrize(
    ("where", "flagged"),
    [
        (Where(ExceptionScope.THREAD), {3}),
        (Where(ExceptionScope.BOARD), set()),
        (Where(ExceptionScope.KIND, ThreadKind.CHATTER), set()),
        (Where(ExceptionScope.KIND, ThreadKind.SIGNIN), {2, 3}),
    ],
)
def test_the_next_replies_there_pass_and_say_why(bench: Bench, judge, where: Where, flagged: set[int]):
    bench.forum.write(1, FILLER, thread_id=1)
    allow(bench, judge()[1].id, where)
    bench.forum.write(2, FILLER + "！", thread_id=1)
    bench.forum.write(3, "赞赞赞，顶顶顶顶", thread_id=2)
    assert set(judge()) == flagged
    with bench.store.read() as rx:
        for post in {2, 3} - flagged:
            stored = inbox.find(rx, bench.forum.posts[post].key)
            assert stored is not None
            judged = decisions.current(rx, stored.reply_id)
            assert judged is not None
            assert judged.decision.held_by == ("excepted",)


def test_after_the_verdict_is_undone_the_next_replies_are_flagged_again(bench: Bench, judge):
    bench.forum.write(1, FILLER)
    given = allow(bench, judge()[1].id, Where())
    with bench.store.write() as tx:
        verdicts.undo(tx, given.flag_id, who="ann", now=bench.clock())
    bench.forum.write(2, FILLER + "！")
    assert set(judge()) == {1, 2}


def test_an_exception_withdraws_no_open_flag_by_itself(bench: Bench, judge):
    bench.forum.write(1, FILLER)
    bench.forum.write(2, FILLER + "！")
    found = judge()
    allow(bench, found[1].id, Where())
    assert set(judge()) == {2}
