"""Many keywords at once: one Aho-Corasick automaton over the canonical texts of a batch.

The texts are joined by a character that no canonical text holds, so that the automaton is
entered once a batch (Aho and Corasick, Communications of the ACM 18(6), 1975).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation
from numpy.typing import NDArray

from modbot.detection.canonical import Codes, Folded, Index, Letters
from modbot.detection.tables.layout import Kind

_BETWEEN = "\n"
_MANY = 32
"""Texts from which on those that hold no keyword are sorted out before."""
_FILTER_BITS = 20
_SHIFT = np.uint32(32 - _FILTER_BITS)
_SALTS = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35))


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where keywords were found, one entry per occurrence and question that asks for it, sorted
    by question and row. ``starts`` and ``ends`` count the characters of the canonical text of
    ``rows``."""

    questions: Index
    rows: Index
    starts: Index
    ends: Index

    def of(self, question: int) -> Index:
        """The rows in which ``question`` is true, ascending."""
        return np.unique(self.rows[self._entries(question)])

    def at(self, question: int, row: int) -> slice:
        """The entries of ``question`` in ``row``."""
        entries = self._entries(question)
        first, last = np.searchsorted(self.rows[entries], (row, row + 1)).tolist()
        return slice(entries.start + first, entries.start + last)

    def only(self, chosen: NDArray[np.bool_]) -> Occurrences:
        return Occurrences(self.questions[chosen], self.rows[chosen], self.starts[chosen], self.ends[chosen])

    def _entries(self, question: int) -> slice:
        first, last = np.searchsorted(self.questions, (question, question + 1)).tolist()
        return slice(first, last)


class Beginnings:
    """Tells which texts hold the first two characters of some keyword, or all of one that is
    shorter: a Bloom filter of two hashes (Communications of the ACM 13(7), 1970)."""

    def __init__(self, keywords: Iterable[str]) -> None:
        begun = {keyword[:2] for keyword in keywords}
        self._has_single = any(len(pair) == 1 for pair in begun)
        self._known = np.zeros(1 << _FILTER_BITS, dtype=np.bool_)
        codes = _code_points("".join(pair.ljust(2, _BETWEEN) for pair in begun))
        for places in _places(codes[::2], codes[1::2]):
            self._known[places] = True

    def rows(self, texts: Sequence[str]) -> Index:
        """The rows of texts that may hold a keyword, ascending."""
        codes = _code_points(_BETWEEN.join((*texts, "")))
        found = self._holds(codes[:-1], codes[1:])
        if self._has_single:
            found = np.union1d(found, self._holds(codes, np.full_like(codes, ord(_BETWEEN))))
        ends = np.flatnonzero(codes == ord(_BETWEEN))
        return np.unique(np.searchsorted(ends, found))

    def _holds(self, firsts: Codes, seconds: Codes) -> Index:
        """The positions of pairs that are known by both hashes."""
        one, other = _places(firsts, seconds)
        found = np.flatnonzero(self._known.take(one))
        return found[self._known[other[found]]]


class Keywords:
    """An automaton over ``wanted``: question → its keywords, which are canonical and not empty."""

    def __init__(self, wanted: Mapping[int, Sequence[str]]) -> None:
        self.questions = frozenset(wanted)
        askers: dict[str, list[int]] = {}
        for question, keywords in wanted.items():
            for keyword in dict.fromkeys(keywords):
                askers.setdefault(keyword, []).append(question)
        self._automaton = AhoCorasick(
            list(askers), implementation=Implementation.ContiguousNFA, store_patterns=False
        )
        self._beginnings = Beginnings(askers)
        self._askers = np.fromiter(chain.from_iterable(askers.values()), dtype=np.int64)
        self._bounds = np.fromiter(accumulate(map(len, askers.values()), initial=0), dtype=np.int64)

    def find(self, texts: Sequence[str]) -> Occurrences:
        """Every occurrence in a batch of canonical texts, overlapping ones too."""
        if len(texts) < _MANY:
            return self._find(texts, np.arange(len(texts)))
        rows = self._beginnings.rows(texts)
        return self._find([texts[row] for row in rows.tolist()], rows)

    def _find(self, texts: Sequence[str], of: Index) -> Occurrences:
        """Every occurrence in texts that are the rows ``of`` of a batch."""
        joined = _BETWEEN.join(texts)
        found = self._automaton.find_matches_as_indexes(joined, overlapping=True)
        flat = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=3 * len(found))
        keywords, starts, ends = flat.reshape(-1, 3).T
        sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + len(_BETWEEN)
        begins = np.cumsum(sizes) - sizes
        rows = np.searchsorted(begins, starts, side="right") - 1
        return self._asked(keywords, of[rows], starts - begins[rows], ends - begins[rows])

    def _asked(self, keywords: Index, rows: Index, starts: Index, ends: Index) -> Occurrences:
        """One entry for each question that asks for the keyword found."""
        firsts, counts = self._bounds[keywords], np.diff(self._bounds)[keywords]
        each = np.repeat(np.arange(len(keywords)), counts)
        steps = np.arange(len(each)) - np.repeat(np.cumsum(counts) - counts, counts)
        questions = self._askers[firsts[each] + steps]
        order = np.argsort(questions, kind="stable")  # rows are in order already
        each = each[order]
        return Occurrences(questions[order], rows[each], starts[each], ends[each])


def _code_points(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _places(firsts: Codes, seconds: Codes) -> tuple[Codes, Codes]:
    """Two places in the filter for each pair of characters."""
    mixed = firsts * _SALTS[0] + seconds * _SALTS[1]
    return mixed >> _SHIFT, (mixed * _SALTS[2]) >> _SHIFT


def stand_alone(found: Occurrences, folded: Folded, letters: Letters) -> NDArray[np.bool_]:
    """Which occurrences do not cut a Latin word or a number: no letter or digit lies beside an
    end that is one. CJK is written without spaces and has no such ends."""
    firsts = letters.starts[found.rows] + found.starts
    lasts = letters.starts[found.rows] + found.ends - 1
    before, after = letters.places[firsts] - 1, letters.places[lasts] + 1
    cut = _is_wordlike(letters.kinds[firsts]) & (before >= folded.starts[found.rows])
    cut &= _is_wordlike(folded.kinds[np.maximum(before, 0)])
    cut_after = _is_wordlike(letters.kinds[lasts]) & (after < folded.starts[found.rows + 1])
    cut_after &= _is_wordlike(folded.kinds[np.minimum(after, len(folded.kinds) - 1)])
    alone: NDArray[np.bool_] = ~(cut | cut_after)
    return alone


def _is_wordlike(kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.isin(kinds, (Kind.DIGIT, Kind.LETTER))
