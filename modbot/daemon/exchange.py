"""Replies as JSON objects: what ``check`` reads and writes, one line each.

A broken line is an error of that line alone; the others are answered, in order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from modbot import i18n
from modbot.detection.differences import differences
from modbot.domain import Assessment, Author, Decision, Duplicate, Link, Reply, ThreadKind
from modbot.errors import UsageError
from modbot.moderation import wording

FORUM = "check"
MAX_LINE_BYTES = 8_000_000
_DATE_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%a %b %d %H:%M:%S %z %Y")


@dataclass(frozen=True, slots=True)
class Line:
    """One input line made a reply. ``id`` is the caller's own, or the line's number."""

    number: int
    id: Any
    reply: Reply
    board_kind: ThreadKind | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is remembered of a line: enough to tell it from others. ``text`` is its beginning."""

    id: Any
    author: str
    thread: str
    text: str


@dataclass(frozen=True, slots=True)
class Copy:
    """An earlier line that says the same or nearly so; None when it is forgotten by now."""

    duplicate: Duplicate
    earlier: Earlier | None


@dataclass(frozen=True, slots=True)
class Checked:
    """One line with all that was made of it."""

    line: Line
    assessment: Assessment
    decision: Decision
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenLine:
    number: int
    problem: UsageError


def read_lines(lines: Iterable[bytes], *, first: int = 1) -> Iterator[Line | BrokenLine]:
    """Parse JSONL. Blank lines are skipped but counted."""
    for number, raw in enumerate(lines, first):
        if not raw.strip():
            continue
        try:
            yield _line(number, _object(raw))
        except UsageError as problem:
            yield BrokenLine(number, problem)


def of_text(text: str, number: int) -> Line:
    return _line(number, {"text": text})


def of_object(item: Mapping[str, Any], number: int) -> Line:
    """Raises UsageError for a field of the wrong kind."""
    return _line(number, item)


def answer(checked: Checked, words: i18n.Catalogue) -> dict[str, Any]:
    """The object that ``check`` writes for one reply."""
    assessment, decision = checked.assessment, checked.decision
    probabilities = assessment.probabilities
    return {
        "id": checked.line.id,
        "decision": decision.in_enforce.value,
        "label": decision.label.value if decision.reason else probabilities.label.value,
        "probabilities": {
            "ham": round(probabilities.ham, 6),
            "low_effort": round(probabilities.low_effort, 6),
            "spam": round(probabilities.spam, 6),
        },
        "repeated": _repeated(checked),
        "reasons": wording.reasons(assessment.signals, words),
        **wording.passed(decision, words),
        "model": assessment.model,
    }


def _repeated(checked: Checked) -> dict[str, Any] | None:
    repetition = checked.assessment.repetition
    if repetition is None or repetition.size < 2:
        return None
    text = checked.line.reply.text
    return {
        "campaign": repetition.campaign,
        "size": repetition.size,
        "authors": repetition.authors,
        "similarity": round(repetition.similarity, 4),
        "texts": repetition.texts,
        "duplicates": [_copy(copy, text) for copy in checked.copies],
    }


def _copy(copy: Copy, text: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "line": copy.duplicate.key.post_id,
        "similarity": round(copy.duplicate.similarity, 4),
        "posted_at": copy.duplicate.posted_at.isoformat(),
    }
    if copy.earlier is not None:
        earlier = copy.earlier
        told |= {"id": earlier.id, "author": earlier.author, "thread": earlier.thread, "text": earlier.text}
        told["differences"] = differences(earlier.text, text)
    return told


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_LINE_BYTES:
        raise UsageError(code="error.check.too_long", limit=MAX_LINE_BYTES)
    try:
        value = json.loads(raw)
    except UnicodeDecodeError as problem:
        raise UsageError(code="error.check.not_utf8", at=problem.start) from None
    except (json.JSONDecodeError, RecursionError) as problem:
        raise UsageError(code="error.check.not_json", detail=str(problem)) from None
    if not isinstance(value, dict):
        raise UsageError(code="error.check.not_object", kind=type(value).__name__)
    return value


def _line(number: int, item: Mapping[str, Any]) -> Line:
    text = item.get("text")
    if not isinstance(text, str):
        raise UsageError(code="error.check.no_text")
    title = _text(item, "title")
    reply = Reply(
        forum=FORUM,
        post_id=number,
        text=text,
        thread_id=_key(item, "thread", fallback=title),
        thread_title=title,
        thread_kind=_kind(item, "thread_kind") or ThreadKind.NORMAL,
        board_id=_key(item, "board"),
        author=_author(item),
        is_thread_author=bool(item.get("is_thread_author")),
        posted_at=_time(item, "posted_at"),
        quoted=_text(item, "quoted"),
        links=_links(item),
        images=_count(item, "images") or 0,
        floor=_count(item, "floor"),
        region=_text(item, "region"),
        opening=_text(item, "opening"),
    )
    identity = item.get("id")
    return Line(number, number if identity is None else identity, reply, _kind(item, "board_kind"))


def _author(item: Mapping[str, Any]) -> Author:
    return Author(
        id=_key(item, "author"),
        name=_text(item, "author"),
        posts=_count(item, "author_posts"),
        registered=_time(item, "author_registered"),
    )


def _wrong(name: str, value: object) -> UsageError:
    return UsageError(code="error.check.wrong_field", field=name, value=repr(value)[:80])


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _wrong(name, value)
    return str(value)


def _count(item: Mapping[str, Any], name: str) -> int | None:
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str) and name == "images":
        return len(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        raise _wrong(name, value)
    return int(value)


def _key(item: Mapping[str, Any], name: str, *, fallback: str = "") -> int | None:
    """Ids may be numbers or names: a name becomes a stable number."""
    value = item.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    named = _text(item, name) or fallback
    return int.from_bytes(hashlib.blake2b(named.encode(), digest_size=7).digest()) if named else None


def _kind(item: Mapping[str, Any], name: str) -> ThreadKind | None:
    value = item.get(name)
    if value in (None, ""):
        return None
    if value not in {kind.value for kind in ThreadKind}:
        raise _wrong(name, value)
    return ThreadKind(value)


def _links(item: Mapping[str, Any]) -> tuple[Link, ...]:
    value = item.get("links")
    if value is None or isinstance(value, (int, bool)):
        return ()
    if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
        raise _wrong("links", value)
    return tuple(Link(url) for url in value)


def _time(item: Mapping[str, Any], name: str) -> datetime | None:
    """ISO 8601 or the forms that forums print; a time without a zone is taken as UTC."""
    value = item.get(name)
    if value in (None, ""):
        return None
    moment = _parsed_time(value)
    if moment is None:
        raise _wrong(name, value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parsed_time(value: object) -> datetime | None:
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        return datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        pass
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(str(value), form)  # noqa: DTZ007 - the zone is set by the caller
        except ValueError:
            continue
    return None
