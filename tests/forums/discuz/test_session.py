"""Signing in, staying signed in, and never trying a refused password twice."""

from __future__ import annotations

import json
import stat
from dataclasses import replace

import pytest
from club_support import ACT, COOKIES, PASSWORD, PRE, THREAD, Club, Opener
from forum_support import Asked, Site, Told, World, error_call, fragment, page, success_call

from modbot.errors import Blocked, LoggedOut, Refused, Retryable
from modbot.forums.config import Credentials
from modbot.forums.discuz.transport import Request
from modbot.forums.protocol import Priority

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


def test_a_cookie_that_does_not_sign_in_is_no_sign_in_and_no_wrong_password(
    club: Club, session_with: Opener
) -> None:
    """The forum may lose a session as soon as it begins; the password was right."""
    club.say = lambda asked: replace(success_call("", key=""), headers=(("Set-Cookie", f"{PRE}auth=BAD"),))
    session = session_with()
    for _ in range(2):
        with pytest.raises(Retryable, match="at once taken for a guest"):
            session.fetch(THREAD)
    assert club.tries() == 2


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
