"""One flag for good: the judgement and its reasons, what became of it, and who did what."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import i18n
from modbot.console import rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AViewer
from modbot.detection.differences import differences
from modbot.domain import EVERYWHERE, Role, Scope, VerdictKind
from modbot.errors import StoreError
from modbot.moderation import explaining
from modbot.store import boards, cards, notes, profiles, rewritings
from modbot.store.cards import Card
from modbot.store.notes import Note
from modbot.store.profiles import Subject
from modbot.store.rewritings import Revision

MENU: MenuEntry | None = None
DECISIONS = {
    "uphold": VerdictKind.UPHOLD,
    "dismiss": VerdictKind.DISMISS,
    "allow_thread": VerdictKind.ALLOW_HERE,
    "remove_dont_learn": VerdictKind.REMOVE_DONT_LEARN,
}
"""What a card's form calls the verdicts that need nothing more to be said."""
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
        decisions=DECISIONS,
        standing=next((one for one in found.card.verdicts if one.undone_at is None), None),
        may_decide=visitor.may(Role.MODERATOR),
    )


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
