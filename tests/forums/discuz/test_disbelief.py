"""Pages that must not be believed: of others, of yesterday, for a guest, in another charset."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
from forum_support import Asked, Told, error_call, page
from wicked_support import BOARD, Twist, Wicked

from modbot.domain import ActionOutcome, Reply, Visibility
from modbot.errors import Retryable, Unreadable
from modbot.forums.config import PollingMethod
from modbot.forums.discuz.pages.documents import decode_body, is_misread
from modbot.forums.discuz.pages.viewer import read_viewer
from modbot.forums.protocol import ReplyRef


def once(twist: Twist) -> Twist:
    """The first answer that it gives, and no more."""
    done: list[Told] = []

    def first(asked: Asked) -> Told | None:
        told = None if done else twist(asked)
        done.extend([told] if told is not None else [])
        return told

    return first


@contextmanager
def browser(wicked: Wicked) -> Iterator[httpx.Client]:
    """Another client with the bot's account."""
    with httpx.Client(base_url=wicked.server.url) as client:
        form = {"username": "modbot", "password": "secret"}
        client.post("member.php?mod=logging&action=login&loginsubmit=yes&inajax=1", data=form)
        yield client


def copy_of(wicked: Wicked, **query: str) -> Told:
    """What the forum shows its bot at an address now."""
    with browser(wicked) as client:
        got = client.get("forum.php", params=query)
    return Told(got.content, content_type=got.headers["content-type"])


def instead(told: Told, **query: str) -> Twist:
    return lambda asked: told if query.items() <= asked.query.items() else None


def polled_until_quiet(wicked: Wicked, polls: int = 5) -> set[int]:
    found: set[int] = set()
    with wicked.opened() as forum:
        for _ in range(polls):
            with suppress(Retryable):
                found |= {reply.post_id for reply in wicked.poll(forum)}
            wicked.world.pass_minutes(1)
    return found


def newest(wicked: Wicked) -> int:
    return max(wicked.community.content.posts)


# --- of others, of yesterday ------------------------------------------------------------------


def test_another_threads_page_is_not_taken_for_the_one_asked_for(wicked: Wicked) -> None:
    mine, others = wicked.thread(replies=2), wicked.thread(replies=2)
    wrong = copy_of(wicked, mod="viewthread", tid=str(others), page="1", ordertype="1")
    wicked.twists = [once(instead(wrong, mod="viewthread", tid=str(mine)))]
    assert polled_until_quiet(wicked) == set(wicked.community.content.posts)


def test_another_boards_list_is_not_taken_for_the_one_asked_for(wicked: Wicked) -> None:
    wicked.thread(BOARD)
    wicked.thread(37)
    wrong = copy_of(wicked, mod="forumdisplay", fid="37", page="1")
    wicked.twists = [once(instead(wrong, mod="forumdisplay", fid=str(BOARD)))]
    assert polled_until_quiet(wicked) == set(wicked.community.content.posts)


def test_the_first_page_served_for_the_second_hides_no_reply(wicked: Wicked) -> None:
    thread = wicked.thread(replies=25)
    first = copy_of(wicked, mod="viewthread", tid=str(thread), page="1", ordertype="1")
    wicked.twists = [once(instead(first, mod="viewthread", tid=str(thread), page="2"))]
    assert polled_until_quiet(wicked) == set(wicked.community.content.posts)


def test_a_page_of_when_the_thread_was_short_hides_no_reply(wicked: Wicked) -> None:
    thread = wicked.thread(replies=3)
    short = copy_of(wicked, mod="viewthread", tid=str(thread), page="1", ordertype="1")
    for number in range(20):
        wicked.community.post(thread, wicked.anna, f"后来第{number}条")
        wicked.world.pass_minutes(0.1)
    wicked.world.pass_minutes(2)
    wicked.twists = [once(instead(short, mod="viewthread", tid=str(thread), page="2"))]
    assert polled_until_quiet(wicked) == set(wicked.community.content.posts)


@pytest.mark.parametrize("what", ["thread", "board"])
def test_a_page_of_before_the_last_reply_hides_it_for_a_poll_at_most(wicked: Wicked, what: str) -> None:
    thread = wicked.thread()
    query = {
        "thread": {"mod": "viewthread", "tid": str(thread), "page": "1", "ordertype": "1"},
        "board": {"mod": "forumdisplay", "fid": str(BOARD), "page": "1"},
    }[what]
    with wicked.opened() as forum:
        wicked.poll(forum)
    old = copy_of(wicked, **query)
    wicked.world.pass_minutes(5)
    wicked.community.post(thread, wicked.anna, "后来的回复")
    wicked.world.pass_minutes(1)
    wicked.twists = [once(instead(old, **{key: query[key] for key in list(query)[:2]}))]
    assert newest(wicked) in polled_until_quiet(wicked, polls=2)


def test_a_last_reply_that_was_deleted_meanwhile_is_not_waited_for(wicked: Wicked) -> None:
    thread = wicked.thread(replies=3)
    with wicked.opened() as forum:
        wicked.poll(forum)
        old = copy_of(wicked, mod="viewthread", tid=str(thread), page="1", ordertype="1")
        wicked.world.pass_minutes(5)
        wicked.community.post(thread, wicked.anna, "写了又删")
        wicked.twists = [instead(old, mod="viewthread", tid=str(thread))]
        for _ in range(8):
            wicked.world.pass_minutes(1)
            wicked.poll(forum)
    assert wicked.site.count(f"tid={thread}") <= 6


# --- for a guest --------------------------------------------------------------------------------


class Guest:
    """From some request on the session is worth nothing, until the next sign-in."""

    def __init__(self, wicked: Wicked) -> None:
        self.wicked = wicked
        self.dead = ""

    def __call__(self, asked: Asked) -> Told | None:
        ticket = re.search(r"_auth=([^;]+)", asked.headers.get("cookie", ""))
        if ticket and ticket.group(1) == self.dead:
            asked.headers["cookie"] = re.sub(r"\w+_auth=[^;]+", "x=1", asked.headers["cookie"])
        return None

    def lose(self) -> None:
        """The session of the last request is over."""
        last = next(asked for asked in reversed(self.wicked.site.asked) if "_auth=" in str(asked.headers))
        found = re.search(r"_auth=([^;]+)", last.headers["cookie"])
        assert found is not None
        self.dead = found.group(1)


@pytest.fixture
def guest(wicked: Wicked) -> Guest:
    guest = Guest(wicked)
    wicked.twists = [guest]
    return guest


def test_a_hidden_posts_text_is_read_again_with_another_session(wicked: Wicked, guest: Guest) -> None:
    """To a guest a hidden post has no text: that is not what its author wrote."""
    thread = wicked.thread()
    pid = newest(wicked)
    wicked.community.hide(pid, by=wicked.bot)
    with wicked.opened() as forum:
        wicked.poll(forum)
        guest.lose()
        found = forum.read([ReplyRef(pid, thread)])[pid]
    assert isinstance(found, Reply)
    assert (found.text, found.hidden) == ("第0条", True)


def test_what_only_guests_may_not_see_is_neither_gone_nor_refused(wicked: Wicked, guest: Guest) -> None:
    wicked.community.open_board("内部", board_id=50, staff_only=True)
    thread = wicked.thread(50)
    pid = newest(wicked)
    with wicked.opened() as forum:
        wicked.poll(forum)
        guest.lose()
        assert forum.read_back(ReplyRef(pid, thread)) is Visibility.VISIBLE
        guest.lose()
        assert forum.hide([ReplyRef(pid, thread)], "x", notify=False)[pid].outcome is ActionOutcome.DONE


def test_a_reply_that_is_gone_costs_one_look_at_who_we_are(wicked: Wicked) -> None:
    thread = wicked.thread(replies=2)
    pid = newest(wicked)
    with wicked.opened() as forum:
        wicked.poll(forum)
        wicked.community.delete(pid, by=wicked.bot)
        before = len(wicked.site.asked)
        assert forum.read_back(ReplyRef(pid, thread)) is Visibility.GONE
        assert len(wicked.site.asked) - before == 1 + 1 + 1  # the post, a look, where it went


def test_an_old_copy_of_the_index_does_not_pass_for_a_session(wicked: Wicked, guest: Guest) -> None:
    thread = wicked.thread()
    index = copy_of(wicked)
    with wicked.opened() as forum:
        wicked.poll(forum)
        guest.lose()
        wicked.twists.append(once(instead(index, mobile="no")))
        wicked.community.post(thread, wicked.anna, "又一条")
        wicked.world.pass_minutes(2)
        assert newest(wicked) in {reply.post_id for reply in wicked.poll(forum)}


# --- another answer than was asked for -------------------------------------------------------------


def test_a_page_where_a_redirect_is_due_does_not_make_a_reply_gone(wicked: Wicked) -> None:
    wicked.thread()
    pid = newest(wicked)
    wicked.twists = [
        lambda asked: error_call("没有找到帖子") if "viewpid" in asked.query else None,
        lambda asked: Told(page("维护完毕")) if asked.query.get("goto") == "findpost" else None,
    ]
    with wicked.opened() as forum:
        assert forum.read_back(ReplyRef(pid, 999)) is Visibility.UNKNOWN


def test_half_a_message_is_no_message(wicked: Wicked) -> None:
    thread = wicked.thread()
    pid = newest(wicked)
    half = (
        '<html><div id="messagetext" class="alert_error"><p>抱歉，指定的主题不存在或已被删除或正在被审核</p>'
    )
    wicked.twists = [lambda asked: Told(half) if asked.query.get("tid") == str(thread) else None]
    with wicked.opened() as forum, pytest.raises(Retryable):
        forum.read([ReplyRef(pid, thread)])


# --- in another charset --------------------------------------------------------------------------


CHINESE = "今天天气不错，大家周末一起去公园走走吧"


def framed(charset: str) -> str:
    return f'<html><head><meta charset="{charset}" /></head><body>{CHINESE}</body></html>'


@pytest.mark.parametrize(
    ("body", "declared", "misread"),
    [
        (framed("utf-8").encode(), "text/html; charset=utf-8", False),
        (framed("gbk").encode("gbk"), "text/html; charset=gbk", False),
        (framed("gbk").encode("gbk"), "text/html; charset=GB2312", False),
        (framed("gbk").encode("gbk"), "text/html", False),
        (CHINESE.encode("gbk"), "text/html; charset=gbk", False),
        ("联通".encode("gbk"), "text/xml; charset=gbk", False),
        (framed("utf-8").encode(), "text/html; charset=gbk", True),
        (framed("gbk").encode("gbk"), "text/html; charset=utf-8", True),
        (framed("utf-8").encode("gbk"), "text/html; charset=utf-8", True),
        (framed("gbk").encode(), "text/html; charset=gbk", True),
        (framed("utf-8").encode(), "text/html; charset=iso-8859-1", True),
        (framed("gbk").encode(), "text/html", True),
        (CHINESE.encode(), "text/xml; charset=gbk", True),
        (b"plain ASCII", "text/html; charset=gbk", False),
        (CHINESE.encode() + b"\xff", "text/html; charset=utf-8", False),
        (b'{"error":"to_login"}', "application/json", False),
    ],
)
def test_a_page_is_misread_when_its_bytes_its_mark_and_its_header_disagree(
    body: bytes, declared: str, misread: bool
) -> None:
    assert is_misread(body, declared, decode_body(body, declared)) is misread


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: Told(told.body.decode().encode("gbk", "replace"), content_type=told.content_type),
        lambda told: Told(told.body, content_type=told.content_type.replace("utf-8", "gbk")),
    ],
    ids=["bytes", "header"],
)
def test_mojibake_is_asked_for_again_and_never_read(wicked: Wicked, spoil: Callable[[Told], Told]) -> None:
    thread = wicked.thread()
    pid = newest(wicked)

    def twist(asked: Asked) -> Told | None:
        if asked.query.get("mod") != "viewthread":
            return None
        wicked.twists.clear()
        return spoil(wicked.answer(asked))

    polite = wicked.config.politeness
    with wicked.opened(politeness=type(polite)(requests_per_second=1000, attempts=3)) as forum:
        wicked.twists = [twist]
        found = {reply.post_id: reply.text for reply in wicked.poll(forum)}
        wicked.twists = [twist]
        again = forum.read([ReplyRef(pid, thread)])[pid]
    assert found[pid] == "第0条"
    assert isinstance(again, Reply)
    assert again.text == "第0条"


def test_a_page_that_stays_misread_is_an_error_for_later(wicked: Wicked) -> None:
    index = copy_of(wicked)
    wrong = Told(index.body, content_type="text/html; charset=gbk")
    wicked.twists = [lambda asked: wrong]
    with wicked.opened() as forum, pytest.raises(Retryable, match="charset"):
        forum.boards()


# --- wrong clocks --------------------------------------------------------------------------------


def ahead(told: Told, minutes: int) -> Told:
    def moved(found: re.Match[str]) -> str:
        hour, minute = divmod(int(found.group(1)) * 60 + int(found.group(2)) + minutes, 60)
        return f" {hour:02}:{minute:02}"

    text = told.body if isinstance(told.body, str) else told.body.decode()
    return Told(re.sub(r" (\d\d):(\d\d)", moved, text), content_type=told.content_type)


def test_a_search_with_times_ahead_hides_nothing_that_is_posted_until_then(wicked: Wicked) -> None:
    thread = wicked.thread()

    def skewed(asked: Asked) -> Told | None:
        if asked.query.get("searchsubmit") != "1":
            return None
        wicked.twists.clear()
        return ahead(wicked.answer(asked), 10)

    with wicked.opened(polling=PollingMethod.PANEL, panel_search=True, panel_search_seconds=0.001) as forum:
        wicked.poll(forum)
        wicked.world.pass_minutes(1)
        wicked.twists = [skewed]
        wicked.poll(forum)
        wicked.world.pass_minutes(4)
        wicked.community.post(thread, wicked.anna, "四分钟后")
        wicked.world.pass_minutes(1)
        assert newest(wicked) in {reply.post_id for reply in wicked.poll(forum)}


def test_a_thread_with_times_ahead_is_no_forum_restored_from_a_backup(wicked: Wicked) -> None:
    thread = wicked.thread(replies=3)
    with wicked.opened() as forum:
        wicked.poll(forum)
        wicked.community.post(thread, wicked.anna, "新的")
        wicked.world.pass_minutes(2)
        copy = ahead(copy_of(wicked, mod="viewthread", tid=str(thread), page="1", ordertype="1"), 12)
        wicked.twists = [once(instead(copy, mod="viewthread", tid=str(thread)))]
        assert newest(wicked) in {reply.post_id for reply in wicked.poll(forum)}


# --- the panel's search ---------------------------------------------------------------------------


def test_the_rest_of_another_search_is_not_taken_for_the_rest_of_ours(wicked: Wicked) -> None:
    """The panel keeps one result per sign-in: entered anew, its second page is of nothing."""
    wicked.thread(replies=30)
    choices = {"polling": PollingMethod.PANEL, "panel_search": True, "panel_search_seconds": 0.001}

    def enter_anew(asked: Asked) -> None:
        if asked.query.get("do") == "list":
            wicked.twists.clear()
            with browser(wicked) as client:
                formhash = read_viewer(client.get("forum.php").text).formhash
                form = {"formhash": formhash, "submit": "yes", "login_panel": "yes", "cppwd": "secret"}
                client.post("forum.php?mod=modcp&action=login", data=form)

    with wicked.opened(**choices) as forum:
        wicked.poll(forum)
        wicked.thread(replies=30)
        wicked.twists = [enter_anew]
        found: set[int] = set()
        for _ in range(3):
            with suppress(Unreadable):
                found |= {reply.post_id for reply in wicked.poll(forum)}
            wicked.world.pass_minutes(1)
    assert found >= {post.id for post in wicked.community.content.posts.values() if post.thread_id == 2}
