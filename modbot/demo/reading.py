"""Index, boards, threads, single posts and the redirects between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from modbot.demo import markup
from modbot.demo.community import POSTS_PER_PAGE
from modbot.demo.site import GONE_BOARD, GONE_POST, GONE_THREAD, NO_VIEW, Site
from modbot.demo.state import GROUP_TITLES, Board, Member, Post, Thread
from modbot.demo.times import unpadded
from modbot.demo.visit import Answer, Visit

THREADS_PER_PAGE = 20
NO_MEMBER = "抱歉，您指定的用户空间不存在"


@dataclass(frozen=True, slots=True)
class Pager:
    """``address`` is what ``page=`` is appended to."""

    page: int
    pages: int
    address: str


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as one viewer sees it; ``body`` None where they may not read it. ``moderated``:
    the viewer moderates here; ``manageable``: they may choose the post for an action."""

    post: Post
    author: Member | None
    group_title: str
    floor: Markup
    notice: str
    body: Markup | None
    moderated: bool
    manageable: bool


@dataclass(frozen=True, slots=True)
class ThreadRow:
    thread: Thread
    author: Member
    replies: int
    last: Post
    last_author: Member
    pages: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    board: Board
    threads: int
    posts: int
    last: ThreadRow | None


def index(site: Site, visit: Visit) -> Answer:
    rows = [_board_row(site, board) for board in visible_boards(site, visit)]
    return site.page("index.html", visit, rows=rows)


def visible_boards(site: Site, visit: Visit) -> list[Board]:
    staff = site.community.is_staff(visit.viewer.member)
    return [board for board in site.community.content.boards.values() if staff or not board.staff_only]


def _board_row(site: Site, board: Board) -> BoardRow:
    rows = thread_rows(site, site.community.threads_of(board.id))
    posts = sum(row.replies + 1 for row in rows)
    last = max(rows, key=lambda row: (row.last.posted_at, row.last.id), default=None)
    return BoardRow(board, len(rows), posts, last)


def thread_rows(site: Site, threads: list[Thread]) -> list[ThreadRow]:
    return [_thread_row(site, thread) for thread in threads]


def _thread_row(site: Site, thread: Thread) -> ThreadRow:
    content = site.community.content
    posts = site.community.posts_of(thread.id)
    last = max(posts, key=lambda post: (post.posted_at, post.id))
    return ThreadRow(
        thread=thread,
        author=content.members[thread.author_id],
        replies=len(posts) - 1,
        last=last,
        last_author=content.members[last.author_id],
        pages=(len(posts) - 1) // POSTS_PER_PAGE + 1,
    )


# -- a board ---------------------------------------------------------------------------


def board(site: Site, visit: Visit) -> Answer:
    found = site.community.content.boards.get(visit.request.number("fid"))
    if found is None:
        return site.refuse(visit, GONE_BOARD)
    if found not in visible_boards(site, visit):
        return site.refuse(visit, NO_VIEW)
    rows = listed_threads(site, visit, found)
    pages = max(1, -(-len(rows) // THREADS_PER_PAGE))
    page = min(max(1, visit.request.number("page", 1)), pages)
    order = visit.request.get("orderby", "lastpost")
    address = f"forum.php?mod=forumdisplay&fid={found.id}&orderby={order}"
    return site.page(
        "board.html",
        visit,
        board=found,
        total=len(rows),
        rows=rows[(page - 1) * THREADS_PER_PAGE : page * THREADS_PER_PAGE],
        pager=Pager(page, pages, address),
    )


def listed_threads(site: Site, visit: Visit, found: Board) -> list[ThreadRow]:
    """Pinned threads first, then by last post or by opening time, newest first."""
    rows = thread_rows(site, site.community.threads_of(found.id))
    within = visit.request.number("dateline") if visit.request.get("filter") == "dateline" else 0
    if within:
        rows = [row for row in rows if visit.now - row.last.posted_at <= timedelta(seconds=within)]
    by_opening = visit.request.get("orderby") == "dateline"
    rows.sort(key=lambda row: row.thread.created if by_opening else row.last.posted_at, reverse=True)
    return sorted(rows, key=lambda row: not row.thread.pinned)


def has_news(site: Site, visit: Visit) -> Answer:
    """``1`` when the board got a post after the given Unix time, else ``0``."""
    since = datetime.fromtimestamp(visit.request.number("time"), UTC)
    rows = thread_rows(site, site.community.threads_of(visit.request.number("fid")))
    return site.xml("1" if any(row.last.posted_at > since for row in rows) else "0")


# -- a thread --------------------------------------------------------------------------


def thread(site: Site, visit: Visit) -> Answer:
    found = site.community.thread(visit.request.number("tid"))
    if found is None:
        status = 404 if site.options.release >= 2022 else 200
        return site.refuse(visit, GONE_THREAD, status=status)
    home = site.community.content.boards[found.board_id]
    if home not in visible_boards(site, visit):
        return site.refuse(visit, NO_VIEW)
    if visit.request.number("viewpid"):
        return _single_post(site, visit, found)
    return _thread_page(site, visit, found, home)


def _single_post(site: Site, visit: Visit, found: Thread) -> Answer:
    wanted = visit.request.number("viewpid")
    posts = site.community.posts_of(found.id)
    chosen = next((number for number, post in enumerate(posts) if post.id == wanted), None)
    if chosen is None:
        return site.refuse(visit, GONE_POST)
    view = _post_view(site, visit, posts[chosen], chosen + 1, posts)
    return site.xml(site.render("single_post.html", visit, view=view, thread=found))


def _thread_page(site: Site, visit: Visit, found: Thread, home: Board) -> Answer:
    posts = site.community.posts_of(found.id)
    pages = (len(posts) - 1) // POSTS_PER_PAGE + 1
    asked = max(1, visit.request.number("page", 1))
    page = min(asked, pages)
    reverse = visit.request.get("ordertype") == "1"
    if not reverse and asked in found.hole_pages:
        found.hole_pages.clear()
        return site.redirect(_after_hole(site, found, asked))
    found.views += 1
    floors = dict(enumerate(posts, 1))
    chosen = _reversed_page(len(posts), page) if reverse else _plain_page(len(posts), page)
    address = f"forum.php?mod=viewthread&tid={found.id}" + "&ordertype=1" * reverse
    return site.page(
        "thread.html",
        visit,
        thread=found,
        board=home,
        starter=site.community.content.members[found.author_id],
        replies=len(posts) - 1,
        views=[_post_view(site, visit, floors[floor], floor, posts) for floor in chosen],
        pager=_pager(page, pages, len(posts), address, short=reverse and site.options.short_pager),
        moderates=site.community.moderates(visit.viewer.member, home.id),
    )


def _pager(page: int, pages: int, posts: int, address: str, *, short: bool) -> Pager:
    listed = max(1, (posts - 2) // POSTS_PER_PAGE + 1) if short else pages
    return Pager(min(page, listed), listed, address)


def _after_hole(site: Site, found: Thread, page: int) -> str:
    address = f"forum.php?mod=viewthread&tid={found.id}"
    return address if site.options.release < 2022 else f"{address}&page={page}"


def _plain_page(count: int, page: int) -> range:
    return range((page - 1) * POSTS_PER_PAGE + 1, min(page * POSTS_PER_PAGE, count) + 1)


def _reversed_page(count: int, page: int) -> list[int]:
    """Floors newest first; the opening post stands on top of the first page."""
    replies = list(range(count, 1, -1))
    if page == 1:
        return [1, *replies[: POSTS_PER_PAGE - 1]]
    start = (page - 1) * POSTS_PER_PAGE - 1
    return replies[start : start + POSTS_PER_PAGE]


def _post_view(site: Site, visit: Visit, post: Post, floor: int, posts: list[Post]) -> PostView:
    member = visit.viewer.member
    author = site.community.content.members.get(post.author_id)
    board_id = site.community.content.threads[post.thread_id].board_id
    staff = site.community.moderates(member, board_id)
    warning = markup.notice(post, author, staff=staff)
    readable = staff or not warning
    replied = member is not None and any(other.author_id == member.id for other in posts)
    return PostView(
        post=post,
        author=author,
        group_title=GROUP_TITLES[author.group_id] if author else "",
        floor=markup.floor_name(floor),
        notice=warning,
        body=markup.body(site.community, post, has_replied=replied, staff=staff) if readable else None,
        moderated=staff,
        manageable=staff and not post.first,
    )


def profile(site: Site, visit: Visit) -> Answer:
    """A member's own page, with what they have written counted by kind."""
    member = site.community.members.get(visit.request.number("uid"))
    if member is None:
        return site.refuse(visit, NO_MEMBER)
    threads = sum(thread.author_id == member.id for thread in site.community.threads.values())
    return site.page(
        "profile.html",
        visit,
        member=member,
        threads=threads,
        group_title=GROUP_TITLES[member.group_id],
        joined=unpadded(member.registered, seconds=False),
    )


# -- redirects -------------------------------------------------------------------------


def redirect(site: Site, visit: Visit) -> Answer:
    if visit.request.get("goto") == "findpost":
        return _find_post(site, visit)
    found = site.community.thread(visit.request.number("tid"))
    if visit.request.get("goto") != "lastpost":
        return site.refuse(visit, GONE_THREAD)
    if found is None:
        return site.redirect("forum.php?mod=viewthread&tid=#lastpost")
    page = site.community.page_of(site.community.last_post(found.id))
    return site.redirect(f"forum.php?mod=viewthread&tid={found.id}&page={page}#lastpost")


def _find_post(site: Site, visit: Visit) -> Answer:
    """The page of a post, waiting ones too. A post that is gone leads to its thread.

    A thread that is named and exists is believed, even when the post is not in it.
    """
    post = site.community.content.posts.get(visit.request.number("pid"))
    named = visit.request.number("ptid")
    if post is None:
        if not named:
            return site.refuse(visit, GONE_THREAD)
        return site.redirect(f"forum.php?mod=viewthread&tid={named}", status=301)
    thread_id = named if named in site.community.content.threads else post.thread_id
    page = site.community.page_of(post)
    location = f"forum.php?mod=viewthread&tid={thread_id}&page={page}#pid{post.id}"
    return site.redirect(location, status=301)
