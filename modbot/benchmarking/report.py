"""One run of the benchmark: what it measured, as a table and as one JSON line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from modbot.benchmarking.duplicates import Found
from modbot.benchmarking.start import Start
from modbot.benchmarking.text import Stage
from modbot.benchmarking.whole import Speed


@dataclass(frozen=True, slots=True)
class Side:
    """All that was measured of one implementation."""

    stages: Sequence[Stage]
    duplicates: Found
    speed: Speed
    start: Start


@dataclass(frozen=True, slots=True)
class Report:
    """``sides`` by name: ``numpy`` and, where it is installed, ``numba``."""

    posts: int
    indexed: int
    baseline: Stage
    sides: Mapping[str, Side]

    @property
    def best(self) -> Side:
        return self.sides.get("numba") or self.sides["numpy"]

    def ratio(self, posts_per_s: float) -> float:
        return posts_per_s / self.baseline.posts_per_s

    def to_json(self) -> dict[str, object]:
        """The head is of the fastest side; both follow with all their figures."""
        best = self.best
        return {
            "sklearn_posts_per_s": self.baseline.posts_per_s,
            "text_posts_per_s": best.stages[-1].posts_per_s,
            **asdict(best.speed),
            "load_s": best.start.seconds,
            "duplicates": asdict(best.duplicates),
            "posts": self.posts,
            "sides": {name: asdict(side) for name, side in self.sides.items()},
        }
