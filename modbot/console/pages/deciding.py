"""Deciding about a card by its form: for browsers without scripts, each answer leads to the next card."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from modbot import i18n
from modbot.console import flash, holding, judging, queueing, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.flash import Notice
from modbot.console.house import House
from modbot.console.judging import Decision, Rest, Seen, Undoable
from modbot.console.offers import BIN_UNKNOWN
from modbot.console.signing_in import local
from modbot.console.visitors import AModerator, OwnForm, Visitor
from modbot.domain import ExceptionScope, Removal, VerdictKind
from modbot.errors import ModbotError, UsageError
from modbot.store import notes, skips

MENU: MenuEntry | None = None
router = APIRouter(include_in_schema=False, dependencies=[OwnForm])

TYPED = "error.console.queue.typed"
BROAD = "error.moderation.broad_exception"
KINDS = {
    "uphold": VerdictKind.UPHOLD,
    "delete": VerdictKind.UPHOLD,
    "recycle": VerdictKind.UPHOLD,
    "move": VerdictKind.UPHOLD,
    "mute": VerdictKind.UPHOLD,
    "dismiss": VerdictKind.DISMISS,
    "remove_dont_learn": VerdictKind.REMOVE_DONT_LEARN,
    "allow_here": VerdictKind.ALLOW_HERE,
    "allow_thread": VerdictKind.ALLOW_HERE,
    "allow_board": VerdictKind.ALLOW_HERE,
    "allow_kind": VerdictKind.ALLOW_HERE,
}
PLACES = {f"allow_{scope.value}": scope for scope in ExceptionScope}
QUEUE = "/queue"
ASKS = (*BIN_UNKNOWN, TYPED, BROAD)
"""Refusals that the visitor may answer: by typing a word, or by saying that it is meant."""


async def _form(request: Request) -> FormData:
    return await request.form()


AForm = Annotated[FormData, Depends(_form)]


@router.post("/decisions")
def decide(request: Request, visitor: AModerator, form: AForm) -> Response:
    """What the pressed button (``do``) says, about the ticked flags of one card."""
    house = console_of(request).house
    if form.get("do") == "skip":
        return _skip(request, house, visitor, form)
    if form.get("do") == "note":
        return _note(request, house, visitor, form)
    try:
        given = judging.give(house, visitor, decision_of(form))
    except ModbotError as problem:
        if problem.code not in ASKS:
            raise
        return _ask(request, visitor, form, problem)
    holding.release(house, visitor)
    conflicts = [one.message for one in given.results if one.message]
    told = {"message": given.message, "problem": conflicts[0] if conflicts else ""}
    notice = Notice("console.queue.notice", "caution" if conflicts else "good", told)
    return flash.redirect(request, _next(form, given.undo), notice)


@router.post("/decisions/undo")
def undo(request: Request, visitor: AModerator, form: AForm) -> Response:
    seen = flags_of(form)[0] if form.get("flag") else None
    wanted = Undoable(
        bulk=_text(form, "bulk") or None,
        flag=seen.id if seen else None,
        verdict=_number(form, "verdict"),
    )
    if (wanted.bulk is None) == (wanted.flag is None):
        raise UsageError(code="error.console.queue.undo_what")
    back = judging.undo(console_of(request).house, visitor, wanted)
    told: dict[str, str | int] = {"number": back.done, "messages": " ".join(back.messages)}
    return flash.redirect(request, _back(form), Notice("console.queue.undone", "good", told))


@router.post("/claims/release", status_code=204)
def release(request: Request, visitor: AModerator) -> None:
    """Let go of all that this session has before it; what a page sends as it is left."""
    holding.release(console_of(request).house, visitor)


def decision_of(form: FormData) -> Decision:
    """Raises UsageError for a form that is none of ours, or that asks for what can't be undone
    without the word that says so."""
    do = _text(form, "do") or _text(form, "kind")
    if do not in KINDS:
        raise UsageError(code="error.console.queue.form", field="do")
    for_good = _text(form, "typed") != ""
    if for_good and _text(form, "typed").casefold() not in _words():
        raise UsageError(code=TYPED)
    number = _number(form, "rest") if _text(form, "with_rest") else None
    return Decision(
        flags=flags_of(form),
        kind=KINDS[do],
        how=Removal(do) if do in tuple(Removal) else None,
        for_good=for_good,
        mute_days=_number(form, "days") if do == "mute" else None,
        stands={"1": True, "0": False}.get(_text(form, "stands")),
        where=PLACES.get(do),
        confirmed=_text(form, "confirmed") == "1",
        note=_text(form, "note"),
        rest=Rest(number=number, listed=_ids(_text(form, "listed"))) if number else None,
    )


def flags_of(form: FormData) -> list[Seen]:
    """Flags as a card's form names them: ``ID:VERSION``. Raises UsageError without any."""
    found = []
    for told in form.getlist("flag")[: judging.MOST]:
        flag, _, version = str(told).partition(":")
        if not (_is_number(flag) and _is_number(version)):
            raise UsageError(code="error.console.queue.form", field="flag")
        found.append(Seen(id=int(flag), version=int(version)))
    if not found:
        raise UsageError(code="error.console.queue.nothing_ticked")
    return found


def _skip(request: Request, house: House, visitor: Visitor, form: FormData) -> Response:
    ids = [one.id for one in flags_of(form)]
    with house.store.write() as tx:
        queueing.flags_of(tx, visitor, ids)
        skips.skip(tx, visitor.user.id, ids, at=house.now())
    holding.release(house, visitor)
    return flash.redirect(request, _back(form), Notice("console.queue.skipped", "good"))


def _note(request: Request, house: House, visitor: Visitor, form: FormData) -> Response:
    text = _text(form, "note")
    if not text:
        raise UsageError(code="error.console.queue.empty_note")
    with house.store.write() as tx:
        flag = queueing.flag_of(tx, visitor, flags_of(form)[0].id)
        notes.add(tx, flag.id, text, who=visitor.name, at=house.now())
    return flash.redirect(request, _back(form), Notice("console.queue.noted", "good"))


def _ask(request: Request, visitor: Visitor, form: FormData, problem: ModbotError) -> Response:
    """The same form once more, with what the visitor must say."""
    kept = [(name, str(value)) for name, value in form.multi_items() if name not in ("csrf", "typed")]
    return rendering.page(
        request,
        "queue_confirm.html",
        visitor=visitor,
        kept=kept,
        typed=problem.code != BROAD,
        sentence=problem.message(visitor.language),
        number=len(flags_of(form)),
    )


def _next(form: FormData, undo: Undoable) -> str:
    """Where the form came from; the queue offers to take the decision back."""
    path = _back(form)
    if urlsplit(path).path != QUEUE:
        return path
    by = {name: value for name, value in undo.model_dump().items() if value is not None}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(by)}"


def _back(form: FormData) -> str:
    path = local(_text(form, "back"))
    return path if path != "/" else QUEUE


def _words() -> set[str]:
    """What is typed to say that it can't be undone and is meant, in any language."""
    return {i18n.catalogue(language).text("console.queue.word") for language in i18n.LANGUAGES}


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


def _number(form: FormData, name: str) -> int | None:
    told = _text(form, name)
    if told and not _is_number(told):
        raise UsageError(code="error.console.queue.form", field=name)
    return int(told) if told else None


def _is_number(told: str) -> bool:
    return told.isascii() and told.isdecimal() and len(told) < 18


def _ids(told: str) -> list[int]:
    return [int(one) for one in told.split(",") if _is_number(one)]
