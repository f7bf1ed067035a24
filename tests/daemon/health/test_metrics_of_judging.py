"""What is counted and timed of judging, with the shipped model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from health_support import Page

from modbot import settings
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import Author, Mode, Reason
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget

ADVERT = "低价代开各类发票，真实可查，加微信：fapiao8801"
DECENT = "物业说管道要到周三才能修好，停水期间可以去居委会门口接水。"
NEWCOMER = Author(id=501, name="新人", posts=0, group_id=10)


class Broken(Detector):
    """The shipped detector with a defect put in by hand: no text is known to break it."""

    def assess(self, replies, **known):  # type: ignore[no-untyped-def]
        if any("毒" in reply.text for reply in replies):
            raise ValueError("a defect")
        return super().assess(replies, **known)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Broken.load(settings.project_root() / "models" / "baseline")


@pytest.fixture
def judge(page: Page, detector: Detector) -> Callable[[], None]:
    """Poll and judge. What is older than a day counts as history."""
    bench = page.bench
    rules = JudgingRules(
        book=PolicyBook(Policy(mode=Mode.ENFORCE, spam_hide=0.9)),
        brake=BrakeLimits(),
        budget=QueueBudget(),
        reasons=dict.fromkeys(Reason, "说明"),
        flag_since=bench.now - timedelta(days=1),
    )
    index = DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=1000)

    def work() -> None:
        Poller(forum=bench.forum, store=bench.store, clock=bench.clock).poll()
        Judge(
            forum="city",
            store=bench.store,
            detector=detector,
            duplicates=index,
            rules=rules,
            clock=bench.clock,
            metrics=page.metrics,
        ).judge_waiting()

    return work


def counted(page: Page, name: str, **labels: str) -> float | None:
    return page.metrics.registry.get_sample_value(f"modbot_{name}", {"forum": "city", **labels})


def test_decisions_are_counted_by_kind_and_reason(page, judge):
    page.bench.forum.write(1, ADVERT, author=NEWCOMER)
    page.bench.forum.write(2, DECENT)
    judge()
    assert counted(page, "decisions_total", kind="hide", reason="spam") == 1
    assert counted(page, "decisions_total", kind="allow", reason="none") == 1
    assert counted(page, "judging_seconds_count") == 1
    assert counted(page, "model_info", version="baseline") == 1


def test_a_reply_is_timed_from_its_posting(page, judge):
    page.bench.forum.write(1, DECENT)
    page.bench.later(seconds=45)
    judge()
    assert counted(page, "decision_latency_seconds_sum") == 45
    assert counted(page, "decision_latency_seconds_count") == 1


@pytest.mark.parametrize("posted", [timedelta(days=20), None], ids=["history", "a time that no page tells"])
def test_what_tells_nothing_of_us_is_not_timed(page, judge, posted):
    page.bench.forum.write(1, DECENT, posted_at=page.bench.now - posted if posted else None)
    judge()
    assert counted(page, "decisions_total", kind="allow", reason="none") == 1
    assert counted(page, "decision_latency_seconds_count") == 0


def test_an_edit_is_counted_and_not_timed(page, judge):
    page.bench.forum.write(1, DECENT, author=NEWCOMER)
    judge()
    page.bench.later(hours=2)
    page.bench.forum.edit(1, ADVERT)
    judge()
    assert counted(page, "decisions_total", kind="hide", reason="spam") == 1
    assert counted(page, "decision_latency_seconds_count") == 1
    assert counted(page, "decision_latency_seconds_sum") == 0


def test_a_reply_that_cannot_be_judged_is_counted_and_holds_nothing_up(page, judge):
    page.bench.forum.write(1, "毒")
    page.bench.forum.write(2, DECENT)
    judge()
    assert counted(page, "replies_parked_total") == 1
    assert counted(page, "decisions_total", kind="allow", reason="none") == 1
    assert page.look().forums[0].parked == 1
