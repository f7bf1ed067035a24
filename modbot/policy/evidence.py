"""What verdicts and spot checks say of a forum: base rate, recall, precision, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modbot.policy.intervals import NOTHING, Rate, Stratum, rate, stratified_rate

NARROW = 0.01
"""A share is known well enough within one percentage point either way."""

_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Flagged:
    """Flagged replies that people upheld, let be, or have not judged yet."""

    right: int = 0
    wrong: int = 0
    open: int = 0

    @property
    def number(self) -> int:
        return self.right + self.wrong + self.open

    @property
    def precision(self) -> Rate:
        return rate(self.right, self.right + self.wrong)


@dataclass(frozen=True, slots=True)
class Estimates:
    """Of one stretch of time. ``among_passed``: the share of bad replies among those that
    passed; ``base_rate``: among all; ``recall``: the share of the bad that was flagged and
    upheld."""

    among_passed: Rate
    base_rate: Rate
    recall: Rate


def estimate(draws: Sequence[Stratum], flagged: Flagged, *, missed: int) -> Estimates:
    """Estimates from spot checks (``draws``, with what is bad as hits), the flags of the same
    time, and ``missed``: bad replies that people removed on the forum before any draw could
    meet them.

    What was upheld and missed is known; what passed is estimated, and only its interval
    is carried on. Flags that nobody judged are bad in the share of those judged; at the ends of the
    interval none of them is, or all are.
    """
    passed = stratified_rate(draws)
    population = sum(draw.population for draw in draws)
    if passed.value is None:
        return Estimates(passed, NOTHING, NOTHING)
    unseen, least, most = (missed + population * share for share in (passed.value, passed.low, passed.high))
    precision = flagged.precision.value or 0.0
    total = population + missed + flagged.number
    base_rate = Rate(
        _share(flagged.right + flagged.open * precision + unseen, total),
        _share(flagged.right + least, total) or 0.0,
        _share(flagged.right + flagged.open + most, total) or 0.0,
        passed.trials,
    )
    recall = Rate(
        _share(flagged.right, flagged.right + unseen),
        _share(flagged.right, flagged.right + most) or 0.0,
        1.0 if flagged.right + least == 0 else flagged.right / (flagged.right + least),
        passed.trials,
    )
    return Estimates(passed, base_rate, recall)


def missing_answers(known: Rate, *, within: float = NARROW) -> int:
    """How many more replies must be judged until the share is known ``within`` so much either
    way, should it stay what it seems to be."""
    share = known.value or 0.0

    def is_narrow(trials: float) -> bool:
        found = rate(share * trials, trials)
        return found.high - found.low <= 2 * within

    if known.trials and is_narrow(known.trials):
        return 0
    too_few, enough = 0, 1
    while not is_narrow(known.trials + enough) and enough < _MOST:
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if is_narrow(known.trials + middle):
            enough = middle
        else:
            too_few = middle
    return enough


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
