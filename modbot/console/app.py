"""The application: its pages, its JSON API, and what holds for all of them."""

from __future__ import annotations

import hashlib
from importlib import resources
from urllib.parse import quote

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from modbot.console import pages, rendering
from modbot.console.context import Console, console_of
from modbot.console.house import House
from modbot.console.visitors import Forbidden, SignInNeeded, visitor_of
from modbot.errors import Conflict, ModbotError, SettingsError, UsageError

API = "/api/"


def create_app(house: House) -> FastAPI:
    """The console over ``house``. Serves under whatever prefix ``[console] url`` has: a proxy
    may strip it or not."""
    app = FastAPI(title="modbot", docs_url=None, redoc_url=None, openapi_url=f"{API}openapi.json")
    app.router.redirect_slashes = False  # it would redirect to wherever the Host header says
    app.state.console = Console(
        house=house,
        templates=rendering.environment(),
        styles=_digest_of_static_files(),
        menu=tuple(area.MENU for area in pages.AREAS if area.MENU is not None),
    )
    for area in pages.AREAS:
        app.include_router(area.router)
    app.mount("/static", StaticFiles(packages=[("modbot.console", "static")]), name="static")
    app.add_exception_handler(ModbotError, _problem)
    app.add_exception_handler(HTTPException, _refused)
    return app


def _digest_of_static_files() -> str:
    """Marks their version in their addresses: browsers may keep them for ever."""
    digest = hashlib.sha256()
    for file in sorted(resources.files("modbot.console").joinpath("static").iterdir(), key=str):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, ModbotError)  # noqa: S101 - told to the type checker
    if isinstance(problem, SignInNeeded) and not _wants_json(request):
        after = quote(request.url.path, safe="/") if request.method == "GET" else "/"
        return RedirectResponse(f"{console_of(request).prefix}/sign-in?after={after}", 303)
    return _told(request, problem, _status_of(problem))


def _status_of(problem: ModbotError) -> int:
    if isinstance(problem, SignInNeeded):
        return 401
    if isinstance(problem, Forbidden):
        return 403
    if isinstance(problem, Conflict):
        return 409
    if isinstance(problem, UsageError | SettingsError):
        return 422
    return 404 if problem.code.endswith(("_unknown", ".unknown_version")) else 500


def _told(request: Request, problem: ModbotError, status: int) -> Response:
    visitor = visitor_of(request)
    sentence = problem.message(visitor.language if visitor else "en")
    if _wants_json(request):
        return JSONResponse({"error": problem.code, "message": sentence}, status)
    return rendering.page(request, "problem.html", visitor=visitor, status=status, sentence=sentence)


def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 - told to the type checker
    return _told(request, ModbotError(code=f"error.console.http_{problem.status_code}"), problem.status_code)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith(API) or "application/json" in request.headers.get("accept", "")
