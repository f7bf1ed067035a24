"""Signals: what each detector saw, as values with the evidence that it saw.

Details hold facts and short pieces of text; the sentence is made in ``i18n`` where it
is shown (``signal.<code>`` with the details as placeholders).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modbot.detection import contacts, context, grams
from modbot.detection.canonical import Folded, Letters
from modbot.detection.context import COLUMNS, Context
from modbot.detection.duplicates import is_placeholder
from modbot.detection.grams import Grams
from modbot.detection.model import Linear
from modbot.domain import Repetition, Reply, Signal, SignalValue

Details = dict[str, SignalValue]

NOTED = 0.2
"""From this probability on a text's own signal is raised."""
ECHO = 0.85
RUN = 6
DRESSED = 2
_PIECES = 3
_EVIDENCE = 80


@dataclass(frozen=True, slots=True)
class Batch:
    """All that is known of one batch when signals are made."""

    replies: Sequence[Reply]
    folded: Folded
    letters: Letters
    hashed: Grams
    canonical: Sequence[str]
    context: Context
    probabilities: NDArray[np.float64]
    repetitions: Sequence[Repetition | None]


def raise_signals(batch: Batch, model: Linear) -> list[tuple[Signal, ...]]:
    """The signals of every reply of a batch, in order."""
    wanted = _rows_of_interest(batch)
    return [_signals(batch, model, row) if row in wanted else () for row in range(len(batch.replies))]


def _rows_of_interest(batch: Batch) -> set[int]:
    """Rows with anything to say; the others (most) cost nothing more."""
    values = batch.context.values
    said = (batch.probabilities[:, 1:] >= NOTED).any(axis=1)
    said |= batch.letters.longest_run >= RUN
    said |= batch.folded.dressed >= DRESSED
    said |= values[:, COLUMNS["only_pictures"]] > 0
    said |= values[:, COLUMNS["title_echo"]] >= ECHO
    said |= values[:, COLUMNS["opening_echo"]] >= ECHO
    rows = set(np.flatnonzero(said).tolist())
    for row, text in enumerate(batch.canonical):
        found = batch.context.contacts[row] or batch.context.links[row] or batch.repetitions[row]
        if found or is_placeholder(text):
            rows.add(row)
    return rows


def _signals(batch: Batch, model: Linear, row: int) -> tuple[Signal, ...]:
    raised = [
        *_text(batch, model, row),
        *_reach(batch.context, row),
        *_echoes(batch, row),
        *_form(batch, row),
        *_repeated(batch, row),
    ]
    return tuple(raised)


def _text(batch: Batch, model: Linear, row: int) -> list[Signal]:
    raised = []
    for column, code in ((2, "spam_text"), (1, "low_effort_text")):
        score = float(batch.probabilities[row, column])
        if score >= NOTED:
            pieces = _carrying(batch, model, row, column)
            details: Details = {"percent": round(100 * score), "evidence": " ".join(pieces), "pieces": pieces}
            raised.append(Signal(code, score, details))
    return raised


def _carrying(batch: Batch, model: Linear, row: int, column: int) -> tuple[str, ...]:
    """The stretches of the canonical text whose n-grams weigh most for a label."""
    text = batch.canonical[row]
    if not text:
        return ()
    begin = int(batch.hashed.starts[row])
    taken = model.weights[batch.hashed.letters[:, begin : begin + len(text) + 1]]
    weights = (taken.imag if column == 2 else taken.real).astype(np.float64)
    # The n-gram at position p (0 is the border before the text) covers the characters
    # p - 1 to p + n - 2; ``carried`` has room for one more on the left and n on the right.
    carried = np.zeros(len(text) + 1 + len(grams.ORDERS))
    for size in grams.ORDERS:
        share = weights[size - 1] / size
        for step in range(size):
            carried[step : step + len(share)] += share
    return _stretches(text, carried[1 : len(text) + 1])


def _stretches(text: str, carried: NDArray[np.float64]) -> tuple[str, ...]:
    """Up to three different stretches above half the greatest weight, heaviest first."""
    limit = max(float(carried.max()) / 2, 1e-9)
    heavy = np.zeros(len(carried) + 2, dtype=np.int8)
    heavy[1:-1] = carried >= limit
    edges = np.flatnonzero(heavy[1:] != heavy[:-1])
    sums = np.add.reduceat(np.append(carried, 0.0), edges)[::2] if len(edges) else edges
    bounds = edges.tolist()
    ranked = np.argsort(-sums, kind="stable").tolist()
    pieces = [text[bounds[2 * at] : bounds[2 * at + 1]][:_EVIDENCE] for at in ranked]
    return tuple(dict.fromkeys(pieces))[:_PIECES]


def _reach(found: Context, row: int) -> list[Signal]:
    raised = [
        Signal("contact", 1.0, {"kind": contact.kind, "evidence": contact.evidence[:_EVIDENCE]})
        for contact in found.contacts[row]
    ]
    links = found.links[row]
    if links:
        hosts = contacts.domains(links)
        short = any(host in contacts.SHORTENERS for host in hosts)
        details: Details = {"evidence": links[0][:_EVIDENCE], "domains": hosts[:5], "shortened": short}
        raised.append(Signal("link", 1.0 if short else 0.5, details))
    return raised


def _echoes(batch: Batch, row: int) -> list[Signal]:
    raised = []
    for code in ("title_echo", "opening_echo"):
        score = float(batch.context.values[row, COLUMNS[code]])
        if score >= ECHO and len(batch.canonical[row]) >= context.ECHO_LENGTH:
            raised.append(Signal(code, score, {"evidence": batch.canonical[row][:_EVIDENCE]}))
    return raised


def _form(batch: Batch, row: int) -> list[Signal]:
    raised = []
    length = int(batch.letters.longest_run[row])
    if length >= RUN:
        raised.append(Signal("run", min(length / 20, 1.0), {"length": length, "evidence": _run(batch, row)}))
    if batch.context.values[row, COLUMNS["only_pictures"]] > 0:
        raised.append(Signal("emoji_only", 1.0, {"count": int(batch.context.pictures[row])}))
    dressed = int(batch.folded.dressed[row])
    if dressed >= DRESSED:
        raised.append(Signal("dressed", min(dressed / 10, 1.0), {"count": dressed}))
    return raised


def _run(batch: Batch, row: int) -> str:
    """The character of the longest run (runs are cut in the canonical text)."""
    first, last = batch.letters.starts[row], batch.letters.starts[row + 1]
    codes = batch.letters.codes[first:last]
    same = np.flatnonzero((codes[2:] == codes[1:-1]) & (codes[1:-1] == codes[:-2]))
    return chr(int(codes[same[0]])) if len(same) else ""


def _repeated(batch: Batch, row: int) -> list[Signal]:
    repetition = batch.repetitions[row]
    if is_placeholder(batch.canonical[row]) or (repetition is not None and repetition.slip):
        return [Signal("slip", 1.0, {"evidence": batch.canonical[row][:_EVIDENCE]})]
    if repetition is None:
        return []
    details: Details = {
        "size": repetition.size,
        "authors": repetition.authors,
        "threads": repetition.threads,
        "similarity": round(repetition.similarity, 2),
        "campaign": repetition.campaign,
    }
    return [Signal("repeated", repetition.similarity, details)]
