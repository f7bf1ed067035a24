"""When things happened, as bars: for the small figures of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BARS = 30
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Timeline:
    """``bars`` count what happened in equal steps from ``first`` to ``last``;
    ``busiest_hour``: the most within any hour."""

    bars: tuple[int, ...]
    first: datetime
    last: datetime
    busiest_hour: int

    @property
    def total(self) -> int:
        return sum(self.bars)


def between(moments: Sequence[datetime], first: datetime, last: datetime) -> Timeline:
    """``first`` is before ``last``, or the same; moments outside are not counted."""
    within = sorted(moment for moment in moments if first <= moment <= last)
    step = max((last - first) / BARS, timedelta(seconds=1))
    counted = Counter(min(int((moment - first) / step), BARS - 1) for moment in within)
    return Timeline(tuple(counted[bar] for bar in range(BARS)), first, last, _busiest(within))


def of_all(moments: Sequence[datetime]) -> Timeline | None:
    """From the first to the last of them; None without any."""
    return between(moments, min(moments), max(moments)) if moments else None


def _busiest(ordered: Sequence[datetime]) -> int:
    most = start = 0
    for at, moment in enumerate(ordered):
        while moment - ordered[start] >= HOUR:
            start += 1
        most = max(most, at - start + 1)
    return most
