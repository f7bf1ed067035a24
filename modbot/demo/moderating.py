"""Hiding and deleting posts. ``管理操作成功`` is said of posts that do not exist, too."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.demo import threadwork
from modbot.demo.site import NO_SUBMIT, Site
from modbot.demo.state import Member, Post, Right, Thread
from modbot.demo.threadwork import DONE, GIVE_REASON, NOT_HERE, PRESET_REASONS
from modbot.demo.visit import Answer, Visit

UNKNOWN = "未定义操作"


@dataclass(frozen=True, slots=True)
class Action:
    """``name`` is how the forum calls it when it refuses."""

    right: Right
    name: str
    nothing_chosen: str


ACTIONS = {
    "banpost": Action(Right.HIDE, "屏蔽主题", "抱歉，您尚未选择要屏蔽的帖子"),
    "delpost": Action(Right.DELETE, "删除帖子", "抱歉，您尚未选择要删除的帖子"),
}


def topicadmin(site: Site, visit: Visit) -> Answer:
    moderates_threads = visit.request.get("action") == "moderate"
    return threadwork.moderate(site, visit) if moderates_threads else _of_posts(site, visit)


def _of_posts(site: Site, visit: Visit) -> Answer:
    member = visit.viewer.member
    found = site.community.content.threads.get(visit.request.number("tid"))
    if found is None or member is None or not site.community.moderates(member, found.board_id):
        return site.refuse(visit, NOT_HERE)
    action = visit.request.get("action")
    if action not in ACTIONS:
        return site.refuse(visit, UNKNOWN, key="mods")
    refusal = _refusal(site, visit, member, action)
    if refusal:
        return site.refuse(visit, refusal, key="mods")
    if not visit.request.get("modsubmit"):
        return _dialog(site, visit, found, action)
    return _carry_out(site, visit, member, found, action)


def _refusal(site: Site, visit: Visit, member: Member, action: str) -> str:
    """The forum's sentence where it will not do it, in the order of its own checks."""
    wanted, request = ACTIONS[action], visit.request
    if not site.community.may(member, wanted.right):
        return f"抱歉，您没有权限{wanted.name}"
    if not request.numbers("topiclist"):
        return wanted.nothing_chosen
    if not request.get("modsubmit"):
        return ""
    if request.method != "POST" or not request.get("formhash") or request.is_foreign:
        return NO_SUBMIT
    if site.options.reason_required and not request.get("reason").strip():
        return GIVE_REASON
    return ""


def _chosen(site: Site, visit: Visit, found: Thread) -> list[Post]:
    """Those of the chosen posts that are of this thread. The others are passed over."""
    posts = (site.community.content.posts.get(number) for number in visit.request.numbers("topiclist"))
    return [post for post in posts if post is not None and post.thread_id == found.id]


def _dialog(site: Site, visit: Visit, found: Thread, action: str) -> Answer:
    chosen = _chosen(site, visit, found)
    violations = site.community.content.violations
    counts = [
        (site.community.content.members[post.author_id].name, violations[post.author_id])
        for post in chosen[:1]
        if len(chosen) == 1 and violations[post.author_id]
    ]
    form = site.render(
        "action_form.html",
        visit,
        thread=found,
        action=action,
        numbers=visit.request.numbers("topiclist"),
        hidden=any(post.hidden for post in chosen),
        counts=counts,
        reasons=PRESET_REASONS,
    )
    return site.xml(form)


def _carry_out(site: Site, visit: Visit, member: Member, found: Thread, action: str) -> Answer:
    request, community = visit.request, site.community
    if action == "delpost" and any(post.first for post in _chosen(site, visit, found)):
        return site.redirect(threadwork.dialog_address(found))
    for post in _chosen(site, visit, found):
        reason, notify = request.get("reason"), bool(request.get("sendreasonpm"))
        if action == "delpost":
            community.delete(post.id, by=member, reason=reason, notify=notify)
        elif request.get("banned", "0") == "1":
            community.hide(post.id, by=member, reason=reason, notify=notify)
        else:
            community.unhide(post.id, by=member, reason=reason, notify=notify)
    page = request.get("page") if action == "delpost" else ""
    return site.confirm(visit, DONE, f"forum.php?mod=viewthread&tid={found.id}&page={page}", key="mods")
