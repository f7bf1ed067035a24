"""The panel's form that mutes a member, and lifts it."""

from __future__ import annotations

from modbot.demo import discipline
from modbot.demo.site import NO_SUBMIT, Site
from modbot.demo.state import MUTED, Member
from modbot.demo.times import unpadded
from modbot.demo.visit import Answer, Visit

STAFF = "您不能直接禁止该用户"
NOBODY = "该用户不存在或被冻结，请重新输入"
NOBODY_ASKED = "请首先输入用户名或者 UID 搜索用户，然后进行下一步。搜索 UID 比搜索用户名速度更快且准确"
DONE = "用户资料成功更新"


def ban_form(site: Site, visit: Visit, member: Member) -> Answer:
    request = visit.request
    found = site.community.members.get(request.number("uid"))
    if site.community.is_staff(found):
        return site.refuse(visit, STAFF)
    if found is not None and request.get("bansubmit"):
        if request.method != "POST" or not request.get("formhash") or request.is_foreign:
            return site.refuse(visit, NO_SUBMIT)
        _change(site, visit, found, member)
        return site.confirm(visit, DONE, "forum.php?mod=modcp&action=member&op=ban")
    muted = found is not None and found.group_id == MUTED
    until = found.muted_until if found is not None and muted else None
    return site.page(
        "panel_ban.html",
        visit,
        found=found,
        muted=muted,
        until=unpadded(until, seconds=False).split()[0] if until else "",
        complaint=(NOBODY if request.number("uid") else NOBODY_ASKED) if found is None else "",
    )


def _change(site: Site, visit: Visit, found: Member, by: Member) -> None:
    request = visit.request
    if request.get("bannew") == "4":
        discipline.mute(
            site.community, found, request.number("banexpirynew"), by=by, reason=request.get("reason")
        )
    elif found.group_id == MUTED:
        discipline.unmute(site.community, found)
