"""A member's profile page (``home.php?mod=space&uid=U&do=profile``) as an author."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from modbot.domain import Author
from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents, times
from modbot.forums.discuz.pages.viewer import read_viewer

_GROUP = re.compile(r"[?&]gid=(\d{1,9})\b", re.ASCII)
_UID = re.compile(r"\(UID:\s*(\d{1,18})\b", re.ASCII)
_REPLIES = re.compile(r"回帖数\s*(\d{1,12})", re.ASCII)
_THREADS = re.compile(r"主题数\s*(\d{1,12})", re.ASCII)


def parse_profile(html: str, *, author_id: int, now: datetime) -> Author:
    """Read the profile in the default template. Raises Unreadable when it is another's page.

    The page shows replies and threads apart; their sum is the member's posts.
    """
    tree = documents.parse(html)
    heading = tree.css_first("div.u_profile h2")
    text = heading.text(strip=False) if heading is not None else ""
    told = _UID.search(text)
    if told is None or int(told.group(1)) != author_id:
        raise Unreadable(code="error.forum.page_unreadable", page="profile", problem="no_uid")
    facts = dict(_facts(tree))
    body = tree.body.text() if tree.body is not None else ""
    counts = [int(found.group(1)) for found in (_REPLIES.search(body), _THREADS.search(body)) if found]
    offset = read_viewer(html).utc_offset_minutes
    return Author(
        id=author_id,
        name=text[: told.start()].strip(),
        group_id=_group(tree),
        posts=sum(counts) if counts else None,
        credits=_number(facts.get("积分", "")),
        registered=times.parse_time(facts.get("注册时间", ""), now=now, offset_minutes=offset),
    )


def _facts(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for item in tree.css("#pbbs li, #psts li"):
        label = item.css_first("em")
        if label is not None:
            name = label.text().strip()
            yield name, item.text().strip().removeprefix(name).strip()


def _group(tree: LexborHTMLParser) -> int | None:
    for link in tree.css('div.u_profile a[href*="gid="]')[::-1]:
        found = _GROUP.search(link.attributes.get("href") or "")
        if found:
            return int(found.group(1))
    return None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,12}", text, re.ASCII) else None
