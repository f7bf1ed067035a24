"""Reading: lists and their orders, pages, redirects, what stays unseen."""

import re
from datetime import timedelta

import pytest
from visitor import Visitor

from modbot.demo.server import DemoServer

BOARD = "forum.php?mod=forumdisplay&fid=2"
THREAD = "forum.php?mod=viewthread&tid=1"


def post_ids(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<table id="pid(\d+)"', page)]


def thread_ids(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tbody id="\w+thread_(\d+)"', page)]


@pytest.fixture
def author(forum):
    return forum.member_named("阿木")


def test_threads_stand_by_last_post_and_pinned_ones_before_all(forum, guest, author, clock):
    pinned = forum.start_thread(2, author, "置顶", "公告", pinned=True).thread_id
    second = forum.start_thread(2, author, "第二个", "正文").thread_id
    clock.turn(minutes=1)
    assert thread_ids(guest.text(f"{BOARD}&filter=lastpost&orderby=lastpost")) == [pinned, second, 1]
    forum.post(1, author, "顶上来")
    assert thread_ids(guest.text(BOARD)) == [pinned, 1, second]
    assert thread_ids(guest.text(f"{BOARD}&filter=author&orderby=dateline")) == [pinned, second, 1]


def test_a_filter_by_time_leaves_out_sleeping_threads(forum, guest, author, clock):
    clock.turn(days=2)
    fresh = forum.start_thread(2, author, "今天的", "正文").thread_id
    address = f"{BOARD}&filter=dateline&orderby=lastpost&dateline=86400"
    assert thread_ids(guest.text(address)) == [fresh]


def test_a_board_has_twenty_threads_a_page_and_its_last_page_answers_for_those_beyond(
    forum, guest, author, clock
):
    for number in range(24):
        clock.turn(seconds=1)
        forum.start_thread(2, author, f"主题 {number}", "正文")
    assert [len(thread_ids(guest.text(f"{BOARD}&page={page}"))) for page in (1, 2, 9)] == [20, 5, 5]


def test_a_post_after_a_moment_is_news(forum, guest, author, clock):
    now = int(clock.now.timestamp())
    address = "forum.php?mod=ajax&action=forumchecknew&inajax=yes&fid="
    assert "[1]" in guest.text(f"{address}2&time={now - 300}")
    assert "[0]" in guest.text(f"{address}2&time={now}")
    assert "[0]" in guest.text(f"{address}77&time=1")


def test_the_first_post_stands_before_the_newest_in_reverse(forum, guest, author, clock):
    for number in range(20):
        clock.turn(seconds=1)
        forum.post(1, author, f"更多 {number}")
    pages = [post_ids(guest.text(f"{THREAD}&ordertype=1&page={page}")) for page in (1, 2, 3)]
    assert pages == [[1, *range(24, 15, -1)], list(range(15, 5, -1)), [5, 4, 3, 2]]


def test_a_posts_place_is_found_by_its_number_alone(forum, guest, author, clock):
    for number in range(20):
        clock.turn(seconds=1)
        forum.post(1, author, f"更多 {number}")
    found = guest.get("forum.php?mod=redirect&goto=findpost&pid=14")
    assert found.status_code == 301
    assert found.headers["location"] == "forum.php?mod=viewthread&tid=1&page=2#pid14"
    last = guest.get("forum.php?mod=redirect&goto=lastpost&tid=1")
    assert last.headers["location"] == "forum.php?mod=viewthread&tid=1&page=3#lastpost"


LOST = {
    "forum.php?mod=redirect&goto=findpost&pid=999&ptid=1": "forum.php?mod=viewthread&tid=1",
    "forum.php?mod=redirect&goto=findpost&pid=999&ptid=7": "forum.php?mod=viewthread&tid=7",
    "forum.php?mod=redirect&goto=lastpost&tid=999": "forum.php?mod=viewthread&tid=#lastpost",
}


@pytest.mark.parametrize("address", LOST)
def test_what_cannot_be_found_leads_nowhere_in_particular(guest, address):
    assert guest.get(address).headers["location"] == LOST[address]


def test_a_named_thread_is_believed_though_the_post_is_in_another(forum, guest, author):
    other = forum.start_thread(2, author, "另一个", "正文").thread_id
    find = "forum.php?mod=redirect&goto=findpost&pid=2&ptid="
    assert f"tid={other}&page=1#pid2" in guest.get(f"{find}{other}").headers["location"]
    assert "tid=1&page=1#pid2" in guest.get(f"{find}999").headers["location"]


@pytest.mark.parametrize("rest", ["goto=findpost&pid=999", "goto=nowhere"])
def test_without_a_thread_to_lead_to_it_is_an_error(guest, rest):
    assert "指定的主题不存在" in guest.text(f"forum.php?mod=redirect&{rest}")


@pytest.mark.parametrize(("release", "status"), [(2020, 200), (2022, 404)])
def test_an_unknown_thread_is_an_error_of_the_releases_kind(server, guest, release, status):
    server.options.release = release
    assert guest.get("forum.php?mod=viewthread&tid=999").status_code == status


def test_boards_for_staff_are_shown_to_staff(forum, guest, moderator, author):
    hidden = forum.open_board("内部", staff_only=True)
    thread = forum.start_thread(hidden.id, author, "内部主题", "正文")
    for address in (f"forum.php?mod=forumdisplay&fid={hidden.id}", f"{THREAD[:-1]}{thread.thread_id}"):
        assert "抱歉，您没有权限访问该版块" in guest.text(address)
        assert "抱歉，您没有权限访问该版块" not in moderator.text(address)
    assert "内部" not in guest.text("forum.php")
    assert "内部" in moderator.text("forum.php")


def test_veiled_text_shows_to_those_who_replied(server, forum, guest, moderator, author):
    opening = forum.start_thread(2, author, "回复可见", "外面", veiled="里面的暗号")
    address = f"forum.php?mod=viewthread&tid={opening.thread_id}"
    reader = forum.join("路人", password="walking by")
    with Visitor(server, "路人", "walking by") as visitor:
        assert "里面的暗号" not in visitor.text(address)
        forum.post(opening.thread_id, reader, "回复了")
        assert "里面的暗号" in visitor.text(address)
    assert "里面的暗号" in moderator.text(address)
    assert "如果您要查看本帖隐藏内容请" in guest.text(address)


def test_an_edit_leaves_a_note_and_nothing_else_changes(forum, guest, clock):
    clock.turn(hours=1)
    forum.edit(3, "改过的回复")
    page = guest.text(THREAD)
    assert "本帖最后由 阿木 于 2026-05-20 13:04 编辑" in page
    assert "改过的回复" in page
    assert post_ids(page) == [1, 2, 3, 4]


AGES = {
    timedelta(seconds=0): "刚刚",
    timedelta(seconds=40): "40&nbsp;秒前",
    timedelta(minutes=7): "7&nbsp;分钟前",
    timedelta(minutes=45): "半小时前",
    timedelta(hours=5): "5&nbsp;小时前",
    timedelta(hours=20): "昨天&nbsp;12:04",
    timedelta(days=2): "前天&nbsp;12:04",
    timedelta(days=4): "4&nbsp;天前",
}


@pytest.mark.parametrize("age", AGES, ids=str)
def test_times_are_told_in_words_with_the_exact_one_beside(forum, guest, author, clock, age):
    post = forum.post(1, author, "新的")
    clock.now += age
    exact = (post.posted_at + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
    assert f'<span title="{exact}">{AGES[age]}</span>' in guest.text(THREAD)


def test_after_a_week_the_date_stands_alone_and_unpadded(forum, guest, clock):
    clock.turn(days=8)
    assert "发表于 2026-5-20 12:00:30" in guest.text(THREAD)


def test_what_the_charset_lacks_travels_as_an_entity(forum, author):
    forum.post(1, author, "加ⓥ\u200b❤ 😀")
    with DemoServer(forum=forum, charset="gbk") as gbk, Visitor(gbk) as visitor:
        answer = visitor.get(THREAD)
    assert answer.headers["content-type"] == "text/html; charset=gbk"
    assert "加&#9445;&#8203;&#10084; &#128512;".encode("gbk") in answer.content


@pytest.mark.parametrize("address", ["nothing.php", "member.php?mod=register"])
def test_other_addresses_are_not_there(guest, address):
    assert guest.get(address).status_code == 404


def test_an_unknown_page_of_the_forum_is_its_index(guest):
    assert "fl_tb" in guest.text("forum.php?mod=nosuch")


def test_numbers_are_read_as_php_reads_them(guest):
    assert post_ids(guest.text("forum.php?mod=viewthread&tid=1abc")) == [1, 2, 3, 4]
    assert "指定的主题不存在" in guest.text("forum.php?mod=viewthread&tid=-1")


def test_a_body_of_a_megabyte_is_too_much(guest):
    assert guest.http.post("forum.php", content=b"x" * 1_000_001).status_code == 413


def test_a_closed_site_lets_only_administrators_in(server, forum, guest, moderator):
    server.options.closed = "站点维护中"
    assert "站点维护中" in moderator.text("forum.php")
    assert "站点维护中" in guest.text(f"{THREAD}&viewpid=2&inajax=1")
    forum.join("站长", group_id=1, password="owner's door")
    server.options.closed = ""
    with Visitor(server) as owner:
        fields = {"username": "站长", "password": "owner's door", "formhash": owner.formhash}
        server.options.closed = "站点维护中"
        owner.post("member.php?mod=logging&action=login&loginsubmit=yes&inajax=1", fields)
        assert "站点维护中" not in owner.text("forum.php")
