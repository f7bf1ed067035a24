"""Base rate, recall and precision of a forum, and how many more answers they ask for."""

from __future__ import annotations

import random

import pytest

from modbot.policy.evidence import Flagged, estimate, missing_answers
from modbot.policy.intervals import NOTHING, Stratum, rate


def test_without_a_judged_spot_check_only_that_is_said() -> None:
    found = estimate([Stratum(1000, 0, 0)], Flagged(right=40), missed=3)
    assert (found.among_passed, found.base_rate, found.recall) == (NOTHING, NOTHING, NOTHING)


def test_recall_is_what_was_upheld_of_all_that_is_bad() -> None:
    draws = [Stratum(1000, 100, 1)]  # ten bad ones passed, as far as one can tell
    found = estimate(draws, Flagged(right=80, wrong=20), missed=10)
    assert found.recall.value == pytest.approx(80 / (80 + 10 + 10))
    assert found.base_rate.value == pytest.approx((80 + 10 + 10) / (1000 + 100 + 10))


def test_flags_that_nobody_judged_widen_the_base_rate() -> None:
    draws = [Stratum(1000, 100, 0)]
    sure = estimate(draws, Flagged(right=30, wrong=10), missed=0).base_rate
    unsure = estimate(draws, Flagged(right=30, wrong=10, open=40), missed=0).base_rate
    assert unsure.value == pytest.approx((30 + 0.75 * 40) / 1080)
    assert unsure.high - unsure.low > sure.high - sure.low


def test_a_forum_with_nothing_bad_in_it_has_no_recall() -> None:
    found = estimate([Stratum(500, 50, 0)], Flagged(wrong=3), missed=0)
    assert (found.recall.value, found.recall.low, found.recall.high) == (None, 0.0, 1.0)
    assert found.base_rate.value == 0.0


def test_the_intervals_hold_the_truth_in_a_simulated_month() -> None:
    """30 days, 5 spot checks a day, adverts at 5 % of which four fifths are flagged."""
    dice = random.Random(11)  # noqa: S311 - no secret
    held = {"passed": 0, "recall": 0}
    rounds = 60
    for _ in range(rounds):
        draws, right, bad = [], 0, 0
        passed_bad = passed = 0
        for _ in range(30):
            size = dice.choice([80, 200, 400])
            day = [dice.random() < 0.05 for _ in range(size)]
            flagged = [one and dice.random() < 0.8 for one in day]
            rest = [one for one, caught in zip(day, flagged, strict=True) if not caught]
            bad, right = bad + sum(day), right + sum(flagged)
            passed_bad, passed = passed_bad + sum(rest), passed + len(rest)
            draws.append(Stratum(len(rest), 5, sum(dice.sample(rest, 5))))
        found = estimate(draws, Flagged(right=right), missed=0)
        held["passed"] += found.among_passed.low <= passed_bad / passed <= found.among_passed.high
        held["recall"] += found.recall.low <= right / bad <= found.recall.high
    assert min(held.values()) >= 0.9 * rounds


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (0, 20), (3, 60), (1, 100)])
def test_so_many_more_answers_make_the_share_known_within_a_point(hits: int, trials: int) -> None:
    known = rate(hits, trials)
    more = missing_answers(known)
    share = known.value or 0.0

    def width(answers: int) -> float:
        found = rate(share * (trials + answers), trials + answers)
        return found.high - found.low

    assert width(more) <= 0.02 < width(more - 1)


def test_enough_is_enough() -> None:
    assert missing_answers(rate(0, 500)) == 0
    assert Flagged().precision == NOTHING
