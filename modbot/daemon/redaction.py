"""Takes secrets out of text that leaves the process: those of the settings by their value,
those that a forum hands out (form hashes, cookies) by the names that stand before them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, urlsplit

from modbot.settings import Loaded

SHORTEST = 4
"""Shorter secrets would take half of every sentence with them."""
SHORTEST_PIECE = 8
GONE = "***"

_NAMES = r"""(?:formhash|hash|loginhash|seccodehash|auth|saltkey|sid|_dsign|modthreadkey|cppwd
    |password|passwd|pwd|answer|token|api_?key|access_token|secret|sign
    |[A-Za-z0-9]{2,8}_[0-9a-f]{4}_[a-z_]{1,20})"""
_NAME = re.compile(rf"{_NAMES}|(?:set-)?cookies?", re.VERBOSE | re.IGNORECASE)
_HANDED_OUT = re.compile(
    rf"""(?P<name>\b{_NAMES})
        (?P<link>\\?["']?\s*[:=]\s*\\?["']?|["']\s+value\s*=\s*["']?)
        (?P<value>[A-Za-z0-9%+/=_.~|-]{{4,512}})""",
    re.VERBOSE | re.IGNORECASE,
)
_PLAIN_WORD = re.compile("[a-z_-]*")
_COOKIES = re.compile(
    r"""(?P<name>\b(?:set-)?cookie\b)(?P<link>["']?\s*[:=,]\s*["']?)(?P<value>[^\r\n'"]*=[^\r\n'"]*)""",
    re.IGNORECASE,
)


class Redactor:
    """Answers a text without the ``secrets``, in whatever spelling a form, an address or a
    programming language gives them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        joined = "|".join(re.escape(spelling) for spelling in longest_first)
        self._known = re.compile(joined) if joined else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(GONE, text)
        text = _COOKIES.sub(_without_value, text)
        return _HANDED_OUT.sub(_without_value, text)


def is_secret(name: str) -> bool:
    """Whether what bears this name is a secret, whatever it looks like."""
    return _NAME.fullmatch(name) is not None


def known(loaded: Loaded) -> frozenset[str]:
    """Every secret that the settings hold. Raises SettingsError when a file of one cannot be read."""
    settings = loaded.settings
    found = {urlsplit(loaded.store_url).password or ""}
    for name, forum in settings.forums.items():
        for kind in ("password", "auth_cookie", "saltkey_cookie", "security_answer"):
            found.add(loaded.secret(forum, kind, key=f"forums.{name}.{kind}"))
        for number, board in forum.boards.items():
            found.add(loaded.secret(board, "password", key=f"forums.{name}.boards.{number}.password"))
    notifications = settings.notifications
    for url in loaded.secret(notifications, "urls", key="notifications.urls").split():
        found |= {url, *_pieces(url)}
    heartbeat = loaded.secret(notifications, "heartbeat_url", key="notifications.heartbeat_url")
    found |= {heartbeat, *(piece for piece in _pieces(heartbeat) if not _PLAIN_WORD.fullmatch(piece))}
    return frozenset(secret for secret in found if secret)


def _pieces(url: str) -> Iterator[str]:
    """The parts of an address that may be a token: all but the host of a usual web address.
    A library names them one by one when it fails."""
    _, _, rest = url.partition("://")
    login, _, _ = rest.partition("/")[0].rpartition("@")
    yield login.partition(":")[2]
    for piece in re.split(r"[/?&=#@]", rest):
        is_host = "." in piece or piece.partition(":")[0] == "localhost"
        if not is_host:
            yield from (part for part in (piece, *piece.split(":")) if len(part) >= SHORTEST_PIECE)


def _spellings(secret: str) -> Iterator[str]:
    if len(secret) < SHORTEST:
        return
    for plain in {secret, unquote(secret)}:
        yield plain
        yield quote(plain, safe="")
        yield quote_plus(plain)
        yield quote(plain, safe="", encoding="gb18030", errors="replace")
        yield repr(plain)[1:-1]
        yield json.dumps(plain)[1:-1]
        yield json.dumps(plain, ensure_ascii=False)[1:-1]


def _without_value(found: re.Match[str]) -> str:
    return f"{found['name']}{found['link']}{GONE}"
