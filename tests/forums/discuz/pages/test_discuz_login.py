# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""Signing in: form, captcha, answers."""

from __future__ import annotations

import pytest
from forum_pages import called, message_page, page, succeeded, thread, xml

from modbot.errors import Unreadable
from modbot.forums.discuz.pages.login import (
    LoginOutcome,
    parse_captcha_update,
    parse_login_form,
    read_login_answer,
)

ACTION = "member.php?mod=logging&amp;action=login&amp;loginsubmit=yes&amp;loginhash=Lab12"


def form(
    captcha: str = "", action: str = ACTION, question: str = '<select name="questionid"></select>'
) -> str:
    return (
        f'<form method="post" name="login" action="{action}"><input type="hidden" name="formhash" value="0a1b2c3d" />'
        f'<input type="hidden" name="referer" value="https://bbs.example.org/./" />{question}{captcha}</form>'
    )


def test_the_form_is_read_with_its_captcha() -> None:
    captcha = (
        "<span id=\"seccode_cSab12\"></span><script>updateseccode('cSab12', '<div><sec></div>', "
        "'member::logging');</script>"
    )
    found = parse_login_form(page(form(captcha)))
    assert (found.formhash, found.login_hash, found.captcha) == ("0a1b2c3d", "Lab12", "cSab12")
    assert (found.captcha_module, found.referer, found.asks_question) == (
        "member::logging",
        "https://bbs.example.org/./",
        True,
    )


def test_the_dialog_is_read_like_the_page() -> None:
    found = parse_login_form(xml(form(action="member.php", question="")))
    assert (found.login_hash, found.captcha, found.asks_question) == (None, None, False)


def test_the_captcha_is_also_named_by_its_call() -> None:
    call = "<script>updateseccode('cSxy99', '', 'member::logging');</script>"
    assert parse_login_form(page(form(call))).captcha == "cSxy99"


def test_a_page_without_the_form_is_refused() -> None:
    with pytest.raises(Unreadable):
        parse_login_form(page("<form></form>"))


def test_the_captchas_picture_is_found() -> None:
    found = parse_captcha_update("x = '<img src=\"misc.php?mod=seccode&update=18853&idhash=cSab12\" />'")
    assert (found.id_hash, found.update) == ("cSab12", "18853")
    assert found.path == "misc.php?mod=seccode&update=18853&idhash=cSab12"


def test_without_a_picture_there_is_no_captcha() -> None:
    with pytest.raises(Unreadable):
        parse_captcha_update("Access Denied")


@pytest.mark.parametrize(
    ("answer", "outcome", "left", "minutes"),
    [
        (succeeded("欢迎您回来，版主 阿明，现在将转入登录前页面"), LoginOutcome.OK, None, None),
        (succeeded(""), LoginOutcome.OK, None, None),
        (called("登录失败，您还可以尝试 4 次", "{'loginperm':'4'}"), LoginOutcome.WRONG_PASSWORD, 4, None),
        (called("密码错误次数过多，请 15 分钟后重新登录"), LoginOutcome.LOCKED, None, 15),
        (called("抱歉，验证码填写错误"), LoginOutcome.CAPTCHA, None, None),
        (called("请输入验证码后继续登录"), LoginOutcome.CAPTCHA, None, None),
        (
            called("请选择安全提问以及填写正确的答案", "{'loginperm':'3'}"),
            LoginOutcome.QUESTION,
            3,
            None,
        ),
        (called("抱歉，安全提问答案填写错误", "{'loginperm':'x'}"), LoginOutcome.QUESTION, None, None),
        (
            called("抱歉，您的 IP 地址不在允许范围内，或您的账号被禁用，无法访问本站点"),
            LoginOutcome.REFUSED,
            None,
            None,
        ),
        (called("论坛维护中"), LoginOutcome.REFUSED, None, None),
        (called("没听过的话"), LoginOutcome.REFUSED, None, None),
        (message_page("欢迎您回来，版主 阿明", "right"), LoginOutcome.OK, None, None),
        ('{"Message":{"messageval":"login_invalid"}}', LoginOutcome.WRONG_PASSWORD, None, None),
        (thread(), LoginOutcome.UNKNOWN, None, None),
        ("", LoginOutcome.UNKNOWN, None, None),
    ],
)
def test_every_answer_to_a_login_is_sorted(
    answer: str, outcome: LoginOutcome, left: int | None, minutes: int | None
) -> None:
    found = read_login_answer(answer)
    assert (found.outcome, found.attempts_left, found.locked_minutes) == (outcome, left, minutes)
