"""Two doors that want something more: the captcha before the sign-in, and the moderator panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from club_support import COOKIES, PASSWORD, THREAD, Club, Opener, panel_of
from forum_support import Asked, Told, error_call, page

from modbot.errors import Blocked, LoggedOut, Refused, Retryable, Unreadable
from modbot.forums.config import Credentials
from modbot.forums.protocol import Captcha, Priority

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
    panel = panel_of(session_with())
    with pytest.raises(Retryable, match="asks for it again"):
        panel.page(HOME, Priority.POLL)
    assert panel.allowed  # an old copy of the form proves nothing against the password


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
