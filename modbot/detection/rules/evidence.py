"""What carried a rule: the places of the original text, as spans and as the pieces themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modbot.detection import links
from modbot.detection.canonical import Folded
from modbot.detection.evidence import found_in
from modbot.detection.rules import conditions, logic
from modbot.detection.rules.asking import Asked
from modbot.detection.rules.compiling import Clause
from modbot.domain import Label, RuleOutcome, Signal

SPANS = 20
_PIECES = 3
_PIECE = 80

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class RuleHit:
    """One rule that is true of one reply. ``label`` is the rule's own, for a labelling rule with
    its ``score``; ``spans`` is (start, end, start, end, …) in characters of the reply's text,
    ``pieces`` the first of what stands there."""

    name: str
    then: RuleOutcome
    reason: str
    label: Label | None
    score: float
    spans: tuple[int, ...]
    pieces: tuple[str, ...]

    def signal(self) -> Signal:
        return Signal(
            "rule",
            1.0,
            {
                "name": self.name,
                "then": self.then.value,
                "reason": self.reason or self.name,
                "label": self.label.value if self.label else None,
                "sets": self.score,
                "spans": self.spans,
                "pieces": self.pieces,
                "evidence": " ".join(self.pieces),
            },
        )


def hit(clause: Clause, asked: Asked, row: int) -> RuleHit:
    """The hit of a rule that is true of the reply in ``row``."""
    questions = logic.supports(clause.node, lambda question: asked.truth_at(question, row))
    places = _merged(sorted({span for question in questions for span in _spans(question, asked, row)}))[
        :SPANS
    ]
    text = asked.batch.replies[row].text
    pieces = tuple(dict.fromkeys(text[start:end][:_PIECE] for start, end in places))[:_PIECES]
    rule = clause.rule
    flat = tuple(edge for place in places for edge in place)
    return RuleHit(rule.name, rule.then, rule.reason, rule.label, rule.score, flat, pieces)


def _spans(question: int, asked: Asked, row: int) -> Iterator[Span]:
    known, batch = asked.compiled, asked.batch
    if question in known.keywords.questions:
        entries, (starts, ends) = asked.occurrences.at(question, row), asked.places
        yield from zip(starts[entries].tolist(), ends[entries].tolist(), strict=True)
    elif question in known.folded.questions:
        for start, end in known.folded.spans(question, asked.folded_texts[row]):
            yield _of_folded(batch.folded, row, start, end)
    elif question in known.raw.questions:
        yield from known.raw.spans(question, asked.raw_texts[row])
    else:
        yield from _of_facts(known.questions[question], asked, row)


def _of_facts(question: conditions.Question, asked: Asked, row: int) -> Iterator[Span]:
    if isinstance(question, conditions.HasContact):
        given = [one.evidence for one in asked.batch.contacts[row] if one.kind in question.kinds]
        for start, end, _ in found_in(asked.batch.folded, row, given):
            yield start, end
    elif isinstance(question, conditions.Domain):
        below = links.Below(question.domains)
        for host in links.hosts(asked.batch.addresses[row]):
            if below.some([host]) is not question.other:
                yield from _written(host, asked.batch.replies[row].text)


def _written(host: str, text: str) -> Iterator[Span]:
    """Where a host stands in the text itself: a link may show something else."""
    for match in re.finditer(re.escape(host), text, re.IGNORECASE):
        yield match.span()


def _of_folded(folded: Folded, row: int, start: int, end: int) -> Span:
    """A stretch of the folded text in the original."""
    first, begin = int(folded.starts[row]), int(folded.text_starts[row])
    origins = folded.origins
    return int(origins[first + start]) - begin, int(origins[first + end - 1]) - begin + 1


def _merged(spans: list[Span]) -> list[Span]:
    """Sorted spans with those that touch or overlap made one."""
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
