"""Who did what, and when: a page, an API, and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from modbot import i18n
from modbot.console import asking, exporting, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AViewer, Visitor
from modbot.domain import Role
from modbot.errors import UsageError
from modbot.store import audit
from modbot.store.audit import Entry, Place, Wanted
from modbot.store.engine import Store
from modbot.store.types import from_microseconds, microseconds

MENU: MenuEntry | None = MenuEntry("/audit", "console.audit", Role.VIEWER)
PAGE = 50
FILE_PAGE = 1_000
COLUMNS = ("at", "who", "what", "sentence", "forum", "flag", "reply", "details")
KINDS = "audit.kind."
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of the form, as they were sent. ``what`` is a code such as ``verdict.uphold``,
    or the first part of some; days are ``YYYY-MM-DD`` (UTC)."""

    who: str = ""
    what: str = ""
    forum: str = ""
    flag: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry. ``details`` holds ids and codes."""

    id: int
    at: datetime
    who: str
    what: str
    forum: str | None
    flag: int | None
    reply: int | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Records:
    """The latest first; ``after`` asks for the next page, null when there is none."""

    entries: list[Recorded]
    after: str | None


@router.get("/audit", include_in_schema=False)
def page(
    request: Request, visitor: AViewer, asked: Annotated[Asked, Depends()], after: str = ""
) -> HTMLResponse:
    house = console_of(request).house
    found, problem, following = [], None, None
    try:
        with house.store.read() as rx:
            wanted = _wanted(asked, visitor)
            found = audit.page(rx, wanted, after=_place(after), limit=PAGE + 1)
        found, following = _cut(found, PAGE)
    except UsageError as wrong:
        problem = wrong
    words = i18n.catalogue(visitor.language)
    return rendering.page(
        request,
        "audit.html",
        visitor=visitor,
        status=422 if problem else 200,
        asked=asked,
        after=after,
        entries=found,
        sentence=lambda what: sentence(what, words),
        shown=lambda details: shown(details, words),
        problem=problem.message(visitor.language) if problem else "",
        kinds=sorted(code.removeprefix(KINDS) for code in words.templates if code.startswith(KINDS)),
        forums=[name for name in house.loaded().settings.forums if visitor.scope.reaches(name)],
        asked_again=urlencode(asdict(asked)),
        next=urlencode({**asdict(asked), "after": following}),
        more=following is not None,
    )


@router.get("/api/audit", tags=["audit"])
def entries(
    request: Request,
    visitor: AViewer,
    asked: Annotated[Asked, Depends()],
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Records:
    with console_of(request).house.store.read() as rx:
        found = audit.page(rx, _wanted(asked, visitor), after=_place(after), limit=limit + 1)
    cut, following = _cut(found, limit)
    return Records([_recorded(entry) for entry in cut], following)


@router.get("/audit.csv", include_in_schema=False)
def as_csv(request: Request, visitor: AViewer, asked: Annotated[Asked, Depends()]) -> StreamingResponse:
    rows = _rows(request, visitor, asked)
    texts = ({**row, "details": json.dumps(row["details"], ensure_ascii=False)} for row in rows)
    return _file(exporting.as_csv(COLUMNS, texts), "text/csv; charset=utf-8", "audit.csv")


@router.get("/audit.json", include_in_schema=False)
def as_json(request: Request, visitor: AViewer, asked: Annotated[Asked, Depends()]) -> StreamingResponse:
    return _file(exporting.as_json(_rows(request, visitor, asked)), "application/json", "audit.json")


def sentence(what: str, words: i18n.Catalogue) -> str:
    """What was done, in words; the code itself of what a newer or older modbot wrote."""
    code = f"audit.{what}"
    return words.text(code) if code in words.templates else what


def shown(details: dict[str, Any] | None, words: i18n.Catalogue) -> list[tuple[str, str]]:
    """The details as names and values; in words where there are any for a value."""
    named = {"kind": "action", "reason": "reason", "label": "label", "from": "state", "to": "state"}
    found = []
    for name, value in (details or {}).items():
        if value in (None, "", [], {}):
            continue
        code = f"{named.get(name, '')}.{value}"
        plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        found.append((name, words.text(code) if code in words.templates else plain))
    return found


def _rows(request: Request, visitor: Visitor, asked: Asked) -> Iterator[dict[str, Any]]:
    """Raises UsageError at once, before anything is sent."""
    wanted = _wanted(asked, visitor)
    words = i18n.catalogue(visitor.language)
    return (
        {**asdict(one), "at": one.at.isoformat(), "sentence": sentence(one.what, words)}
        for one in _all(console_of(request).house.store, wanted)
    )


def _all(store: Store, wanted: Wanted) -> Iterator[Recorded]:
    """Some at a time, each in a look of its own: whoever reads slowly holds no snapshot."""
    after: Place | None = None
    while True:
        with store.read() as rx:
            found = audit.page(rx, wanted, after=after, limit=FILE_PAGE)
        yield from map(_recorded, found)
        if len(found) < FILE_PAGE:
            return
        after = _place_of(found[-1])


def _file(lines: Iterator[str], kind: str, name: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=kind, headers=headers)


def _wanted(asked: Asked, visitor: Visitor) -> Wanted:
    """What is of no forum (users, sessions, settings) is an admin's to read."""
    return Wanted(
        who=asked.who.strip() or None,
        what=asked.what.strip() or None,
        forum=asked.forum or None,
        flag_id=asking.number(asked.flag),
        since=asking.day(asked.since),
        until=asking.day(asked.until, end=True),
        within=visitor.scope,
        housewide=visitor.may(Role.ADMIN) and visitor.scope.places is None,
    )


def _cut(found: list[Entry], limit: int) -> tuple[list[Entry], str | None]:
    if len(found) <= limit:
        return found, None
    at, number = _place_of(found[limit - 1])
    return found[:limit], f"{microseconds(at)}-{number}"


def _place_of(entry: Entry) -> Place:
    assert entry.id is not None  # noqa: S101 - told to the type checker; it was read
    return entry.at, entry.id


def _place(text: str) -> Place | None:
    if not text:
        return None
    at, _, number = text.partition("-")
    moment, last = asking.number(at), asking.number(number)
    if moment is None or last is None:
        raise UsageError(code="error.console.not_a_place", text=text)
    try:
        return from_microseconds(moment), last
    except OverflowError:
        raise UsageError(code="error.console.not_a_place", text=text) from None


def _recorded(entry: Entry) -> Recorded:
    return Recorded(
        id=entry.id or 0,
        at=entry.at,
        who=entry.who,
        what=entry.what,
        forum=entry.forum,
        flag=entry.flag_id,
        reply=entry.reply_id,
        details=dict(entry.details or {}),
    )
