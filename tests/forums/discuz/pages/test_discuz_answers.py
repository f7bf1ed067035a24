# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""The switch that every response goes through."""

from __future__ import annotations

import pytest
from forum_pages import (
    HEADERS,
    URL,
    called,
    first_post,
    head,
    message_page,
    page,
    post,
    succeeded,
    thread,
    viewpid,
    xml,
)

from modbot.forums.discuz.pages.answers import Answer, AnswerKind, CcFlavour, classify

SYSTEM_ERROR = "<!DOCTYPE html><html><body><h1>Discuz! System Error</h1><li>{}</li></body></html>"
TAINTED = SYSTEM_ERROR.format("您当前的访问请求当中含有非法字符，已经被系统拒绝")


def of(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return classify(status, HEADERS if headers is None else headers, text, url=URL)


def dialog(text: str, alert: str = "error") -> str:
    return xml(
        '<h3 class="flb"><em>提示信息</em></h3>\n<div class="c altw">\n'
        f'<div class="alert_{alert}">{text}<script>x()</script></div></div>'
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (thread(first_post(), post()), AnswerKind.PAGE),
        (page("<p>索引</p>"), AnswerKind.PAGE),
        (page("<p>长页</p>" * 1_000), AnswerKind.PAGE),
        (thread(first_post(label=""), post(label="")), AnswerKind.ROBOT_TEMPLATE),
        (viewpid(post()), AnswerKind.FRAGMENT),
        (xml("0"), AnswerKind.FRAGMENT),
        ('{"Version":"4","Variables":{}}', AnswerKind.JSON),
        (TAINTED, AnswerKind.TAINTED),
        (SYSTEM_ERROR.format("数据库"), AnswerKind.SYSTEM_ERROR),
        ("<html><head><title>h - Mobile System Error</title></head></html>", AnswerKind.SYSTEM_ERROR),
        (page('<form><input type="password" name="cppwd"></form>'), AnswerKind.PANEL_LOGIN),
        (xml('<form><input type="password" name="cppwd"></form>'), AnswerKind.PANEL_LOGIN),
        (
            page('<form method="post" action="forum.php?fid=6&amp;action=pwverify"></form>'),
            AnswerKind.BOARD_PASSWORD,
        ),
        ('<script type="text/javascript">a="_dsign="</script>', AnswerKind.DSIGN),
        (head() + "<p>半页", AnswerKind.TRUNCATED),
        ('<?xml version="1.0"?>\n<root><![CDATA[半', AnswerKind.TRUNCATED),
        ('<?xml version="1.0"?>\n<root><![CDATA[半]]>', AnswerKind.TRUNCATED),
        ('{"Variables": {', AnswerKind.TRUNCATED),
        ("{" * 100_000, AnswerKind.TRUNCATED),
        ("", AnswerKind.EMPTY),
        ("\ufeff \r\n", AnswerKind.EMPTY),
        ("Access Denied", AnswerKind.NOT_HTML),
        ('<?xml version="1.0"?><rss></rss>', AnswerKind.NOT_HTML),
        (
            '<html><head><script src="static/js/mobile/jquery.min.js"></script></head></html>',
            AnswerKind.TOUCH_TEMPLATE,
        ),
        (
            '<?xml version="1.0"?><html><head><link href="static/image/mobile/style.css"></head></html>',
            AnswerKind.TOUCH_TEMPLATE,
        ),
    ],
)
def test_every_kind_of_answer_is_known(text: str, kind: AnswerKind) -> None:
    assert of(text).kind is kind


def test_a_small_page_without_a_title_is_a_page() -> None:
    assert of("<html><body>好</body></html>").kind is AnswerKind.PAGE


def test_a_picture_is_no_page() -> None:
    assert of("<svg>", headers={"content-type": "image/png"}).kind is AnswerKind.NOT_HTML


@pytest.mark.parametrize(
    ("title", "flavour"),
    [
        ("频繁刷新限制", CcFlavour.TOO_FAST),
        ("&#x9891;&#x7E41;&#x5237;&#x65B0;&#x9650;&#x5236;", CcFlavour.TOO_FAST),
        ("&#39029;&#38754;&#37325;&#36733;&#24320;&#21551;", CcFlavour.RELOAD),
        ("代理服务器访问限制", CcFlavour.PROXY),
        ("页面重载开启", CcFlavour.RELOAD),
        ("14 + 5 - 2 = ?", CcFlavour.QUESTION),
        ("别的标题", None),
    ],
)
def test_the_cc_defence_is_known_by_its_title(title: str, flavour: CcFlavour | None) -> None:
    answer = of(f"<html><head><title>{title}</title></head><body></body></html>")
    assert answer.flavour is flavour
    assert answer.kind is (AnswerKind.CC_DEFENCE if flavour else AnswerKind.PAGE)


@pytest.mark.parametrize(
    ("bit", "flavour"), [("1", CcFlavour.TOO_FAST), ("8", CcFlavour.QUESTION), ("3", CcFlavour.TOO_FAST)]
)
def test_the_cc_defence_also_answers_in_xml(bit: str, flavour: CcFlavour) -> None:
    answer = of(xml(f'<div id="attackevasive_{bit}"><b>频繁刷新限制</b></div>'))
    assert (answer.kind, answer.flavour) == (AnswerKind.CC_DEFENCE, flavour)


@pytest.mark.parametrize(
    ("sentence", "key"),
    [
        ("抱歉，您没有权限使用管理功能", "admin_nopermission"),
        ("抱歉，您没有权限屏蔽主题", "no_privilege_banpost"),
        ("抱歉，您没有权限删除帖子", "no_privilege_delpost"),
        ("抱歉，您没有权限警告此主题", "no_privilege_warnpost"),
        ("抱歉，您尚未选择要屏蔽的帖子", "admin_banpost_invalid"),
        ("抱歉，您尚未选择要删除的帖子", "admin_delpost_invalid"),
        ("请输入原因", "admin_reason_invalid"),
        ("抱歉，您的请求来路不正确或表单验证串不符，无法提交", "submit_invalid"),
        ("抱歉，指定的主题不存在或已被删除或正在被审核", "thread_nonexistence"),
        ("没有找到帖子", "post_not_found"),
        ("抱歉，指定的版块不存在", "forum_nonexistence"),
        ("抱歉，您没有权限访问该版块", "viewperm_none_nopermission"),
        ("您需要先登录才能继续本操作", "to_login"),
        ("抱歉，您的 IP 地址不在允许范围内，或您的账号被禁用，无法访问本站点", "user_banned"),
        ("抱歉，您两次发表间隔少于 15 秒，请稍候再发表", "post_flood_ctrl"),
        ("抱歉，您没有权限访问管理面板，请重新登录站点，然后重试", "panel_nopermission"),
        ("没听过的话", ""),
    ],
)
def test_an_error_is_known_by_its_sentence_in_every_form(sentence: str, key: str) -> None:
    for text in (called(sentence), called(sentence, key=""), dialog(sentence), message_page(sentence)):
        answer = of(text)
        assert (answer.kind, answer.message, answer.key) == (AnswerKind.MESSAGE_ERROR, sentence, key)


def test_a_success_says_so_and_where_it_leads() -> None:
    answer = of(succeeded("管理操作成功 "))
    assert (answer.kind, answer.message, answer.key) == (
        AnswerKind.MESSAGE_OK,
        "管理操作成功",
        "admin_succeed",
    )
    assert answer.location == "forum.php?mod=viewthread&tid=77&page="


def test_the_values_of_an_answer_are_read() -> None:
    answer = of(called("登录失败，您还可以尝试 4 次", "{'loginperm':'4', 'q':'a\\'b'}", ""))
    assert answer.values == {"loginperm": "4", "q": "a'b"}


def test_a_call_without_words_is_an_error_or_a_success_without_words() -> None:
    bare = "<script>if(typeof {0}handle_=='function') {{{0}handle_();}}</script>"
    assert of(xml(bare.format("error"))) == Answer(AnswerKind.MESSAGE_ERROR)
    assert of(xml(bare.format("succeed"))) == Answer(AnswerKind.MESSAGE_OK)


def test_a_dialog_may_tell_a_success() -> None:
    assert of(dialog("操作成功", "right")).kind is AnswerKind.MESSAGE_OK


def test_what_a_member_writes_sets_nothing_off() -> None:
    words = (
        "errorhandle_mods('抱歉，您没有权限使用管理功能', {}); 您当前的访问请求当中含有非法字符 name=&quot;cppwd&quot; "
        "&lt;h1&gt;Discuz! System Error&lt;/h1&gt; 频繁刷新限制"
    )
    assert of(thread(first_post(), post(text=words))).kind is AnswerKind.PAGE
    assert of(viewpid(post(text=words))).kind is AnswerKind.FRAGMENT


def test_a_thread_page_is_read_even_if_an_admins_html_imitates_an_error() -> None:
    words = (
        f'<h1>Discuz! System Error</h1><div id="messagetext" class="alert_error"><p>x</p></div>{"字" * 10}'
    )
    assert of(thread(first_post(text=words), post())).kind is AnswerKind.PAGE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (message_page("密码验证成功，请继续", "info", link=True), AnswerKind.MESSAGE_OK),
        (message_page("审核处理完毕", "right", link=True), AnswerKind.MESSAGE_OK),
        (message_page("没听过的好事", "info", link=True), AnswerKind.MESSAGE_OK),
        (message_page("没听过的事", "info"), AnswerKind.MESSAGE_ERROR),
        (message_page("您需要先登录才能继续本操作", "info", link=True), AnswerKind.MESSAGE_ERROR),
        (message_page("抱歉，本站点暂时关闭，详情请联系管理员"), AnswerKind.CLOSED_SITE),
        (message_page("论坛正在升级，明早再来"), AnswerKind.CLOSED_SITE),
        (called("歇业三天", "{'adminemail':'a@b.example'}", ""), AnswerKind.CLOSED_SITE),
        ('{"error":"歇业三天"}', AnswerKind.CLOSED_SITE),
    ],
)
def test_messages_are_told_apart_from_closed_sites(text: str, kind: AnswerKind) -> None:
    assert of(text).kind is kind


def test_a_message_page_cut_in_its_middle_is_read_as_far_as_it_goes() -> None:
    assert of('<html><body><div id="messagetext" class="alert_error">').message == ""


def test_the_welcome_after_a_login_is_the_message() -> None:
    welcome = xml(
        "<script reload=\"1\">if($('succeedmessage')) {$('succeedmessage').innerHTML = '';}"
        "if(typeof succeedhandle_=='function') {succeedhandle_('https://bbs.example.org/', '', {});}</script>"
        "<script>$('succeedlocation').innerHTML = '欢迎您回来，版主 阿明';</script>"
    )
    answer = of(welcome)
    assert (answer.kind, answer.key, answer.message) == (
        AnswerKind.MESSAGE_OK,
        "login_succeed",
        "欢迎您回来，版主 阿明",
    )


def test_a_bare_jump_is_a_success() -> None:
    answer = of(
        xml('<script type="text/javascript" reload="1">window.location.href=\'https://h/./\';</script>')
    )
    assert (answer.kind, answer.location) == (AnswerKind.MESSAGE_OK, "https://h/./")


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ('{"error":"to_login"}', AnswerKind.MESSAGE_ERROR, "to_login"),
        ('{"error":"mobile_is_closed"}', AnswerKind.MESSAGE_ERROR, "mobile_is_closed"),
        ('{"Message":{"messageval":"to_login//1","messagestr":"x"}}', AnswerKind.MESSAGE_ERROR, "to_login"),
        ('{"Message":{"messageval":"admin_succeed"}}', AnswerKind.MESSAGE_OK, "admin_succeed"),
        ('{"Message":{"messageval":"login_succeed_mobile"}}', AnswerKind.MESSAGE_OK, "login_succeed"),
        ('{"message":"管理操作成功 ","data":[]}', AnswerKind.MESSAGE_OK, "admin_succeed"),
        ('{"message":"请输入原因","data":[]}', AnswerKind.MESSAGE_ERROR, "admin_reason_invalid"),
        ('{"message":"","data":[]}', AnswerKind.MESSAGE_OK, ""),
        ('{"message":"x"}', AnswerKind.JSON, ""),
    ],
)
def test_json_answers_carry_their_key(text: str, kind: AnswerKind, key: str) -> None:
    answer = of(text)
    assert (answer.kind, answer.key) == (kind, key)


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("member.php?mod=logging&action=login&referer=x", AnswerKind.SIGN_IN_REDIRECT),
        ("forum.php?mod=viewthread&tid=77", AnswerKind.SAME_PAGE_REDIRECT),
        ("https://bbs.example.org:443/forum.php?mod=viewthread&tid=77&page=2", AnswerKind.SAME_PAGE_REDIRECT),
        ("thread-77-1-1.html", AnswerKind.SAME_PAGE_REDIRECT),
        ("forum.php?mod=viewthread&tid=78", AnswerKind.REDIRECT),
        ("forum.php?mod=misc&tid=77", AnswerKind.REDIRECT),
        ("forum.php?mod=forumdisplay&fid=6", AnswerKind.REDIRECT),
        ("https://evil.example/forum.php?mod=viewthread&tid=77", AnswerKind.FOREIGN_REDIRECT),
        ("//evil.example/", AnswerKind.FOREIGN_REDIRECT),
        ("https://bbs.example.org:8443/", AnswerKind.FOREIGN_REDIRECT),
        ("https://bbs.example.org\\@evil.example/", AnswerKind.FOREIGN_REDIRECT),
        ("https://[x", AnswerKind.FOREIGN_REDIRECT),
        ("https://bbs.example.org:99999999/", AnswerKind.FOREIGN_REDIRECT),
        ("", AnswerKind.HTTP_ERROR),
    ],
)
def test_redirects_are_told_apart(location: str, kind: AnswerKind) -> None:
    assert of("", 302, {"LOCATION": location}).kind is kind


def test_without_the_address_asked_an_absolute_redirect_is_foreign() -> None:
    assert classify(301, {"location": "https://bbs.example.org/x"}, "").kind is AnswerKind.FOREIGN_REDIRECT
    assert classify(301, {"location": "x.php"}, "").kind is AnswerKind.REDIRECT
    assert classify(301, {}, "").kind is AnswerKind.HTTP_ERROR


@pytest.mark.parametrize("text", ["", "Bad Gateway", "<html><p>502</p></html>", "<html>"])
def test_an_error_status_without_the_forums_own_words_is_one(text: str) -> None:
    answer = of(text, 502)
    assert (answer.kind, answer.message) == (AnswerKind.HTTP_ERROR, "502")


def test_the_forums_own_words_count_more_than_the_status() -> None:
    missing = message_page("抱歉，指定的主题不存在或已被删除或正在被审核")
    assert of(missing, 404).key == "thread_nonexistence"
    assert of(TAINTED, 503).kind is AnswerKind.TAINTED
