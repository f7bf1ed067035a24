"""A desk of its own for each history, and what purging does to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from store_desk import Desk, decision

import modbot.store
import modbot.store.types
from modbot.daemon import upkeep
from modbot.domain import (
    DecisionKind,
    Label,
)
from modbot.settings import Settings
from modbot.store import schema
from modbot.store.engine import Store

ALLOW = replace(decision(DecisionKind.ALLOW, None, Label.HAM, 0.1), would_be=DecisionKind.ALLOW, held_by=())
QUEUE = decision(DecisionKind.QUEUE)
FORGOTTEN = (
    *("flags", "texts", "openings", "campaigns", "audit", "unreadable", "notices"),
    *("standing", "exceptions", "spot_checks", "misses", "sessions", "links", "claims"),
)
WORDS = ("桥头的面馆搬走了", "桥头的面馆搬走了，搬到河边", "谁知道老面馆在哪", "老面馆在河边")


@cache
def new_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        modbot.store.open(path).close()
        return path.read_bytes()


@contextmanager
def new_desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "modbot.db"
        path.write_bytes(new_database())
        store = modbot.store.open(path)
        yield Desk(store)
        store.close()


def purge(desk: Desk, **how: Any) -> dict[str, object]:
    return dict(upkeep.purge(desk.store, Settings(), now=desk.now, **how))


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.read() as rx:
        tables = schema.metadata.sorted_tables
        return {table.name: [tuple(row) for row in rx.execute(select(table))] for table in tables}
