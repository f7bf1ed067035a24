"""Signing in, staying signed in, and never trying a refused password twice."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import pytest
from forum_support import Asked, Site, Told, World, error_call, fragment, page, success_call

from modbot.errors import Blocked, LoggedOut, Refused, Retryable, Unreadable
from modbot.forums.config import Credentials, ForumConfig, Politeness
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.signin import Captcha
from modbot.forums.discuz.transport import Request, Transport
from modbot.forums.protocol import Priority

PASSWORD = Credentials(username="版主", password="right", password_over_http=True)
COOKIES = Credentials(auth_cookie="AUTH", saltkey_cookie="SALT")
THREAD = Request("forum.php", (("mod", "viewthread"), ("tid", "7")))
ACT = Request("forum.php", (("mod", "topicadmin"),), form=(("reason", "x"),), repeatable=False)
PRE = "Ab12_2132_"


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


@pytest.fixture
def club(site: Site) -> Club:
    there = Club(site)
    site.answer = there.answer
    return there


Opener = Callable[..., Session]


@pytest.fixture
def session_with(site: Site, world: World) -> Iterator[Opener]:
    with ExitStack() as open_ones:

        def connect(credentials: Credentials = PASSWORD, *, url: str = "") -> Session:
            polite = Politeness(requests_per_second=1000, attempts=1)
            config = ForumConfig(
                "f", url or site.url, credentials=credentials, politeness=polite, panel_search=True
            )
            transport = Transport(config, world.context)
            open_ones.callback(transport.close)
            return Session(config, world.context, transport)

        yield connect


def panel_of(session: Session, credentials: Credentials = PASSWORD) -> Panel:
    url = session.transport.origin.url
    return Panel(ForumConfig("f", url, credentials=credentials, panel_search=True), session)


# --- signing in ---------------------------------------------------------------------------


def test_a_password_signs_in_once_and_is_not_needed_again(club: Club, session_with: Opener) -> None:
    session = session_with()
    session.fetch(THREAD)
    session.fetch(THREAD)
    again = session_with()
    again.fetch(THREAD)
    assert club.tries() == 1
    assert again.viewer is not None
    assert again.viewer.uid == 2


def test_the_session_file_is_the_owners_alone_and_holds_no_password(
    club: Club, session_with: Opener, world: World
) -> None:
    session_with().fetch(THREAD)
    (kept,) = world.state_dir.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "right" not in kept.read_text()


@pytest.mark.parametrize(
    "damage", ["", "[]", "{broken", '{"version": 99}', '{"version":1,"url":"http://other/"}']
)
def test_a_damaged_or_foreign_session_file_only_costs_a_sign_in(
    club: Club, session_with: Opener, world: World, damage: str
) -> None:
    session_with().fetch(THREAD)
    (kept,) = world.state_dir.iterdir()
    kept.write_text(damage)
    session_with().fetch(THREAD)
    assert club.tries() == 2


def test_a_session_file_with_wrong_types_is_read_as_empty(
    club: Club, session_with: Opener, world: World
) -> None:
    session_with().fetch(THREAD)
    (kept,) = world.state_dir.iterdir()
    content = json.loads(kept.read_text())
    kept.write_text(json.dumps({**content, "cookies": 7, "account": None}))
    session_with().fetch(THREAD)
    assert club.tries() == 2


def test_another_account_does_not_inherit_the_session(club: Club, session_with: Opener) -> None:
    session_with().fetch(THREAD)
    session_with(replace(PASSWORD, username="别人")).fetch(THREAD)
    assert club.tries() == 2


def test_a_wrong_password_is_never_tried_twice_even_after_a_restart(club: Club, session_with: Opener) -> None:
    wrong = replace(PASSWORD, password="wrong")
    with pytest.raises(LoggedOut, match="refused"):
        session_with(wrong).fetch(THREAD)
    for _ in range(2):
        with pytest.raises(LoggedOut, match="refused before"):
            session_with(wrong).fetch(THREAD)
    assert club.tries() == 1
    session_with().fetch(THREAD)
    assert club.tries() == 2


def test_a_captcha_asks_for_a_human_and_leaves_the_site_in_peace(
    club: Club, session_with: Opener, world: World
) -> None:
    club.say = lambda asked: error_call("抱歉，验证码填写错误")
    session = session_with()
    for _ in range(3):
        with pytest.raises(Blocked, match="captcha"):
            session.fetch(THREAD)
    assert club.tries() == 1
    world.pass_minutes(61)
    with pytest.raises(Blocked):
        session.fetch(THREAD)
    assert club.tries() == 2


def test_a_lock_is_waited_out_even_after_a_restart(club: Club, session_with: Opener, world: World) -> None:
    club.say = lambda asked: error_call("密码错误次数过多，请 15 分钟后重新登录")
    with pytest.raises(Retryable, match="locked") as caught:
        session_with().fetch(THREAD)
    assert caught.value.retry_after == 900
    with pytest.raises(Retryable, match="locked"):
        session_with().fetch(THREAD)
    assert club.tries() == 1
    club.say = None
    world.pass_minutes(16)
    session_with().fetch(THREAD)


def test_a_security_question_is_explained_and_not_guessed(club: Club, session_with: Opener) -> None:
    club.say = lambda asked: error_call("请选择安全提问以及填写正确的答案")
    with pytest.raises(LoggedOut, match="security question"):
        session_with().fetch(THREAD)
    with pytest.raises(LoggedOut, match="refused before"):
        session_with().fetch(THREAD)
    club.say = None
    answered = replace(PASSWORD, security_question=3, security_answer="昆河")
    session_with(answered).fetch(THREAD)
    sent = dict(next(asked for asked in reversed(club.site.asked) if asked.form).form)
    assert sent["questionid"] == "3"


@pytest.mark.parametrize("told", [fragment("<p>什么</p>"), error_call("插件不让您进来")])
def test_an_unknown_answer_to_the_sign_in_is_told_as_it_is(
    club: Club, session_with: Opener, told: Told
) -> None:
    club.say = lambda asked: told
    with pytest.raises(LoggedOut, match="not accepted"):
        session_with().fetch(THREAD)


def test_a_cookie_that_does_not_sign_in_is_no_sign_in(club: Club, session_with: Opener) -> None:
    club.say = lambda asked: replace(success_call("", key=""), headers=(("Set-Cookie", f"{PRE}auth=BAD"),))
    with pytest.raises(LoggedOut):
        session_with().fetch(THREAD)


def test_a_password_does_not_travel_over_plain_http_unasked(club: Club, session_with: Opener) -> None:
    with pytest.raises(Refused, match="plain http"):
        session_with(replace(PASSWORD, password_over_http=False)).fetch(THREAD)
    assert club.tries() == 0
    assert not club.site.asked


def test_without_credentials_the_way_out_is_named(club: Club, session_with: Opener) -> None:
    with pytest.raises(LoggedOut, match="modbot init"):
        session_with(Credentials()).fetch(THREAD)


def test_the_operators_cookies_sign_in_under_the_sites_own_prefix(club: Club, session_with: Opener) -> None:
    session_with(COOKIES).fetch(THREAD)
    cookie = club.site.asked[-1].headers["cookie"]
    assert f"{PRE}auth=AUTH" in cookie
    assert f"{PRE}saltkey=SALT" in cookie
    assert club.tries() == 0


def test_cookies_that_are_not_accepted_are_told(club: Club, session_with: Opener) -> None:
    club.signed_in = set()
    with pytest.raises(LoggedOut, match="not accepted"):
        session_with(COOKIES).fetch(THREAD)


def test_a_site_that_is_no_discuz_is_told(site: Site, session_with: Opener) -> None:
    site.answer = lambda asked: Told("<html><body>hello</body></html>")
    with pytest.raises(LoggedOut, match="do not look like Discuz"):
        session_with(COOKIES).fetch(THREAD)


# --- staying signed in --------------------------------------------------------------------


def test_a_lost_session_is_renewed_once(club: Club, session_with: Opener) -> None:
    session = session_with()
    session.fetch(THREAD)
    club.signed_in = set()
    got = session.fetch(THREAD)
    assert "discuz_uid = '2'" in got.text
    assert club.tries() == 2


def test_a_session_that_dies_at_once_does_not_loop(site: Site, session_with: Opener) -> None:
    def answer(asked: Asked) -> Told:
        return Told(page(uid=2 if asked.query.get("mod") != "viewthread" else 0))

    site.answer = answer
    with pytest.raises(LoggedOut, match="takes the account for a guest"):
        session_with(COOKIES).fetch(THREAD)
    assert len(site.asked) < 10


def test_a_redirect_to_the_sign_in_page_means_signed_out(club: Club, session_with: Opener) -> None:
    session = session_with()
    session.fetch(THREAD)
    login = Told("", 302, (("Location", "member.php?mod=logging&action=login&referer=x"),))
    answers = [login]

    def answer(asked: Asked) -> Told:
        return answers.pop() if answers and asked.query.get("mod") == "viewthread" else club.answer(asked)

    club.site.answer = answer
    assert "discuz_uid = '2'" in session.fetch(THREAD).text


def test_the_json_api_tells_a_guest_by_its_member_uid(club: Club, session_with: Opener) -> None:
    def answer(asked: Asked) -> Told:
        if asked.path.startswith("/api"):
            member = "auth=FRESH" in asked.headers.get("cookie", "")
            return Told(
                json.dumps({"Variables": {"member_uid": "2" if member else "0"}}, separators=(",", ":"))
            )
        return club.answer(asked)

    club.site.answer = answer
    session = session_with()
    session.ensure(Priority.POLL)
    session.transport.cookies.replace({})
    assert '"2"' in session.fetch(Request("api/mobile/index.php")).text


def test_a_form_hash_that_grew_stale_is_fetched_anew_and_the_form_sent_once_more(
    club: Club, session_with: Opener
) -> None:
    session = session_with()
    session.fetch(THREAD)
    club.hash = "99999999"
    assert "管理操作成功" in session.post(ACT).text
    assert [
        dict(asked.form).get("formhash")
        for asked in club.site.asked
        if asked.query.get("mod") == "topicadmin"
    ] == [
        "0a1b2c3d",
        "99999999",
    ]


def test_a_form_that_stays_refused_does_not_loop(club: Club, session_with: Opener) -> None:
    session = session_with()
    session.fetch(THREAD)
    club.tainted = True
    with pytest.raises(Retryable, match="form hash"):
        session.post(ACT)
    assert club.site.count("topicadmin") == 2


def test_a_form_sent_after_the_session_died_is_sent_again_signed_in(club: Club, session_with: Opener) -> None:
    session = session_with()
    session.fetch(THREAD)
    club.signed_in = set()
    assert "管理操作成功" in session.post(ACT).text


def test_a_form_that_always_meets_the_sign_in_page_does_not_loop(club: Club, session_with: Opener) -> None:
    session = session_with()
    session.fetch(THREAD)
    normal = club.answer
    club.site.answer = lambda asked: (
        error_call("您需要先登录才能继续本操作") if asked.query.get("mod") == "topicadmin" else normal(asked)
    )
    with pytest.raises(LoggedOut):
        session.post(ACT)
    assert club.site.count("topicadmin") == 2


def test_a_tainted_address_is_asked_for_once_more(club: Club, session_with: Opener) -> None:
    session = session_with()
    session.fetch(THREAD)
    normal = club.answer
    body = "<html><h1>Discuz! System Error</h1>您当前的访问请求当中含有非法字符</html>"
    club.site.answer = lambda asked: Told(body) if asked.query.get("tid") == "7" else normal(asked)
    with pytest.raises(Retryable):
        session.fetch(THREAD)
    assert club.site.count("tid=7") == 3


def test_pages_that_watch_refreshing_slow_the_stream_down(club: Club, session_with: Opener) -> None:
    normal = club.answer
    club.site.answer = lambda asked: Told(page(attackevasive="1")) if asked.method == "GET" else normal(asked)
    session = session_with(COOKIES)
    session.ensure(Priority.POLL)
    assert session.transport.pace.spacing_seconds == 2.1


# --- the captcha, by hand -------------------------------------------------------------------


def with_captcha(club: Club) -> Callable[[Asked], Told]:
    def answer(asked: Asked) -> Told:
        if asked.path == "/misc.php" and "referer" not in asked.headers:
            return Told("Access Denied")
        if asked.query.get("action") == "update":
            return Told(
                "if($('seccode_cSabcd')) {src=\"misc.php?mod=seccode&update=18853&idhash=cSabcd\"}",
                content_type="application/javascript",
            )
        if asked.query.get("update") == "18853":
            return Told(b"\x89PNG picture", content_type="image/png")
        if asked.query.get("action") == "login" and asked.method == "GET":
            form = '<form name="login" action="member.php?mod=logging&amp;loginhash=Lx"></form>'
            return Told(page(form + '<span id="seccode_cSabcd"></span>', uid=0))
        if asked.path == "/member.php" and dict(asked.form).get("seccodeverify") != "EMV6":
            return error_call("抱歉，验证码填写错误")
        return club.answer(asked)

    return answer


def test_a_human_reads_the_captcha_once_and_the_session_is_kept(club: Club, session_with: Opener) -> None:
    club.site.answer = with_captcha(club)
    session = session_with()
    with pytest.raises(Blocked):
        session.fetch(THREAD)
    captcha = session.door.captcha()
    assert captcha.image.startswith(b"\x89PNG")
    session.adopt(session.door.answer_captcha(captcha, " EMV6 "))
    assert "discuz_uid = '2'" in session_with().fetch(THREAD).text


def test_a_misread_captcha_is_told(club: Club, session_with: Opener) -> None:
    club.site.answer = with_captcha(club)
    session = session_with()
    with pytest.raises(Blocked, match="captcha"):
        session.door.answer_captcha(Captcha("cSabcd", b"", "image/png"), "????")


def test_a_page_without_captcha_says_so(club: Club, session_with: Opener) -> None:
    club.site.answer = lambda asked: Told(page('<form name="login" action="x"></form>', uid=0))
    with pytest.raises(Refused, match="no captcha"):
        session_with().door.captcha()


def test_a_picture_that_does_not_come_is_told(club: Club, session_with: Opener) -> None:
    normal = with_captcha(club)
    club.site.answer = lambda asked: Told(page()) if asked.query.get("update") else normal(asked)
    with pytest.raises(Blocked, match="picture"):
        session_with().door.captcha()
    club.site.answer = lambda asked: (
        Told("nothing", content_type="application/javascript")
        if asked.query.get("action") == "update"
        else normal(asked)
    )
    with pytest.raises(Unreadable):
        session_with().door.captcha()


# --- the panel ------------------------------------------------------------------------------

HOME = (("action", "home"),)


def test_the_panel_is_opened_with_the_password_and_stays_open(club: Club, session_with: Opener) -> None:
    panel = panel_of(session_with())
    assert panel.allowed
    panel.page(HOME, Priority.POLL)
    panel.page(HOME, Priority.POLL)
    assert sum("cppwd" in dict(asked.form) for asked in club.site.asked) == 1


def test_a_wrong_panel_password_is_never_repeated(club: Club, session_with: Opener) -> None:
    club.panel_password = "another"
    panel = panel_of(session_with())
    for _ in range(2):
        with pytest.raises(LoggedOut, match="panel refused"):
            panel.page(HOME, Priority.POLL)
    assert not panel.allowed
    with pytest.raises(LoggedOut):
        panel_of(session_with()).page(HOME, Priority.POLL)
    assert sum("cppwd" in dict(asked.form) for asked in club.site.asked) == 1


def test_a_panel_that_asks_again_right_after_success_does_not_loop(club: Club, session_with: Opener) -> None:
    normal = club.answer

    def answer(asked: Asked) -> Told:
        told = normal(asked)
        club.panel_open = False
        return told

    club.site.answer = answer
    with pytest.raises(LoggedOut):
        panel_of(session_with()).page(HOME, Priority.POLL)


def test_a_locked_panel_is_left_for_a_quarter_of_an_hour(club: Club, session_with: Opener) -> None:
    club.panel_says = Told(
        page('<div id="messagetext" class="alert_error"><p>管理面板已锁定，请稍后</p></div>')
    )
    with pytest.raises(Retryable, match="locked") as caught:
        panel_of(session_with()).page(HOME, Priority.POLL)
    assert caught.value.retry_after == 900


def test_an_account_that_is_no_moderator_is_told(club: Club, session_with: Opener) -> None:
    club.panel_says = Told(
        page('<div id="messagetext" class="alert_error"><p>抱歉，您没有权限访问管理面板</p></div>')
    )
    with pytest.raises(Refused, match="not open to this account"):
        panel_of(session_with()).page(HOME, Priority.POLL)


@pytest.mark.parametrize(
    "credentials", [COOKIES, replace(PASSWORD, password_over_http=False)], ids=["no password", "plain http"]
)
def test_the_panel_is_not_for_every_account(
    club: Club, session_with: Opener, credentials: Credentials
) -> None:
    assert not panel_of(session_with(credentials), credentials).allowed
