"""Bytes to text, text to a tree: charsets, CDATA, caps on size and on nesting."""

from __future__ import annotations

import re
import sys

from selectolax.lexbor import LexborHTMLParser

from modbot.errors import Unreadable
from modbot.forums.discuz.pages import markup

MAX_CHARS = 16_000_000
"""A longer document is refused: no page of a forum comes near it."""

MAX_DEPTH = 200
MAX_FORMATTING_DEPTH = 16
FEW_TAGS = 400
MANY_TAGS = 20_000
FEWEST_BROKEN = 4
"""So many broken sequences, and a fifth of all that is not ASCII, are no slip of one text."""

_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_BODY_CHARSET = re.compile(
    rb"<\?xml[^>]{0,100}encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})"
    rb"|<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})",
    re.IGNORECASE,
)
_THREE_BYTES = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
_CODECS = {
    **dict.fromkeys(("gbk", "gb2312", "gb18030", "cp936", "x-gbk"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "cp950"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "windows-1252"), "cp1252"),
}
_ESCAPED = re.compile(r"&amp;#([0-9]{3,7});")

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]{0,30})[^>]*>?")
_FORMATTING = frozenset(
    "a b big code del em font i ins nobr s small span strike strong sub sup tt u".split()  # noqa: SIM905
)
_FLAT = frozenset(
    # Void elements, and those whose end the parser implies: they cannot nest by themselves.
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track")
).union(
    ("wbr", "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot"),
    ("caption", "colgroup", "html", "head", "body"),
)


def decode_body(body: bytes, content_type: str) -> str:
    """The text of a response, whatever its bytes are.

    The header's charset counts first, then the body's own mark, then UTF-8. GBK is read
    as its superset GB18030 (x3.4-gbk recordings). Broken bytes become U+FFFD (see
    :func:`replacements`), NUL is dropped. A character that GBK lacks is what its author
    wrote, not the ``&#N;`` that their browser made of it and that the forum shows.
    """
    codec = _charset(body, content_type)
    text = body.decode(codec, errors="replace").replace("\x00", "").removeprefix("\ufeff")
    return _ESCAPED.sub(_written, text) if codec == "gb18030" else text


def _written(escaped: re.Match[str]) -> str:
    """The character behind a number, where no browser could have sent it in GBK."""
    number = int(escaped.group(1))
    if number > sys.maxunicode or 0xD800 <= number <= 0xDFFF:
        return escaped.group()
    character = chr(number)
    return escaped.group() if character.encode("gbk", "ignore") else character


def _charset(body: bytes, content_type: str) -> str:
    return _codec(_header_charset(content_type) or _own_charset(body))


def _header_charset(content_type: str) -> str:
    found = _HEADER_CHARSET.search(content_type[:1000])
    return found.group(1) if found else ""


def _own_charset(body: bytes) -> str:
    """What the page or the prolog itself says, in ASCII."""
    mark = _BODY_CHARSET.search(body[:2048])
    return (mark.group(1) or mark.group(2)).decode("ascii") if mark else ""


def _codec(name: str) -> str:
    return _CODECS.get(name.lower(), "utf-8")


def is_misread(body: bytes, content_type: str, text: str) -> bool:
    """Whether ``text``, as :func:`decode_body` gave it, cannot be what the page says.

    A proxy or a misconfigured moment sends a page under another charset than it is in.
    Header and page then disagree, or the bytes are none of that charset, or (UTF-8 read
    as GBK breaks nothing) they are whole and sound UTF-8.
    """
    header, own = _header_charset(content_type), _own_charset(body)
    if header and own and _codec(header) != _codec(own):
        return True
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    broken = replacements(text)
    if broken >= FEWEST_BROKEN and broken * 5 > foreign:
        return True
    return _codec(header or own) == "gb18030" and _is_utf8(body)


def _is_utf8(body: bytes) -> bool:
    if not _THREE_BYTES.search(body):
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def replacements(text: str) -> int:
    """How many broken byte sequences :func:`decode_body` had to replace."""
    return text.count("\ufffd")


def cdata(text: str) -> str:
    """What an ``inajax=1`` answer carries: from ``<![CDATA[`` to the last ``]]>``.

    The answers are not fed to an XML parser: their prolog may say GBK and their bytes
    may be broken (banpost_ok.xml). Raises Unreadable when there is no CDATA.
    """
    start = text.find("<![CDATA[")
    end = text.rfind("]]>")
    if start < 0 or end < start:
        raise Unreadable(code="error.forum.page_unreadable", page="xml", problem="no_cdata")
    return text[start + len("<![CDATA[") : end]


def parse(html: str) -> LexborHTMLParser:
    """Parse after capping size, attributes and nesting, so that no document is slow or deep.

    Tags nested deeper than the caps are left out, their text stays. Raises Unreadable
    for a document longer than ``MAX_CHARS``.
    """
    if len(html) > MAX_CHARS:
        raise Unreadable(code="error.forum.page_unreadable", page="html", problem="too_long")
    if markup.is_dense(html):
        html = markup.clean(html)
    return LexborHTMLParser(html if html.count("<") <= FEW_TAGS else flatten(html))


def flatten(html: str) -> str:
    """``html`` without the tags that would nest too deeply, and with no more than
    ``MANY_TAGS`` of them besides line breaks.

    Formatting elements are capped far lower than the others: a parser opens them anew
    in every paragraph that follows, so many of them cost their number times the
    paragraphs. The estimate of the depth errs to the deep side: an end tag counts only
    when it closes the innermost open element.
    """
    return _Flattener().run(html)


class _Flattener:
    def __init__(self) -> None:
        self.open: list[str] = []
        self.formatting = 0
        self.dropped: dict[str, int] = {}

    def run(self, html: str) -> str:
        kept: list[str] = []
        position = 0
        for seen, tag in enumerate(_TAG.finditer(html)):
            name = tag.group(2).lower()
            if seen > MANY_TAGS:
                drop = name != "br"
            elif name in _FLAT:
                drop = False
            else:
                drop = self._end(name) if tag.group(1) else self._start(name)
            if drop:
                kept.append(html[position : tag.start()])
                position = tag.end()
        kept.append(html[position:])
        return "".join(kept)

    def _start(self, name: str) -> bool:
        formatting = name in _FORMATTING
        full = len(self.open) >= MAX_DEPTH
        if full or (formatting and self.formatting >= MAX_FORMATTING_DEPTH and name != "a"):
            self.dropped[name] = self.dropped.get(name, 0) + 1
            return True
        self.open.append(name)
        self.formatting += formatting
        return False

    def _end(self, name: str) -> bool:
        if self.dropped.get(name):
            self.dropped[name] -= 1
            return True
        if self.open and self.open[-1] == name:
            self.open.pop()
            self.formatting -= name in _FORMATTING
        return False
