"""Search over all replies that modbot judged, and flagging one by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from modbot.console import asking, flash, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AModerator, AViewer, OwnForm
from modbot.domain import Reason, Role, Scope, VerdictKind, Visibility
from modbot.errors import StoreError, UsageError
from modbot.moderation import searching, selecting
from modbot.moderation.searching import Hit, Hits
from modbot.store import boards, byhand, candidates, search_index
from modbot.store.identities import Identity
from modbot.store.search import Wanted
from modbot.store.search_index import Progress

MENU: MenuEntry | None = MenuEntry("/search", "console.search", Role.VIEWER)
BYHAND = (Reason.SPAM, Reason.LOW_EFFORT, Reason.REPEATED)
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of the form, as they were sent. ``q`` are the words; ``author`` a name or a
    number; ``flagged`` yes, no or empty; days are ``YYYY-MM-DD`` (UTC)."""

    q: str = ""
    forum: str = ""
    board: str = ""
    author: str = ""
    since: str = ""
    until: str = ""
    visibility: str = ""
    flagged: str = ""


@dataclass(frozen=True, slots=True)
class FoundReply:
    """One reply. ``marks`` are the spans of ``text`` (in characters) that say what was asked
    for; ``verdict`` is what a human decided about this text, ``flag`` its open flag."""

    reply: int
    revision: int
    forum: str
    post_id: int
    thread_id: int | None
    thread_title: str
    board_id: int | None
    author_id: int | None
    author: str
    posted_at: datetime
    text: str
    marks: list[tuple[int, int]]
    visibility: Visibility
    flag: int | None
    reason: Reason | None
    verdict: VerdictKind | None


@dataclass(frozen=True, slots=True)
class Found:
    """``after`` asks for the next page, null when there is none. ``unindexed`` of the latest
    decisions are not in the index yet: only the latest of these were looked through."""

    replies: list[FoundReply]
    after: int | None
    unindexed: int


@router.get("/search", include_in_schema=False)
def page(
    request: Request,
    visitor: AViewer,
    asked: Annotated[Asked, Depends()],
    after: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    house = console_of(request).house
    found, problem = Hits((), None), None
    with house.store.read() as rx:
        if asked.q.strip():
            try:
                found = _find(rx, asked, visitor.scope, after)
            except UsageError as wrong:
                problem = wrong
        progress = search_index.progress(rx)
        names = boards.all_names(rx)
    forums = [name for name in house.loaded().settings.forums if visitor.scope.reaches(name)]
    return rendering.page(
        request,
        "search.html",
        visitor=visitor,
        asked=asked,
        after=after,
        found=found,
        problem=problem.message(visitor.language) if problem else "",
        progress=progress,
        boards=names,
        forums=forums,
        byhand=BYHAND,
        may_flag=visitor.may(Role.MODERATOR),
        next=urlencode({**asdict(asked), "after": found.after}),
        visibilities=list(Visibility),
        status=422 if problem else 200,
    )


@router.get("/api/search", tags=["search"])
def found(
    request: Request,
    visitor: AViewer,
    asked: Annotated[Asked, Depends()],
    after: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Found:
    with console_of(request).house.store.read() as rx:
        hits = _find(rx, asked, visitor.scope, after, limit)
        progress: Progress = search_index.progress(rx)
    return Found([_reply(hit) for hit in hits.hits], hits.after, progress.waiting)


@router.post("/search/flag", dependencies=[OwnForm], include_in_schema=False)
def flag(
    request: Request,
    visitor: AModerator,
    reply: Annotated[int, Form()],
    revision: Annotated[int, Form()],
    reason: Annotated[Reason, Form()],
) -> Response:
    """Opens a flag and leads to it: there it is decided."""
    flag_id = _flag(request, visitor.name, visitor.scope, reply, revision, reason)
    notice = flash.Notice("console.search.flag_opened", facts={"flag": flag_id})
    return flash.redirect(request, f"/flags/{flag_id}", notice)


@dataclass(frozen=True, slots=True)
class ToFlag:
    """``reply`` and ``revision`` as a search tells them."""

    reply: int
    revision: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Flagged:
    flag: int


@router.post("/api/flags", dependencies=[OwnForm], tags=["search"])
def flag_by_api(request: Request, visitor: AModerator, wish: ToFlag) -> Flagged:
    """Open a flag on a reply that was let pass."""
    return Flagged(_flag(request, visitor.name, visitor.scope, wish.reply, wish.revision, wish.reason))


def _find(rx: Connection, asked: Asked, scope: Scope, after: int | None, limit: int = 30) -> Hits:
    forum = asked.forum or None
    if forum is not None and not scope.reaches(forum):
        return Hits((), None)
    wanted = Wanted(
        (),
        forum=forum,
        board_id=asking.number(asked.board),
        author=_author(rx, asked.author.strip(), forum, scope),
        since=asking.day(asked.since),
        until=asking.day(asked.until, end=True),
        visibility=asking.choice(asked.visibility, Visibility),
        flagged={"yes": True, "no": False}.get(asked.flagged),
        within=scope,
    )
    return searching.find(rx, asked.q, wanted, after=after, limit=limit)


def _author(rx: Connection, who: str, forum: str | None, scope: Scope) -> Identity | None:
    return selecting.author(rx, who, forum, within=scope) if who else None


def _flag(request: Request, who: str, scope: Scope, reply_id: int, revision_id: int, reason: Reason) -> int:
    house = console_of(request).house
    with house.store.write(lasting=True) as tx:
        found = candidates.of_reply(tx, reply_id)
        if not found or not scope.covers(found[0].forum, found[0].board_id):
            raise StoreError(code="error.store.reply_unknown", reply=reply_id)
        return byhand.open(tx, reply_id, revision_id, reason, who=who, at=house.now())


def _reply(hit: Hit) -> FoundReply:
    one = hit.reply
    return FoundReply(
        reply=one.reply_id,
        revision=one.revision_id,
        forum=one.forum,
        post_id=one.post_id,
        thread_id=one.thread_id,
        thread_title=one.thread_title,
        board_id=one.board_id,
        author_id=one.author.id,
        author=one.author.name,
        posted_at=one.at,
        text=one.text,
        marks=list(hit.marks),
        visibility=one.visibility,
        flag=one.flag_id,
        reason=one.reason,
        verdict=one.decided.kind if one.decided else None,
    )
