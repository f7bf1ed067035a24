"""One run of the benchmark: what it measured, as a table and as one JSON line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from modbot.benchmarking.duplicates import Found
from modbot.benchmarking.start import Start
from modbot.benchmarking.text import SCORED, Stage
from modbot.benchmarking.whole import Speed

Measured = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured: ``bench.row.<name>`` says what, ``cells`` are in the order of the sides."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """All that was measured of one implementation."""

    stages: Sequence[Stage]
    duplicates: Found
    speed: Speed
    start: Start
    memory_mb: float
    """Resident at the end, with the index and the posts that were measured with."""

    @property
    def text_posts_per_s(self) -> float:
        return next(found.posts_per_s for found in self.stages if found.name == SCORED)


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
            "text_posts_per_s": best.text_posts_per_s,
            **asdict(best.speed),
            "load_s": best.start.seconds,
            "duplicates": asdict(best.duplicates),
            "posts": self.posts,
            "sides": {name: asdict(side) for name, side in self.sides.items()},
        }

    def columns(self) -> list[str]:
        return list(self.sides)

    def rows(self) -> list[Row]:
        """What a human reads: a row for each thing measured, a cell for each side."""
        parts = {name: _cells(side) for name, side in self.sides.items()}
        return [
            Row(name, tuple(self._cell(cells[name]) for cells in parts.values()))
            for name in next(iter(parts.values()))
        ]

    def _cell(self, measured: Measured) -> str:
        value, unit = measured
        if unit == "posts/s":
            return f"{value:,.0f} ({self.ratio(value):.1f} ×)"
        return f"{value:,.3g} {unit}".rstrip()


def _cells(side: Side) -> dict[str, Measured]:
    stages: dict[str, Measured] = {}
    for found in side.stages:
        stages[found.name] = (found.posts_per_s, "posts/s")
        stages[f"{found.name}.one"] = (found.one_post_ms, "ms")
    return stages | {
        "lookups": (side.duplicates.lookups_per_s, "posts/s"),
        "inserts": (side.duplicates.inserts_per_s, "posts/s"),
        "recall": (side.duplicates.recall, ""),
        "precision": (side.duplicates.precision, ""),
        "bytes": (side.duplicates.bytes_per_reply, "B"),
        "detector": (side.speed.detector_posts_per_s, "posts/s"),
        "stored": (side.speed.stored_posts_per_s, "posts/s"),
        "detector.one.median": (side.speed.one_post_p50_ms, "ms"),
        "detector.one.slowest": (side.speed.one_post_p99_ms, "ms"),
        "start": (side.start.seconds, "s"),
        "start.memory": (side.start.memory_mb, "MB"),
        "memory": (side.memory_mb, "MB"),
    }
