"""The adapter's own parsers read every page of the embedded forum, whole."""

from datetime import timedelta

import pytest
from visitor import QUEUE, SEARCH, Visitor, moderator

from modbot.demo.server import DemoServer
from modbot.demo.state import Approval
from modbot.forums.discuz.pages import banform, documents, lists, login, panel, thread, viewer


@pytest.fixture(scope="module", params=["utf-8", "gbk"])
def server(request):
    with DemoServer(charset=request.param) as running:
        forum = running.forum
        author = next(post for post in forum.content.posts.values()).author_id
        writer = forum.content.members[author]
        first = forum.start_thread(
            36, writer, "长楼 & <测试>", "看 https://example.org/a?b=1&c=2 吧", veiled="暗号"
        )
        for number in range(24):
            forum.post(first.thread_id, writer, f"第 {number} 层\n换行 <b>不是标签</b> &amp; ❤")
        running.long_thread = first.thread_id
        yield running


@pytest.fixture(scope="module")
def reader(server):
    with moderator(server) as visitor:
        visitor.enter_panel(server.moderator.password)
        yield visitor


def decoded(visitor: Visitor, address: str) -> str:
    response = visitor.get(address)
    return documents.decode_body(response.content, response.headers["content-type"])


def read_thread(visitor: Visitor, thread_id: int, rest: str = "") -> thread.ThreadPage:
    address = f"forum.php?mod=viewthread&tid={thread_id}{rest}"
    now = visitor.server.forum.clock()
    url = visitor.server.url + address
    return thread.parse_thread(decoded(visitor, address), forum="demo", now=now, url=url)


def test_every_page_says_who_reads_it(server, reader):
    read = viewer.read_viewer(decoded(reader, "forum.php"))
    assert read.uid == server.moderator.id
    assert read.formhash == reader.formhash
    assert (read.utc_offset_minutes, read.attackevasive) == (480, 0)
    assert read.charset.lower() == server.charset


def test_the_index_has_every_board_with_its_counts(server, reader):
    rows = lists.parse_index(decoded(reader, "forum.php"), server.forum.clock())
    expected = {}
    for board in server.forum.content.boards.values():
        posts = [post for row in server.forum.threads_of(board.id) for post in server.forum.posts_of(row.id)]
        expected[board.id] = (board.name, len(server.forum.threads_of(board.id)), len(posts))
    assert {row.id: (row.name, row.threads, row.posts) for row in rows} == expected
    assert all(row.last_thread_id and row.last_post_at for row in rows)


@pytest.mark.parametrize("board_id", [36, 37, 38])
def test_a_board_has_every_thread_with_its_replies_and_last_post(server, reader, board_id):
    page = lists.parse_board(
        decoded(reader, f"forum.php?mod=forumdisplay&fid={board_id}"), server.forum.clock()
    )
    assert (page.board_id, page.unreadable, page.page, page.pages) == (board_id, (), 1, 1)
    for row in page.threads:
        posts = server.forum.posts_of(row.id)
        known = server.forum.content.threads[row.id]
        last = max(post.posted_at for post in posts)
        assert (row.title, row.replies, row.pinned) == (known.title, len(posts) - 1, known.pinned)
        assert row.author.id == known.author_id
        assert row.pages == (len(posts) - 1) // 10 + 1
        assert abs(row.last_post_at - last) < timedelta(minutes=1)
    assert {row.id for row in page.threads} == {row.id for row in server.forum.threads_of(board_id)}


def test_every_post_of_every_thread_is_read_with_all_that_is_known_of_it(server, reader):
    forum, seen = server.forum, set()
    for known in list(forum.content.threads.values()):
        for number in range(1, 4):
            page = read_thread(reader, known.id, f"&page={number}")
            assert (page.unreadable, page.title, page.board_id) == ((), known.title, known.board_id)
            assert page.reply_count == (len(forum.posts_of(known.id)) - 1 if number == 1 else None)
            for reply in page.replies:
                assert_same(forum, reply)
                seen.add(reply.post_id)
            if page.pages == number:
                break
    assert seen == set(forum.content.posts)


def assert_same(forum, reply):
    post = forum.content.posts[reply.post_id]
    author = forum.content.members[post.author_id]
    whole = post.text if not post.veiled else reply.text
    assert reply.text == whole
    assert reply.posted_at == post.posted_at.replace(microsecond=0)
    assert reply.floor == [one.id for one in forum.posts_of(post.thread_id)].index(post.id) + 1
    assert (reply.author.id, reply.author.name) == (author.id, author.name)
    standing = (author.group_id, author.posts, author.credits)
    assert (reply.author.group_id, reply.author.posts, reply.author.credits) == standing
    assert (reply.region, reply.hidden, reply.images) == (author.region, post.hidden, post.images)
    assert reply.is_thread_author == (post.author_id == forum.content.threads[post.thread_id].author_id)
    if post.quotes:
        assert forum.content.posts[post.quotes].text in reply.quoted


def test_links_veiled_text_and_pinned_threads_are_known_by_their_marks(server, reader):
    page = read_thread(reader, server.long_thread)
    assert page.kind.value == "reply_to_see"
    assert [link.url for link in page.replies[0].links] == ["https://example.org/a?b=1&c=2"]
    pinned = next(row.id for row in server.forum.content.threads.values() if row.pinned)
    assert read_thread(reader, pinned).kind.value == "pinned"


def test_a_thread_read_backwards_is_complete_too(server, reader):
    pages = [read_thread(reader, server.long_thread, f"&ordertype=1&page={number}") for number in (1, 2, 3)]
    floors = [reply.floor for page in pages for reply in page.replies]
    assert floors == [1, *range(25, 1, -1)]
    assert [len(page.replies) for page in pages] == [10, 10, 5]


def test_a_page_beyond_the_end_is_the_last_one(server, reader):
    page = read_thread(reader, server.long_thread, "&page=999")
    assert (page.page, page.pages) == (3, 3)


def test_a_single_post_is_read_with_its_hidden_state(server, reader):
    post = server.forum.posts_of(server.long_thread)[5]
    address = f"forum.php?mod=viewthread&tid={post.thread_id}&viewpid={post.id}&inajax=1"
    states = []
    for banned in (1, 0):
        reader.hide(post.thread_id, post.id, banned=banned)
        page = thread.parse_single_post(
            decoded(reader, address),
            forum="demo",
            now=server.forum.clock(),
            url=server.url,
            thread_id=post.thread_id,
        )
        assert page.unreadable == ()
        assert_same(server.forum, page.replies[0])
        states.append((page.replies[0].post_id, page.replies[0].hidden, page.board_id))
    assert states == [(post.id, True, 36), (post.id, False, 36)]


def test_the_panel_finds_every_recent_post_over_its_pages(server, reader):
    rows, number, pages = [], 1, 1
    assert not panel.asks_password(decoded(reader, SEARCH))
    while number <= pages:
        address = (
            SEARCH if number == 1 else SEARCH.replace("do=search&searchsubmit=1", f"do=list&page={number}")
        )
        page = panel.parse_search(decoded(reader, address), server.forum.clock())
        assert (page.unreadable, page.problem, page.page) == ((), "", number)
        rows += page.rows
        number, pages = number + 1, page.pages
    assert page.total == len(rows)
    for row in rows:
        post = server.forum.content.posts[row.post_id]
        known = server.forum.content.threads[post.thread_id]
        assert (row.thread_id, row.board_id, row.title) == (known.id, known.board_id, known.title)
        assert row.author_id == post.author_id
        assert row.posted_minute == post.posted_at.replace(second=0, microsecond=0)
    assert [row.posted_minute for row in rows] == sorted((row.posted_minute for row in rows), reverse=True)


def test_the_queue_shows_what_waits(server, reader):
    forum = server.forum
    backup = forum.backup()
    forum.require_approval(38, Approval.ALL)
    newcomer = forum.join("待审新人")
    where = forum.threads_of(38)[0]
    reply = forum.post(where.id, newcomer, "请让我过\n第二行")
    opening = forum.start_thread(38, newcomer, "待审主题", "内容")
    now = forum.clock()
    replies = panel.parse_queue(decoded(reader, f"{QUEUE}replies"), now)
    threads = panel.parse_queue(decoded(reader, f"{QUEUE}threads"), now)
    forum.restore_backup(backup)
    assert (replies.unreadable, threads.unreadable) == ((), ())
    (row,) = replies.rows
    assert (row.post_id, row.board_id, row.title, row.author) == (reply.id, 38, where.title, "待审新人")
    assert row.text == "请让我过\n第二行"
    (row,) = threads.rows
    assert (row.thread_id, row.title, row.author_id) == (opening.thread_id, "待审主题", newcomer.id)


def test_the_dialog_tells_what_may_be_done_and_what_is_so(server, reader):
    post = server.forum.posts_of(server.long_thread)[7]
    address = f"forum.php?mod=topicadmin&action=banpost&tid={post.thread_id}&topiclist[]={post.id}&inajax=1"
    before = banform.parse_ban_form(decoded(reader, address))
    reader.hide(post.thread_id, post.id)
    after = banform.parse_ban_form(decoded(reader, address))
    reader.hide(post.thread_id, post.id, banned=0)
    assert (before.allowed, before.currently_hidden, after.currently_hidden) == (True, False, True)
    assert after.violations == before.violations + 1
    assert before.preset_reasons[:2] == ("广告/SPAM", "恶意灌水")


def test_a_guest_is_shown_no_dialog(server):
    with Visitor(server) as guest:
        form = banform.parse_ban_form(
            guest.text("forum.php?mod=topicadmin&action=banpost&tid=1&topiclist[]=1")
        )
    assert (form.allowed, form.key) == (False, "admin_nopermission")


def test_the_login_form_and_its_answers_are_understood(server):
    with Visitor(server) as guest:
        form = login.parse_login_form(guest.text("member.php?mod=logging&action=login"))
        wrong = login.read_login_answer(guest.sign_in("没有这个人", "x"))
        right = login.read_login_answer(guest.sign_in(server.moderator.name, server.moderator.password))
    assert form.login_hash
    assert form.captcha is None
    assert (wrong.outcome.value, wrong.attempts_left) == ("wrong_password", 4)
    assert right.outcome.value == "ok"
