"""The moderators' panel: its own sign-in, the search over all posts, the approval queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from modbot.demo import banning, markup, recycling
from modbot.demo.reading import Pager, visible_boards
from modbot.demo.sessions import PanelSession, SignIn
from modbot.demo.site import NO_SUBMIT, SIGN_IN_FIRST, Site
from modbot.demo.state import ADMINISTRATORS, SUPER_MODERATORS, Board, Member, Post, PostState, Right
from modbot.demo.times import ZONE
from modbot.demo.visit import Answer, Visit

ROWS_PER_PAGE = 20
ROWS_AT_MOST = 1000
QUEUE_PER_PAGE = 10
DAYS_BACK = {ADMINISTRATORS: 60, SUPER_MODERATORS: 14}
NOT_STAFF = "抱歉，您没有权限访问管理面板，请重新登录站点，然后重试"
DONE = "审核处理完毕"
TOO_LITTLE = "搜索条件不足！您至少应当在 关键字，帖子作者或者发帖 IP 当中设置一个搜索的条件"
TOO_FAR_BACK = "时间范围错误！版主只能删除近 1 周的帖子，超级版主可以删除 2 周内的帖子，请重新选择开始时间"


def modcp(site: Site, visit: Visit) -> Answer:
    member = visit.viewer.member
    if member is None:
        forward = "member.php?mod=logging&action=login"
        return site.refuse(visit, SIGN_IN_FIRST, kind="alert_info", forward=forward)
    if not site.community.is_staff(member):
        return site.refuse(visit, NOT_STAFF)
    if visit.request.get("login_panel") and visit.request.get("cppwd"):
        return _sign_in(site, visit, member)
    session = site.sessions.panel(member, visit.now)
    if session is None:
        return _form(site, visit)
    return _pages(visit)(site, visit, member, session)


def _sign_in(site: Site, visit: Visit, member: Member) -> Answer:
    outcome = site.sessions.open_panel(member, visit.request.get("cppwd"), visit.now)
    if outcome is SignIn.OK:
        return site.redirect("forum.php?mod=modcp&action=login&")
    return _form(site, visit, locked=outcome is SignIn.LOCKED)


def _form(site: Site, visit: Visit, *, locked: bool = False) -> Answer:
    if visit.request.inajax:
        return site.xml(site.render("panel_login_form.html", visit, locked=locked))
    return site.page("panel_login.html", visit, locked=locked)


Page = Callable[[Site, Visit, Member, PanelSession], Answer]


def _pages(visit: Visit) -> Page:
    action, op = visit.request.get("action"), visit.request.get("op")
    if (action, op) == ("thread", "post"):
        return _search
    if action == "moderate" and op in {"replies", "threads"}:
        return _queue
    if action == "member" and op == "ban":
        return _ban
    return _bin if action in {"recyclebin", "recyclebinpost"} else _home


def _home(site: Site, visit: Visit, member: Member, session: PanelSession) -> Answer:  # noqa: ARG001 - as others
    return site.page("panel_home.html", visit)


def _ban(site: Site, visit: Visit, member: Member, session: PanelSession) -> Answer:  # noqa: ARG001 - as others
    if not site.community.may(member, Right.MUTE):
        return site.page("panel_denied.html", visit)
    return banning.ban_form(site, visit, member)


def _bin(site: Site, visit: Visit, member: Member, session: PanelSession) -> Answer:  # noqa: ARG001 - as others
    return recycling.recycle_bin(site, visit, member)


def _own_boards(site: Site, visit: Visit, member: Member) -> list[Board]:
    boards = visible_boards(site, visit)
    return [board for board in boards if site.community.moderates(member, board.id)]


# -- search ----------------------------------------------------------------------------


def _search(site: Site, visit: Visit, member: Member, session: PanelSession) -> Answer:
    board_id = visit.request.number("fid")
    problem = ""
    if visit.request.get("do") == "search" or visit.request.get("searchsubmit"):
        problem = _problem(visit, member)
        session.found[board_id] = [] if problem else _matches(site, visit, member)
    found = session.found.get(board_id, [])
    pages = max(1, -(-len(found) // ROWS_PER_PAGE))
    page = min(max(1, visit.request.number("page", 1)), pages)
    posts = (site.community.content.posts.get(number) for number in found)
    seen = [post for post in posts if post is not None]
    address = f"forum.php?mod=modcp&action=thread&op=post&fid={board_id or ''}&do=list&posttableid=0"
    return site.page(
        "panel_search.html",
        visit,
        problem=problem,
        rows=[_row(site, post) for post in seen[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]],
        total=len(found) if board_id in session.found else "",
        pager=Pager(page, pages, address),
        boards=_own_boards(site, visit, member),
        asked=visit.request,
    )


def _problem(visit: Visit, member: Member) -> str:
    if not any(visit.request.get(name).strip() for name in ("users", "useip", "keywords")):
        return TOO_LITTLE
    return TOO_FAR_BACK if _since(visit, member) < _earliest(visit, member) else ""


def _earliest(visit: Visit, member: Member) -> datetime:
    days = DAYS_BACK.get(member.group_id, 7)
    midnight = visit.now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days)


def _since(visit: Visit, member: Member) -> datetime:
    try:
        return datetime.strptime(visit.request.get("starttime"), "%Y-%m-%d").replace(tzinfo=ZONE)
    except ValueError:
        return _earliest(visit, member) + timedelta(days=1)


def _matches(site: Site, visit: Visit, member: Member) -> list[int]:
    """Ids of visible posts, newest first; those of the current second are not found yet."""
    boards = {board.id for board in _own_boards(site, visit, member)}
    wanted = visit.request.number("fid")
    boards &= {wanted} if wanted else boards
    since, until = _since(visit, member), visit.now.replace(microsecond=0)
    found = [
        post
        for post in site.community.content.posts.values()
        if since <= post.posted_at < until
        and post.state is PostState.VISIBLE
        and site.community.content.threads[post.thread_id].board_id in boards
        and _fits(site, visit, post)
    ]
    found.sort(key=lambda post: post.posted_at, reverse=True)
    return [post.id for post in found[:ROWS_AT_MOST]]


def _fits(site: Site, visit: Visit, post: Post) -> bool:
    option = visit.request.number("threadoption")
    if option and post.first != (option == 1):
        return False
    names = [name for name in visit.request.get("users").split(",") if name]
    author = site.community.content.members[post.author_id]
    words = [word for word in visit.request.get("keywords").split(",") if len(word.encode()) > 3]
    return (not names or author.name in names) and (not words or any(word in post.text for word in words))


def _row(site: Site, post: Post) -> dict[str, object]:
    content = site.community.content
    thread = content.threads[post.thread_id]
    return {
        "post": post,
        "thread": thread,
        "board": content.boards[thread.board_id],
        "author": content.members[post.author_id],
        "excerpt": post.text[: markup.EXCERPT],
        "text": markup.queue_text(site.community, post),
    }


# -- approval queue --------------------------------------------------------------------


def _queue(site: Site, visit: Visit, member: Member, session: PanelSession) -> Answer:  # noqa: ARG001 - as others
    if not site.community.may(member, Right.APPROVE):
        return site.page("panel_denied.html", visit)
    if visit.request.get("modsubmit"):
        return _judge(site, visit, member)
    threads = visit.request.get("op") == "threads"
    state = PostState.IGNORED if visit.request.get("filter") in {"1", "-3"} else PostState.PENDING
    waiting = _of_boards(site, visit, member, site.community.waiting(first=threads, state=state))
    pages = max(1, -(-len(waiting) // QUEUE_PER_PAGE))
    page = min(max(1, visit.request.number("page", 1)), pages)
    address = f"forum.php?mod=modcp&action=moderate&op={visit.request.get('op')}&filter={int(state)}"
    return site.page(
        "panel_queue.html",
        visit,
        rows=[_row(site, post) for post in waiting[(page - 1) * QUEUE_PER_PAGE : page * QUEUE_PER_PAGE]],
        pager=Pager(page, pages, address),
        boards=_own_boards(site, visit, member),
        threads=threads,
        ignored=state is PostState.IGNORED,
    )


def _of_boards(site: Site, visit: Visit, member: Member, posts: list[Post]) -> list[Post]:
    boards = {board.id for board in _own_boards(site, visit, member)}
    wanted = visit.request.number("fid")
    boards &= {wanted} if wanted else boards
    return [post for post in posts if site.community.content.threads[post.thread_id].board_id in boards]


def _judge(site: Site, visit: Visit, member: Member) -> Answer:
    request = visit.request
    if request.method != "POST" or not request.get("formhash") or request.is_foreign:
        return site.refuse(visit, NO_SUBMIT, key="mods")
    act, reason = request.get("modact"), request.get("reason")
    for post in _named(site, visit):
        if act == "validate":
            site.community.approve(post.id, by=member, reason=reason)
        elif act == "ignore":
            site.community.ignore(post.id, by=member, reason=reason)
        elif act == "delete":
            site.community.delete(post.id, by=member, reason=reason)
    op = request.get("op")
    forward = f"forum.php?mod=modcp&action=moderate&op={op}&filter={request.get('filter', '0')}&fid="
    return site.confirm(visit, DONE, forward, key=request.get("handlekey"))


def _named(site: Site, visit: Visit) -> list[Post]:
    """The waiting posts that were chosen; in the queue of threads, by thread number."""
    threads = visit.request.get("op") == "threads"
    numbers = set(visit.request.numbers("moderate"))
    state = PostState.IGNORED if visit.request.get("filter") == "-3" else PostState.PENDING
    waiting = site.community.waiting(first=threads, state=state)
    return [post for post in waiting if (post.thread_id if threads else post.id) in numbers]
