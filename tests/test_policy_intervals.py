"""Intervals of rates: exact where published values are known, never too narrow otherwise."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from modbot.policy.intervals import NOTHING, Rate, Stratum, beta_cdf, beta_quantile, rate, stratified_rate


@given(
    a=st.floats(0.5, 5000),
    b=st.floats(0.5, 80_000),
    probability=st.sampled_from([0.025, 0.05, 0.5, 0.95, 0.975]),
)
def test_quantiles_are_those_of_scipy(a: float, b: float, probability: float) -> None:
    found = beta_quantile(probability, a, b)
    assert found == pytest.approx(float(beta.ppf(probability, a, b)), rel=1e-6, abs=1e-12)
    assert beta_cdf(found, a, b) == pytest.approx(probability, abs=1e-6)


def test_the_distribution_ends_at_its_ends() -> None:
    assert (beta_cdf(0.0, 2, 3), beta_cdf(1.0, 2, 3)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 100, 0.0, 0.036217),  # Clopper & Pearson's tables
        (1, 10, 0.002529, 0.445016),
        (5, 100, 0.016432, 0.112835),
        (10, 10, 0.691503, 1.0),
    ],
)
def test_known_intervals(hits: int, trials: int, low: float, high: float) -> None:
    found = rate(hits, trials)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))
    assert found.value == hits / trials


def test_of_nothing_nothing_is_known() -> None:
    assert rate(0, 0) == stratified_rate([]) == NOTHING == Rate(None, 0.0, 1.0, 0.0)
    assert stratified_rate([Stratum(500, 0, 0), Stratum(0, 0, 0)]) == NOTHING


def test_no_hit_among_n_proves_about_three_n_ths() -> None:
    one_sided = beta_quantile(0.95, 1, 1000)
    assert one_sided == pytest.approx(3 / 1000, rel=0.01)


def test_equal_draws_are_one_large_draw() -> None:
    one, many = rate(4, 40), stratified_rate([Stratum(300, 10, 1)] * 4)
    assert (many.value, many.trials) == (pytest.approx(one.value), pytest.approx(40))
    assert (many.low, many.high) == (pytest.approx(one.low), pytest.approx(one.high))


def test_a_draw_weighs_what_it_stands_for() -> None:
    quiet, busy = Stratum(100, 5, 5), Stratum(9_900, 5, 0)
    found = stratified_rate([quiet, busy])
    assert found.value == pytest.approx(0.01)
    assert found.trials < 10, "unequal weights are worth less"
    assert found.high - found.low > rate(0, 10).high


@given(draws=st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_an_interval_holds_its_value_and_lies_within_0_and_1(draws: list[tuple[int, int, int]]) -> None:
    found = stratified_rate([Stratum(size, judged, min(hits, judged)) for size, judged, hits in draws])
    assert 0 <= found.low <= found.high <= 1
    if found.value is not None:
        assert found.low - 1e-9 <= found.value <= found.high + 1e-9
        assert found.trials <= sum(judged for _, judged, _ in draws) + 1e-9


def test_95_of_100_intervals_of_unequal_days_hold_the_truth() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    days = [300, 800, 150, 2_000] * 10
    population = [[dice.random() < 0.04 for _ in range(size)] for size in days]
    truth = sum(map(sum, population)) / sum(days)
    held = 0
    for _ in range(200):
        draws = [Stratum(len(day), 5, sum(dice.sample(day, 5))) for day in population]
        found = stratified_rate(draws)
        held += found.low <= truth <= found.high
    assert held >= 0.92 * 200
    assert math.isfinite(truth)
