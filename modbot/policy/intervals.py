"""Confidence intervals of rates, in closed form or by a few lines of arithmetic.

The regularised incomplete beta function follows the continued fraction of DiDonato & Morris
(ACM TOMS 708, 1992) in Lentz's form (Press et al., *Numerical Recipes*, 3rd ed., §6.4);
its inverse is found by bisection, since speed matters nowhere here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
_TINY = 1e-300
_STEPS = 10_000
_PRECISION = 1e-15


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its interval, all in [0, 1]. ``value`` is None where nothing was observed: the
    interval is then everything. ``trials`` may be an effective number, and no whole one."""

    value: float | None
    low: float
    high: float
    trials: float


@dataclass(frozen=True, slots=True)
class Stratum:
    """One draw: ``hits`` among ``judged``, drawn at random from ``population``."""

    population: int
    judged: int
    hits: int


NOTHING = Rate(None, 0.0, 1.0, 0.0)


def rate(hits: float, trials: float, *, confidence: float = CONFIDENCE) -> Rate:
    """The share of hits with the two-sided interval of Clopper & Pearson (Biometrika 1934):
    exact, never too narrow. ``hits`` and ``trials`` need not be whole numbers."""
    if trials <= 0:
        return NOTHING
    tail = (1 - confidence) / 2
    low = beta_quantile(tail, hits, trials - hits + 1) if hits > 0 else 0.0
    high = beta_quantile(1 - tail, hits + 1, trials - hits) if hits < trials else 1.0
    return Rate(hits / trials, low, high, trials)


def stratified_rate(strata: Sequence[Stratum], *, confidence: float = CONFIDENCE) -> Rate:
    """The share of hits in all populations together, each draw weighted by what it stands for.

    The interval is that of Korn & Graubard (Survey Methodology 1998): Clopper–Pearson with
    the effective number of trials, (Σw)² / Σw² (Kish 1965). Draws without a judged one tell
    nothing and are left out.
    """
    told = [stratum for stratum in strata if stratum.judged and stratum.population]
    population = sum(stratum.population for stratum in told)
    if not population:
        return NOTHING
    share = sum(stratum.population * stratum.hits / stratum.judged for stratum in told) / population
    spread = sum(stratum.population**2 / stratum.judged for stratum in told)
    effective = population**2 / spread
    return rate(share * effective, effective, confidence=confidence)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Where the beta distribution of ``a`` and ``b`` (both > 0) reaches ``probability``."""
    low, high = 0.0, 1.0
    while high - low > _PRECISION * max(high, _TINY):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if beta_cdf(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    total = 1.0
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            total *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return total


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
