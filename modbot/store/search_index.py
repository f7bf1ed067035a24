"""The index that replies are searched by: which pairs of characters stand in each canonical text.

SQLite's full-text search (FTS5), each pair a token, without positions: two characters are one
look-up, also where both are the most frequent there are, and longer texts are the rows that hold
all their pairs, read once more. With one character a token and phrases the same index was a third
larger, and rare pairs of frequent characters cost their whole lists (``benchmarks/console.py``).
Its rows are decisions, which never change but for being forgotten.

Whoever decides writes nothing here: :func:`advance` follows, a little at a time. On another
database than SQLite there is no index, and searching reads the texts themselves.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Connection, func, insert, select, update

from modbot.store.engine import Store
from modbot.store.schema import decisions, search_progress

NAME = "pairs"
ROWS_AT_ONCE = 200
PAGES_AT_ONCE = 200
_ADD = "INSERT INTO search_pairs(rowid, pairs) VALUES (?, ?)"
_TAKE = "INSERT INTO search_pairs(search_pairs, rowid, pairs) VALUES ('delete', ?, ?)"
_MERGE = "INSERT INTO search_pairs(search_pairs, rank) VALUES ('merge', ?)"


@dataclass(frozen=True, slots=True)
class Progress:
    """Decisions up to the id ``upto`` are in the index, about ``waiting`` more are not yet;
    ``removed`` texts still lie in its older parts."""

    upto: int
    waiting: int
    removed: int


def is_there(rx: Connection) -> bool:
    """Whether this database has such an index."""
    return rx.dialect.name == "sqlite"


def pairs(canonical: str) -> str:
    """The pairs of neighbouring characters, each once, and the last character alone, so that a
    single character is the beginning of some token wherever it stands. Blanks between them."""
    return " ".join({**dict.fromkeys(map(operator.add, canonical, canonical[1:])), canonical[-1:]: None})


def matching(terms: Sequence[str]) -> str:
    """What FTS5 is asked for texts that may hold all ``terms`` (canonical, none empty)."""
    wanted: dict[str, None] = {}
    for term in terms:
        found = [f'"{a}{b}"' for a, b in pairwise(term)]
        wanted |= dict.fromkeys(found or [f'"{term}" *'])
    return " ".join(wanted)


def progress(rx: Connection) -> Progress:
    """Everything is there where there is no index."""
    last = rx.scalar(select(func.max(decisions.c.id))) or 0
    if not is_there(rx):
        return Progress(last, 0, 0)
    upto, removed = _state(rx)
    return Progress(upto, last - upto, removed)


def advance(tx: Connection, *, limit: int = ROWS_AT_ONCE) -> int:
    """Take the next decisions into the index; answers how many, 0 when all are in it.

    They are read under the write lock: what is forgotten meanwhile must not come in.
    """
    if not is_there(tx):
        return 0
    upto, removed = _state(tx)
    following = select(decisions.c.id, decisions.c.canonical).where(decisions.c.id > upto)
    rows = tx.execute(following.order_by(decisions.c.id).limit(limit)).all()
    if rows:
        added = [(row.id, pairs(row.canonical)) for row in rows if row.canonical]
        if added:
            tx.exec_driver_sql(_ADD, added)
        _keep(tx, rows[-1].id, removed)
    return len(rows)


def forget(tx: Connection, reply_ids: Sequence[int]) -> None:
    """Take the texts of these replies out, before their decisions lose them or go.

    A new decision may get the number of one that goes, so the index begins again behind the
    last that stays for certain.
    """
    if not is_there(tx) or not reply_ids:
        return
    upto, removed = _state(tx)
    of_these = decisions.c.reply_id.in_(reply_ids)
    texts = select(decisions.c.id, decisions.c.canonical).where(of_these, decisions.c.id <= upto)
    taken = [(row.id, pairs(row.canonical)) for row in tx.execute(texts) if row.canonical]
    if taken:
        tx.exec_driver_sql(_TAKE, taken)
    staying = select(decisions.c.id).where(~of_these).order_by(decisions.c.id.desc()).limit(1)
    _keep(tx, min(upto, tx.scalar(staying) or 0), removed + len(taken))


def scrub(store: Store) -> int:
    """Merge until nothing of what was removed lies in the index any more, in short writes of
    their own; answers how many texts that were. FTS5 only marks them when it is told."""
    with store.write() as tx:
        removed = _state(tx)[1] if is_there(tx) else 0
        going_on = removed > 0 and _merge(tx, -PAGES_AT_ONCE)
    while going_on:
        with store.write() as tx:
            going_on = _merge(tx, PAGES_AT_ONCE)
    if removed:
        with store.write() as tx:
            upto, now = _state(tx)
            _keep(tx, upto, now - removed)
    return removed


def _merge(tx: Connection, pages: int) -> bool:
    """Merge so many pages (a negative number: of all parts, from the beginning); answers
    whether anything was left to merge, as FTS5 tells it: by having written more than a line."""
    before = tx.exec_driver_sql("SELECT total_changes()").scalar_one()
    tx.exec_driver_sql(_MERGE, (pages,))
    changes: int = tx.exec_driver_sql("SELECT total_changes()").scalar_one() - before
    return changes >= 2


def _state(rx: Connection) -> tuple[int, int]:
    own = search_progress.c.name == NAME
    row = rx.execute(select(search_progress.c.upto, search_progress.c.removed).where(own)).one_or_none()
    return (0, 0) if row is None else (row.upto, row.removed)


def _keep(tx: Connection, upto: int, removed: int) -> None:
    values = {"upto": upto, "removed": removed}
    own = search_progress.c.name == NAME
    if not tx.execute(update(search_progress).where(own).values(values)).rowcount:
        tx.execute(insert(search_progress).values(name=NAME, **values))
