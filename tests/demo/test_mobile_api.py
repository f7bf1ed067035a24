"""The JSON interface: off as in old releases, complete when switched on."""

import pytest

from modbot.demo.state import Approval
from modbot.forums.discuz.pages import mobile_api

API = "api/mobile/index.php?version=4&module="
HIDE = f"{API}topicadmin&action=banpost&modsubmit=yes"


@pytest.fixture
def switched_on(server):
    server.options.json_api = True


@pytest.mark.parametrize("module", ["forumindex", "viewthread&tid=1", "nosuch"])
def test_it_is_closed_by_default(moderator, module):
    assert moderator.get(API + module).json() == {"error": "mobile_is_closed"}


def test_a_check_is_answered_even_so(guest):
    answer = guest.get("api/mobile/index.php?check=check")
    assert answer.json()["discuzversion"] == "X3.4"
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.usefixtures("switched_on")
def test_answers_are_ascii_with_strings(moderator, guest):
    answer = moderator.get(f"{API}forumindex")
    assert answer.content.isascii()
    assert answer.headers["content-type"] == "application/json"
    variables = answer.json()["Variables"]
    assert variables["forumlist"][0] == {"fid": "2", "name": "一版", "threads": "1", "posts": "4"}
    assert (variables["member_uid"], variables["ismoderator"]) == ("1", "1")
    assert guest.get(f"{API}forumindex").json()["Variables"]["member_uid"] == "0"


@pytest.mark.usefixtures("switched_on")
def test_a_board_lists_its_threads_with_unix_times(moderator, forum):
    row = moderator.get(f"{API}forumdisplay&fid=2&tpp=50").json()["Variables"]["forum_threadlist"][0]
    assert (row["tid"], row["subject"], row["replies"]) == ("1", "头一个主题", "3")
    assert int(row["dblastpost"]) == int(forum.last_post(1).posted_at.timestamp())


@pytest.mark.usefixtures("switched_on")
def test_a_thread_can_be_had_at_once_in_pages_reversed_or_one_post_of_it(moderator):
    def pids(rest):
        posts = moderator.get(f"{API}viewthread&tid=1{rest}").json()["Variables"]["postlist"]
        return [int(post["pid"]) for post in posts]

    assert pids("") == [1, 2, 3, 4]
    assert pids("&ppp=3&page=2") == [4]
    assert pids("&ordertype=1") == [1, 4, 3, 2]
    assert pids("&viewpid=3") == [3]


@pytest.mark.usefixtures("switched_on")
def test_a_hidden_post_has_its_bit_and_no_text_for_members(moderator, member):
    def post(visitor):
        return visitor.get(f"{API}viewthread&tid=1&viewpid=2").json()["Variables"]["postlist"][0]

    moderator.hide(1, 2)
    assert [post(visitor)["status"] for visitor in (moderator, member)] == ["1", "1"]
    assert post(moderator)["message"] == "回复 0"
    assert "该帖被管理员或版主屏蔽" in post(member)["message"]


REFUSALS = {
    "admin_nopermission": {"tid": 99},
    "submit_invalid": {"formhash": ""},
    "admin_banpost_invalid": {"topiclist[]": []},
    "undefined_action": {"action": "praise"},
}


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("key", REFUSALS)
def test_what_is_wrong_has_a_key(moderator, key):
    fields = {"formhash": moderator.formhash, "tid": 1, "topiclist[]": 2, "banned": 1, "reason": "x"}
    answer = moderator.post(HIDE, fields | REFUSALS[key])
    assert answer.json()["Message"]["messageval"] == key


@pytest.mark.usefixtures("switched_on")
def test_hiding_works_as_in_the_page(server, moderator):
    fields = {"formhash": moderator.formhash, "tid": 1, "topiclist[]": 2, "banned": 1, "reason": "广告"}
    assert moderator.post(HIDE, fields).json()["Message"]["messageval"] == "admin_succeed"
    assert server.forum.content.posts[2].hidden


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize(
    ("module", "key"),
    [("viewthread&tid=99", "thread_nonexistence"), ("forumdisplay&fid=99", "forum_nonexistence")],
)
def test_what_is_not_there_has_a_key(guest, module, key):
    assert guest.get(API + module).json()["Message"]["messageval"] == key


@pytest.mark.usefixtures("switched_on")
def test_boards_for_staff_and_unknown_modules_are_refused(forum, guest):
    board = forum.open_board("内部", staff_only=True)
    answer = guest.get(f"{API}forumdisplay&fid={board.id}").json()
    assert answer["Message"]["messageval"] == "viewperm_none_nopermission"
    assert guest.get(f"{API}nosuch").json() == {"error": "module_not_exists"}


@pytest.mark.usefixtures("switched_on")
def test_a_closed_site_says_so(server, guest):
    server.options.closed = "站点维护中"
    assert guest.get(f"{API}forumindex").json() == {"error": "站点维护中"}


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("server", ["utf-8", "gbk"], indirect=True)
def test_the_adapters_own_parsers_read_it(server, moderator, forum):
    forum.require_approval(2, Approval.NONE)
    text = moderator.get(f"{API}viewthread&tid=1&ppp=100").text
    page = mobile_api.parse_viewthread(text, forum="demo", now=forum.clock(), url=server.url)
    assert page.unreadable == ()
    assert [(reply.post_id, reply.text) for reply in page.replies] == [
        (post.id, post.text) for post in forum.posts_of(1)
    ]
    (board,) = mobile_api.parse_forumindex(moderator.get(f"{API}forumindex").text)[:1]
    assert (board.id, board.name, board.posts) == (2, "一版", 4)
    listed = mobile_api.parse_forumdisplay(moderator.get(f"{API}forumdisplay&fid=2").text, forum.clock())
    assert [(row.id, row.replies) for row in listed.threads] == [(1, 3)]
