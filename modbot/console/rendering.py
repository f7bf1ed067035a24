"""Templates: what they may call, and the page that they make."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import i18n
from modbot.console.context import console_of, language_of
from modbot.console.visitors import Visitor, visitor_of


def environment() -> jinja2.Environment:
    """Escapes everything; a name that a template misses is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("modbot.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["when"] = when
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
    ``t`` (a sentence by its code), ``prefix``, ``visitor``, ``menu``, ``here``, ``styles``."""
    console = console_of(request)
    visitor = visitor or visitor_of(request)
    language = visitor.language if visitor else language_of(request)
    text = console.templates.get_template(name).render(
        t=i18n.catalogue(language).text,
        language=language,
        visitor=visitor,
        prefix=console.prefix,
        styles=console.styles,
        here=request.url.path,
        menu=[entry for entry in console.menu if visitor and visitor.may(entry.role)],
        **facts,
    )
    return HTMLResponse(text, status)
