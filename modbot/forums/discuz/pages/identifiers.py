"""Numbers that name things, out of links: plain (``uid=8``) and rewritten (``space-uid-8.html``)."""

from __future__ import annotations

import re

MAX_ID = 2**63 - 1

_QUERY = {
    name: re.compile(r"(?:^|[?&;])" + name + r"=([0-9]{1,20})(?![0-9])")
    for name in ("uid", "tid", "fid", "pid", "ptid", "gid", "authorid")
}
_REWRITTEN = {
    "uid": re.compile(r"(?:^|/)space-uid-([0-9]{1,20})\.html"),
    "tid": re.compile(r"(?:^|/)thread-([0-9]{1,20})-[0-9]+-[0-9]+\.html"),
    "fid": re.compile(r"(?:^|/)forum-([0-9]{1,20})-[0-9]+\.html"),
}


def identifier(text: str | None) -> int | None:
    """A positive number that fits a database's key, or None."""
    if text is None or not re.fullmatch(r"[0-9]{1,20}", text):
        return None
    number = int(text)
    return number if 0 < number <= MAX_ID else None


def in_link(name: str, href: str | None) -> int | None:
    """The ``name`` (uid, tid, fid, pid, ptid, gid, authorid) that a link carries, or None."""
    if not href:
        return None
    href = href[:2000]
    found = _QUERY[name].search(href)
    if not found and name in _REWRITTEN:
        found = _REWRITTEN[name].search(href)
    return identifier(found.group(1)) if found else None
