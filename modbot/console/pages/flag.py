"""One flag for good: the judgement and its reasons, what became of it, and who did what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from modbot import i18n
from modbot.console import flash, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AModerator, AViewer, OwnForm
from modbot.detection.differences import differences
from modbot.domain import EVERYWHERE, Reason, Role, Scope, VerdictKind
from modbot.errors import StoreError
from modbot.moderation import explaining
from modbot.store import boards, byhand, candidates, cards, notes, profiles, rewritings
from modbot.store.cards import Card
from modbot.store.notes import Note
from modbot.store.profiles import Subject
from modbot.store.rewritings import Revision

MENU: MenuEntry | None = None
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class File:
    """Everything about one flag, as far as whoever looks may see it."""

    card: Card
    revisions: tuple[Revision, ...]
    notes: tuple[Note, ...]
    boards: dict[int, str]


@router.get("/flags/{flag_id}")
def flag(request: Request, visitor: AViewer, flag_id: int) -> HTMLResponse:
    with console_of(request).house.store.read() as rx:
        found = file_of(rx, flag_id, visitor.scope)
    decision = found.card.judged.decision
    words = i18n.catalogue(visitor.language)
    return rendering.page(
        request,
        "flag.html",
        visitor=visitor,
        file=found,
        flag=found.card.flag,
        reply=found.card.stored.reply,
        evidence=explaining.evidence(decision),
        points=explaining.points(decision, words),
        conclusions=explaining.conclusions(decision, words),
        differences=differences,
        kinds=tuple(VerdictKind),
        may_decide=visitor.may(Role.MODERATOR),
    )


@router.post("/flags", dependencies=[OwnForm])
def flag_by_hand(
    request: Request,
    visitor: AModerator,
    reply: Annotated[str, Form(pattern=r"^\d{1,18}:\d{1,18}$")],
    reason: Annotated[Reason, Form()],
) -> RedirectResponse:
    """Open a flag on a reply that passed: ``reply`` is its row id and its text's revision.
    Raises Conflict when it says something else by now, or a human has decided about it."""
    house = console_of(request).house
    reply_id, revision_id = (int(number) for number in reply.split(":"))
    with house.store.write() as tx:
        _require_in_scope(tx, reply_id, visitor.scope)
        opened = byhand.open(tx, reply_id, revision_id, reason, who=visitor.name, at=house.now())
    return flash.redirect(request, f"/flags/{opened}", flash.Notice("console.flag.opened"))


def file_of(rx: Connection, flag_id: int, scope: Scope = EVERYWHERE) -> File:
    """Raises StoreError when there is no such flag in these places. A fixed number of statements."""
    card = cards.show(rx, flag_id)
    about = card.flag
    if not scope.covers(about.forum, about.board_id):
        raise StoreError(code="error.store.flag_unknown", flag=flag_id)
    author = Subject(about.forum, author_id=about.author_id, author_name=about.author_name, within=scope)
    card = replace(
        card,
        duplicates=tuple(one for one in card.duplicates if scope.covers(one.key.forum, one.board_id)),
        nearest=tuple(one for one in card.nearest if scope.covers(one.duplicate.key.forum, one.board_id)),
        author_verdicts=tuple(one for one in profiles.verdicts_on(rx, author) if one.flag_id != flag_id),
    )
    return File(
        card=card,
        revisions=tuple(rewritings.of_reply(rx, about.reply_id)),
        notes=tuple(notes.of_flags(rx, [flag_id]).get(flag_id, ())),
        boards=boards.names(rx, about.forum),
    )


def _require_in_scope(rx: Connection, reply_id: int, scope: Scope) -> None:
    found = candidates.of_reply(rx, reply_id)
    if not found or not scope.covers(found[0].forum, found[0].board_id):
        raise StoreError(code="error.console.reply_unknown", reply=reply_id)
