"""Named features beside the n-grams: shape of the text, contacts, links, context.

What is not known is ``NaN`` and carries no weight; it is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from modbot.detection import contacts, periods
from modbot.detection.canonical import canonicalise
from modbot.detection.reading import Reading
from modbot.detection.shape import Shape
from modbot.domain import Reply

Floats = NDArray[np.float64]

LENGTH_STEPS = (1, 2, 3, 4, 5, 7, 9, 13, 21, 41, 81, 161)
NAMES = (
    "log_length",
    *(f"length_from_{step}" for step in LENGTH_STEPS),
    "distinct_ratio",
    "log_longest_run",
    "digit_ratio",
    "latin_ratio",
    "mixed_ratio",
    "log_repeats",
    "log_longest_code",
    "log_pictures",
    "mark_ratio",
    "only_pictures",
    "dressed_ratio",
    *(f"contact_{kind}" for kind in contacts.KINDS),
    "log_links",
    "shortener",
    "log_domains",
    "title_echo",
    "opening_echo",
    "log_images",
    "quote_ratio",
    "log_floor",
    "log_author_posts",
    "log_author_days",
    "is_thread_author",
)
COLUMNS = {name: column for column, name in enumerate(NAMES)}
_UNKNOWN = float("nan")
ECHO_LENGTH = 4
"""Canonical titles shorter than this echo by chance."""


@dataclass(frozen=True, slots=True)
class Context:
    """Feature values ``[text, name]`` and what was found on the way to them."""

    values: Floats
    contacts: tuple[tuple[contacts.Contact, ...], ...]
    links: tuple[tuple[str, ...], ...]
    pictures: NDArray[np.int64]


def measure(replies: Sequence[Reply], reading: Reading, canonical: Sequence[str]) -> Context:
    """The features of a batch; all arguments describe the same texts in order."""
    values = np.full((len(replies), len(NAMES)), np.nan)
    _shape(values, reading.shape)
    values[:, COLUMNS["log_repeats"]] = np.log1p(periods.repeats(reading.letters, reading.shape))
    found, links = _reach(replies, reading)
    _fill_reach(values, found, links)
    _echoes(values, replies, canonical)
    _known(values, replies)
    return Context(values, found, links, reading.shape.pictures)


def _shape(values: Floats, shape: Shape) -> None:
    lengths = shape.lengths
    some = np.maximum(lengths, 1)
    values[:, 0] = np.log1p(lengths)
    values[:, 1 : 1 + len(LENGTH_STEPS)] = lengths[:, np.newaxis] >= LENGTH_STEPS
    fill = {
        "distinct_ratio": shape.distinct / np.minimum(some, 40),
        "log_longest_run": np.log1p(shape.longest_run),
        "digit_ratio": shape.digits / some,
        "latin_ratio": shape.latin / some,
        "mixed_ratio": np.minimum(shape.latin, lengths - shape.latin - shape.digits) / some,
        "log_longest_code": np.log1p(shape.longest_code),
        "log_pictures": np.log1p(shape.pictures),
        "mark_ratio": shape.marks / np.maximum(shape.readable, 1),
        "only_pictures": (lengths == 0) & (shape.pictures > 0),
        "dressed_ratio": np.minimum(shape.dressed / some, 1.0),
    }
    for name, column_values in fill.items():
        values[:, COLUMNS[name]] = column_values


def _reach(
    replies: Sequence[Reply], reading: Reading
) -> tuple[tuple[tuple[contacts.Contact, ...], ...], tuple[tuple[str, ...], ...]]:
    """Contacts and links, those that the page shows as links among them."""
    links = contacts.find_all_links(reading)
    for row in [row for row, reply in enumerate(replies) if reply.links]:
        shown = (link.url.lower() for link in replies[row].links)
        links[row] = tuple(dict.fromkeys((*links[row], *shown)))
    return tuple(contacts.find_all(reading)), tuple(links)


def _fill_reach(
    values: Floats, found: Sequence[Sequence[contacts.Contact]], links: Sequence[Sequence[str]]
) -> None:
    values[:, COLUMNS["contact_wechat"] : COLUMNS["log_domains"] + 1] = 0.0
    for row, some in enumerate(found):
        for contact in some:
            values[row, COLUMNS[f"contact_{contact.kind}"]] = 1.0
    for row, addresses in enumerate(links):
        if addresses:
            hosts = contacts.domains(addresses)
            short = any(host in contacts.SHORTENERS for host in hosts)
            values[row, COLUMNS["log_domains"]] = np.log1p(len(hosts))
            values[row, COLUMNS["log_links"]] = np.log1p(len(addresses))
            values[row, COLUMNS["shortener"]] = short


def _echoes(values: Floats, replies: Sequence[Reply], canonical: Sequence[str]) -> None:
    titles = {reply.thread_title for reply in replies if reply.thread_title}
    openings = {reply.opening for reply in replies if reply.opening and reply.floor != 1}
    known = sorted(titles | openings)
    folds = dict(zip(known, canonicalise(known), strict=True)) if known else {}
    for row, reply in enumerate(replies):
        if reply.thread_title and reply.floor != 1:
            values[row, COLUMNS["title_echo"]] = echo(canonical[row], folds[reply.thread_title])
        if reply.opening and reply.floor != 1:
            values[row, COLUMNS["opening_echo"]] = echo(canonical[row], folds[reply.opening])


def echo(text: str, source: str) -> float:
    """How far ``text`` only copies ``source`` (both canonical): 0 not at all, 1 wholly."""
    if min(len(text), len(source)) < ECHO_LENGTH or len(text) > 2 * len(source):
        return 0.0
    if text in source:
        return 1.0 if 2 * len(text) >= len(source) or len(text) >= 10 else 0.0
    similarity = Levenshtein.normalized_similarity(text, source, score_cutoff=0.6)
    return float(similarity)


def _known(values: Floats, replies: Sequence[Reply]) -> None:
    """What the page tells beside the text; where it shows an author it shows the rest too."""
    rows = [row for row, reply in enumerate(replies) if reply.author.id is not None or reply.author.name]
    shown = [replies[row] for row in rows]
    known: dict[str, Floats | Sequence[float]] = {
        "log_images": _counts([reply.images for reply in shown]),
        "quote_ratio": [_quoted(reply) if reply.quoted else 0.0 for reply in shown],
        "log_floor": _counts([reply.floor for reply in shown]),
        "log_author_posts": _counts([reply.author.posts for reply in shown]),
        "log_author_days": np.log1p([_days(reply) for reply in shown]),
        "is_thread_author": [reply.is_thread_author for reply in shown],
    }
    for name, column in known.items():
        values[rows, COLUMNS[name]] = column


def _counts(told: Sequence[int | None]) -> Floats:
    """Logarithms of 1 + what was told; NaN for None."""
    return np.asarray(np.log1p(np.maximum(np.array(told, dtype=np.float64), 0.0)))


def _quoted(reply: Reply) -> float:
    return len(reply.quoted) / (len(reply.quoted) + len(reply.text))


def _days(reply: Reply) -> float:
    """Days since the author registered when the reply was posted; NaN when not known."""
    if reply.author.registered is None or reply.posted_at is None:
        return _UNKNOWN
    return max((reply.posted_at - reply.author.registered).total_seconds() / 86_400, 0.0)
