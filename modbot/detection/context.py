"""Named features beside the n-grams: shape of the text, contacts, links, context.

What is not known is ``NaN`` and carries no weight; it is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from modbot.detection import contacts
from modbot.detection.canonical import Folded, Letters, canonicalise, strings
from modbot.detection.tables.layout import Kind
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
    "log_longest_code",
    "log_pictures",
    "mark_ratio",
    "only_pictures",
    "dressed_ratio",
    *(f"contact_{kind}" for kind in contacts.KINDS),
    "log_links",
    "shortener",
    "title_echo",
    "opening_echo",
    "log_images",
    "log_author_posts",
    "log_author_days",
    "is_thread_author",
)
COLUMNS = {name: column for column, name in enumerate(NAMES)}
_SHORTEST_CODE = 4
ECHO_LENGTH = 4
"""Canonical titles shorter than this echo by chance."""


@dataclass(frozen=True, slots=True)
class Context:
    """Feature values ``[text, name]`` and what was found on the way to them."""

    values: Floats
    contacts: tuple[tuple[contacts.Contact, ...], ...]
    links: tuple[tuple[str, ...], ...]
    pictures: NDArray[np.int64]


def measure(replies: Sequence[Reply], folded: Folded, letters: Letters, canonical: Sequence[str]) -> Context:
    """The features of a batch; all arguments describe the same texts in order."""
    count = len(replies)
    values = np.full((count, len(NAMES)), np.nan)
    pictures = _count(folded, Kind.PICTURE)
    longest_code = _longest_code(letters)
    _shape(values, folded, letters, pictures, longest_code)
    found, links = _reach(replies, folded, letters, longest_code)
    _fill_reach(values, found, links)
    _echoes(values, replies, canonical)
    _known(values, replies)
    return Context(values, found, links, pictures)


def _count(folded: Folded, kind: Kind) -> NDArray[np.int64]:
    return np.bincount(folded.rows[folded.kinds == kind], minlength=len(folded)).astype(np.int64)


def _shape(
    values: Floats,
    folded: Folded,
    letters: Letters,
    pictures: NDArray[np.int64],
    longest_code: NDArray[np.int64],
) -> None:
    lengths = letters.lengths
    some = np.maximum(lengths, 1)
    total = np.maximum(np.diff(folded.starts), 1)
    values[:, 0] = np.log1p(lengths)
    for column, step in enumerate(LENGTH_STEPS, start=1):
        values[:, column] = lengths >= step
    fill = {
        "distinct_ratio": _distinct(letters) / np.minimum(some, 40),
        "log_longest_run": np.log1p(letters.longest_run),
        "digit_ratio": _share(letters, Kind.DIGIT) / some,
        "latin_ratio": _share(letters, Kind.LETTER) / some,
        "log_longest_code": np.log1p(longest_code),
        "log_pictures": np.log1p(pictures),
        "mark_ratio": _count(folded, Kind.PUNCTUATION) / total,
        "only_pictures": (lengths == 0) & (pictures > 0),
        "dressed_ratio": np.minimum(folded.dressed / some, 1.0),
    }
    for name, column_values in fill.items():
        values[:, COLUMNS[name]] = column_values


def _share(letters: Letters, kind: Kind) -> NDArray[np.int64]:
    return np.bincount(letters.rows[letters.kinds == kind], minlength=len(letters)).astype(np.int64)


def _distinct(letters: Letters) -> Floats:
    """About how many different characters each text has, at most 40 (a 64-bit sketch)."""
    sketch = np.zeros(len(letters), dtype=np.uint64)
    present = np.flatnonzero(letters.lengths)
    if len(present):
        bits = np.left_shift(np.uint64(1), ((letters.codes * np.uint32(0x9E3779B1)) >> 26).astype(np.uint64))
        sketch[present] = np.bitwise_or.reduceat(bits, letters.starts[present])
    seen = np.bitwise_count(sketch).astype(np.float64)
    return np.minimum(-64.0 * np.log1p(-np.minimum(seen, 63.0) / 64.0), 40.0)


def _longest_code(letters: Letters) -> NDArray[np.int64]:
    """The longest unbroken stretch of Latin letters and digits that holds a digit, per text."""
    longest = np.zeros(len(letters), dtype=np.int64)
    places = np.flatnonzero(letters.kinds < Kind.CJK)
    if not len(places):
        return longest
    rows = letters.rows[places]
    breaks = np.ones(len(places), dtype=bool)
    breaks[1:] = (np.diff(places) > 1) | (rows[1:] != rows[:-1])
    firsts = np.flatnonzero(breaks)
    sizes = np.diff(np.append(firsts, len(places)))
    digits = np.add.reduceat((letters.kinds[places] == Kind.DIGIT).astype(np.int64), firsts)
    np.maximum.at(longest, rows[firsts], np.where(digits > 0, sizes, 0))
    return longest


def _reach(
    replies: Sequence[Reply], folded: Folded, letters: Letters, longest_code: NDArray[np.int64]
) -> tuple[tuple[tuple[contacts.Contact, ...], ...], tuple[tuple[str, ...], ...]]:
    """Contacts and links; only texts with Latin letters or digits enough are searched."""
    texts = strings(folded.codes, folded.starts)
    coded = (longest_code >= _SHORTEST_CODE).tolist()
    latin = (_share(letters, Kind.LETTER) >= _SHORTEST_CODE).tolist()
    found, links = [], []
    for row, text in enumerate(texts):
        found.append(contacts.find_contacts(text) if coded[row] or latin[row] else ())
        written = contacts.find_links(text) if latin[row] and ("." in text or "://" in text) else ()
        linked = tuple(link.url.lower() for link in replies[row].links)
        links.append(tuple(dict.fromkeys(written + linked)))
    return tuple(found), tuple(links)


def _fill_reach(
    values: Floats, found: Sequence[Sequence[contacts.Contact]], links: Sequence[Sequence[str]]
) -> None:
    values[:, COLUMNS["contact_wechat"] : COLUMNS["shortener"] + 1] = 0.0
    for row, some in enumerate(found):
        for contact in some:
            values[row, COLUMNS[f"contact_{contact.kind}"]] = 1.0
    for row, addresses in enumerate(links):
        if addresses:
            short = any(host in contacts.SHORTENERS for host in contacts.domains(addresses))
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
    """What the page tells of the author; where it shows an author it shows images too."""
    shown = [reply.author.id is not None or reply.author.name != "" for reply in replies]
    posts = [np.nan if reply.author.posts is None else max(reply.author.posts, 0) for reply in replies]
    images = [max(reply.images, 0) if seen else np.nan for reply, seen in zip(replies, shown, strict=True)]
    own = [reply.is_thread_author if seen else np.nan for reply, seen in zip(replies, shown, strict=True)]
    values[:, COLUMNS["log_author_posts"]] = np.log1p(posts)
    values[:, COLUMNS["log_author_days"]] = np.log1p([_days(reply) for reply in replies])
    values[:, COLUMNS["log_images"]] = np.log1p(images)
    values[:, COLUMNS["is_thread_author"]] = own


def _days(reply: Reply) -> float:
    """Days since the author registered when the reply was posted; NaN when not known."""
    if reply.author.registered is None or reply.posted_at is None:
        return float("nan")
    return max((reply.posted_at - reply.author.registered).total_seconds() / 86_400, 0.0)
