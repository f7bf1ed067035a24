"""The panel's recycle bins, of replies and of threads. The answer to a form is the list."""

from __future__ import annotations

from modbot.demo import discipline, markup
from modbot.demo.reading import visible_boards
from modbot.demo.site import NO_SUBMIT, Site
from modbot.demo.state import Board, Member
from modbot.demo.visit import Answer, Visit


def recycle_bin(site: Site, visit: Visit, member: Member) -> Answer:
    request, community = visit.request, site.community
    boards = [board for board in visible_boards(site, visit) if community.moderates(member, board.id)]
    having = [board for board in boards if board.recycle_bin]
    chosen = next((board for board in having if board.id == request.number("fid")), None)
    if request.get("op") == "restore" and request.get("dosubmit"):
        if request.method != "POST" or not request.get("formhash") or request.is_foreign:
            return site.refuse(visit, NO_SUBMIT)
        if chosen is not None:
            _restore(site, visit, member, chosen)
    threads = request.get("action") == "recyclebin"
    rows = _rows(site, chosen, threads=threads) if chosen is not None else []
    return site.page("panel_bin.html", visit, boards=having, chosen=chosen, threads=threads, rows=rows)


def _restore(site: Site, visit: Visit, member: Member, board: Board) -> None:
    """What is not in this board's bin is passed over without a word."""
    wanted = set(visit.request.numbers("moderate"))
    if visit.request.get("action") == "recyclebin":
        for thread in discipline.recycled_threads(site.community, board):
            if thread.id in wanted:
                discipline.restore_thread(site.community, thread.id, by=member)
        return
    for post in discipline.recycled_replies(site.community, board):
        if post.id in wanted:
            discipline.undelete(site.community, post.id, by=member)


def _rows(site: Site, board: Board, *, threads: bool) -> list[dict[str, object]]:
    content = site.community.content
    if threads:
        found = discipline.recycled_threads(site.community, board)
        return [
            {"number": thread.id, "text": thread.title, "author": content.members[thread.author_id]}
            for thread in found
        ]
    return [
        {
            "number": post.id,
            "text": markup.queue_text(site.community, post),
            "author": content.members[post.author_id],
        }
        for post in discipline.recycled_replies(site.community, board)
    ]
