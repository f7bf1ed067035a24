"""What a moderator asks for in their own words, and where it stands in what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from modbot.detection import canonical
from modbot.errors import UsageError
from modbot.store import search
from modbot.store.candidates import Candidate
from modbot.store.search import Wanted

LONGEST = 200
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """``marks``: where the text, as its author wrote it, says what was asked for."""

    reply: Candidate
    marks: Spans


@dataclass(frozen=True, slots=True)
class Hits:
    """``after`` asks for the next page, None when there is none."""

    hits: tuple[Hit, ...]
    after: int | None


def terms_of(words: str) -> tuple[str, ...]:
    """The words, parted by blanks, without an evader's tricks: a reply must say each. Raises
    UsageError when there is no letter, digit or character in them, or far too many."""
    if len(words) > LONGEST:
        raise UsageError(code="error.search.too_long", longest=LONGEST)
    found = dict.fromkeys(term for term in canonical.canonicalise(words.split()) if term)
    if not found:
        raise UsageError(code="error.search.nothing", words=words)
    return tuple(found)


def find(
    rx: Connection, words: str, wanted: Wanted | None = None, *, after: int | None = None, limit: int = 30
) -> Hits:
    """The latest replies that say all of ``words`` and meet the rest of ``wanted``."""
    wanted = replace(wanted or Wanted(()), terms=terms_of(words))
    page = search.find(rx, wanted, after=after, limit=limit)
    marked = marks([hit.text for hit in page.hits], wanted.terms)
    return Hits(tuple(map(Hit, page.hits, marked)), page.after)


def marks(texts: Sequence[str], terms: Sequence[str]) -> list[Spans]:
    """The spans of each text that say one of the canonical ``terms``, in their order."""
    if not texts:
        return []
    folded = canonical.fold(texts)
    letters = canonical.letters(folded)
    found: list[Spans] = []
    for row, plain in enumerate(letters.texts()):
        places = [place for term in terms for place in _places(plain, term)]
        spans = [canonical.span(folded, letters, row, first, last) for first, last in places]
        found.append(tuple(sorted(spans)))
    return found


def _places(text: str, term: str) -> list[tuple[int, int]]:
    found, start = [], text.find(term)
    while start >= 0:
        found.append((start, start + len(term)))
        start = text.find(term, start + len(term))
    return found
