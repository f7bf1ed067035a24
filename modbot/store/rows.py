"""Between the values of the domain and the rows of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import RowMapping

from modbot.domain import (
    Author,
    Duplicate,
    Limit,
    Link,
    Probabilities,
    Repetition,
    Reply,
    ReplyKey,
    Signal,
    SignalValue,
    Slip,
    ThreadKind,
    Visibility,
)

_T = TypeVar("_T")

CHUNK = 500
"""Values in one IN (...) list; SQLite takes at most 32,766 in a statement."""
_GREATEST = 2**31 - 1
_REPETITION = tuple(field.name for field in fields(Repetition))
_values_of = attrgetter(*_REPETITION)


def chunks(items: Sequence[_T]) -> list[Sequence[_T]]:
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]


def visibility(reply: Reply) -> Visibility:
    """What the page that was read says about who can see the reply."""
    if reply.pending:
        return Visibility.PENDING
    return Visibility.HIDDEN if reply.hidden else Visibility.VISIBLE


def reply_columns(reply: Reply) -> dict[str, Any]:
    """The columns of ``replies`` that come from reading a page."""
    author = reply.author
    return {
        "thread_id": reply.thread_id,
        "thread_title": reply.thread_title,
        "thread_kind": reply.thread_kind.value,
        "board_id": reply.board_id,
        "author_id": author.id,
        "author_name": author.name,
        "author_group": author.group_id,
        "author_posts": _fitting(author.posts),
        "author_credits": _fitting(author.credits),
        "author_registered": author.registered,
        "is_thread_author": reply.is_thread_author,
        "posted_at": reply.posted_at,
        "floor": _fitting(reply.floor),
        "region": reply.region,
        "client": reply.client,
        "links": [[link.url, link.text] for link in reply.links],
        "images": reply.images,
        "pending": reply.pending,
        "hidden": reply.hidden,
        "visibility": visibility(reply).value,
    }


def _fitting(number: int | None) -> int | None:
    """A count as a page tells it, or None for one that no integer column holds."""
    return number if number is not None and -_GREATEST <= number <= _GREATEST else None


def reply_of(row: RowMapping) -> Reply:
    """A reply from a row of replies ⋈ revisions (text, quoted) ⟕ openings (opening)."""
    return Reply(
        forum=row["forum"],
        post_id=row["post_id"],
        text=row["text"],
        thread_id=row["thread_id"],
        thread_title=row["thread_title"],
        thread_kind=ThreadKind(row["thread_kind"]),
        board_id=row["board_id"],
        author=Author(
            id=row["author_id"],
            name=row["author_name"],
            group_id=row["author_group"],
            posts=row["author_posts"],
            credits=row["author_credits"],
            registered=row["author_registered"],
        ),
        is_thread_author=row["is_thread_author"],
        posted_at=row["posted_at"],
        quoted=row["quoted"],
        links=tuple(Link(url, text) for url, text in row["links"]),
        images=row["images"],
        floor=row["floor"],
        region=row["region"],
        client=row["client"],
        opening=row["opening"] or "",
        pending=row["pending"],
        hidden=row["hidden"],
    )


def signals_to_json(signals: Sequence[Signal]) -> list[list[Any]]:
    return [[signal.code, signal.score, _as_dict(signal.details)] for signal in signals]


def _as_dict(details: Mapping[str, SignalValue]) -> dict[str, SignalValue]:
    return details if isinstance(details, dict) else dict(details)


def signals_of(stored: Sequence[Sequence[Any]]) -> tuple[Signal, ...]:
    return tuple(
        Signal(code, score, {name: _value(value) for name, value in details.items()})
        for code, score, details in stored
    )


def _value(stored: Any) -> SignalValue:
    value: SignalValue = tuple(stored) if isinstance(stored, list) else stored
    return value


def limits_to_json(limits: Sequence[Limit]) -> list[list[Any]] | None:
    return [[limit.name, limit.value, limit.limit] for limit in limits] or None


def limits_of(stored: Sequence[Sequence[Any]] | None) -> tuple[Limit, ...]:
    """Rows of the earlier schemas tell none."""
    return tuple(Limit(*limit) for limit in stored or ())


def repetition_to_json(repetition: Repetition | None) -> dict[str, Any] | None:
    if repetition is None:
        return None
    told = dict(zip(_REPETITION, _values_of(repetition), strict=True))
    for name in ("first_seen", "last_seen"):
        told[name] = told[name].isoformat() if told[name] is not None else None
    told["slip"] = repetition.slip.value if repetition.slip is not None else None
    told["duplicates"] = [
        [one.key, one.similarity, one.author_id, one.thread_id, one.posted_at.isoformat()]
        for one in repetition.duplicates
    ]
    return told


def repetition_of(stored: Mapping[str, Any] | None) -> Repetition | None:
    if stored is None:
        return None
    told = dict(stored)
    for name in ("first_seen", "last_seen"):
        told[name] = datetime.fromisoformat(told[name]) if told[name] is not None else None
    for name in ("first_post", "nearest"):
        told[name] = ReplyKey(*told[name]) if told[name] is not None else None
    told["slip"] = _slip(told["slip"])
    told["aliases"] = tuple(told.get("aliases", ()))
    told["duplicates"] = tuple(_duplicate(*row) for row in told.get("duplicates", ()))
    return Repetition(**told)


def _slip(stored: str | bool | None) -> Slip | None:
    """Rows of the first schema say only that there was one."""
    if isinstance(stored, str):
        return Slip(stored)
    return Slip.DOUBLE_CLICK if stored else None


def _duplicate(
    key: Sequence[Any], similarity: float, author_id: int | None, thread_id: int | None, posted_at: str
) -> Duplicate:
    return Duplicate(ReplyKey(*key), similarity, author_id, thread_id, datetime.fromisoformat(posted_at))


def probabilities_of(row: RowMapping) -> Probabilities:
    return Probabilities(ham=row["ham"], low_effort=row["low_effort"], spam=row["spam"])
