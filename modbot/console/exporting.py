"""Records as files: CSV that no spreadsheet takes for a formula, and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

BOM = "\ufeff"
"""Tells Excel that what follows is UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Line by line, with a heading."""
    yield BOM + _line(names)
    for row in rows:
        yield _line([harmless(row[name]) for name in names])


def as_json(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One array, an object a line."""
    before = "[\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def harmless(value: Any) -> str:
    """What a spreadsheet would compute is made plain text by an apostrophe."""
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
