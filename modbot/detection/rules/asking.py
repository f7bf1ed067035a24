"""One batch with the questions of all rules, each answered when it is first asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modbot.detection import canonical, evidence
from modbot.detection.canonical import MAX_CHARACTERS, Index
from modbot.detection.rules import facts, keywords, logic
from modbot.detection.rules.compiling import Compiled
from modbot.detection.rules.facts import Facts, Standing
from modbot.detection.rules.keywords import Occurrences
from modbot.detection.rules.logic import FALSE, TRUE, UNKNOWN, Truth
from modbot.detection.rules.patterns import Patterns, readable
from modbot.detection.stretches import Stretches

_NONE = np.zeros(0, dtype=np.int64)


class Asked:
    """The truths of one batch, by question. Belongs to one thread."""

    def __init__(self, compiled: Compiled, batch: Facts, standing: Standing | None = None) -> None:
        self.compiled = compiled
        self.batch = batch
        self._standing = standing
        self._known: dict[int, Truth] = {}

    def of(self, node: logic.Node) -> NDArray[np.int8]:
        """The truth of ``node`` for every reply."""
        truth = logic.evaluate(node, self.truth)
        return truth if isinstance(truth, np.ndarray) else np.full(len(self.batch), truth)

    def rows(self, node: logic.Node, wanted: np.int8) -> list[int]:
        """The replies for which ``node`` has this truth."""
        truth = logic.evaluate(node, self.truth)
        if not isinstance(truth, np.ndarray):
            return list(range(len(self.batch))) if truth == wanted else []
        rows: list[int] = np.flatnonzero(truth == wanted).tolist()
        return rows

    def truth(self, question: int) -> Truth:
        found = self._known.get(question)
        if found is None:
            found = self._known[question] = self._answer(question)
        return found

    def truth_at(self, question: int, row: int) -> np.int8:
        truth = self.truth(question)
        return truth[row] if isinstance(truth, np.ndarray) else truth

    def _answer(self, question: int) -> Truth:
        known = self.compiled
        if question in known.titles.questions:
            return self._of_title(question)
        if question in known.keywords.questions:
            return self._true_in(self.occurrences.of(question))
        if question in known.folded.questions:
            return self._true_in(self._folded_matches.get(question, _NONE))
        if question in known.raw.questions:
            return self._true_in(self._raw_matches.get(question, _NONE))
        return facts.answer(known.questions[question], self.batch, self._standing)

    def _true_in(self, rows: Index) -> Truth:
        if not len(rows):
            return FALSE
        truth = np.full(len(self.batch), FALSE)
        truth[rows] = TRUE
        return truth

    def _of_title(self, question: int) -> Truth:
        """A thread whose title is not known may be called anything."""
        titles = self.batch.titles
        truth = np.full(len(titles.values), FALSE)
        truth[self._titled.of(question)] = TRUE
        truth[[not title for title in titles.values]] = UNKNOWN
        return truth[titles.codes]

    @cached_property
    def occurrences(self) -> Occurrences:
        """Of keywords in the texts."""
        found = self.compiled.keywords.find(self.batch.texts)
        whole = np.isin(found.questions, list(self.compiled.whole))
        if not whole.any():
            return found
        return found.only(~whole | keywords.stand_alone(found, self.batch.folded, self.batch.letters))

    @cached_property
    def places(self) -> tuple[Index, Index]:
        """Where each of the occurrences begins and ends in its original text."""
        folded, letters, found = self.batch.folded, self.batch.letters, self.occurrences
        stretches = Stretches(found.questions, found.rows, found.starts, found.ends)
        return evidence.spans(folded, letters, evidence.standing(folded, letters), stretches)

    @cached_property
    def raw_texts(self) -> list[str]:
        """What is read of the texts as written, character for character."""
        return readable([reply.text[:MAX_CHARACTERS] for reply in self.batch.replies])

    @cached_property
    def folded_texts(self) -> list[str]:
        return readable(self.batch.folded.texts())

    @cached_property
    def _titled(self) -> Occurrences:
        return self.compiled.titles.find(canonical.canonicalise(self.batch.titles.values))

    @cached_property
    def _folded_matches(self) -> dict[int, Index]:
        return _rows_by_question(self.compiled.folded, self.folded_texts)

    @cached_property
    def _raw_matches(self) -> dict[int, Index]:
        return _rows_by_question(self.compiled.raw, self.raw_texts)


def _rows_by_question(patterns: Patterns, texts: Sequence[str]) -> dict[int, Index]:
    return {question: np.array(rows) for question, rows in patterns.find_all(texts).items()}
