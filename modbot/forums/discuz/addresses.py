"""Addresses of posts as people copy them from a Discuz! site."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from modbot.forums.protocol import ReplyRef

_REWRITTEN = re.compile(r"thread-(\d+)-")
_ANCHOR = re.compile(r"(?:pid|post_?)(\d+)")


def post_of(url: str) -> ReplyRef | None:
    """The post that an address names (``pid=`` or ``#pid…``), with its thread where it tells
    it; None when it names none."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    anchor = _ANCHOR.fullmatch(parts.fragment)
    post = anchor[1] if anchor else query.get("pid", [""])[0]
    if not re.fullmatch(r"\d{1,18}", post, re.ASCII):
        return None
    rewritten = _REWRITTEN.search(parts.path)
    thread = next((query[name][0] for name in ("tid", "ptid") if name in query), "")
    thread = thread or (rewritten[1] if rewritten else "")
    return ReplyRef(int(post), int(thread) if re.fullmatch(r"\d{1,18}", thread, re.ASCII) else None)
