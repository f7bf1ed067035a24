"""The JSON interface for phone apps, which most old forums have switched off."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from modbot.demo import markup, moderating, reading, threadwork
from modbot.demo.community import POSTS_PER_PAGE
from modbot.demo.site import NO_SUBMIT, Site
from modbot.demo.state import GUESTS, Post, Thread
from modbot.demo.times import minute
from modbot.demo.visit import HTML, JSON, Answer, Visit

Fields = dict[str, object]
LARGEST_PAGE = 200


def answer(site: Site, visit: Visit) -> Answer:
    """Everything but ``check`` is refused while the operator has not switched it on."""
    if visit.request.get("check") == "check":
        return _json({"discuzversion": "X3.4", "charset": site.charset, "version": "4"}, HTML)
    if not site.options.json_api:
        return _json({"error": "mobile_is_closed"})
    if site.options.closed:
        return _json({"error": site.options.closed})
    module = _MODULES.get(visit.request.get("module"))
    if module is None:
        return _json({"error": "module_not_exists"})
    fields, message = module(site, visit)
    whole: Fields = {
        "Version": "4",
        "Charset": site.charset.upper(),
        "Variables": {**_common(site, visit), **fields},
    }
    if message:
        whole["Message"] = {"messageval": message, "messagestr": f"mobile:{message}"}
    return _json(whole)


def _json(value: object, media_type: str = JSON) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=True), media_type, names_charset=media_type == HTML)


def _common(site: Site, visit: Visit) -> Fields:
    member = visit.viewer.member
    auth = visit.request.cookies.get(f"{site.sessions.prefix}auth")
    return {
        "cookiepre": site.sessions.prefix,
        "auth": auth if member else None,
        "saltkey": visit.viewer.saltkey,
        "member_uid": str(visit.viewer.uid),
        "member_username": member.name if member else "",
        "groupid": str(member.group_id if member else GUESTS),
        "formhash": visit.viewer.formhash,
        "ismoderator": "1" if site.community.is_staff(member) else None,
    }


def _index(site: Site, visit: Visit) -> tuple[Fields, str]:
    boards = reading.visible_boards(site, visit)
    rows = []
    for board in boards:
        threads = reading.thread_rows(site, site.community.threads_of(board.id))
        posts = sum(row.replies + 1 for row in threads)
        rows.append(
            {"fid": str(board.id), "name": board.name, "threads": str(len(threads)), "posts": str(posts)}
        )
    return {"forumlist": rows}, ""


def _board(site: Site, visit: Visit) -> tuple[Fields, str]:
    board = site.community.content.boards.get(visit.request.number("fid"))
    if board is None or board not in reading.visible_boards(site, visit):
        return {}, "forum_nonexistence" if board is None else "viewperm_none_nopermission"
    rows = reading.listed_threads(site, visit, board)
    size = min(max(1, visit.request.number("tpp", reading.THREADS_PER_PAGE)), LARGEST_PAGE)
    page = max(1, visit.request.number("page", 1))
    listed = [_thread_row(row) for row in rows[(page - 1) * size : page * size]]
    about = {"fid": str(board.id), "name": board.name, "threadcount": str(len(rows))}
    return {"forum": about, "forum_threadlist": listed, "tpp": str(size), "page": str(page)}, ""


def _thread_row(row: reading.ThreadRow) -> Fields:
    return {
        "tid": str(row.thread.id),
        "author": row.author.name,
        "authorid": str(row.author.id),
        "subject": row.thread.title,
        "replies": str(row.replies),
        "views": str(row.thread.views),
        "lastposter": row.last_author.name,
        "dbdateline": _unix(row.thread.created.timestamp()),
        "dblastpost": _unix(row.last.posted_at.timestamp()),
        "displayorder": "1" if row.thread.pinned else "0",
        "special": "0",
    }


def _unix(timestamp: float) -> str:
    return str(int(timestamp))


def _thread(site: Site, visit: Visit) -> tuple[Fields, str]:
    thread = site.community.thread(visit.request.number("tid"))
    if thread is None:
        return {}, "thread_nonexistence"
    posts = site.community.posts_of(thread.id)
    numbered = list(enumerate(posts, 1))
    size = min(max(1, visit.request.number("ppp", POSTS_PER_PAGE)), LARGEST_PAGE)
    chosen = _chosen(visit, numbered, size)
    fields: Fields = {
        "thread": _about(site, thread, posts),
        "fid": str(thread.board_id),
        "postlist": [_post(site, visit, post, number) for number, post in chosen],
        "ppp": str(size),
    }
    return fields, ""


def _chosen(visit: Visit, numbered: list[tuple[int, Post]], size: int) -> list[tuple[int, Post]]:
    wanted = visit.request.number("viewpid")
    if wanted:
        return [(number, post) for number, post in numbered if post.id == wanted]
    if visit.request.get("ordertype") == "1":
        numbered = [numbered[0], *reversed(numbered[1:])]
    pages = (len(numbered) - 1) // size + 1
    page = min(max(1, visit.request.number("page", 1)), pages)
    return numbered[(page - 1) * size : page * size]


def _about(site: Site, thread: Thread, posts: list[Post]) -> Fields:
    return {
        "tid": str(thread.id),
        "fid": str(thread.board_id),
        "author": site.community.content.members[thread.author_id].name,
        "authorid": str(thread.author_id),
        "subject": thread.title,
        "replies": str(len(posts) - 1),
        "lastpost": minute(posts[-1].posted_at),
        "maxposition": str(len(posts)),
        "special": "0",
    }


def _post(site: Site, visit: Visit, post: Post, number: int) -> Fields:
    author = site.community.content.members[post.author_id]
    board_id = site.community.content.threads[post.thread_id].board_id
    staff = site.community.moderates(visit.viewer.member, board_id)
    warning = markup.notice(post, author, staff=False)
    text = markup.body(site.community, post, has_replied=staff, staff=staff)
    return {
        "pid": str(post.id),
        "tid": str(post.thread_id),
        "first": "1" if post.first else "0",
        "author": author.name,
        "authorid": str(author.id),
        "dbdateline": _unix(post.posted_at.timestamp()),
        "message": f"提示: <em>{warning}</em>" if warning and not staff else str(text),
        "anonymous": "0",
        "attachment": "0",
        "status": str(int(post.hidden) + 8 * bool(post.client)),
        "position": str(number),
        "number": str(number),
        "groupid": str(author.group_id),
    }


def _topicadmin(site: Site, visit: Visit) -> tuple[Fields, str]:
    """Hides as the page does; the answer has the key of the page's sentence."""
    sentence = moderating.topicadmin(site, visit).text
    return {}, next((key for text, key in _KEYS.items() if text in sentence), "undefined_action")


_KEYS: Mapping[str, str] = {
    threadwork.DONE.strip(): "admin_succeed",
    threadwork.NOT_HERE: "admin_nopermission",
    threadwork.GIVE_REASON: "admin_reason_invalid",
    moderating.ACTIONS["banpost"].nothing_chosen: "admin_banpost_invalid",
    f"抱歉，您没有权限{moderating.ACTIONS['banpost'].name}": "no_privilege_banpost",
    NO_SUBMIT: "submit_invalid",
}

_MODULES: Mapping[str, Callable[[Site, Visit], tuple[Fields, str]]] = {
    "forumindex": _index,
    "forumdisplay": _board,
    "viewthread": _thread,
    "topicadmin": _topicadmin,
}
