"""Settings: what is in force and where it comes from; changes, with a look at the last days
before they are made; who changed what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot import i18n
from modbot.console import rendering, setting_fields
from modbot.console.context import MenuEntry, console_of
from modbot.console.house import House
from modbot.console.setting_fields import Chosen
from modbot.console.visitors import AnAdmin, AViewer, OwnForm, Visitor
from modbot.domain import Role
from modbot.errors import SettingsError, UsageError
from modbot.moderation import changing, previewing
from modbot.moderation.previewing import Preview
from modbot.settings import changeable, inventory
from modbot.store import boards, overlay
from modbot.store.engine import Store

MENU = MenuEntry("/settings", "console.settings", Role.VIEWER)
DAYS = (7, 30)
HISTORY = 50
router = APIRouter()


async def _form(request: Request) -> FormData:
    return await request.form()


Form = Annotated[FormData, Depends(_form)]


class Wishes(BaseModel):
    """``changes``: values by key, null for what files and environment say; ``seen``: the
    ``mark`` that they were chosen by."""

    changes: dict[str, Any] = Field(min_length=1, max_length=200)
    seen: int | None = None


@router.get("/settings", include_in_schema=False)
def show(request: Request, visitor: AViewer) -> HTMLResponse:
    return _page(request, visitor)


@router.get("/settings/edit", include_in_schema=False)
def edit(request: Request, visitor: AnAdmin, group: str) -> HTMLResponse:
    chosen = _chosen(request)
    _require_group(chosen, visitor, group)
    return _edit_page(request, visitor, chosen, group)


@router.post("/settings/preview", include_in_schema=False, dependencies=[OwnForm])
def preview(request: Request, visitor: AnAdmin, form: Form) -> HTMLResponse:
    """What is wrong with a form, beside its fields; or what it would change, to be confirmed."""
    chosen, group = _chosen(request), str(form.get("group", ""))
    _require_group(chosen, visitor, group)
    filled = {key: str(value) for key, value in form.items()}
    wanted = setting_fields.wishes(chosen, group, filled, [str(key) for key in form.getlist("unset")])
    if not wanted:
        sentence = UsageError(code="error.settings.nothing_changed").message(visitor.language)
        return _edit_page(request, visitor, chosen, group, filled, {"": sentence}, 422)
    try:
        days = _days(str(form.get("days", DAYS[0])))
        looked = _preview(request, visitor, chosen, wanted, days)
        after = changing.changed(chosen.present, chosen.overlaid, wanted)
    except SettingsError as problem:
        errors = setting_fields.problems(chosen, wanted, problem, visitor.language)
        return _edit_page(request, visitor, chosen, group, filled, errors, 422)
    return rendering.page(
        request,
        "settings_preview.html",
        visitor=visitor,
        group=group,
        steps=setting_fields.steps(chosen, after, wanted),
        turns_on=setting_fields.turns_hiding_on(chosen.present, after),
        mark=chosen.mark,
        days=days,
        all_days=DAYS,
        looked=looked,
    )


@router.post("/settings", include_in_schema=False, dependencies=[OwnForm])
def change(request: Request, visitor: AnAdmin, form: Form) -> Response:
    wanted: dict[str, Any] = {
        key.removeprefix("set."): str(value) for key, value in form.items() if key.startswith("set.")
    }
    wanted |= {str(key): None for key in form.getlist("unset")}
    setting_fields.require_place(visitor, list(wanted))
    house, seen = console_of(request).house, str(form.get("seen", ""))
    house.adopt(wanted, who=visitor.name, seen=int(seen) if seen.isdecimal() else 0)
    return RedirectResponse(f"{console_of(request).prefix}/settings#changes", 303)


@router.post("/settings/changes/{number}/revert", include_in_schema=False, dependencies=[OwnForm])
def revert(request: Request, visitor: AnAdmin, number: int) -> Response:
    _revert(request, visitor, number)
    return RedirectResponse(f"{console_of(request).prefix}/settings#changes", 303)


# --- JSON -------------------------------------------------------------------------------------


class Setting(BaseModel):
    """``source``: a file, a variable, or ``console``; secrets are hidden."""

    key: str
    value: Any
    source: str
    changeable: bool
    comment: str


class Settings(BaseModel):
    """``mark`` names the last change; ``left_out`` what of the changes cannot be used."""

    settings: list[Setting]
    mark: int
    in_force: bool
    left_out: dict[str, str]


class Change(BaseModel):
    id: int
    at: datetime
    who: str
    key: str
    value: Any
    former: Any
    reverts: int | None


@router.get("/api/settings")
def listing(request: Request, visitor: AViewer) -> Settings:
    """Every setting with its value and where it comes from."""
    chosen = _chosen(request)
    shown = [
        Setting(
            key=entry.key,
            value=entry.value,
            source=entry.source,
            changeable=entry.changeable,
            comment=entry.comment,
        )
        for section in setting_fields.sections(chosen.present, visitor)
        for entry in section.entries
    ]
    left_out = {key: problem.message(visitor.language) for key, problem in chosen.present.left_out.items()}
    return Settings(
        settings=shown, mark=chosen.mark, in_force=_is_in_force(chosen, request), left_out=left_out
    )


@router.get("/api/settings/changes")
def changes(request: Request, visitor: AViewer) -> list[Change]:
    """What was changed in the console, the latest first."""
    return [
        Change(**{name: getattr(one, name) for name in Change.model_fields})
        for one in _history(console_of(request).house.store, visitor)
    ]


@router.post("/api/settings/preview", dependencies=[OwnForm])
def preview_json(request: Request, visitor: AnAdmin, wishes: Wishes, days: int = DAYS[0]) -> dict[str, Any]:
    """What the changes would have made of the last days."""
    setting_fields.require_place(visitor, list(wishes.changes))
    found = _preview(request, visitor, _chosen(request), wishes.changes, _days(str(days)))
    return {} if found is None else setting_fields.preview_object(found)


@router.post("/api/settings", dependencies=[OwnForm])
def change_json(request: Request, visitor: AnAdmin, wishes: Wishes) -> Settings:
    """Change settings. 409 when somebody changed something after ``seen``."""
    setting_fields.require_place(visitor, list(wishes.changes))
    seen = _chosen(request).mark if wishes.seen is None else wishes.seen
    console_of(request).house.adopt(wishes.changes, who=visitor.name, seen=seen)
    return listing(request, visitor)


@router.post("/api/settings/changes/{number}/revert", dependencies=[OwnForm])
def revert_json(request: Request, visitor: AnAdmin, number: int) -> Settings:
    """Take one change back. 409 when its key was changed again since."""
    _revert(request, visitor, number)
    return listing(request, visitor)


# --- what both share --------------------------------------------------------------------------


def _page(request: Request, visitor: Visitor) -> HTMLResponse:
    house, chosen = console_of(request).house, _chosen(request)
    history = _history(house.store, visitor)
    latest = {one.key: one.id for one in reversed(history)}
    return rendering.page(
        request,
        "settings.html",
        visitor=visitor,
        sections=setting_fields.sections(chosen.present, visitor),
        places=setting_fields.places(chosen.present, visitor, _board_names(house)),
        text_of=inventory.text_of,
        explained=_explained(visitor.language),
        history=history,
        latest=set(latest.values()),
        may_change=visitor.may(Role.ADMIN),
        in_force=_is_in_force(chosen, request),
        left_out={key: problem.message(visitor.language) for key, problem in chosen.present.left_out.items()},
    )


def _edit_page(
    request: Request,
    visitor: Visitor,
    chosen: Chosen,
    group: str,
    filled: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    shown = setting_fields.fields(chosen, group, filled or {}, errors or {})
    keys = {field.key for field in shown}
    return rendering.page(
        request,
        "settings_edit.html",
        visitor=visitor,
        status=status,
        group=group,
        fields=shown,
        all_days=DAYS,
        mark=chosen.mark,
        sentences=[sentence for key, sentence in (errors or {}).items() if key not in keys],
    )


def _chosen(request: Request) -> Chosen:
    house = console_of(request).house
    return Chosen.read(house.store, house.loaded())


def _is_in_force(chosen: Chosen, request: Request) -> bool:
    return dict(console_of(request).house.loaded().overlay) == dict(chosen.present.overlay)


def _require_group(chosen: Chosen, visitor: Visitor, group: str) -> None:
    keys = changeable.keys_of(group)
    if not keys:
        raise UsageError(code="error.settings.group_unknown", group=group)
    changeable.require(keys[0], chosen.present.settings)
    setting_fields.require_place(visitor, keys)


def _preview(
    request: Request, visitor: Visitor, chosen: Chosen, wanted: Mapping[str, Any], days: int
) -> Preview | None:
    """None where what is changed decides about no reply. Raises SettingsError."""
    house = console_of(request).house
    after = changing.changed(chosen.present, chosen.overlaid, wanted)
    book = house.policy_book(after)
    if not any("policy." in key for key in wanted):
        return None
    with house.store.read() as rx:
        return previewing.preview(
            rx,
            house.policy_book(chosen.present),
            book,
            since=house.now() - timedelta(days=days),
            forums=tuple(chosen.present.settings.forums),
            within=visitor.scope,
        )


def _revert(request: Request, visitor: Visitor, number: int) -> None:
    house = console_of(request).house
    with house.store.read() as rx:
        found = overlay.get(rx, number)
    setting_fields.require_place(visitor, [found.key])
    house.revert(number, who=visitor.name)


def _history(store: Store, visitor: Visitor) -> list[overlay.Change]:
    with store.read() as rx:
        found = overlay.listing(rx, limit=HISTORY)
    return [one for one in found if setting_fields.may_see(visitor, one.key)]


def _explained(language: str) -> Callable[[str, str], str]:
    """What a key is: in the reader's language where it can be changed here, else as the
    reference file says it."""
    templates = i18n.catalogue(language).templates

    def told(key: str, comment: str) -> str:
        return templates.get(setting_fields.code_of(key), comment)

    return told


def _board_names(house: House) -> dict[str, dict[int, str]]:
    names: dict[str, dict[int, str]] = {forum: {} for forum in house.loaded().settings.forums}
    with house.store.read() as rx:
        for (forum, board), name in boards.all_names(rx).items():
            names.setdefault(forum, {})[board] = name
    return {forum: names[forum] for forum in house.loaded().settings.forums}


def _days(told: str) -> int:
    return int(told) if told.isdecimal() and int(told) in DAYS else DAYS[0]
