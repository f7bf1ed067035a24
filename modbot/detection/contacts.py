"""Contacts in folded text: what an advert wants the reader to use.

Patterns read folded text (see ``canonical.fold``), so dressed-up letters, look-alikes
and zero-width characters are already gone. Every pattern is linear: no nested
quantifiers, all counts bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modbot.detection import links
from modbot.detection.canonical import Index, Letters, per_text
from modbot.detection.reading import Reading
from modbot.detection.tables.layout import CODE_MASK

KINDS: Final = ("wechat", "qq", "phone", "telegram", "email", "id")
"""Kinds of contact, in the order of the features; ``id`` is a bare account name
after a word such as 联系 or 加."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact: its kind, the account, and the words that carried it (folded)."""

    kind: str
    account: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Tried on texts with one of the characters of ``sign`` (zero: on all) and enough ``digits``."""

    kind: str
    regex: re.Pattern[str]
    sign: int
    digits: int


_ADDING = "+十加佳迦"
_SIGNS: Final = {
    "微威维喂韦vwx": 1,
    "q扣球鹅口群": 2,
    "联咨私加群公": 4,
    "信加微q扣鹅+": 8,
    _ADDING: 16,
    "加": 32,
    "+": 64,
    "tg机报": 128,
    "/": 256,
    "@": 512,
}
"""One bit for each set of characters that patterns cannot do without."""
_GAP = r"[^0-9a-z一-鿿]{0,4}"
_FILL = r"(?:号码?|是|为|我|群|信|心|联系|咨询|同号|搜|同步){0,2}"
_ADD = f"[{_ADDING}]"
_V = r"[微威维喂韦]"
_NAME = r"(?!https?:)[a-z][a-z0-9_\-]{4,19}"
_HANDLE = r"(?P<id>" + _NAME + r"|[0-9][0-9 ]{4,14}[0-9][a-z]{0,3}|[a-z]{1,3}[0-9]{3,12})"
_MIXED = r"(?P<id>(?=[a-z0-9_ ]{5})[a-z]{1,8} ?[0-9_](?: ?[0-9]){1,11}[a-z0-9]{0,6}|[1-9][0-9 ]{4,13}[0-9])"
_NUMBER = r"(?P<id>[1-9](?:[ \-]?[0-9]){4,11})"
_LONG_NUMBER = r"(?<![0-9])(?P<id>[1-9](?:[ \-]{0,2}[0-9]){6,11})"
_WECHAT = (
    r"(?:微信|微x|[威维喂v]信|维心|喂心|微心|v心|(?<![a-z0-9/_])(?:vx|wx)|weixin|wechat|vxin|"
    rf"{_ADD}{_GAP}(?:v|w|{_V})|v{_GAP}❤|微{_GAP}❤|(?<![a-z])v(?={_GAP}[:;]))"
)
_QQ = (
    r"(?:qq|扣扣|球球|(?<![a-z])q(?=[^a-z]{0,3}[1-9])|[企乞][^0-9a-z一-鿿]{0,3}鹅|"
    rf"[加+十]扣|扣{_GAP}(?=[0-9])|[加+]q)"
)
_ASKING = r"(?:联系|咨询|私聊|加我|加群|群号|进群|公众号)"
_OFFICE = r"(?:客服|频道|对接|双向|灰机|纸飞机|电报|机器人|联系|咨询)"


def _pattern(kind: str, regex: str, needs: str = "", digits: int = 0) -> _Pattern:
    return _Pattern(kind, re.compile(regex), _SIGNS[needs] if needs else 0, digits)


_PATTERNS: Final = (
    _pattern("wechat", _WECHAT + _GAP + _FILL + _GAP + _HANDLE, "微威维喂韦vwx"),
    _pattern("wechat", _V + _GAP + _MIXED, "微威维喂韦vwx", 2),
    _pattern("wechat", r"(?<![a-z0-9/_.\-=])v[:+ ]{0,2}(?P<id>[0-9]{7,12})(?![0-9])", "微威维喂韦vwx", 7),
    _pattern("qq", _QQ + _GAP + _FILL + _GAP + _NUMBER, "q扣球鹅口群", 5),
    _pattern(
        "qq", rf"群{_GAP}(?:聊?号码?)?[是为]?{_GAP}(?P<id>[1-9][0-9]{{6,10}})(?![0-9])", "q扣球鹅口群", 7
    ),
    _pattern("qq", rf"(?:{_ADD}|(?<![一-鿿]))口口?{_GAP}(?P<id>[1-9](?: ?[0-9]){{6,11}})", "q扣球鹅口群", 7),
    _pattern(
        "phone", r"(?<![0-9a-z/_=])(?P<id>1[3-9][0-9][ \-.]?[0-9]{4}[ \-.]?[0-9]{4})(?![0-9])", digits=11
    ),
    _pattern(
        "phone",
        r"(?<![0-9])(?P<id>(?:400|800)-?[0-9]{3,4}-?[0-9]{3,4}|0[1-9][0-9]{1,2}-[0-9]{7,8})(?![0-9])",
        digits=9,
    ),
    _pattern("phone", r"(?<![0-9])(?P<id>\+[1-9][0-9]{0,2}(?:[ .\-()]{0,2}[0-9]){8,12})(?![0-9])", "+", 9),
    _pattern("phone", r"(?<![0-9a-z/_=.\-])(?P<id>0[1-9][0-9]{8,9})(?![0-9])", digits=10),
    _pattern("telegram", r"(?:t\.me/|telegram\.me/|telegra\.ph/)(?P<id>\+?[a-z0-9_]{4,32})", "/"),
    _pattern(
        "telegram",
        rf"(?:telegram|电报|纸飞机|飞机|灰机|(?<![a-z])tg){_GAP}{_FILL}"
        r"[^0-9a-z一-鿿@]{0,4}@?(?P<id>(?!https?:)[a-z][a-z0-9_]{4,31})",
        "tg机报",
    ),
    _pattern("telegram", _OFFICE + r"[^0-9a-z@]{0,6}@(?P<id>[a-z][a-z0-9_]{4,31})", "@"),
    _pattern("email", r"(?P<id>[a-z0-9][a-z0-9._+\-]{1,40}@[a-z0-9\-]{1,40}\.[a-z]{2,6})", "@"),
    _pattern(
        "id",
        _ASKING + _GAP + _FILL + _GAP + r"(?P<id>[1-9][0-9]{5,11}|[a-z]{1,12}[0-9_]{2,12}[a-z0-9_]{0,6})",
        "联咨私加群公",
        2,
    ),
    _pattern("id", rf"(?:的|需要|有意|老板|好友){_ADD}{_GAP}(?P<id>[a-z]{{2,8}}[0-9]{{3,12}})", _ADDING, 3),
    _pattern("id", rf"加(?:好友|下我?|一下)我?{_GAP}(?P<id>[1-9](?:[ \-]?[0-9]){{5,11}})", "加", 6),
    _pattern(
        "id",
        rf"{_LONG_NUMBER}{_GAP}(?:微信|[v威]信|加下?我|加微|qq|扣扣|[企乞]{_GAP}鹅|"
        rf"\+[^0-9a-z一-鿿]{{0,3}}[微威喂扣口企鹅v])",
        "信加微q扣鹅+",
        7,
    ),
)

_NUMERALS: Final = str.maketrans("零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺", "01234567891234567891")
_SPELT_LENGTH: Final = 7
_SPELT: Final = re.compile("[0-9" + "".join(map(chr, _NUMERALS)) + "]{" + str(_SPELT_LENGTH) + ",12}")
_SHORTEST_CODE: Final = 4
"""Texts with fewer Latin letters and digits hold no contact."""
_SHORTEST_ADDRESS: Final = 3
"""Texts with fewer hold no link: runs being cut, ``cc.cc`` has so many."""

_LINK: Final = re.compile(
    r"(?:https?:/{1,2}|www\.)[a-z0-9\-._~:/?#@!$&'()*+,;=%]{3,300}|"
    r"(?<![a-z0-9@.\-])[a-z0-9\-]{2,40}\.(?:com|cn|net|org|top|xyz|vip|cc|club|site|shop|me|io|tv|info|link|live|fun|icu|pro|app|ltd|biz|online|store|tk|ru)(?![a-z0-9\-.])(?:/[a-z0-9\-._~:/?#@!$&'()*+,;=%]{0,200})?"
)
SHORTENERS: Final = frozenset(
    (
        *("t.cn", "dwz.cn", "url.cn", "suo.im", "suo.nz", "mrw.so", "u.nu", "rrd.me", "0x7.me", "w.url.cn"),
        *(
            "bit.ly",
            "tinyurl.com",
            "is.gd",
            "goo.gl",
            "t.co",
            "reurl.cc",
            "lihi.cc",
            "shorturl.at",
            "cutt.ly",
        ),
        *("rb.gy", "urlz.fr", "ow.ly", "sourl.cn", "985.so"),
    )
)


def find_contacts(text: str) -> tuple[Contact, ...]:
    """Contacts in one folded text, at most one per kind; numbers may be spelt in Chinese."""
    spelt = _SPELT.sub(lambda numerals: numerals[0].translate(_NUMERALS), text)
    return _search(text, spelt, -1, len(spelt))


def _search(text: str, spelt: str, signs: int, digits: int) -> tuple[Contact, ...]:
    """Contacts in ``spelt``, quoted from ``text``: patterns whose signs and digits are there."""
    found: dict[str, Contact] = {}
    for pattern in _PATTERNS:
        if digits < pattern.digits or (pattern.sign and not signs & pattern.sign) or pattern.kind in found:
            continue
        if match := pattern.regex.search(spelt):
            found[pattern.kind] = Contact(pattern.kind, match["id"], text[match.start() : match.end()])
    return tuple(found.values())


def find_all(reading: Reading) -> list[tuple[Contact, ...]]:
    """The contacts of each text of a batch; texts without a code or a number are not searched."""
    found: list[tuple[Contact, ...]] = [()] * len(reading)
    folded, shape = reading.folded, reading.shape
    numbers = set(_rows_with_numbers(reading.letters).tolist())
    worth = (shape.latin >= _SHORTEST_CODE) | (shape.longest_code >= _SHORTEST_CODE)
    rows = numbers.union(np.flatnonzero(worth).tolist())
    if not rows:
        return found
    texts = folded.texts()
    codes = folded.packed & np.uint32(CODE_MASK)
    signs = np.bitwise_or.reduceat(_signs().take(codes, mode="clip"), folded.borders[:-1]).tolist()
    digits = per_text(codes - ord("0") < 10, folded.borders).tolist()
    for row in rows:
        if row in numbers:
            found[row] = find_contacts(texts[row])
        else:
            found[row] = _search(texts[row], texts[row], signs[row], digits[row])
    return found


@cache
def _signs() -> NDArray[np.uint16]:
    """The signs of each code point; none where it ends."""
    known = np.zeros(0xA000, dtype=np.uint16)
    for characters, sign in _SIGNS.items():
        known[list(map(ord, characters))] |= sign
    return known


def _rows_with_numbers(letters: Letters) -> Index:
    """Texts (some more than once) with a number of digits and Chinese numerals."""
    numeral = _numerals().take(letters.packed & np.uint32(CODE_MASK), mode="clip")
    two = numeral[:-1] & numeral[1:]
    four = two[:-2] & two[2:]
    return np.searchsorted(letters.borders, np.flatnonzero(four[:-3] & four[3:])) - 1


@cache
def _numerals() -> NDArray[np.bool_]:
    """Whether each code point is a digit or a Chinese numeral; false where it ends."""
    known = np.zeros(max(_NUMERALS) + 2, dtype=bool)
    known[[*_NUMERALS, *map(ord, "0123456789")]] = True
    return known


def find_all_links(reading: Reading) -> list[tuple[str, ...]]:
    """The addresses written in each text of a batch; ``find_links`` reads only what may hold one."""
    found: list[tuple[str, ...]] = [()] * len(reading)
    codes = np.flatnonzero(reading.shape.latin + reading.shape.digits >= _SHORTEST_ADDRESS).tolist()
    texts = reading.folded.texts() if codes else []
    for row in codes:
        if "." in texts[row] or ":/" in texts[row]:
            found[row] = find_links(texts[row])
    return found


def find_links(text: str) -> tuple[str, ...]:
    """Addresses written in one folded text, in order, at most 20."""
    return tuple(match[0] for _, match in zip(range(20), _LINK.finditer(text), strict=False))


def domain(address: str) -> str:
    """The host of an address, without ``www.``; empty when there is none."""
    return links.host(address).removeprefix("www.")


def domains(addresses: Sequence[str]) -> tuple[str, ...]:
    """The distinct hosts of addresses, in order."""
    return tuple(dict.fromkeys(host for host in map(domain, addresses) if host))
