"""Templates: what they may call, and the page that they make."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import i18n
from modbot.console import cookies, flash, marking
from modbot.console.context import console_of, language_of
from modbot.console.visitors import Visitor, visitor_of
from modbot.moderation import mode_banner
from modbot.moderation.mode_banner import ForumMode

THEME = "modbot_theme"
"""The cookie with the colours that were chosen in a browser: ``light`` or ``dark``."""
THEMES = ("light", "dark")


def environment() -> jinja2.Environment:
    """Escapes everything; a name that a template misses is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("modbot.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(when=when, marked=marking.marked, plain=marking.plain, coded=marking.coded)
    return made


def when(moment: datetime | None) -> Markup:
    """A time; scripts show it in the viewer's zone."""
    if moment is None:
        return Markup("–")
    shown = moment.strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)


def page(
    request: Request, name: str, /, *, visitor: Visitor | None = None, status: int = 200, **facts: Any
) -> HTMLResponse:
    """The template ``name`` with ``facts``, in the visitor's language. Beside them it finds
    ``t`` (a sentence by its code), ``prefix``, ``visitor``, ``menu``, ``here``, ``styles``,
    ``author_address(forum, id, name)``, ``here_with(…)`` (this page's address with other
    parameters), and what the frame shows."""
    console = console_of(request)
    visitor = visitor or visitor_of(request)
    language = visitor.language if visitor else language_of(request)
    notice = flash.taken(request)
    text = console.templates.get_template(name).render(
        t=i18n.catalogue(language).text,
        language=language,
        visitor=visitor,
        prefix=console.prefix,
        styles=console.styles,
        here=request.url.path,
        back=_back(request),
        theme=theme_of(request),
        notice=notice,
        forums_now=_forums_now(request, visitor),
        author_address=lambda *author: author_address(console.prefix, *author),
        here_with=lambda **changed: _changed(request, console.prefix, changed),
        menu=[entry for entry in console.menu if visitor and visitor.may(entry.role)],
        **facts,
    )
    answer = HTMLResponse(text, status)
    if notice is not None:
        flash.drop(request, answer)
    return answer


def author_address(prefix: str, forum: str, author_id: int | None, name: str) -> str:
    """Of an author's page. Guests have no number, only the name that they gave."""
    where = f"{prefix}/authors/{quote(forum, safe='')}"
    return f"{where}/{author_id}" if author_id is not None else f"{where}/guest?name={quote(name, safe='')}"


def _changed(request: Request, prefix: str, changed: Mapping[str, object]) -> str:
    """This page's address with these parameters in place of its own; None takes one away."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    more = [(name, str(value)) for name, value in changed.items() if value is not None]
    asked = urlencode([*kept, *more])
    return f"{prefix}{request.url.path}" + (f"?{asked}" if asked else "")


def theme_of(request: Request) -> str:
    """``light`` or ``dark``; empty for what the visitor's system prefers."""
    chosen = cookies.read(request, THEME)
    return chosen if chosen in THEMES else ""


def _back(request: Request) -> str:
    """The address of this page, where it can be asked for again."""
    if request.method != "GET":
        return "/"
    asked = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{asked}"


def _forums_now(request: Request, visitor: Visitor | None) -> list[ForumMode]:
    if visitor is None:
        return []
    house = console_of(request).house
    with house.store.read() as rx:
        return mode_banner.read(rx, house.loaded(), visitor.scope)
