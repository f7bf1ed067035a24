"""A campaign: all its replies with their differences, who wrote them, where, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot.console import rendering, timeline
from modbot.console.context import MenuEntry, console_of
from modbot.console.timeline import Timeline
from modbot.console.visitors import AViewer
from modbot.detection.differences import differences
from modbot.domain import EVERYWHERE, FlagState, Role, Scope, is_of_few_authors
from modbot.errors import StoreError
from modbot.store import aliases, boards, candidates, profiles
from modbot.store.candidates import Candidate
from modbot.store.profiles import Extent, Repeated, Subject, Thread, Writer

MENU: MenuEntry | None = None
PAGE = 50
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Gathered:
    """``name`` is the campaign's present one; ``first`` its earliest reply, with which the
    ``posts`` (one page, first posted first) are compared."""

    forum: str
    name: str
    extent: Extent
    first: Candidate
    posts: tuple[Candidate, ...]
    writers: tuple[Writer, ...]
    threads: tuple[Thread, ...]
    texts: tuple[Repeated, ...]
    flags: Mapping[FlagState, int]
    timeline: Timeline | None
    boards: Mapping[int, str]

    @property
    def few_authors(self) -> bool:
        return is_of_few_authors(self.name)


@router.get("/campaigns/{forum}/{name}")
def campaign(
    request: Request,
    visitor: AViewer,
    forum: str,
    name: str,
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> HTMLResponse:
    with console_of(request).house.store.read() as rx:
        found = gather(rx, forum, name, visitor.scope, page=page)
    return rendering.page(
        request,
        "campaign.html",
        visitor=visitor,
        gathered=found,
        page=page,
        more=found.extent.replies > page * PAGE,
        differences=differences,
        may_decide=visitor.may(Role.MODERATOR),
    )


def gather(rx: Connection, forum: str, name: str, scope: Scope = EVERYWHERE, *, page: int = 1) -> Gathered:
    """By the campaign's present name or a former one. Raises StoreError when none of it is in
    these places. A fixed number of statements."""
    present = aliases.resolve(rx, forum, name)
    subject = Subject(forum, campaign=present, within=scope)
    extent = profiles.extent(rx, subject)
    if not extent.replies:
        raise StoreError(code="error.console.campaign_unknown", campaign=name)
    earliest = profiles.reply_ids(rx, subject, limit=1, earliest_first=True)
    ids = profiles.reply_ids(rx, subject, limit=PAGE, offset=(page - 1) * PAGE, earliest_first=True)
    shown = candidates.of_replies(rx, sorted({*earliest, *ids}))
    return Gathered(
        forum=forum,
        name=present,
        extent=extent,
        first=next(one for one in shown if one.reply_id == earliest[0]),
        posts=tuple(one for one in shown if one.reply_id in ids),
        writers=tuple(profiles.writers(rx, subject)),
        threads=tuple(profiles.threads(rx, subject)),
        texts=tuple(profiles.repeated(rx, subject)),
        flags=profiles.flag_states(rx, subject),
        timeline=timeline.of_all(profiles.moments(rx, subject)),
        boards=boards.names(rx, forum),
    )
