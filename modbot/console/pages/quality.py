"""How well modbot does, for volunteers and for admins; letting a reason hide unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from modbot import i18n
from modbot.console import asking, flash, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AnAdmin, AViewer, OwnForm, Visitor
from modbot.detection import Threshold
from modbot.domain import Reason, Role
from modbot.errors import ModelError, StoreError, UsageError
from modbot.moderation import autonomy, earned, quality
from modbot.moderation.autonomy import Survey
from modbot.moderation.quality import Quality
from modbot.settings import Loaded
from modbot.training import versions

MENU: MenuEntry | None = MenuEntry("/quality", "console.quality", Role.VIEWER)
router = APIRouter()


class Act(StrEnum):
    GRANT = "grant"
    WITHDRAW = "withdraw"


@router.get("/quality", include_in_schema=False)
def page(request: Request, visitor: AViewer) -> HTMLResponse:
    words = i18n.catalogue(visitor.language)
    return rendering.page(
        request,
        "quality.html",
        visitor=visitor,
        quality=_read(request, visitor),
        sentence=lambda standing: earned.sentence(standing, words, in_terminal=False),
        may_rule=visitor.may(Role.ADMIN),
        minutes=(int(quality.LONGEST.total_seconds()), int(quality.FIRST.total_seconds())),
        weeks=quality.WEEKS,
    )


@router.get("/api/quality", tags=["quality"])
def figures(request: Request, visitor: AViewer) -> Quality:
    return _read(request, visitor)


@router.post("/quality/autonomy", dependencies=[OwnForm], include_in_schema=False)
def rule(
    request: Request,
    visitor: AnAdmin,
    forum: Annotated[str, Form()],
    reason: Annotated[Reason, Form()],
    act: Annotated[Act, Form()],
    board: Annotated[str, Form()] = "",
    anyway: Annotated[bool, Form()] = False,
) -> Response:
    ruling = Ruling(forum, reason, act, asking.number(board), anyway=anyway)
    try:
        _rule(request, visitor, ruling)
    except UsageError as problem:
        if problem.code != "error.autonomy.evidence":
            raise
        facts = {name: str(value) for name, value in problem.params.items()}
        return flash.redirect(request, "/quality", flash.Notice("console.quality.lacks", "caution", facts))
    notice = flash.Notice(f"console.quality.done.{act.value}", facts={"reason": reason.value})
    return flash.redirect(request, "/quality", notice)


@dataclass(frozen=True, slots=True)
class Ruling:
    """``board`` null: in the whole forum. ``anyway``: also where the evidence does not suffice."""

    forum: str
    reason: Reason
    act: Act
    board: int | None = None
    anyway: bool = False


@router.post("/api/autonomy", dependencies=[OwnForm], tags=["quality"])
def rule_by_api(request: Request, visitor: AnAdmin, ruling: Ruling) -> Ruling:
    """Let a reason hide unasked, or not any more."""
    _rule(request, visitor, ruling)
    return ruling


def _rule(request: Request, visitor: Visitor, ruling: Ruling) -> None:
    house = console_of(request).house
    loaded, now = house.loaded(), house.now()
    if ruling.forum not in loaded.settings.forums or not visitor.scope.has_whole(ruling.forum):
        raise StoreError(code="error.console.forum_unknown", forum=ruling.forum)
    with house.store.write(lasting=True) as tx:
        if ruling.act is Act.WITHDRAW:
            autonomy.withdraw(tx, ruling.forum, ruling.board, ruling.reason, who=visitor.name, now=now)
            return
        limits = versions.thresholds(loaded.models_dir)
        survey = Survey.read(tx, loaded, ruling.forum, limits)
        autonomy.grant(
            tx, survey, ruling.board, ruling.reason, who=visitor.name, now=now, anyway=ruling.anyway
        )


def _read(request: Request, visitor: Visitor) -> Quality:
    house = console_of(request).house
    loaded = house.loaded()
    with house.store.read() as rx:
        return quality.read(rx, loaded, _thresholds(loaded), now=house.now(), within=visitor.scope)


def _thresholds(loaded: Loaded) -> Mapping[str, Threshold] | None:
    """None without a usable model: the page says the rest, the health page why."""
    try:
        return versions.thresholds(loaded.models_dir)
    except ModelError:
        return None
