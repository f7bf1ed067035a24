"""What kind of answer this is: the switch that every response goes through.

The order matters and follows the forum's own: a refused request before everything
else, then redirects, the anti-crawl pages, messages, and only then a page to read.
No rule may be set off by what a member can write: Discuz! escapes ``"`` and ``<`` in
texts, so each mark below holds one of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import unescape
from urllib.parse import SplitResult, urljoin, urlsplit

from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents, identifiers, messages, nodes

MAX_MESSAGE_CHARS = 1_000
MAX_CC_PAGE_CHARS = 4_000
MAX_MESSAGE_HTML_CHARS = 8_000


class AnswerKind(StrEnum):
    """PAGE, FRAGMENT and JSON are to be read; everything else says why not."""

    PAGE = "page"
    FRAGMENT = "fragment"
    JSON = "json"
    MESSAGE_OK = "message_ok"
    MESSAGE_ERROR = "message_error"
    TAINTED = "tainted"
    PANEL_LOGIN = "panel_login"
    SIGN_IN_REDIRECT = "sign_in_redirect"
    SAME_PAGE_REDIRECT = "same_page_redirect"
    REDIRECT = "redirect"
    FOREIGN_REDIRECT = "foreign_redirect"
    BOARD_PASSWORD = "board_password"  # noqa: S105 - a kind of page
    DSIGN = "dsign"
    CC_DEFENCE = "cc_defence"
    CLOSED_SITE = "closed_site"
    SYSTEM_ERROR = "system_error"
    HTTP_ERROR = "http_error"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    NOT_HTML = "not_html"
    TOUCH_TEMPLATE = "touch_template"
    ROBOT_TEMPLATE = "robot_template"


class CcFlavour(StrEnum):
    """Bits of ``attackevasive``: wait, send no proxy headers, ask again, or a human's sum."""

    TOO_FAST = "too_fast"
    PROXY = "proxy"
    RELOAD = "reload"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Answer:
    """``message`` is the forum's own sentence (untrusted), ``key`` its stable name
    ("" when unknown), ``location`` where a redirect or a success leads, made absolute."""

    kind: AnswerKind
    message: str = ""
    key: str = ""
    location: str = ""
    flavour: CcFlavour | None = None
    values: Mapping[str, str] = field(default_factory=dict)


_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_SYSTEM_ERROR = re.compile(
    r"<h1>Discuz! (?:System|Database|Connect) Error|<title>[^<]{0,200}Mobile System Error"
)
_TAINTED = "您当前的访问请求当中含有非法字符"
_CALL = re.compile(
    r"<script[^>]{0,100}>[^<]{0,200}?if\(typeof (succeed|error)handle_(\w{0,40})=='function'\) ?"
    r"\{\1handle_\2\(((?:[^'\\<]|\\.|'(?:[^'\\]|\\.)*')*)\);\}"
)
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'")
_PAIR = re.compile(r"'(\w{1,40})':'((?:[^'\\]|\\.)*)'")
_WELCOME = re.compile(r"\$\('succeedlocation'\)\.innerHTML = '((?:[^'\\]|\\.){0,1000})'")
_JUMP = re.compile(r"\s*<script[^>]{0,100}>window\.location\.href ?= ?'([^'<]{0,2000})';</script>\s*")
_ALERT = re.compile(r'<div class="c altw">\s*<div class="alert_(error|right|info)">')
_MESSAGE_PAGE = re.compile(r'<div id="messagetext" class="alert_(error|right|info)"')
_CC_XML = re.compile(r'<div id="attackevasive_([0-9]{1,2})"')
_TITLE = re.compile(r"<title>([^<]{0,200})</title>")
_SUM = re.compile(r"[0-9 +-]{3,60}= ?\?")
_PANEL = re.compile(r"""<input[^>]{0,200}\bname=["']?cppwd\b""")
_BOARD_PASSWORD = re.compile(r'<form[^>]{0,300}action=pwverify"')
_TEXTUAL = re.compile(r"\s*(?:text/|application/(?:xhtml|xml|json|javascript))", re.IGNORECASE)
_THREAD_MARK = '<div id="postlist"'
_TOUCH = ("static/js/mobile/", "static/image/mobile/")
_CC_TITLES = {
    "频繁刷新限制": CcFlavour.TOO_FAST,
    "代理服务器访问限制": CcFlavour.PROXY,
    "页面重载开启": CcFlavour.RELOAD,
}
_CC_BITS = {"1": CcFlavour.TOO_FAST, "2": CcFlavour.PROXY, "4": CcFlavour.RELOAD, "8": CcFlavour.QUESTION}


def classify(status: int, headers: Mapping[str, str], text: str, *, url: str = "") -> Answer:
    """Sort a response. ``text`` is decoded, ``url`` the address that was asked.

    Without ``url`` an absolute redirect counts as foreign, for it cannot be told apart.
    Never raises; every input has a kind.
    """
    if status in _REDIRECTS:
        return _redirect(headers, url)
    body = text.lstrip("\ufeff \t\r\n")
    answer = _sorted(headers, body)
    readable = answer.kind in (AnswerKind.PAGE, AnswerKind.NOT_HTML, AnswerKind.EMPTY, AnswerKind.TRUNCATED)
    return Answer(AnswerKind.HTTP_ERROR, message=str(status)) if status >= 400 and readable else answer


def _sorted(headers: Mapping[str, str], body: str) -> Answer:
    if not body:
        return Answer(AnswerKind.EMPTY)
    if _SYSTEM_ERROR.search(body[:20_000]) and _THREAD_MARK not in body:
        tainted = _TAINTED in body
        kind = AnswerKind.TAINTED if tainted else AnswerKind.SYSTEM_ERROR
        return Answer(kind, message=_TAINTED if tainted else "", key="request_tainting" if tainted else "")
    if body.startswith("<?xml") and "<root><![CDATA[" in body[:300]:
        return _xml(body)
    if body.startswith("{"):
        return _json(body)
    return _html(headers, body)


# --- redirects ---------------------------------------------------------------------


def _redirect(headers: Mapping[str, str], url: str) -> Answer:
    location = next((value for name, value in headers.items() if name.lower() == "location"), "")
    if not location:
        return Answer(AnswerKind.HTTP_ERROR, message="redirect without location")
    try:
        absolute = urljoin(url, location)
        target, origin = urlsplit(absolute), urlsplit(url)
        local = not re.search(r"[\\\s]", location) and _host(target) == _host(origin)
    except ValueError:
        return Answer(AnswerKind.FOREIGN_REDIRECT, location=location[:2000])
    if not local:
        return Answer(AnswerKind.FOREIGN_REDIRECT, location=absolute[:2000])
    if "mod=logging" in target.query and "action=login" in target.query:
        return Answer(AnswerKind.SIGN_IN_REDIRECT, key="to_login", location=absolute)
    kind = AnswerKind.SAME_PAGE_REDIRECT if _same_thread(target, origin) else AnswerKind.REDIRECT
    return Answer(kind, location=absolute)


def _host(address: SplitResult) -> tuple[str, int | None]:
    ports = {"http": 80, "https": 443}
    port = address.port
    return address.hostname or "", None if port == ports.get(address.scheme) else port


def _same_thread(target: SplitResult, origin: SplitResult) -> bool:
    """The first view of a page with a deleted floor answers 302 once: to the same page,
    in 2020 to page 1 (viewthread_hole_redirect_modbot): ask the same address again."""
    thread = _thread_of(target)
    return thread is not None and thread == _thread_of(origin)


def _thread_of(address: SplitResult) -> int | None:
    if "mod=" in address.query and "mod=viewthread" not in address.query:
        return None
    return identifiers.in_link("tid", f"{address.path}?{address.query}")


# --- inajax=1 ----------------------------------------------------------------------


def _xml(body: str) -> Answer:
    try:
        content = documents.cdata(body)
    except Unreadable:
        return Answer(AnswerKind.TRUNCATED)
    if "</root>" not in body[-200:]:
        return Answer(AnswerKind.TRUNCATED)
    head = content[:MAX_MESSAGE_HTML_CHARS]
    defence = _CC_XML.search(head)
    if defence:
        return Answer(AnswerKind.CC_DEFENCE, flavour=_CC_BITS.get(defence.group(1), CcFlavour.TOO_FAST))
    if _PANEL.search(head):
        return Answer(AnswerKind.PANEL_LOGIN)
    return _spoken(head) or Answer(AnswerKind.FRAGMENT)


def _spoken(content: str) -> Answer | None:
    """A message in an XML answer: a bare jump (login_quick_ok), a call, or a dialog."""
    jump = _JUMP.fullmatch(content)
    if jump:
        return Answer(AnswerKind.MESSAGE_OK, location=jump.group(1))
    call = _CALL.search(content)
    if call:
        return _called(call, content)
    alert = _ALERT.search(content)
    return _message(_alert_text(content), ok=alert.group(1) == "right", values={}) if alert else None


def _called(call: re.Match[str], content: str) -> Answer:
    """``succeedhandle_KEY('url', 'message', {…})`` or ``errorhandle_KEY('message', {…})``;
    the key is forced to ``mods`` by topicadmin, or empty (banpost_*.xml, login_*.xml)."""
    arguments = call.group(3)
    strings = [_unquote(found) for found in _STRING.findall(arguments.partition("{")[0])]
    values = {name: _unquote(value) for name, value in _PAIR.findall(arguments)}
    if call.group(1) == "error":
        return _message(strings[0] if strings else "", ok=False, values=values)
    message = strings[1] if len(strings) > 1 else ""
    welcome = _WELCOME.search(content)
    if not message.strip() and welcome:
        message = _unquote(welcome.group(1))
    return _message(message, ok=True, values=values, location=strings[0] if strings else "")


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _alert_text(content: str) -> str:
    tree = documents.parse(content)
    for script in tree.css("script"):
        script.decompose()
    return nodes.line(tree.css_first(".alert_error, .alert_right, .alert_info"), MAX_MESSAGE_CHARS)


def _message(message: str, *, ok: bool, values: Mapping[str, str], location: str = "") -> Answer:
    message = " ".join(message.split())[:MAX_MESSAGE_CHARS]
    key = messages.key_of(message)
    kind = AnswerKind.MESSAGE_OK if ok else AnswerKind.MESSAGE_ERROR
    if not ok and _tells_closed(message, key, values):
        kind = AnswerKind.CLOSED_SITE
    return Answer(kind, message=message, key=key, location=location, values=values)


def _tells_closed(message: str, key: str, values: Mapping[str, str]) -> bool:
    """A closed site speaks in its operator's own words; ajax answers name the
    administrator's mail beside them (closed_banpost_modbot.xml)."""
    return key == "board_closed" or "adminemail" in values or (not key and messages.sounds_closed(message))


# --- JSON --------------------------------------------------------------------------

_API_ERRORS = frozenset(("to_login", "user_banned", "mobile_is_closed", "module_not_exists"))


def _json(body: str) -> Answer:
    try:
        data = json.loads(body[: documents.MAX_CHARS])
    except (ValueError, RecursionError):
        return Answer(AnswerKind.TRUNCATED)
    error, message = data.get("error"), data.get("Message")
    if isinstance(error, str):
        if error in _API_ERRORS:
            return Answer(AnswerKind.MESSAGE_ERROR, message=error, key=error)
        return Answer(AnswerKind.CLOSED_SITE, message=error[:MAX_MESSAGE_CHARS], key="board_closed")
    if isinstance(message, dict):
        key = str(message.get("messageval", ""))[:100].partition("//")[0].removesuffix("_mobile")
        kind = AnswerKind.MESSAGE_OK if key.endswith("_succeed") else AnswerKind.MESSAGE_ERROR
        return Answer(kind, message=str(message.get("messagestr", ""))[:MAX_MESSAGE_CHARS], key=key)
    plain = data.get("message")
    if isinstance(plain, str) and "data" in data:
        # ajaxdata=json has no flag of success; an empty message is a silent success.
        ok = not plain.strip() or messages.key_of(plain) in messages.SUCCEEDED
        return _message(plain, ok=ok, values={})
    return Answer(AnswerKind.JSON)


# --- full pages --------------------------------------------------------------------


def _html(headers: Mapping[str, str], body: str) -> Answer:
    obstacle = _obstacle(headers, body)
    if obstacle is not None:
        return obstacle
    if any(mark in body.partition("</head>")[0] for mark in _TOUCH):
        return Answer(AnswerKind.TOUCH_TEMPLATE)
    if "</html>" not in body:  # half a sentence is not what the forum says
        return Answer(AnswerKind.TRUNCATED)
    return _gate(body) or Answer(_template(body))


def _obstacle(headers: Mapping[str, str], body: str) -> Answer | None:
    """What comes before the forum itself: a script challenge, the CC defence, no page at all."""
    if body.startswith("<script") and "</html>" not in body:
        return Answer(AnswerKind.DSIGN)
    if body.startswith("<?xml") and "</" not in body:
        return Answer(AnswerKind.TRUNCATED)
    if not body.startswith("<") or _is_binary(headers) or (body.startswith("<?xml") and "<html" not in body):
        return Answer(AnswerKind.NOT_HTML)
    flavour = _cc_flavour(body)
    return Answer(AnswerKind.CC_DEFENCE, flavour=flavour) if flavour is not None else None


def _gate(body: str) -> Answer | None:
    """A message, or a form that stands in the way of the page."""
    if _THREAD_MARK in body:
        return None
    shown = _MESSAGE_PAGE.search(body)
    if shown:
        return _message_page(shown.group(1), body, shown.start())
    if _PANEL.search(body):
        return Answer(AnswerKind.PANEL_LOGIN)
    return Answer(AnswerKind.BOARD_PASSWORD) if _BOARD_PASSWORD.search(body) else None


def _template(body: str) -> AnswerKind:
    robot = 'id="authorposton' in body and 'id="postnum' not in body
    return AnswerKind.ROBOT_TEMPLATE if robot else AnswerKind.PAGE


def _is_binary(headers: Mapping[str, str]) -> bool:
    given = (value for name, value in headers.items() if name.lower() == "content-type")
    return _TEXTUAL.match(next(given, "text/html")) is None


def _cc_flavour(body: str) -> CcFlavour | None:
    """The tiny pages that come before everything else (attackevasive*_req*.html). X3.4 of
    2020 writes their sentences as numeric entities."""
    if len(body) > MAX_CC_PAGE_CHARS:
        return None
    title = _TITLE.search(body)
    if not title:
        return None
    text = unescape(title.group(1)).strip()
    return CcFlavour.QUESTION if _SUM.fullmatch(text) else _CC_TITLES.get(text)


def _message_page(alert: str, body: str, start: int) -> Answer:
    """``div#messagetext``: ``alert_right`` is a success, ``alert_error`` none;
    ``alert_info`` is either, and a success leads on (boardpw_ok, modcp_guest)."""
    tree = documents.parse(body[start : start + 20_000])
    frame = tree.css_first("#messagetext")
    for script in tree.css("script"):
        script.decompose()
    text = nodes.line(tree.css_first("#messagetext p"), MAX_MESSAGE_CHARS)
    key = messages.key_of(text)
    leads_on = frame is not None and frame.css_first("p.alert_btnleft a") is not None
    ok = alert == "right" or (alert == "info" and (key in messages.SUCCEEDED or (leads_on and not key)))
    return _message(text, ok=ok, values={})
