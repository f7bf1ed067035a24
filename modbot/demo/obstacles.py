"""Answers that stand in a page's way on a real forum: built from the wire's marks alone.

What a client recognises them by (titles, ids, calls) is the forum's own; every sentence
that a client need not know is modbot's.
"""

from __future__ import annotations

import json
from html import escape
from random import Random

from modbot.demo.exchange import Answered, Asked

SUCCEEDED = "管理操作成功 "
CLOSED = "本站维护中，稍后开放"

TOO_FAST = "频繁刷新限制"
RELOAD = "页面重载开启"

_BUSY = ((500, "Internal Server Error"), (502, "Bad Gateway"), (503, "Service Unavailable"), (504, "Timeout"))
_RELOADS = (
    '<script language="JavaScript">function reload() {document.location.reload();}'
    'setTimeout("reload()", 1001);</script>'
)


def cc_defence(asked: Asked, title: str, *, entities: bool) -> Answered:
    """The tiny page of ``attackevasive``, before anything else; X3.4 of 2020 writes its
    sentences as numeric entities. A script gets the name of the rule in an id instead."""
    shown = "".join(f"&#x{ord(letter):X};" for letter in title) if entities else title
    if asked.wants_xml:
        bit = 1 if title == TOO_FAST else 4
        return xml(f'<div id="attackevasive_{bit}" class="popupmenu_option"><b>{shown}</b></div>')
    head = f"<html><head><title>{shown}</title></head>"
    return Answered.of(f'{head}<body bgcolor="#FFFFFF">{_RELOADS}<b>{shown}</b></body></html>')


def antitheft(asked: Asked, chance: Random) -> Answered:
    """A script alone, that would lead to the same address with a ``_dsign``."""
    address = f"{asked.target}&_dsign={chance.getrandbits(32):08x}"
    halves = json.dumps(address[:9]), json.dumps(address[9:])
    script = f"_Ma = location;_Rk = 'replace';_Ma[_Rk]({halves[0]}+{halves[1]});"
    return Answered.of(f'<script type="text/javascript">{script}</script>')


def closed(asked: Asked) -> Answered:
    """The operator's sentence, in the form that was asked for."""
    if asked.path.startswith("/api/"):
        return Answered.of(json.dumps({"error": CLOSED}), media="application/json")
    if asked.wants_xml:
        script = _script("errorhandle_", f"'{CLOSED}', {{'adminemail':'keeper@example.org'}}")
        shown = f'<div class="c altw">\n<div class="alert_error">{CLOSED}{script}</div>\n</div>'
        return xml(CLOSED + script if asked.method == "POST" else shown)
    message = f'<div id="messagetext" class="alert_info">\n<p>{CLOSED}</p>\n</div>'
    head = "<!DOCTYPE html>\n<html>\n<head><title>提示信息</title></head>\n<body>\n"
    return Answered.of(f"{head}{message}\n</body>\n</html>")


def blind_success(asked: Asked) -> Answered:
    """The forum says that it is done."""
    if asked.query.get("ajaxdata") == "json":
        return Answered.of(json.dumps({"message": SUCCEEDED, "data": []}), media="application/json")
    return xml(_script("succeedhandle_mods", f"'forum.php', '{SUCCEEDED}', {{}}"))


def hole(asked: Asked, *, to_page: bool) -> Answered:
    """The first view of a page that lost a post: X3.4 of 2020 leaves the page out."""
    location = f"forum.php?mod=viewthread&tid={asked.query.get('tid', '')}"
    if to_page:
        location += f"&page={asked.page}"
    return Answered.of("", status=302).with_header(b"location", location.encode("latin-1", "replace"))


def server_error(chance: Random) -> Answered:
    status, phrase = chance.choice(_BUSY)
    return Answered.of(_plain(status, phrase), status=status)


def come_back_later(chance: Random, *, date: str) -> Answered:
    """429 or 503 with ``Retry-After``: seconds, or the moment ``date``."""
    status, phrase = chance.choice(((429, "Too Many Requests"), (503, "Service Unavailable")))
    after = chance.choice((str(chance.randint(1, 120)), date))
    return Answered.of(_plain(status, phrase), status=status).with_header(b"retry-after", after.encode())


def xml(content: str) -> Answered:
    prolog = '<?xml version="1.0" encoding="utf-8"?>'
    return Answered.of(f"{prolog}\n<root><![CDATA[{content}]]></root>", media="text/xml")


def _script(function: str, arguments: str) -> str:
    call = f"if(typeof {function}=='function') {{{function}({arguments});}}"
    return f'<script type="text/javascript" reload="1">{call}</script>'


def _plain(status: int, phrase: str) -> str:
    title = escape(f"{status} {phrase}")
    return f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n"
