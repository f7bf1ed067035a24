"""Deleting and moving whole threads: ``action=moderate`` of the moderators' form."""

from __future__ import annotations

from modbot.demo import discipline
from modbot.demo.reading import visible_boards
from modbot.demo.site import NO_SUBMIT, Site
from modbot.demo.state import Member, Right, Thread
from modbot.demo.visit import Answer, Visit

NOT_HERE = "抱歉，您没有权限使用管理功能"
DONE = "管理操作成功 "
GIVE_REASON = "请输入原因"
NOTHING_CHOSEN = "抱歉，您尚未选择主题或主题不可执行此类管理"
NO_SUCH_BOARD = "抱歉，目标版块不存在"
MAY_NOT_MOVE = "抱歉，您没有权限移动此主题"
PRESET_REASONS = (
    "广告/SPAM",
    "恶意灌水",
    "违规内容",
    "文不对题",
    "重复发帖",
    "--------",
    "精品文章",
    "原创内容",
)


def dialog_address(thread: Thread) -> str:
    """Where the forum sends who wants to delete a first post."""
    return (
        "forum.php?mod=topicadmin&action=moderate&operation=delete&optgroup=3"
        f"&fid={thread.board_id}&moderate[]={thread.id}&inajax=yes&infloat=yes&handlekey=mods"
    )


def moderate(site: Site, visit: Visit) -> Answer:
    request, member = visit.request, visit.viewer.member
    if member is None or not site.community.moderates(member, request.number("fid")):
        return site.refuse(visit, NOT_HERE)
    chosen = next((site.community.thread(number) for number in request.numbers("moderate")), None)
    if chosen is None or chosen.board_id != request.number("fid"):
        return site.refuse(visit, NOTHING_CHOSEN, key="mods")
    operations = request.form.get("operations[]", [])
    operation = operations[0] if operations else request.get("operation")
    refusal = _refusal(site, visit, member, operation)
    if refusal:
        return site.refuse(visit, refusal, key="mods")
    if not request.get("modsubmit"):
        return _dialog(site, visit, chosen, operation)
    return _carry_out(site, visit, member, chosen, operation)


def _refusal(site: Site, visit: Visit, member: Member, operation: str) -> str:
    request = visit.request
    if operation == "delete" and not site.community.may(member, Right.DELETE):
        return NOTHING_CHOSEN
    if not request.get("modsubmit"):
        return ""
    if request.method != "POST" or not request.get("formhash") or request.is_foreign:
        return NO_SUBMIT
    if site.options.reason_required and not request.get("reason").strip():
        return GIVE_REASON
    return ""


def _dialog(site: Site, visit: Visit, chosen: Thread, operation: str) -> Answer:
    form = site.render(
        "thread_action_form.html",
        visit,
        thread=chosen,
        operation=operation,
        group=visit.request.number("optgroup"),
        boards=visible_boards(site, visit),
        reasons=PRESET_REASONS,
    )
    return site.xml(form)


def _carry_out(site: Site, visit: Visit, member: Member, chosen: Thread, operation: str) -> Answer:
    request, community = visit.request, site.community
    reason, notify = request.get("reason"), bool(request.get("sendreasonpm"))
    home = chosen.board_id
    if operation == "move":
        if not community.may(member, Right.MOVE):
            return site.refuse(visit, MAY_NOT_MOVE, key="mods")
        target = community.content.boards.get(request.number("moveto"))
        if target is None:
            return site.refuse(visit, NO_SUCH_BOARD, key="mods")
        discipline.move_thread(community, chosen.id, target.id, by=member, reason=reason, notify=notify)
    else:
        first = community.posts_of(chosen.id)[0]
        community.delete(first.id, by=member, reason=reason, notify=notify)
    return site.confirm(visit, DONE, f"forum.php?mod=forumdisplay&fid={home}", key="mods")
