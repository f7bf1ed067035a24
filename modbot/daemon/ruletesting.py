"""What the operator's rules say to texts, before any forum sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from modbot.daemon.exchange import Line
from modbot.detection import Detector
from modbot.detection.rules import RuleBook, RuleHit, Undecided, facts, reached
from modbot.domain import Label


@dataclass(frozen=True, slots=True)
class Tried:
    """One text: the rules that fire, down to the one that decides; those below it that would;
    and those that lack a fact."""

    line: Line
    hits: tuple[RuleHit, ...]
    below: tuple[RuleHit, ...]
    undecided: tuple[Undecided, ...]

    def as_object(self) -> dict[str, Any]:
        return {
            "id": self.line.id,
            "matches": [_hit_object(hit) for hit in self.hits],
            "not_reached": [hit.name for hit in self.below],
            "undecided": [
                {"name": found.rule.name, "lacks": [lacking(question) for question in found.lacks]}
                for found in self.undecided
            ],
        }


def try_rules(
    rules: RuleBook, detector: Detector, lines: Sequence[Line], *, forum: str | None, now: datetime
) -> list[Tried]:
    """What the rules find in each line; without ``forum`` it is not known in which it stands."""
    replies = [replace(line.reply, forum=forum or "") for line in lines]
    assessed = detector.assess(replies, duplicates=None, now=now)
    scores = np.array([[each.probabilities.of(label) for label in Label] for each in assessed])
    batch = facts.of_replies(replies, probabilities=scores.reshape(-1, len(Label)))
    return [
        Tried(line, reached(hits), hits[len(reached(hits)) :], undecided)
        for line, hits, undecided in zip(lines, rules.match_all(batch), rules.undecided(batch), strict=True)
    ]


def lacking(question: object) -> str:
    """The name of a question as a code: ``author_standing``, ``on_board``, …"""
    name = type(question).__name__
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")


def _hit_object(hit: RuleHit) -> dict[str, Any]:
    spans = [list(span) for span in zip(hit.spans[::2], hit.spans[1::2], strict=True)]
    return {
        "name": hit.name,
        "then": hit.then.value,
        "reason": hit.reason,
        "label": hit.label.value if hit.label else None,
        "spans": spans,
        "evidence": list(hit.pieces),
    }
