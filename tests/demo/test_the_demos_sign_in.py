"""Signing in: cookies, form hashes, wrong passwords, the panel's own password."""

import pytest
from visitor import PASSWORD, QUEUE, Visitor

BOTH = pytest.mark.parametrize("server", ["utf-8", "gbk"], indirect=True)


def test_a_guest_is_nobody(guest):
    assert guest.uid == 0


@BOTH
def test_a_chinese_name_signs_in_in_the_forums_charset(server, member):
    assert member.uid == server.forum.member_named("阿木").id


def test_auth_and_saltkey_together_are_a_session_anywhere(server, member):
    with Visitor(server) as other:
        for name in ("auth", "saltkey"):
            other.http.cookies.set(f"mBdm_2132_{name}", member.http.cookies[f"mBdm_2132_{name}"])
        assert other.uid == member.uid


@pytest.mark.parametrize("missing", ["auth", "saltkey"])
def test_one_of_them_alone_is_a_guest(server, member, missing):
    member.http.cookies.delete(f"mBdm_2132_{missing}")
    assert member.uid == 0


def test_a_changed_password_ends_every_session(server, member):
    server.forum.member_named("阿木").password = "another"
    assert member.uid == 0


def test_a_form_hash_lasts_as_long_as_the_session_and_is_its_own(guest, member, moderator, clock):
    first = member.formhash
    clock.turn(hours=3)
    assert member.formhash == first
    assert len({guest.formhash, first, moderator.formhash}) == 3


def test_every_form_hash_changes_after_116_days(member, clock):
    first = member.formhash
    clock.turn(days=116)
    assert member.formhash != first


def test_five_wrong_passwords_lock_the_door_for_a_quarter_of_an_hour(guest, clock):
    answers = [guest.sign_in("阿木", "wrong") for _ in range(5)]
    assert ["还可以尝试 4 次" in answers[0], "还可以尝试 1 次" in answers[3]] == [True, True]
    assert "密码错误次数过多" in answers[4]
    assert "密码错误次数过多" in guest.sign_in("阿木", PASSWORD)
    assert guest.uid == 0
    clock.turn(minutes=15)
    guest.sign_in("阿木", PASSWORD)
    assert guest.uid == 2


def test_signing_in_again_is_welcomed_whatever_the_password(member):
    assert "欢迎您回来" in member.sign_in("阿木", "wrong")


def test_asked_for_json_the_answer_is_an_empty_message_and_the_cookie(guest):
    address = "member.php?mod=logging&action=login&loginsubmit=yes&ajaxdata=json"
    answer = guest.post(address, {"username": "阿木", "password": PASSWORD})
    assert answer.json() == {"message": "", "data": []}
    assert guest.uid == 2


def test_without_inajax_the_welcome_is_a_page(guest):
    address = "member.php?mod=logging&action=login&loginsubmit=yes"
    answer = guest.post(address, {"username": "阿木", "password": PASSWORD})
    assert "欢迎您回来，注册会员 阿木" in answer.text


def test_signing_out_takes_the_form_hash(member):
    address = "member.php?mod=logging&action=logout"
    assert "您已退出站点" in member.text(address)
    assert member.uid == 2
    member.text(f"{address}&formhash={member.formhash}")
    assert member.uid == 0


def test_the_panel_asks_for_the_password_until_it_has_it(moderator):
    assert 'name="cppwd"' in moderator.text(f"{QUEUE}replies")
    assert 'name="cppwd"' in moderator.enter_panel("wrong").text
    assert moderator.enter_panel(PASSWORD).status_code == 302
    assert 'name="cppwd"' not in moderator.text(f"{QUEUE}replies")


def test_the_panel_closes_after_an_idle_hour(moderator, clock):
    moderator.enter_panel(PASSWORD)
    for _ in range(3):
        clock.turn(minutes=59)
        assert 'name="cppwd"' not in moderator.text("forum.php?mod=modcp&action=home")
    clock.turn(minutes=61)
    assert 'name="cppwd"' in moderator.text(f"{QUEUE}replies&inajax=1")


def test_five_wrong_panel_passwords_lock_the_panel(moderator):
    for _ in range(5):
        moderator.enter_panel("wrong")
    assert "管理面板已锁定" in moderator.enter_panel(PASSWORD).text


def test_the_panel_is_for_staff(guest, member):
    assert "您需要先登录才能继续本操作" in guest.text(f"{QUEUE}replies")
    assert "抱歉，您没有权限访问管理面板" in member.text(f"{QUEUE}replies")


@pytest.mark.parametrize(
    "address", ["forum.php?x=(1)", "forum.php?x=%3Cb%3E", "forum.php?x=%253Cb%253E", 'forum.php?x="1"']
)
def test_markup_in_an_address_is_refused(guest, address):
    assert "您当前的访问请求当中含有非法字符" in guest.text(address)


def test_markup_in_a_form_needs_a_form_hash(guest):
    fields = {"username": "阿木", "password": "it's"}
    address = "member.php?mod=logging&action=login&loginsubmit=yes&inajax=1"
    assert "非法字符" in guest.post(address, fields).text
    assert "登录失败" in guest.post(address, fields | {"formhash": guest.formhash}).text
