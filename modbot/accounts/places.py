"""A person's scope in words: ``city:2,37 village`` is two boards of one forum and all of another."""

from __future__ import annotations

import re
from collections.abc import Collection

from modbot.domain import EVERYWHERE, Scope
from modbot.errors import UsageError


def told(scope: Scope) -> str:
    """Empty: everywhere."""
    return " ".join(
        forum if boards is None else f"{forum}:{','.join(map(str, sorted(boards)))}"
        for forum, boards in (scope.places or {}).items()
    )


def understood(words: str, forums: Collection[str]) -> Scope:
    """Raises UsageError for a forum that is not in ``forums``, and for what is no place."""
    places: dict[str, frozenset[int] | None] = {}
    for word in words.split():
        forum, _, boards = word.partition(":")
        if forum not in forums:
            raise UsageError(code="error.people.scope_forum", forum=forum, known=", ".join(forums))
        if not re.fullmatch(r"\w+(:\d{1,9}(,\d{1,9})*)?", word, re.ASCII):
            raise UsageError(code="error.people.scope", word=word)
        former = places.get(forum, frozenset())
        chosen = frozenset(map(int, boards.split(","))) if boards else None
        places[forum] = None if chosen is None or former is None else former | chosen
    return Scope(places) if places else EVERYWHERE
