"""The cookies of the console, and how they are named and marked.

Over https their names say so (``__Host-``, or ``__Secure-`` under a path prefix): a browser takes
such a cookie from nobody but the console itself, so that no neighbour can slip in a session.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from modbot.console.context import console_of

SESSION = "modbot_session"
FORM = "modbot_form"
"""The mark of a browser in which nobody is signed in, for its forms."""
BROWSER = "modbot_browser"
"""A browser that somebody has signed in with: others' wrong guesses do not lock it out."""

KEPT_BROWSER = timedelta(days=365)


def is_secure(request: Request) -> bool:
    """Whether visitors come by https: as the settings say, or a trusted proxy."""
    url = console_of(request).house.loaded().settings.console.url
    return request.url.scheme == "https" or urlsplit(url).scheme == "https"


def named(request: Request, name: str) -> str:
    """As the browser knows it."""
    if not is_secure(request):
        return name
    return f"__Secure-{name}" if console_of(request).prefix else f"__Host-{name}"


def read(request: Request, name: str) -> str:
    """Empty when there is none."""
    return request.cookies.get(named(request, name), "")


def keep(
    request: Request, response: Response, name: str, value: str, *, lasts: timedelta | None = None
) -> None:
    """For ``lasts``, or until the browser is closed. Sent along from links elsewhere (a chat), too,
    never with another site's forms."""
    response.set_cookie(
        named(request, name),
        value,
        max_age=None if lasts is None else int(lasts.total_seconds()),
        path=console_of(request).prefix or "/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def drop(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(
        named(request, name),
        path=console_of(request).prefix or "/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
