"""Who the forum thinks is looking, read from any full page."""

from __future__ import annotations

import re
from dataclasses import dataclass

FOOTER_CHARS = 20_000

_HEAD = re.compile(r"<script[^>]{0,100}>\s*var STYLEID\b([^<]{0,4000})")
_UID = re.compile(r"\bdiscuz_uid\s*=\s*'([0-9]{1,18})'")
_COOKIE_PREFIX = re.compile(r"\bcookiepre\s*=\s*'([A-Za-z0-9_]{1,64})'")
_EVASIVE = re.compile(r"\battackevasive\s*=\s*'([0-9|, ]{0,32})'")
_CHARSET = re.compile(r"\bcharset\s*=\s*'([A-Za-z0-9_-]{1,32})'")
_FORMHASH = re.compile(r"""name="formhash"\s+value="([0-9A-Za-z]{4,32})\"""")
_LOGOUT = re.compile(r"action=logout&(?:amp;)?formhash=([0-9A-Za-z]{4,32})")
_ZONE = re.compile(r"GMT([+-][0-9]{1,2}(?:\.[0-9]{1,2})?)?, [0-9]")
_MODERATION = re.compile(
    r'<a class="editp"|<input type="checkbox" id="manage[0-9]|<input[^>]{0,80}name="formhash"'
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """``uid`` 0 is a guest, None a page that does not say. ``attackevasive`` holds the
    bits of the CC defence (1: keep 2 seconds between requests). ``utc_offset_minutes``
    is the zone in which this page prints times."""

    uid: int | None = None
    formhash: str | None = None
    cookie_prefix: str | None = None
    attackevasive: int = 0
    utc_offset_minutes: int | None = None
    charset: str = ""


def read_viewer(html: str) -> Viewer:
    """Read a page's head script, form hash and footer (viewthread_seed_modbot.html).

    The head script is the forum's own; a title cannot imitate it, for it holds no
    tags. The footer stands after everything that members wrote, so the last one counts.
    """
    head = _HEAD.search(html)
    script = head.group(1) if head else ""
    uid, prefix, evasive = _UID.search(script), _COOKIE_PREFIX.search(script), _EVASIVE.search(script)
    charset = _CHARSET.search(script)
    formhash = _FORMHASH.search(html) or _LOGOUT.search(html)
    return Viewer(
        uid=int(uid.group(1)) if uid else None,
        formhash=formhash.group(1) if formhash else None,
        cookie_prefix=prefix.group(1) if prefix else None,
        attackevasive=_bits(evasive.group(1)) if evasive else 0,
        utc_offset_minutes=_offset(html),
        charset=charset.group(1).lower() if charset else "",
    )


def shows_moderation(html: str) -> bool:
    """Whether an answer without a head is for a moderator: one may edit or choose its post,
    or it is a form (viewpid_modbot.xml, banpost_form.xml; not viewthread_viewpid_guest.xml)."""
    return _MODERATION.search(html) is not None


def _bits(text: str) -> int:
    bits = 0
    for number in re.findall(r"[0-9]{1,4}", text):
        bits |= int(number)
    return bits


def _offset(html: str) -> int | None:
    zones = _ZONE.findall(html[-FOOTER_CHARS:])
    if not zones:
        return None
    minutes = round(float(zones[-1] or 0) * 60)
    return minutes if abs(minutes) <= 14 * 60 else None
