"""Models: the versions, what was measured of each, and which one judges."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot.console import rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AnAdmin, AViewer, OwnForm, Visitor
from modbot.detection.manifest import CARD, Manifest
from modbot.domain import Role
from modbot.errors import ModelError
from modbot.store import audit, labels
from modbot.training import versions
from modbot.training.versions import Version

MENU = MenuEntry("/models", "console.models", Role.VIEWER)
MEASURES = ("rows", "spam.average_precision", "spam.recall_at_99", "spam.recall_at_queue", "spam.hidden")
router = APIRouter()


class Model(BaseModel):
    """``problem``: why it cannot be used; ``metrics`` are those of held-out rows, ``thresholds``
    with the precision that they prove; ``labels_since`` counts what people taught after it."""

    version: str
    created: str
    is_current: bool
    parent: str | None
    problem: str
    metrics: dict[str, Any]
    thresholds: dict[str, dict[str, Any]]
    labels_since: dict[str, int]


class Models(BaseModel):
    """``rollback`` is the version that was in use before; null when none is known."""

    models: list[Model]
    in_use: str
    rollback: str | None


@router.get("/models", include_in_schema=False)
def show(request: Request, visitor: AViewer) -> HTMLResponse:
    found = listing(request, visitor)
    return rendering.page(
        request,
        "models.html",
        visitor=visitor,
        found=found,
        measures=MEASURES,
        champion=next((one for one in found.models if one.is_current), None),
        may_promote=visitor.may(Role.ADMIN),
    )


@router.get("/models/{version}", include_in_schema=False)
def card(request: Request, visitor: AViewer, version: str) -> HTMLResponse:
    """The model card as it is written, and a fresh look at the version's files."""
    folder = versions.folder_of(_models_dir(request), version)
    try:
        versions.verify(_models_dir(request), version)
        problem = ""
    except ModelError as found:
        problem = found.message(visitor.language)
    file = folder / CARD
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return rendering.page(request, "model.html", visitor=visitor, version=version, text=text, problem=problem)


@router.get("/models/{version}/promote", include_in_schema=False)
def confirm(request: Request, visitor: AnAdmin, version: str) -> HTMLResponse:
    versions.folder_of(_models_dir(request), version)
    found = listing(request, visitor)
    by_name = {one.version: one for one in found.models}
    return rendering.page(
        request,
        "model_promote.html",
        visitor=visitor,
        candidate=by_name[version],
        champion=by_name.get(found.in_use),
        measures=MEASURES,
    )


@router.post("/models/{version}/promote", include_in_schema=False, dependencies=[OwnForm])
def promote(request: Request, visitor: AnAdmin, version: str) -> Response:
    console_of(request).house.promote(version, who=visitor.name)
    return RedirectResponse(f"{console_of(request).prefix}/models", 303)


@router.get("/api/models")
def listing(request: Request, visitor: AViewer) -> Models:
    """Every version, the newest first."""
    folder, store = _models_dir(request), console_of(request).house.store
    found = versions.listing(folder)
    created = {one.name: _created(one.manifest) for one in found if one.manifest}
    with store.read() as rx:
        taught = {
            name: {label.value: number for label, number in labels.counts(rx, since=at).items()}
            for name, at in created.items()
        }
        last = audit.latest(rx, "model.promoted")
    return Models(
        models=[_model(one, taught.get(one.name, {}), visitor) for one in found],
        in_use=versions.in_use(folder),
        rollback=_former(found, last),
    )


@router.post("/api/models/{version}/promote", dependencies=[OwnForm])
def promote_json(request: Request, visitor: AnAdmin, version: str) -> Models:
    """Let this version judge."""
    console_of(request).house.promote(version, who=visitor.name)
    return listing(request, visitor)


@router.get("/api/models/{version}/verify")
def verify(request: Request, visitor: AViewer, version: str) -> dict[str, str]:  # noqa: ARG001 - who may
    """Compare a version's files with its manifest."""
    return {"version": versions.verify(_models_dir(request), version).version}


def _models_dir(request: Request) -> Any:
    return console_of(request).house.loaded().models_dir


def _created(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest.created)


def _model(found: Version, taught: dict[str, int], visitor: Visitor) -> Model:
    facts = found.manifest
    measured = dict(facts.metrics.get("by_source", {}).get("all", {})) if facts else {}
    if facts and "log_loss" in facts.metrics:
        measured["log_loss"] = facts.metrics["log_loss"]
    return Model(
        version=found.name,
        created=facts.created if facts else "",
        is_current=found.is_current,
        parent=facts.parent if facts else None,
        problem=found.problem.message(visitor.language) if found.problem else "",
        metrics=measured,
        thresholds={
            name: {"value": one.value, "precision": one.precision, "recall": one.recall}
            for name, one in (facts.thresholds if facts else {}).items()
        },
        labels_since=taught,
    )


def _former(found: list[Version], last: audit.Entry | None) -> str | None:
    """What to go back to: what was in use before the last promotion, else the parent."""
    usable = {one.name for one in found if one.problem is None and not one.is_current}
    current = next((one for one in found if one.is_current), None)
    details = (last.details if last else None) or {}
    wishes = [details.get("former")] if current and details.get("version") == current.name else []
    wishes += [current.manifest.parent] if current and current.manifest else []
    return next((name for name in wishes if name in usable), None)
