"""Signing in and out."""

from __future__ import annotations

from dataclasses import replace

from modbot.demo.sessions import SignIn
from modbot.demo.site import Site
from modbot.demo.state import GROUP_TITLES, Member
from modbot.demo.visit import Answer, Visit

LOCKED = "密码错误次数过多，请 15 分钟后重新登录"


def logging(site: Site, visit: Visit) -> Answer:
    if visit.request.get("action") == "logout":
        return _sign_out(site, visit)
    if visit.viewer.member is not None:
        return site.confirm(visit, _welcome(visit.viewer.member), "forum.php")
    if visit.request.get("loginsubmit") == "yes" and visit.request.method == "POST":
        return _sign_in(site, visit)
    form = site.render("login_form.html", visit)
    if visit.request.inajax:
        return site.xml(form)
    return site.page("login.html", visit)


def _sign_in(site: Site, visit: Visit) -> Answer:
    outcome, member, left = site.sessions.sign_in(visit.request, visit.now)
    key = visit.request.get("handlekey")
    if outcome is SignIn.LOCKED or member is None:
        if outcome is SignIn.LOCKED:
            return site.refuse(visit, LOCKED, key=key)
        text = f"登录失败，您还可以尝试 {left} 次"
        return site.refuse(visit, text, key=key, values={"loginperm": str(left)})
    remember = visit.request.number("cookietime") > 0
    cookies = site.sessions.auth_cookies(member, visit.viewer, remember=remember)
    return replace(_welcomed(site, visit, member, key), cookies=cookies)


def _welcomed(site: Site, visit: Visit, member: Member, key: str) -> Answer:
    if visit.request.get("ajaxdata") == "json":
        return site.confirm(visit, "", "forum.php", key=key)
    if not visit.request.inajax:
        return site.confirm(visit, _welcome(member), "forum.php")
    done = site.render("welcome.html", visit, text=_welcome(member), key=key if key.isidentifier() else "")
    return site.xml(done)


def _welcome(member: Member) -> str:
    return f"欢迎您回来，{GROUP_TITLES[member.group_id]} {member.name}，现在将转入登录前页面"


def _sign_out(site: Site, visit: Visit) -> Answer:
    """Without a form hash the forum says the same and does nothing."""
    text = "您已退出站点，现在将以游客身份转入退出前页面，请稍候……"
    cookies = site.sessions.forget_cookies() if visit.request.get("formhash") else ()
    return replace(site.confirm(visit, text, "forum.php"), cookies=cookies)
