"""A thread page, and the answer about one post, as replies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from modbot.domain import Reply, ThreadKind
from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents, excerpts, identifiers, nodes, pager, posts
from modbot.forums.discuz.pages.posts import BadBlockError, Notice, Post, PostContext
from modbot.forums.discuz.pages.viewer import Viewer, read_viewer
from modbot.forums.protocol import UnreadableBlock

MAX_BLOCKS = 1_000

_BLOCK = re.compile(r'<div\s+id="post_-?[0-9]{1,20}"')
_BARE_BLOCK = re.compile(r'<table\s+id="pid-?[0-9]{1,20}"')
_END = re.compile(r'<div\s+id="postlistreply"|<form[^>]{0,300}id="fastpostform"|<div\s+id="ft"')
_IDS = re.compile(
    r"<script[^>]{0,100}>\s*var fid = parseInt\('([0-9]{1,20})'\), tid = parseInt\('([0-9]{1,20})'\)"
)
_REPORT = re.compile(
    r"mod=report&(?:amp;)?rtype=post&(?:amp;)?rid=[0-9]{1,20}"
    r"&(?:amp;)?tid=([0-9]{1,20})&(?:amp;)?fid=([0-9]{1,20})"
)
_STUCK = re.compile(r"(?<!解除)置顶")


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """One page of a thread, or one post of it.

    ``replies`` stand in the page's order, each post once. ``kind`` and ``opening`` of
    the replies are known only where the first post stands (page 1: ``first_post_id``).
    ``withheld`` are the posts whose text this viewer is not shown, ``notices`` what the
    forum prints above a post. ``robot_template`` tells that the forum took us for a
    crawler (no floors): the User-Agent must change. Deleted floors are only counted.
    """

    thread_id: int | None
    board_id: int | None
    title: str
    kind: ThreadKind
    replies: tuple[Reply, ...]
    page: int
    pages: int
    reply_count: int | None
    viewer: Viewer
    unreadable: tuple[UnreadableBlock, ...] = ()
    first_post_id: int | None = None
    first_post_hidden: bool = False
    closed: bool = False
    notices: tuple[tuple[int, frozenset[Notice]], ...] = ()
    withheld: frozenset[int] = frozenset()
    deleted_floors: int = 0
    robot_template: bool = False


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str = ""
    reply_count: int | None = None
    closed: bool = False
    rewards_replies: bool = False
    category: str = ""


def parse_thread(html: str, *, forum: str, now: datetime, url: str) -> ThreadPage:
    """Read ``forum.php?mod=viewthread`` in any release, right and order.

    ``now`` is the moment of the answer (aware UTC), ``url`` the page's address, against
    which links are resolved. Raises Unreadable when the page holds no post at all.
    """
    starts = [found.start() for found in _BLOCK.finditer(html)] or [
        found.start() for found in _BARE_BLOCK.finditer(html)
    ]
    if not starts:
        raise Unreadable(code="error.forum.page_unreadable", page="thread", problem="no_posts")
    head = html[: starts[0]]
    viewer = read_viewer(html)
    heading = _heading(head)
    thread_id, board_id = _identity(html, url)
    context = PostContext(
        forum=forum,
        url=url,
        now=now,
        offset_minutes=viewer.utc_offset_minutes,
        thread_id=thread_id,
        board_id=board_id,
        title=heading.title,
    )
    numbers = pager.read_pager(head)
    return _page(_blocks(html, starts), context, heading, viewer, numbers)


def parse_single_post(
    xml: str,
    *,
    forum: str,
    now: datetime,
    url: str,
    thread_id: int | None,
    utc_offset_minutes: int | None = None,
    title: str = "",
) -> ThreadPage:
    """Read ``viewthread&viewpid=P&inajax=1`` (viewthread_viewpid_modbot.xml).

    The answer has no footer: ``utc_offset_minutes`` is the zone that this viewer's full
    pages show (GMT+8 when not given). Raises Unreadable when it holds no post.
    """
    html = documents.cdata(xml)
    starts = [found.start() for found in _BARE_BLOCK.finditer(html)]
    if not starts:
        raise Unreadable(code="error.forum.page_unreadable", page="single_post", problem="no_posts")
    own_thread, board_id = _identity(html, url)
    viewer = replace(read_viewer(html), utc_offset_minutes=utc_offset_minutes)
    context = PostContext(
        forum=forum,
        url=url,
        now=now,
        offset_minutes=utc_offset_minutes,
        thread_id=thread_id or own_thread,
        board_id=board_id,
        title=title,
    )
    return _page(_blocks(html, starts), context, _Heading(title=title), viewer, (1, 1))


def _blocks(html: str, starts: list[int]) -> Iterator[str]:
    """Each post's own piece of the page, so that none can disturb another."""
    last = _END.search(html, starts[-1])
    ends = [*starts[1:], last.start() if last else len(html)]
    for start, end in zip(starts[:MAX_BLOCKS], ends[:MAX_BLOCKS], strict=True):
        yield html[start:end]


def _identity(html: str, url: str) -> tuple[int | None, int | None]:
    """Thread and board, from the head's script, the report links or the address."""
    found = _IDS.search(html)
    if found:
        return identifiers.identifier(found.group(2)), identifiers.identifier(found.group(1))
    report = _REPORT.search(html)
    if report:
        return identifiers.identifier(report.group(1)), identifiers.identifier(report.group(2))
    return identifiers.in_link("tid", url), identifiers.in_link("fid", url)


def _heading(head: str) -> _Heading:
    """Title, number of replies and marks, from between ``#postlist`` and the first post."""
    start = max(head.find('<div id="postlist"'), 0)
    tree = documents.parse(head[start:])
    subject = tree.css_first("#thread_subject")
    counts = tree.css(".hm .xi1")
    lock = tree.css_first('img[src*="locked.gif"], i.fico-lock')
    return _Heading(
        title=nodes.line(subject, 500),
        reply_count=pager.count(counts[1]) if len(counts) > 1 else None,
        closed=lock is not None,
        rewards_replies=tree.css_first("#pl_top") is not None,
        category=_category(tree),
    )


def _category(tree: LexborHTMLParser) -> str:
    """The board's own 主题分类 or 分类信息 of the thread, printed before its title: ``[转让]``."""
    link = tree.css_first('h1.ts a[href*="typeid="], h1.ts a[href*="sortid="]')
    return nodes.line(link, 40).strip("[]【】 ")


def _page(
    blocks: Iterator[str],
    context: PostContext,
    heading: _Heading,
    viewer: Viewer,
    numbers: tuple[int, int],
) -> ThreadPage:
    found, bad, deleted, marks = _read_blocks(blocks, context)
    first = next((post for post in found if post.is_first), None)
    kind = _kind(heading, first, marks)
    return ThreadPage(
        thread_id=context.thread_id,
        board_id=context.board_id,
        title=heading.title,
        kind=kind,
        replies=tuple(_reply(post, first, kind) for post in found),
        page=numbers[0],
        pages=numbers[1],
        reply_count=heading.reply_count,
        viewer=viewer,
        unreadable=tuple(bad),
        first_post_id=first.reply.post_id if first else None,
        first_post_hidden=first.reply.hidden if first else False,
        closed=heading.closed,
        notices=tuple((post.reply.post_id, post.notices) for post in found if post.notices),
        withheld=frozenset(post.reply.post_id for post in found if post.withheld),
        deleted_floors=deleted,
        robot_template=bool(found) and all(post.robot for post in found),
    )


def _read_blocks(
    blocks: Iterator[str], context: PostContext
) -> tuple[list[Post], list[UnreadableBlock], int, str]:
    """Posts, unreadable blocks, the number of deleted floors, and the first post's raw block."""
    found: dict[int, Post] = {}
    bad: list[UnreadableBlock] = []
    deleted = 0
    marks = ""
    for block in blocks:
        try:
            post = posts.read_post(block, context)
        except (BadBlockError, Unreadable) as error:
            bad.append(excerpts.unreadable(context.url, getattr(error, "problem", "too_long"), block))
            continue
        if post is None:
            deleted += 1
            continue
        if post.is_first:
            marks = block
        other = found.get(post.reply.post_id)
        if other is not None and not (post.is_copy or other.is_copy):
            bad.append(excerpts.unreadable(context.url, "duplicate", block))
        elif other is None or other.is_copy:
            found.pop(post.reply.post_id, None)
            found[post.reply.post_id] = post
    return list(found.values()), bad, deleted, marks


def _reply(post: Post, first: Post | None, kind: ThreadKind) -> Reply:
    own = post.reply
    if first is None or first is post:
        return replace(own, thread_kind=kind)
    author = first.reply.author.id
    return replace(
        own,
        thread_kind=kind,
        opening=first.reply.text,
        is_thread_author=own.is_thread_author or (author is not None and own.author.id == author),
    )


_FIRST_POST_MARKS = (
    (re.compile(r'<form id="poll" name="poll"'), ThreadKind.POLL),
    (re.compile(r'<div class="rwd cl">'), ThreadKind.REWARD),
    (re.compile(r'<div[^>]{0,80}\bid="trade_?[0-9]'), ThreadKind.TRADE),
)


_CATEGORIES = {
    **dict.fromkeys(("签到", "打卡", "报到"), ThreadKind.SIGNIN),
    **dict.fromkeys(("悼念", "缅怀", "讣告"), ThreadKind.MEMORIAL),
    **dict.fromkeys(("抽奖", "抢楼", "踩楼", "盖楼"), ThreadKind.LOTTERY),
    **dict.fromkeys(("转让", "出售", "求购", "求租", "出租", "二手", "交易"), ThreadKind.TRADE),
    **dict.fromkeys(("闲置", "招聘", "求职"), ThreadKind.TRADE),
    **dict.fromkeys(("灌水", "水帖", "水贴", "闲聊"), ThreadKind.CHATTER),
}
_AROUND = re.compile(r"^(?:房屋|本地|每日|有奖)|(?:帖|贴|区|专区|信息|专用)$")


def _kind(heading: _Heading, first: Post | None, block: str) -> ThreadKind:
    """The kind that the page's own marks tell; the strongest of several.

    A thread that rewards replies (抢楼, 回帖奖励) or hides a part until one replies
    makes short replies natural; so that counts before what it is otherwise.
    """
    if heading.rewards_replies:
        return ThreadKind.LOTTERY
    if first is None:
        return ThreadKind.NORMAL
    if first.asks_reply:
        return ThreadKind.REPLY_TO_SEE
    for mark, kind in _FIRST_POST_MARKS:
        if mark.search(block):
            return kind
    told = _CATEGORIES.get(heading.category) or _CATEGORIES.get(_AROUND.sub("", heading.category))
    if told is not None:
        return told
    return ThreadKind.PINNED if _is_pinned(block) else ThreadKind.NORMAL


def _is_pinned(block: str) -> bool:
    """The stamp 置顶, or "本主题由 X 于 … 置顶" under the first post."""
    tree = documents.parse(block)
    stamp = tree.css_first("#threadstamp img")
    action = tree.css_first("div.modact")
    stamped = stamp is not None and "置顶" in nodes.attribute(stamp, "title")
    return stamped or bool(_STUCK.search(nodes.line(action)))
