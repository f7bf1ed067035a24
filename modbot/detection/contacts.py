"""Contacts and links in folded text: what an advert wants the reader to use.

Patterns read folded text (see ``canonical.fold``), so dressed-up letters, look-alikes
and zero-width characters are already gone. Every pattern is linear: no nested
quantifiers, all counts bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

KINDS: Final = ("wechat", "qq", "phone", "telegram", "email", "id")
"""Kinds of contact, in the order of the features; ``id`` is a bare account name
after a word such as 联系 or 加."""

_GAP = r"[^0-9a-z一-鿿]{0,4}"
_FILL = r"(?:号|号码|是|为|我|群|信|心|联系|咨询|同号|搜|同步){0,2}"
_HANDLE = r"(?P<id>(?!https?:)[a-z][a-z0-9_\-]{4,19}|[0-9][0-9 ]{4,14}[0-9][a-z]{0,3}|[a-z]{1,3}[0-9]{3,12})"
_WECHAT = (
    r"(?:微信|微x|威信|维信|喂信|喂心|微心|v信|v心|vx|wx|weixin|wechat|vxin|"
    r"\+"
    + _GAP
    + r"(?:v|w|微)|加"
    + _GAP
    + r"(?:v|w|微)|v"
    + _GAP
    + r"❤|微"
    + _GAP
    + r"❤|(?<![a-z])v(?="
    + _GAP
    + r"[:;]))"
)
_QQ = r"(?:qq|扣扣|企鹅|球球|蔻蔻|(?<![a-z])q(?=[^a-z]{0,3}[1-9])|加扣|\+扣|扣" + _GAP + r"(?=[0-9])|加q|\+q)"
_NUMBER = r"(?P<id>[1-9][0-9]{4,11})"

_PATTERNS: Final = (
    ("wechat", re.compile(_WECHAT + _GAP + _FILL + _GAP + _HANDLE)),
    ("qq", re.compile(_QQ + _GAP + _FILL + _GAP + _NUMBER)),
    ("phone", re.compile(r"(?<![0-9a-z/_=])(?P<id>1[3-9][0-9][ \-.]?[0-9]{4}[ \-.]?[0-9]{4})(?![0-9])")),
    (
        "phone",
        re.compile(
            r"(?<![0-9])(?P<id>(?:400|800)-?[0-9]{3,4}-?[0-9]{3,4}|0[1-9][0-9]{1,2}-[0-9]{7,8})(?![0-9])"
        ),
    ),
    ("telegram", re.compile(r"(?:t\.me/|telegram\.me/|telegra\.ph/)(?P<id>\+?[a-z0-9_]{4,32})")),
    (
        "telegram",
        re.compile(
            r"(?:telegram|电报|纸飞机|飞机|(?<![a-z])tg)"
            + _GAP
            + _FILL
            + r"[^0-9a-z一-鿿@]{0,4}@?(?P<id>[a-z][a-z0-9_]{4,31})"
        ),
    ),
    ("email", re.compile(r"(?P<id>[a-z0-9][a-z0-9._+\-]{1,40}@[a-z0-9\-]{1,40}\.[a-z]{2,6})")),
    (
        "id",
        re.compile(
            r"(?:联系|咨询|私聊|加我|加群|群号|进群|公众号)"
            + _GAP
            + _FILL
            + _GAP
            + r"(?P<id>[1-9][0-9]{5,11}|[a-z]{1,12}[0-9_]{2,12}[a-z0-9_]{0,6})"
        ),
    ),
)

_LINK: Final = re.compile(
    r"(?:https?:/{1,2}|www\.)[a-z0-9\-._~:/?#@!$&'()*+,;=%]{3,300}|"
    r"(?<![a-z0-9@.\-])[a-z0-9\-]{2,40}\.(?:com|cn|net|org|top|xyz|vip|cc|club|site|shop|me|io|tv|info|link|live|fun|icu|pro|app|ltd|biz|online|store|tk|ru)(?![a-z0-9\-.])(?:/[a-z0-9\-._~:/?#@!$&'()*+,;=%]{0,200})?"
)
_DOMAIN: Final = re.compile(r"^(?:https?:/*)?(?:www\.)?([a-z0-9\-.]+)")
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


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact: its kind, the account, and the words that carried it (folded)."""

    kind: str
    account: str
    evidence: str


def find_contacts(text: str) -> tuple[Contact, ...]:
    """Contacts in one folded text, at most one per kind."""
    found: dict[str, Contact] = {}
    for kind, pattern in _PATTERNS:
        match = pattern.search(text)
        if match and kind not in found:
            found[kind] = Contact(kind, match["id"], match[0])
    return tuple(found.values())


def find_links(text: str) -> tuple[str, ...]:
    """Addresses written in one folded text, in order, at most 20."""
    return tuple(match[0] for _, match in zip(range(20), _LINK.finditer(text), strict=False))


def domain(address: str) -> str:
    """The host of an address, lower case, without ``www.``; empty when there is none."""
    match = _DOMAIN.match(address.lower())
    return match[1].strip(".") if match else ""


def domains(addresses: Sequence[str]) -> tuple[str, ...]:
    """The distinct hosts of addresses, in order."""
    return tuple(dict.fromkeys(host for host in map(domain, addresses) if host))
