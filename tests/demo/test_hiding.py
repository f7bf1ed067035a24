"""Hiding and deleting posts: the forum says 管理操作成功 more often than it is true."""

import pytest
from visitor import HIDE, PASSWORD, Visitor

from modbot.demo.state import MUTED, PostState, Right

DONE = "succeedhandle_mods('"
DELETE = HIDE.replace("banpost", "delpost")
BOTH = pytest.mark.parametrize("server", ["utf-8", "gbk"], indirect=True)


def view(visitor, post_id, thread_id=1):
    return visitor.text(f"forum.php?mod=viewthread&tid={thread_id}&viewpid={post_id}&inajax=1")


@BOTH
def test_a_hidden_post_shows_to_moderators_only(server, guest, moderator):
    assert DONE in moderator.hide(1, 2)
    assert "只有管理员或有管理权限的成员可见" in view(moderator, 2)
    assert "回复 0" in view(moderator, 2)
    assert "该帖被管理员或版主屏蔽" in view(guest, 2)
    assert "回复 0" not in view(guest, 2)
    moderator.hide(1, 2, banned=0)
    assert "回复 0" in view(guest, 2)
    assert (server.forum.hides[2], server.forum.unhides[2]) == (1, 1)


@BOTH
def test_the_reason_arrives_as_it_was_written(server, moderator):
    moderator.hide(1, 2, reason="重复发帖：请勿 <刷屏>", sendreasonpm="on")
    assert server.forum.content.mod_log[-1].reason == "重复发帖：请勿 <刷屏>"
    assert server.forum.content.notices[-1].author_id == 2


def test_several_posts_of_a_thread_go_in_one_request(server, moderator):
    assert DONE in moderator.hide(1, 2, 3)
    assert [server.forum.content.posts[number].hidden for number in (1, 2, 3, 4)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("thread_id", "post_id"), [(1, 999), (2, 3)], ids=["missing", "of another thread"])
def test_success_is_said_of_posts_that_are_not_there(server, moderator, thread_id, post_id):
    server.forum.start_thread(2, server.forum.member_named("阿木"), "另一个", "正文")
    assert DONE in moderator.hide(thread_id, post_id)
    assert not any(post.hidden for post in server.forum.content.posts.values())
    assert server.forum.content.mod_log == []


def test_hiding_again_adds_a_violation_and_a_log_line(server, moderator):
    forum = server.forum
    for _ in range(3):
        assert DONE in moderator.hide(1, 2)
    assert (forum.hides[2], forum.idle_hides[2]) == (1, 2)
    assert forum.content.violations[2] == 3
    assert [entry.action for entry in forum.content.mod_log] == ["BNP", "BNP", "BNP"]


def test_the_first_post_can_be_hidden_and_the_thread_stays(guest, moderator):
    moderator.hide(1, 1)
    page = guest.text("forum.php?mod=viewthread&tid=1")
    assert "头一个主题" in page
    assert 'id="postmessage_1"' not in page


def test_a_muted_author_is_silenced_without_being_hidden(server, guest, moderator):
    server.forum.member_named("阿木").group_id = MUTED
    assert "作者被禁止或删除 内容自动屏蔽" in view(guest, 2)
    assert "该帖被管理员或版主屏蔽" not in view(moderator, 2)


REFUSALS = {
    "抱歉，您没有权限使用管理功能": {"tid": 999},
    "抱歉，您的请求来路不正确或表单验证串不符，无法提交": {"formhash": ""},
    "抱歉，您尚未选择要屏蔽的帖子": {"topiclist[]": []},
    "您当前的访问请求当中含有非法字符": {"formhash": "00000000"},
}


@pytest.mark.parametrize("sentence", REFUSALS)
def test_what_is_wrong_is_said(server, moderator, sentence):
    answer = moderator.hide(1, 2, **REFUSALS[sentence])
    assert sentence in answer
    assert DONE not in answer
    assert not server.forum.content.posts[2].hidden


def test_a_page_of_another_host_may_not_send_it(server, moderator):
    fields = {"formhash": moderator.formhash, "tid": 1, "topiclist[]": 2, "banned": 1, "reason": "x"}
    assert "来路不正确" in moderator.post(HIDE, fields, referer="http://evil.example/").text
    assert DONE in moderator.post(HIDE, fields, referer=server.url).text


def test_a_get_does_nothing(moderator):
    address = f"{HIDE}&tid=1&topiclist[]=2&banned=1&formhash={moderator.formhash}"
    assert "来路不正确" in moderator.text(address)


def test_an_unknown_action_is_named_as_such(moderator):
    assert "未定义操作" in moderator.post(HIDE.replace("banpost", "praise"), {"tid": 1}).text


def test_a_reason_may_be_required(server, moderator):
    server.options.reason_required = True
    assert "请输入原因" in moderator.hide(1, 2, reason=" ")
    assert DONE in moderator.hide(1, 2)


def test_members_and_guests_may_not(guest, member):
    for visitor in (guest, member):
        assert "抱歉，您没有权限使用管理功能" in visitor.hide(1, 2)


def test_a_right_can_be_taken_from_a_group(server, moderator):
    server.forum.withdraw(2, Right.HIDE)
    server.forum.withdraw(2, Right.DELETE)
    assert "抱歉，您没有权限屏蔽主题" in moderator.hide(1, 2)
    fields = {"formhash": moderator.formhash, "tid": 1, "topiclist[]": 2}
    assert "抱歉，您没有权限删除帖子" in moderator.post(DELETE, fields).text


def test_a_boards_moderator_may_act_in_that_board_alone(server):
    forum = server.forum
    keeper = forum.join("小郭", group_id=3, password=PASSWORD)
    forum.content.boards[3].moderators.add(keeper.id)
    own = forum.start_thread(3, keeper, "二版的主题", "正文")
    with Visitor(server, "小郭", PASSWORD) as visitor:
        assert DONE in visitor.hide(own.thread_id, own.id)
        assert "抱歉，您没有权限使用管理功能" in visitor.hide(1, 2)


def test_asked_for_json_the_answer_is_json(moderator):
    fields = {"formhash": moderator.formhash, "tid": 1, "topiclist[]": 2, "banned": 1, "reason": "x"}
    assert moderator.post(f"{HIDE}&ajaxdata=json", fields).json() == {"message": "管理操作成功 ", "data": []}
    assert moderator.post(f"{HIDE}&ajaxdata=json", fields | {"tid": 9}).json()["message"].startswith("抱歉")


def test_a_deleted_post_goes_to_the_recycle_bin_and_is_gone_for_all(server, moderator):
    fields = {"formhash": moderator.formhash, "tid": 1, "page": 1, "topiclist[]": 2}
    assert DONE in moderator.post(DELETE, fields).text
    assert server.forum.content.posts[2].state is PostState.RECYCLED
    assert "没有找到帖子" in view(moderator, 2)
    assert DONE in moderator.post(DELETE, fields).text


def test_without_a_recycle_bin_it_is_gone_for_good(server, moderator):
    server.forum.content.boards[2].recycle_bin = False
    fields = {"formhash": moderator.formhash, "tid": 1, "topiclist[]": 2}
    moderator.post(DELETE, fields)
    assert 2 not in server.forum.content.posts
    first = moderator.post(DELETE, fields | {"topiclist[]": 1})
    assert "action=moderate&operation=delete" in first.headers["location"]
    assert 1 in server.forum.content.threads


@pytest.mark.parametrize(("release", "where"), [(2020, ""), (2022, "&page=1")])
def test_the_first_view_of_a_page_with_a_hole_is_redirected_once(server, moderator, release, where):
    server.options.release = release
    server.forum.delete(2, by=server.forum.member_named("modbot"))
    address = "forum.php?mod=viewthread&tid=1&page=1"
    answers = [moderator.get(address) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 200]
    assert answers[0].headers["location"] == f"forum.php?mod=viewthread&tid=1{where}"
