"""The JSON API ``api/mobile/index.php?version=4``: the same values, better fields.

Off by default in the 2020 release. All values are strings; times are Unix times. The
answers echo ``auth`` and ``saltkey``: nothing of a body is ever kept raw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from modbot.domain import Author, Reply, ThreadKind
from modbot.errors import Unreadable
from modbot.forums.discuz.pages import content, documents, excerpts, identifiers, times
from modbot.forums.discuz.pages.lists import MAX_ROWS, BoardPage, BoardRow, ThreadRow
from modbot.forums.discuz.pages.posts import BadBlockError, Notice
from modbot.forums.discuz.pages.thread import ThreadPage
from modbot.forums.discuz.pages.viewer import Viewer
from modbot.forums.protocol import UnreadableBlock

Fields = Mapping[str, Any]

_HIDDEN, _FROM_MOBILE = 1, 8
_WITHHELD = (
    ("该帖被管理员或版主屏蔽", Notice.HIDDEN),
    ("作者被禁止或删除", Notice.AUTHOR_MUTED),
)
_WHOLE = {"本帖为密码帖": Notice.PASSWORD, "此帖仅作者可见": Notice.AUTHOR_ONLY}
_SPECIAL = {1: ThreadKind.POLL, 2: ThreadKind.TRADE, 3: ThreadKind.REWARD}


def parse_forumindex(text: str) -> tuple[BoardRow, ...]:
    """``module=forumindex`` (api_forumindex_modbot.json): boards with their post counts."""
    boards: dict[int, BoardRow] = {}
    for entry in _rows(_variables(text), "forumlist"):
        board_id = _id(entry, "fid")
        if board_id is not None:
            name = _text(entry, "name")
            boards[board_id] = BoardRow(
                id=board_id, name=name, threads=_number(entry, "threads"), posts=_number(entry, "posts")
            )
    return tuple(boards.values())


def parse_forumdisplay(text: str, now: datetime) -> BoardPage:
    """``module=forumdisplay`` (api_forumdisplay_modbot.json)."""
    variables = _variables(text)
    forum = _fields(variables, "forum")
    threads: dict[int, ThreadRow] = {}
    bad: list[UnreadableBlock] = []
    for entry in _rows(variables, "forum_threadlist"):
        thread_id, replies = _id(entry, "tid"), _number(entry, "replies")
        if thread_id is None or replies is None:
            bad.append(_unreadable("", "thread_id" if thread_id is None else "replies", entry))
            continue
        threads.setdefault(thread_id, _thread_row(entry, thread_id, replies, now))
    total, size = _number(forum, "threadcount") or 0, _number(variables, "tpp") or 0
    pages = -(-total // size) if size > 0 else 1
    return BoardPage(
        board_id=_id(forum, "fid"),
        name=_text(forum, "name"),
        threads=tuple(threads.values()),
        page=max(_number(variables, "page") or 1, 1),
        pages=max(pages, 1),
        viewer=_viewer(variables),
        unreadable=tuple(bad),
    )


def _thread_row(entry: Fields, thread_id: int, replies: int, now: datetime) -> ThreadRow:
    pinned = (_number(entry, "displayorder") or 0) > 0
    kinds = _kinds(entry)
    return ThreadRow(
        id=thread_id,
        title=_text(entry, "subject", 500),
        replies=replies,
        last_post_at=times.from_unix(entry.get("dblastpost"), now=now),
        author=Author(id=_id(entry, "authorid"), name=_text(entry, "author")),
        pinned=pinned,
        closed=_number(entry, "closed") == 1,
        kind_hints=kinds,
    )


def _kinds(thread: Fields) -> tuple[ThreadKind, ...]:
    kinds = []
    if _number(thread, "rushreply") or _number(thread, "replycredit"):
        kinds.append(ThreadKind.LOTTERY)
    special = _SPECIAL.get(_number(thread, "special") or 0)
    if special is not None:
        kinds.append(special)
    if (_number(thread, "displayorder") or 0) > 0:
        kinds.append(ThreadKind.PINNED)
    return tuple(kinds)


def parse_viewthread(text: str, *, forum: str, now: datetime, url: str) -> ThreadPage:
    """``module=viewthread`` (api_viewthread_variants_modbot.json, api_viewthread.json).

    Raises Unreadable when the answer has no post list, as for a missing thread.
    """
    variables = _variables(text)
    thread = _fields(variables, "thread")
    posts = _read_posts(variables, thread, forum=forum, now=now, url=url)
    first = next((reply for reply in posts.found.values() if reply.floor == 1), None)
    kind = _kind(thread, asks_reply=posts.asks_reply)
    page, pages = _page_numbers(variables, thread)
    return ThreadPage(
        thread_id=_id(thread, "tid"),
        board_id=_id(thread, "fid") or _id(variables, "fid"),
        title=_text(thread, "subject", 500),
        kind=kind,
        replies=tuple(_finish(reply, first, kind) for reply in posts.found.values()),
        page=page,
        pages=pages,
        reply_count=_number(thread, "replies"),
        viewer=_viewer(variables),
        unreadable=tuple(posts.bad),
        first_post_id=first.post_id if first else None,
        first_post_hidden=first.hidden if first else False,
        closed=_number(thread, "closed") == 1,
        notices=tuple(posts.notices.items()),
        withheld=frozenset(posts.withheld),
    )


@dataclass(slots=True)
class _Posts:
    found: dict[int, Reply] = field(default_factory=dict)
    withheld: set[int] = field(default_factory=set)
    notices: dict[int, frozenset[Notice]] = field(default_factory=dict)
    bad: list[UnreadableBlock] = field(default_factory=list)
    asks_reply: bool = False


def _read_posts(variables: Fields, thread: Fields, *, forum: str, now: datetime, url: str) -> _Posts:
    posts = _Posts()
    for entry in _rows(variables, "postlist", needed=True):
        try:
            reply, notice, asks = _reply(entry, thread, forum=forum, now=now, url=url)
        except BadBlockError as error:
            posts.bad.append(_unreadable(url, error.problem, entry))
            continue
        if reply.post_id in posts.found:
            posts.bad.append(_unreadable(url, "duplicate", entry))
            continue
        posts.found[reply.post_id] = reply
        posts.asks_reply = posts.asks_reply or (asks and reply.floor == 1)
        if notice is not None:
            posts.notices[reply.post_id] = frozenset((notice,))
        if notice is not None and not reply.text:
            posts.withheld.add(reply.post_id)
    return posts


def parse_viewpid(text: str, *, forum: str, now: datetime, url: str) -> ThreadPage:
    """``module=viewthread&viewpid=P`` (api_viewthread_viewpid_modbot.json): one post."""
    return parse_viewthread(text, forum=forum, now=now, url=url)


def _reply(
    entry: Fields, thread: Fields, *, forum: str, now: datetime, url: str
) -> tuple[Reply, Notice | None, bool]:
    post_id = _id(entry, "pid")
    posted_at = times.from_unix(entry.get("dbdateline"), now=now)
    if post_id is None or posted_at is None:
        raise BadBlockError("post_id" if post_id is None else "time")
    message = entry.get("message")
    if not isinstance(message, str):
        raise BadBlockError("text")
    status = _number(entry, "status") or 0
    floor = 1 if _number(entry, "first") == 1 else _number(entry, "number")
    notice = _withheld(message)
    body = content.Body() if notice is not None else _body(message, url)
    hidden = bool(status & _HIDDEN) or notice is Notice.HIDDEN
    author = Author(id=_id(entry, "authorid"), name=_text(entry, "author"), group_id=_id(entry, "groupid"))
    reply = Reply(
        forum=forum,
        post_id=post_id,
        text=body.text,
        thread_id=_id(entry, "tid") or _id(thread, "tid"),
        thread_title=_text(thread, "subject", 500),
        board_id=_id(thread, "fid"),
        author=author,
        is_thread_author=author.id is not None and author.id == _id(thread, "authorid"),
        posted_at=posted_at,
        quoted=body.quoted,
        links=body.links,
        images=body.images + _attached_pictures(entry, message),
        floor=floor if floor and floor > 0 else None,
        client=body.client or ("来自手机" if status & _FROM_MOBILE else ""),
        hidden=hidden,
    )
    return reply, Notice.HIDDEN if hidden else notice, body.asks_reply


def _withheld(message: str) -> Notice | None:
    """Members get a notice in the place of the text: "提示: <em>…</em>" (…_guest.json).

    The tag tells it from a member's own words: Discuz! escapes ``<`` in those.
    """
    head = message[:200].strip()
    if not head.startswith("提示: <em>"):
        return _WHOLE.get(head)
    return next((notice for phrase, notice in _WITHHELD if phrase in head), None)


def _body(message: str, url: str) -> content.Body:
    """The API writes quotes as ``div.reply_wrap`` and a code's head as "代码:"."""
    message = message.replace('<div class="reply_wrap">', '<div class="quote">')
    message = message.replace('<div class="blockcode"><div><p>代码:</p>', '<div class="blockcode"><div>')
    root = documents.parse(f"<div>{message}</div>").body
    return content.read_body(root, url=url, notes_inline=True) if root is not None else content.Body()


def _attached_pictures(entry: Fields, message: str) -> int:
    attachments = entry.get("attachments")
    values = attachments.values() if isinstance(attachments, dict) else ()
    pictures = [
        file for file in values if isinstance(file, dict) and file.get("isimage") not in (None, "0", 0)
    ]
    return sum(1 for file in pictures if str(file.get("attachment") or "?") not in message)


def _kind(thread: Fields, *, asks_reply: bool) -> ThreadKind:
    kinds = _kinds(thread)
    if kinds and kinds[0] is ThreadKind.LOTTERY:
        return ThreadKind.LOTTERY
    if asks_reply:
        return ThreadKind.REPLY_TO_SEE
    return kinds[0] if kinds else ThreadKind.NORMAL


def _finish(reply: Reply, first: Reply | None, kind: ThreadKind) -> Reply:
    opening = first.text if first is not None and first is not reply else ""
    return replace(reply, thread_kind=kind, opening=opening)


def _page_numbers(variables: Fields, thread: Fields) -> tuple[int, int]:
    """``ppp`` posts a page; the answer does not repeat the page that was asked for."""
    size = _number(variables, "ppp") or 0
    total = (_number(thread, "replies") or 0) + 1
    pages = max(-(-total // size), 1) if size > 0 else 1
    return min(max(_number(variables, "page") or 1, 1), pages), pages


# --- fields ------------------------------------------------------------------------


def _variables(text: str) -> Fields:
    try:
        data = json.loads(text[: documents.MAX_CHARS])
    except (ValueError, RecursionError):
        data = None
    variables = data.get("Variables") if isinstance(data, dict) else None
    if not isinstance(variables, dict):
        raise Unreadable(code="error.forum.page_unreadable", page="json", problem="no_variables")
    return variables


def _fields(parent: Fields, name: str) -> Fields:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _rows(parent: Fields, name: str, *, needed: bool = False) -> list[Fields]:
    value = parent.get(name)
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or (needed and not value):
        raise Unreadable(code="error.forum.page_unreadable", page="json", problem=f"no_{name}")
    return [row for row in value[:MAX_ROWS] if isinstance(row, dict)]


def _text(fields: Fields, name: str, limit: int = 200) -> str:
    value = fields.get(name)
    return " ".join(value.split())[:limit] if isinstance(value, str) else ""


def _number(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    return times.parse_number(str(value)) if isinstance(value, str | int) else None


def _id(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    return identifiers.identifier(str(value)) if isinstance(value, str | int) else None


def _viewer(variables: Fields) -> Viewer:
    uid = variables.get("member_uid")
    known = isinstance(uid, str) and uid.isdecimal() and len(uid) < 19
    return Viewer(
        uid=int(str(uid)) if known else None,
        formhash=_text(variables, "formhash", 32) or None,
        cookie_prefix=_text(variables, "cookiepre", 64) or None,
        charset="utf-8",
    )


def _unreadable(url: str, problem: str, entry: Fields) -> UnreadableBlock:
    return excerpts.unreadable(url, problem, json.dumps(entry, ensure_ascii=False, default=str)[:8_000])
