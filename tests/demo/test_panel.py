"""The moderators' panel: search over all posts, and the queue of what waits."""

import re
from datetime import timedelta

import pytest
from visitor import PASSWORD, QUEUE, SEARCH, Visitor

from modbot.demo.state import Approval, PostState, Right

MORE = SEARCH.replace("do=search&searchsubmit=1", "do=list")


@pytest.fixture
def panel(moderator):
    moderator.enter_panel(PASSWORD)
    return moderator


@pytest.fixture
def author(forum):
    return forum.member_named("阿木")


def found(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'name="delete\[\]" class="pc" value="(\d+)"', page)]


def waiting(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<div class="um" id="pid_(\d+)"', page)]


def total(page: str) -> int:
    return int(re.search(r"共搜索出结果 <strong>(\d+)</strong>", page).group(1))


# -- search ----------------------------------------------------------------------------


def test_the_newest_visible_posts_come_first(forum, panel):
    forum.hide(3, by=forum.member_named("modbot"))
    forum.delete(4, by=forum.member_named("modbot"))
    assert found(panel.text(SEARCH)) == [3, 2, 1]


@pytest.mark.parametrize(("option", "posts"), [(0, [4, 3, 2, 1]), (1, [1]), (2, [4, 3, 2])])
def test_first_posts_and_replies_can_be_asked_for(panel, option, posts):
    assert found(panel.text(f"{SEARCH}&threadoption={option}")) == posts


def test_posts_of_the_current_second_are_not_found_yet(forum, panel, author, clock):
    post = forum.post(1, author, "刚发的")
    assert post.id not in found(panel.text(SEARCH))
    clock.turn(seconds=1)
    assert post.id in found(panel.text(SEARCH))


def test_a_search_is_kept_and_read_page_by_page(forum, panel, author, clock):
    for number in range(40):
        clock.turn(seconds=1)
        forum.post(1, author, f"第 {number}")
    clock.turn(seconds=1)
    assert len(found(panel.text(SEARCH))) == 20
    forum.post(1, author, "搜索之后的")
    clock.turn(seconds=1)
    pages = [found(panel.text(f"{MORE}&page={page}")) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 4]
    assert [number for page in pages for number in page] == list(range(44, 0, -1))


def test_without_a_search_there_is_no_list_and_no_count(panel):
    page = panel.text(f"{MORE}&page=2")
    assert found(page) == []
    assert "共搜索出结果 <strong></strong> 条" in page


def test_no_more_than_a_thousand_are_found(forum, panel, author, clock):
    for _ in range(1010):
        forum.post(1, author, "很多")
    clock.turn(seconds=1)
    assert total(panel.text(SEARCH)) == 1000


def test_each_board_has_a_search_of_its_own(forum, panel, author, clock):
    other = forum.start_thread(3, author, "二版", "正文").id
    clock.turn(seconds=1)
    assert found(panel.text(f"{SEARCH}&fid=3")) == [other]
    assert found(panel.text(f"{SEARCH}&fid=2")) == [4, 3, 2, 1]
    assert found(panel.text(f"{MORE}&fid=3")) == [other]


def test_authors_and_words_narrow_it(forum, panel, clock):
    other = forum.post(1, forum.join("小乔"), "关键的话在这里").id
    clock.turn(seconds=1)
    only = SEARCH.replace("useip=*", "useip=")
    assert found(panel.text(f"{only}&users=小乔")) == [other]
    assert found(panel.text(f"{only}&keywords=关键的话,没有的")) == [other]


PROBLEMS = {
    "搜索条件不足！": SEARCH.replace("useip=*", "useip="),
    "时间范围错误！": f"{SEARCH}&starttime=2026-05-01",
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_is_wrong_with_a_search_is_said_in_the_page(panel, problem):
    page = panel.text(PROBLEMS[problem])
    assert problem in page
    assert (found(page), total(page)) == ([], 0)


def test_super_moderators_look_two_weeks_back(forum, panel, author, clock):
    forum.post(1, author, "旧的", at=clock.now - timedelta(days=10))
    page = panel.text(f"{SEARCH}&starttime={clock.now - timedelta(days=13):%Y-%m-%d}")
    assert "旧的" in page
    assert "旧的" not in panel.text(f"{SEARCH}&starttime={clock.now:%Y-%m-%d}")


def test_a_boards_moderator_sees_that_board(server, forum):
    keeper = forum.join("小郭", group_id=3, password=PASSWORD)
    forum.content.boards[3].moderators.add(keeper.id)
    with Visitor(server, "小郭", PASSWORD) as visitor:
        visitor.enter_panel(PASSWORD)
        assert found(visitor.text(SEARCH)) == []


# -- queue -----------------------------------------------------------------------------


@pytest.fixture
def held(forum, author):
    """A reply and a thread that wait for approval."""
    forum.require_approval(2, Approval.ALL)
    reply = forum.post(1, author, "等通过", quotes=2)
    opening = forum.start_thread(2, author, "等通过的主题", "正文")
    return reply, opening


def test_what_waits_is_nowhere_but_in_the_queue(panel, held):
    reply, opening = held
    assert waiting(panel.text(f"{QUEUE}replies")) == [reply.id]
    assert waiting(panel.text(f"{QUEUE}threads")) == [opening.thread_id]
    assert "等通过" not in panel.text("forum.php?mod=viewthread&tid=1")
    assert "等通过" not in panel.text("forum.php?mod=forumdisplay&fid=2")
    assert "没有找到帖子" in panel.text(f"forum.php?mod=viewthread&tid=1&viewpid={reply.id}&inajax=1")
    assert "[quote]回复 0[/quote]" in panel.text(f"{QUEUE}replies")


def test_an_approved_reply_keeps_its_number_and_its_time(forum, panel, held, clock, author):
    reply, opening = held
    posted = reply.posted_at
    clock.turn(minutes=50)
    later = forum.post(1, forum.member_named("modbot"), "后来的")
    assert "succeedhandle_mods(" in panel.judge("validate", reply.id)
    assert "succeedhandle_mods(" in panel.judge("validate", opening.thread_id, op="threads")
    assert [post.id for post in forum.posts_of(1)] == [1, 2, 3, 4, reply.id, later.id]
    assert reply.posted_at == posted
    assert forum.thread(opening.thread_id)


def test_an_ignored_reply_leaves_the_queue_and_can_still_be_approved(forum, panel, held):
    reply, _ = held
    panel.judge("ignore", reply.id)
    assert waiting(panel.text(f"{QUEUE}replies")) == []
    assert waiting(panel.text(f"{QUEUE}replies&filter=-3")) == [reply.id]
    panel.judge("validate", reply.id, waiting=-3)
    assert reply.state is PostState.VISIBLE


def test_a_waiting_reply_can_be_deleted(panel, held):
    reply, _ = held
    panel.judge("delete", reply.id)
    assert reply.state is PostState.RECYCLED


@pytest.mark.parametrize("number", [2, 999], ids=["visible", "unknown"])
def test_success_is_said_of_posts_that_do_not_wait(forum, panel, number):
    assert "审核处理完毕" in panel.judge("delete", number)
    assert len(forum.posts_of(1)) == 4


def test_the_queue_has_ten_a_page_newest_first_and_can_be_asked_by_board(forum, panel, author, clock):
    forum.require_approval(2)
    for number in range(12):
        clock.turn(seconds=1)
        forum.post(1, author, f"等 {number}")
    first, second = waiting(panel.text(f"{QUEUE}replies")), waiting(panel.text(f"{QUEUE}replies&page=2"))
    assert first + second == list(range(16, 4, -1))
    assert len(second) == 2
    assert waiting(panel.text(f"{QUEUE}replies&fid=3")) == []


def test_staff_need_no_approval(forum, held):
    assert forum.post(1, forum.member_named("modbot"), "版主的话").state is PostState.VISIBLE


def test_a_judgement_needs_the_form_and_the_right(forum, panel, held):
    reply, _ = held
    bad = f"{QUEUE}replies&inajax=1&modsubmit=yes&modact=validate&moderate[]={reply.id}"
    assert "来路不正确" in panel.text(bad)
    forum.withdraw(2, Right.APPROVE)
    assert "无此权限" in panel.judge("validate", reply.id)
    assert reply.state is PostState.PENDING
