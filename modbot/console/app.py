"""The application: its pages, its JSON API, and what holds for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from modbot.accounts.passwords import Passwords
from modbot.console import pages, rendering
from modbot.console.context import Console, console_of
from modbot.console.fences import Fences
from modbot.console.house import House
from modbot.console.live import Live
from modbot.console.signing_in import DeadLink, WrongPassword
from modbot.console.throttle import TooMany
from modbot.console.visitors import Forbidden, SignInNeeded, visitor_of
from modbot.errors import Conflict, ModbotError, SettingsError, Unsuitable, UsageError

API = "/api/"
STATUSES: Mapping[type[ModbotError], int] = {
    SignInNeeded: 401,
    WrongPassword: 403,
    Forbidden: 403,
    DeadLink: 404,
    Conflict: 409,
    UsageError: 422,
    SettingsError: 422,
    Unsuitable: 422,
    TooMany: 429,
}


class Application(FastAPI):
    """Has its fences outside of everything, also of the answer to a defect."""

    def build_middleware_stack(self) -> ASGIApp:
        return Fences(super().build_middleware_stack(), self.state.console)


def create_app(house: House, *, passwords: Passwords | None = None) -> FastAPI:
    """The console over ``house``. Serves under whatever prefix ``[console] url`` has: a proxy
    may strip it or not."""
    app = Application(title="modbot", docs_url=None, redoc_url=None, openapi_url=f"{API}openapi.json")
    app.router.redirect_slashes = False  # it would redirect to wherever the Host header says
    app.state.console = Console(
        house=house,
        templates=rendering.environment(),
        styles=_digest_of_static_files(),
        menu=tuple(area.MENU for area in pages.AREAS if area.MENU is not None),
        passwords=passwords or Passwords(),
    )
    app.state.live = Live(house)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    for area in pages.AREAS:
        app.include_router(area.router)
    app.mount("/static", StaticFiles(packages=[("modbot.console", "static")]), name="static")
    app.add_exception_handler(ModbotError, _problem)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misfit)
    app.add_exception_handler(Exception, _defect)
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
        after = request.url.path if request.method == "GET" else "/"
        if request.method == "GET" and request.url.query:
            after += f"?{request.url.query}"
        return RedirectResponse(f"{console_of(request).prefix}/sign-in?after={quote(after, safe='/')}", 303)
    answer = _told(request, problem, _status_of(problem))
    if isinstance(problem, TooMany):
        answer.headers["retry-after"] = str(problem.retry_after)
    return answer


def _status_of(problem: ModbotError) -> int:
    for kind, status in STATUSES.items():
        if isinstance(problem, kind):
            return status
    return 404 if problem.code.endswith(("_unknown", ".unknown", ".unknown_version")) else 500


def _told(request: Request, problem: ModbotError, status: int) -> Response:
    visitor = visitor_of(request)
    sentence = problem.message(visitor.language if visitor else "en")
    if _wants_json(request):
        return JSONResponse({"error": problem.code, "message": sentence}, status)
    return rendering.page(request, "problem.html", visitor=visitor, status=status, sentence=sentence)


def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 - told to the type checker
    return _told(request, ModbotError(code=f"error.console.http_{problem.status_code}"), problem.status_code)


def _misfit(request: Request, problem: Exception) -> Response:
    """What FastAPI found wrong with the fields of a request: programs are told which."""
    assert isinstance(problem, RequestValidationError)  # noqa: S101 - told to the type checker
    if not _wants_json(request):
        return _told(request, ModbotError(code="error.console.http_422"), 422)
    found = [{"field": list(one["loc"]), "problem": one["msg"]} for one in problem.errors()]
    return JSONResponse({"error": "error.console.http_422", "fields": found}, 422)


def _defect(request: Request, problem: Exception) -> Response:  # noqa: ARG001 - it is in the log
    return _told(request, ModbotError(code="error.console.http_500"), 500)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith(API) or "application/json" in request.headers.get("accept", "")
