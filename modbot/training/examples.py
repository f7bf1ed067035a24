"""Examples to learn from: read from JSONL files or from moderators' verdicts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from modbot.domain import Label, Reply
from modbot.errors import ModelError


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. ``label`` None: nobody judged it.

    ``group`` keeps what belongs together (a thread) on one side of a split; ``time`` is
    sortable text as the source gave it; ``count`` says how often the text was seen.
    """

    reply: Reply
    label: Label | None
    source: str
    group: str = ""
    time: str = ""
    count: int = 1
    judged_by: str = ""

    @property
    def text(self) -> str:
        return self.reply.text


@dataclass(frozen=True, slots=True)
class Verdict:
    """A label that a moderator gave, as the store hands it over."""

    reply: Reply
    label: Label
    at: datetime


def of_verdicts(verdicts: Iterable[Verdict]) -> Iterator[Example]:
    for verdict in verdicts:
        group = f"{verdict.reply.forum}/{verdict.reply.thread_id}"
        time = verdict.at.isoformat()
        yield Example(verdict.reply, verdict.label, "verdicts", group, time, judged_by="moderator")


def read(path: Path) -> Iterator[Example]:
    """The examples of one JSONL file. Raises ModelError naming the line that is wrong."""
    try:
        with path.open(encoding="utf-8") as file:
            for line, text in enumerate(file, start=1):
                if text.strip():
                    yield _example(text, path, line)
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(code="model.no_data", detail=f"{path}: {error}") from error


def digest(paths: Iterable[Path]) -> str:
    """sha256 over the sha256 of each file, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.name):
        total.update(path.name.encode())
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _example(text: str, path: Path, line: int) -> Example:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise ModelError(code="model.bad_row", path=path, line=line, problem=error) from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ModelError(code="model.bad_row", path=path, line=line, problem="no text")
    name = row.get("label")
    if not isinstance(name, str) or name not in {*Label, "unlabeled"}:
        raise ModelError(code="model.bad_row", path=path, line=line, problem=f"label {name!r}")
    label = None if name == "unlabeled" else Label(name)
    return Example(
        reply=_reply(row),
        label=label,
        source=str(row.get("source") or path.stem),
        group=str(row.get("thread") or ""),
        time=str(row.get("time") or ""),
        count=int(row.get("n_occurrences") or 1),
        judged_by=str(row.get("orig_label") or ""),
    )


def _reply(row: dict[str, Any]) -> Reply:
    """Only what forums show too: a field that one source alone has would name the source."""
    floor = row.get("floor")
    return Reply(
        forum="training",
        post_id=0,
        text=row["text"],
        thread_title=str(row.get("title") or "") if floor != 1 else "",
        floor=floor if isinstance(floor, int) else None,
    )
