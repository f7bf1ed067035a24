"""One line in the log for each poll and each decision: ids and numbers, no text of a member."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
import structlog
from executor_support import START, Bench

from modbot import settings
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import Author, Mode, Reason
from modbot.errors import Blocked, Retryable
from modbot.forums.protocol import UnreadableBlock
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import requests

ADVERT = "低价代开各类发票，真实可查，加微信：fapiao8801"
DECENT = "物业说管道要到周三才能修好，停水期间可以去居委会门口接水。"
POLICY = Policy(mode=Mode.ENFORCE, spam_hide=0.9, spam_queue=0.8, low_effort_queue=0.7)


def poll(bench: Bench) -> list[dict[str, object]]:
    with structlog.testing.capture_logs() as lines:
        poller = Poller(forum=bench.forum, store=bench.store, clock=bench.clock)
        with suppress(Blocked, Retryable):
            poller.poll()
    return [line for line in lines if line["event"] == "poll"]


def judge(bench: Bench, *, flag_since: object = None) -> list[dict[str, object]]:
    Poller(forum=bench.forum, store=bench.store, clock=bench.clock).poll()
    rules = JudgingRules(
        book=PolicyBook(POLICY),
        brake=BrakeLimits(),
        budget=QueueBudget(),
        reasons=dict.fromkeys(Reason, ""),
        flag_since=flag_since,  # type: ignore[arg-type]
    )
    with structlog.testing.capture_logs() as lines:
        Judge(
            forum="city",
            store=bench.store,
            detector=Detector.load(settings.project_root() / "models" / "baseline"),
            duplicates=DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=1000),
            rules=rules,
            clock=bench.clock,
        ).judge_waiting()
    return [line for line in lines if line["event"] == "decision"]


def test_a_poll_is_one_line_with_its_numbers(bench):
    bench.forum.write(1, DECENT)
    bench.forum.unreadable.append(UnreadableBlock("thread-1", "time", "<div>"))
    assert poll(bench) == [
        {
            "event": "poll",
            "log_level": "info",
            "forum": "city",
            "result": "ok",
            "read": 1,
            "new": 1,
            "changed": 0,
            "unreadable": 1,
            "requests": 0,
            "seconds": 0.0,
            "caught_up": True,
        }
    ]


@pytest.mark.parametrize("problem", [Retryable(forum="city", detail="x"), Blocked(forum="city", detail="x")])
def test_a_poll_that_failed_is_one_line_too(bench, problem):
    bench.forum.trouble["poll"].append(problem)
    (line,) = poll(bench)
    assert (line["result"], line["read"], line["caught_up"]) == (problem.code, 0, False)
    assert line["log_level"] == "warning"
    assert "city" in str(line["problem"])


def test_a_poll_that_met_a_defect_is_one_line_too(bench):
    bench.forum.trouble["poll"].append(ValueError("a defect"))
    with structlog.testing.capture_logs() as lines, pytest.raises(ValueError, match="defect"):
        Poller(forum=bench.forum, store=bench.store, clock=bench.clock).poll()
    assert [line["result"] for line in lines if line["event"] == "poll"] == ["crashed"]


def test_requests_are_those_made_meanwhile_also_over_midnight(bench):
    def spend() -> None:
        with bench.store.write() as tx:
            requests.spend(tx, "city", at=bench.now, number=3)
            requests.spend(tx, "city", at=bench.now + timedelta(days=1), number=2)

    spend()
    bench.forum.trouble["poll"].append(spend)
    (line,) = poll(bench)
    assert line["requests"] == 5


def test_a_decision_is_one_line_an_allow_too(bench):
    bench.forum.write(1, ADVERT, author=Author(id=9, name="王五"), board_id=37)
    bench.forum.write(2, DECENT)
    advert, decent = judge(bench)
    assert set(advert) == {
        *("event", "log_level", "forum", "post", "board", "thread", "kind", "would_be", "reason", "score"),
        *("threshold", "campaign", "held_by", "model", "policy"),
    }
    assert (advert["post"], advert["board"], advert["thread"], advert["kind"]) == (1, 37, 1, "hide")
    assert (advert["reason"], advert["threshold"]) == ("spam", 0.9)
    assert (decent["post"], decent["kind"], decent["log_level"]) == (2, "allow", "info")
    assert not any(word in str(lines) for word in ("发票", "王五", "物业") for lines in (advert, decent))


def test_history_that_passes_is_told_at_debug(bench):
    bench.forum.write(1, DECENT, posted_at=START - timedelta(days=9))
    (line,) = judge(bench, flag_since=START - timedelta(days=1))
    assert line["log_level"] == "debug"
