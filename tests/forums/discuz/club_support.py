"""A scripted site with one account, for tests of signing in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from forum_support import Asked, Site, Told, error_call, page, success_call

from modbot.forums.config import Credentials, ForumConfig
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Request

PASSWORD = Credentials(username="版主", password="right", password_over_http=True)
COOKIES = Credentials(auth_cookie="AUTH", saltkey_cookie="SALT")
THREAD = Request("forum.php", (("mod", "viewthread"), ("tid", "7")))
ACT = Request("forum.php", (("mod", "topicadmin"),), form=(("reason", "x"),), repeatable=False)
PRE = "Ab12_2132_"

Opener = Callable[..., Session]


@dataclass
class Club:
    """A scripted site with one account. ``say`` overrules the answer to a sign-in."""

    site: Site
    say: Callable[[Asked], Told] | None = None
    signed_in: set[str] = field(default_factory=lambda: {"AUTH"})
    hash: str = "0a1b2c3d"
    tainted: bool = False
    panel_password: str = "right"
    panel_open: bool = False
    panel_says: Told | None = None

    def answer(self, asked: Asked) -> Told:
        member = any(f"auth={ticket}" in asked.headers.get("cookie", "") for ticket in self.signed_in)
        if asked.path == "/member.php" and asked.method == "POST":
            return self.say(asked) if self.say else self._enter(asked)
        if asked.query.get("mod") == "modcp":
            return self._panel(asked)
        if asked.method == "POST":
            return self._act(asked, member=member)
        return Told(page(uid=2 if member else 0, formhash=self.hash if member else "ffffffff"))

    def _enter(self, asked: Asked) -> Told:
        if dict(asked.form)["password"] != "right":
            return error_call("登录失败，您还可以尝试 4 次")
        self.signed_in = {"FRESH"}
        told = success_call("", key="")
        return replace(told, headers=(("Set-Cookie", f"{PRE}auth=FRESH; path=/; HttpOnly"),))

    def _act(self, asked: Asked, *, member: bool) -> Told:
        if self.tainted or not member or dict(asked.form)["formhash"] != self.hash:
            return Told("<html><h1>Discuz! System Error</h1>您当前的访问请求当中含有非法字符</html>")
        return success_call("管理操作成功 ")

    def _panel(self, asked: Asked) -> Told:
        if self.panel_says:
            return self.panel_says
        form = dict(asked.form)
        if form.get("cppwd") == self.panel_password:
            self.panel_open = True
            return Told("", 302, (("Location", "forum.php?mod=modcp"),))
        if self.panel_open:
            return Told(page("管理面板"))
        return Told(page('<input type="password" name="cppwd" id="cppwd" />'))

    def tries(self) -> int:
        return sum(asked.path == "/member.php" and asked.method == "POST" for asked in self.site.asked)


def panel_of(session: Session, credentials: Credentials = PASSWORD) -> Panel:
    url = session.transport.origin.url
    return Panel(ForumConfig("f", url, credentials=credentials, panel_search=True), session)
