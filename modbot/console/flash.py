"""What an action has to say on the page that it leads to: kept in a cookie for one page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import i18n
from modbot.console import cookies
from modbot.console.context import console_of

COOKIE = "modbot_notice"
Tone = Literal["good", "caution", "danger"]
_TONES = ("good", "caution", "danger")
_LONGEST = 3000
_LASTS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence by its code, with its facts."""

    code: str
    tone: Tone = "good"
    facts: Mapping[str, str | int] = field(default_factory=dict)


def redirect(request: Request, path: str, notice: Notice | None = None) -> RedirectResponse:
    """To the console's own page ``path`` (without the prefix), which shows ``notice``."""
    console = console_of(request)
    answer = RedirectResponse(f"{console.prefix}{path}", 303)
    if notice is not None:
        keep(request, answer, notice)
    return answer


def keep(request: Request, answer: Response, notice: Notice) -> None:
    """Let the next page show ``notice``. One that is too long for a cookie is not kept."""
    told = json.dumps({"code": notice.code, "tone": notice.tone, "facts": dict(notice.facts)})
    value = base64.urlsafe_b64encode(told.encode()).decode()
    if len(value) <= _LONGEST:
        cookies.keep(request, answer, COOKIE, value, lasts=_LASTS)


def taken(request: Request) -> Notice | None:
    """What the page is to show; None for what we did not write."""
    kept = cookies.read(request, COOKIE)
    if not kept:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(kept.encode()))
        code, tone, facts = str(told["code"]), told["tone"], dict(told["facts"])
    except (binascii.Error, UnicodeError, ValueError, KeyError, TypeError):
        return None
    if tone not in _TONES or code not in i18n.catalogue("en").templates:
        return None
    return Notice(code, tone, facts)


def drop(request: Request, answer: Response) -> None:
    """It has been shown."""
    cookies.drop(request, answer, COOKIE)
