"""Signals: what each detector saw, as values with the evidence that it saw.

Details hold facts, pieces of the original text with their ``spans`` in it, and how much
each weighed in the model's log-odds (``weight``, for the label ``toward``); the sentence
is made in ``i18n`` where it is shown. Nothing here runs for a reply without anything to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modbot.detection import contacts, context, evidence
from modbot.detection.context import COLUMNS, Context
from modbot.detection.duplicates.observed import blanked, is_placeholder
from modbot.detection.evidence import Details, Place
from modbot.detection.explaining import NOTED, Explained, explain
from modbot.detection.model import Linear
from modbot.detection.reading import Reading
from modbot.domain import Label, Repetition, Reply, Signal, Slip

ECHO = 0.85
RUN = 6
DRESSED = 2
PLACES = 5
"""Places of one kind that are pointed at, at most."""
_TEXT_SIGNALS = ((Label.SPAM, "spam_text"), (Label.LOW_EFFORT, "low_effort_text"))
_COLUMN = {Label.LOW_EFFORT: 1, Label.SPAM: 2}


@dataclass(frozen=True, slots=True)
class Batch:
    """All that is known of one batch when signals are made."""

    replies: Sequence[Reply]
    reading: Reading
    canonical: Sequence[str]
    context: Context
    probabilities: NDArray[np.float64]
    repetitions: Sequence[Repetition | None]


def raise_signals(batch: Batch, model: Linear) -> list[tuple[Signal, ...]]:
    """The signals of every reply of a batch, in order."""
    raised: list[tuple[Signal, ...]] = [()] * len(batch.replies)
    rows = _rows_of_interest(batch)
    if rows:
        values, likely = batch.context.values, batch.probabilities
        explained = explain(model, batch.reading, values, likely, np.array(rows))
        for row in rows:
            raised[row] = _signals(batch, explained, row)
    return raised


def _rows_of_interest(batch: Batch) -> list[int]:
    """Rows with anything to say; the others (most) cost nothing more."""
    values = batch.context.values
    said = (batch.probabilities[:, 1:] >= NOTED).any(axis=1)
    said |= batch.reading.shape.longest_run >= RUN
    said |= batch.reading.shape.dressed >= DRESSED
    said |= values[:, COLUMNS["only_pictures"]] > 0
    said |= values[:, COLUMNS["title_echo"]] >= ECHO
    said |= values[:, COLUMNS["opening_echo"]] >= ECHO
    known = zip(batch.context.contacts, batch.context.links, batch.repetitions, strict=True)
    said[[row for row, (found, linked, seen) in enumerate(known) if found or linked or seen]] = True
    said[[row for row in blanked(batch.canonical) if batch.canonical[row]]] = True
    rows: list[int] = np.flatnonzero(said).tolist()
    return rows


def _signals(batch: Batch, explained: Explained, row: int) -> tuple[Signal, ...]:
    raised = [
        *_text(batch, explained, row),
        *_reach(batch, explained, row),
        *_echoes(batch, explained, row),
        *_form(batch, explained, row),
        *_repeated(batch, row),
    ]
    return tuple(raised)


def _text(batch: Batch, explained: Explained, row: int) -> list[Signal]:
    raised = []
    for label, code in _TEXT_SIGNALS:
        score = batch.probabilities.item(row, _COLUMN[label])
        if score >= NOTED:
            said = batch.canonical[row]
            places = [
                (run.start, run.end, said[run.first : run.last]) for run in explained.stretches(row, label)
            ]
            facts: Details = {"percent": round(100 * score), "toward": label.value}
            facts |= evidence.details(batch.replies[row].text, places)
            raised.append(Signal(code, score, facts | explained.weights(row, label)))
    return raised


def _reach(batch: Batch, explained: Explained, row: int) -> list[Signal]:
    facts: Details
    text, raised = batch.replies[row].text, []
    for contact in batch.context.contacts[row]:
        places = evidence.found_in(batch.reading.folded, row, (contact.evidence,))
        facts = evidence.details(text, places)
        facts["kind"] = contact.kind
        raised.append(Signal("contact", 1.0, facts | explained.weight_of(row, f"contact_{contact.kind}")))
    links = batch.context.links[row]
    if links:
        hosts = contacts.domains(links)
        short = any(host in contacts.SHORTENERS for host in hosts)
        facts = {"evidence": links[0][: evidence.SHOWN], "domains": hosts[:PLACES], "shortened": short}
        facts |= evidence.details(text, _linked(batch, row))
        weight = explained.weight_of(row, "links", "domains", "shortener")
        raised.append(Signal("link", 1.0 if short else 0.5, facts | weight))
    return raised


def _linked(batch: Batch, row: int) -> list[Place]:
    """Where the text shows its links: the written addresses, or the words that are linked."""
    reply = batch.replies[row]
    places = evidence.found_in(batch.reading.folded, row, batch.context.links[row][:PLACES])
    for link in reply.links[:PLACES]:
        start = reply.text.find(link.text) if link.text else -1
        if start >= 0:
            places.append((start, start + len(link.text), link.text.lower()))
    return places


def _echoes(batch: Batch, explained: Explained, row: int) -> list[Signal]:
    raised = []
    for code in ("title_echo", "opening_echo"):
        score = batch.context.values.item(row, COLUMNS[code])
        if score >= ECHO and len(batch.canonical[row]) >= context.ECHO_LENGTH:
            facts = {"limit": ECHO} | _whole(batch, row) | explained.weight_of(row, code)
            raised.append(Signal(code, score, facts))
    return raised


def _form(batch: Batch, explained: Explained, row: int) -> list[Signal]:
    raised, text, folded = [], batch.replies[row].text, batch.reading.folded
    length = batch.reading.shape.longest_run.item(row)
    if length >= RUN:
        facts: Details = {"length": length} | evidence.details(text, evidence.longest_run(folded, row))
        raised.append(Signal("run", min(length / 20, 1.0), facts | explained.weight_of(row, "longest_run")))
    if batch.context.values.item(row, COLUMNS["only_pictures"]) > 0:
        facts = {"count": batch.context.pictures.item(row)}
        raised.append(Signal("emoji_only", 1.0, facts | explained.weight_of(row, "length", "pictures")))
    dressed = batch.reading.shape.dressed.item(row)
    if dressed >= DRESSED:
        facts = {"count": dressed} | evidence.details(text, evidence.dressed(folded, row, PLACES))
        weight = explained.weight_of(row, "dressed_ratio")
        raised.append(Signal("dressed", min(dressed / 10, 1.0), facts | weight))
    return raised


def _whole(batch: Batch, row: int) -> Details:
    places = evidence.whole(batch.reading.folded, batch.reading.letters, row, batch.canonical[row])
    return evidence.details(batch.replies[row].text, places)


def _repeated(batch: Batch, row: int) -> list[Signal]:
    repetition = batch.repetitions[row]
    if repetition is not None and repetition.slip:
        return [Signal("slip", 1.0, {"why": repetition.slip.value} | _whole(batch, row))]
    if is_placeholder(batch.canonical[row]):
        return [Signal("slip", 1.0, {"why": Slip.BLANKED.value} | _whole(batch, row))]
    if repetition is None:
        return []
    facts: Details = {
        "size": repetition.size,
        "authors": repetition.authors,
        "threads": repetition.threads,
        "texts": repetition.texts,
        "similarity": round(repetition.similarity, 2),
        "campaign": repetition.campaign,
    }
    return [Signal("repeated", repetition.similarity, facts)]
