"""Try it: a pasted text, or a post of a forum, judged without anything coming of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from modbot import i18n
from modbot.console import rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AModerator, Forbidden, OwnForm, Visitor
from modbot.domain import Author, Reply, Role
from modbot.errors import ModbotError, UsageError
from modbot.moderation import explaining, wording
from modbot.moderation.trying import Tried
from modbot.store import boards

MENU = MenuEntry("/try", "console.try", Role.MODERATOR)
NOWHERE = "try"
LONGEST = 20_000
router = APIRouter()


class Wanted(BaseModel):
    """What is to be judged: a ``text`` with what is known around it, or a post by ``where``
    (its address, or its number in ``forum``)."""

    text: str = Field(default="", max_length=LONGEST)
    where: str = Field(default="", max_length=500)
    title: str = Field(default="", max_length=500)
    forum: str = Field(default="", max_length=60)
    board: int | None = Field(default=None, ge=1, lt=2**53)
    author: str = Field(default="", max_length=100)
    author_posts: int | None = Field(default=None, ge=0, lt=2**53)


async def _wanted(request: Request) -> Wanted:
    """The form's fields; those left empty are not known. Raises UsageError."""
    form = await request.form()
    filled = {name: str(form[name]) for name in Wanted.model_fields if str(form.get(name, "")).strip()}
    try:
        return Wanted.model_validate(filled)
    except ValueError:
        raise UsageError(code="error.try.fields", longest=LONGEST) from None


@router.get("/try", include_in_schema=False)
def form(request: Request, visitor: AModerator) -> HTMLResponse:
    return _page(request, visitor, Wanted())


@router.post("/try", include_in_schema=False, dependencies=[OwnForm])
def judge(request: Request, visitor: AModerator, wanted: Annotated[Wanted, Depends(_wanted)]) -> Response:
    try:
        tried, is_live = _tried(request, visitor, wanted)
    except Forbidden:
        raise
    except ModbotError as problem:
        sentence = problem.message(visitor.language)
        return _page(request, visitor, wanted, sentence=sentence, status=422)
    return _page(request, visitor, wanted, tried=tried, is_live=is_live)


@router.post("/api/try", dependencies=[OwnForm])
def judge_json(request: Request, visitor: AModerator, wanted: Wanted) -> dict[str, Any]:
    """The full assessment of a text or a post, as `modbot check` tells it, with the thresholds
    of its place."""
    tried, is_live = _tried(request, visitor, wanted)
    words = i18n.catalogue(visitor.language)
    found, decision = tried.assessment.probabilities, tried.decision
    return {
        "decision": decision.kind.value,
        "in_enforce": decision.in_enforce.value,
        "label": decision.label.value,
        "reason": decision.reason.value if decision.reason else None,
        "probabilities": found._asdict(),
        "text": tried.reply.text,
        "is_live": is_live,
        "reasons": wording.reasons(decision.signals, words),
        **wording.passed(decision, words),
        "thresholds": [asdict(one) | {"margin": one.margin} for one in tried.margins],
        "knows_repeats": tried.knows_repeats,
        "duplicates": [
            {
                "forum": copy.duplicate.key.forum,
                "post_id": copy.duplicate.key.post_id,
                "similarity": copy.duplicate.similarity,
                "text": copy.stored.reply.text if copy.stored else None,
            }
            for copy in _within(tried, visitor)
        ],
        "model": tried.assessment.model,
    }


def _tried(request: Request, visitor: Visitor, wanted: Wanted) -> tuple[Tried, bool]:
    """The judgement, and whether the post was read from the forum just now."""
    if not (wanted.text.strip() or wanted.where.strip()):
        raise UsageError(code="error.try.nothing")
    console = console_of(request)
    console.turns.take()
    if not wanted.where.strip():
        return console.house.assess(_pasted(wanted)), False
    found = console.house.read_post(wanted.where.strip(), forum=wanted.forum)
    if not visitor.scope.covers(found.reply.forum, found.reply.board_id):
        raise Forbidden()
    return console.house.assess(found.reply), found.is_live


def _pasted(wanted: Wanted) -> Reply:
    return Reply(
        forum=wanted.forum or NOWHERE,
        post_id=0,
        text=wanted.text,
        thread_title=wanted.title,
        board_id=wanted.board,
        author=Author(name=wanted.author, posts=wanted.author_posts),
    )


def _within(tried: Tried, visitor: Visitor) -> list[Any]:
    """The copies that the visitor may see."""
    return [
        copy
        for copy in tried.copies
        if copy.stored and visitor.scope.covers(copy.stored.reply.forum, copy.stored.reply.board_id)
    ]


def _page(
    request: Request,
    visitor: Visitor,
    wanted: Wanted,
    *,
    tried: Tried | None = None,
    is_live: bool = False,
    sentence: str = "",
    status: int = 200,
) -> HTMLResponse:
    house = console_of(request).house
    forums = [name for name in house.loaded().settings.forums if visitor.scope.reaches(name)]
    words = i18n.catalogue(visitor.language)
    with house.store.read() as rx:
        places = [
            (forum, board, name)
            for (forum, board), name in boards.all_names(rx).items()
            if forum in forums and visitor.scope.covers(forum, board)
        ]
    return rendering.page(
        request,
        "try.html",
        visitor=visitor,
        status=status,
        wanted=wanted,
        forums=forums,
        places=places,
        sentence=sentence,
        tried=tried,
        is_live=is_live,
        copies=_within(tried, visitor) if tried else [],
        points=explaining.points(tried.decision, words) if tried else (),
        conclusions=explaining.conclusions(tried.decision, words) if tried else (),
        evidence=explaining.evidence(tried.decision) if tried else (),
    )
