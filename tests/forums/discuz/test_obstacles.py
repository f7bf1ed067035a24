"""Polling through everything that stands in a poll's way: none of it loops, none stops the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import httpx
import pytest
from forum_support import Asked, Site, Told, World, error_call, page

from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import Member
from modbot.domain import Reply, Visibility
from modbot.errors import Blocked, LoggedOut, Refused, Retryable
from modbot.forums.config import Credentials, ForumConfig, Politeness, PollingMethod
from modbot.forums.discuz import DiscuzForum
from modbot.forums.discuz.cursor import decode
from modbot.forums.protocol import Batch, CheckStatus, ReplyRef, UnreadableBlock

Twist = Callable[[Asked], Told | None]
BOARD = 36
DSIGN = "<script type=\"text/javascript\">window.location.href = '/forum.php?_dsign=1a2b3c4d';</script>"
WRONG_PASSWORD = (
    '<div id="messagetext" class="alert_error"><p>抱歉，您输入的密码不正确，不能访问这个版块</p></div>'
)


@dataclass
class Wicked:
    """The embedded forum seen through a site that twists some answers."""

    site: Site
    server: DemoServer
    world: World
    twists: list[Twist] = field(default_factory=list)
    cursor: str | None = None
    unreadable: list[UnreadableBlock] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.community = Community(name="小城", clock=self.world.clock)
        self.bot = self.community.join("modbot", group_id=2, password="secret")
        self.anna: Member = self.community.join("安娜", posts=5)
        self.community.open_board("城事", board_id=BOARD)
        self.community.open_board("别处", board_id=37)
        self.server.restage(self.community)
        self.client = httpx.Client(follow_redirects=False, trust_env=False)
        self.site.answer = self.answer
        self.config = ForumConfig(
            "town",
            self.site.url,
            credentials=Credentials(username="modbot", password="secret", password_over_http=True),
            polling=PollingMethod.SWEEP,
            politeness=Politeness(requests_per_second=1000, requests_per_day=10**9, attempts=1),
        )

    def answer(self, asked: Asked) -> Told:
        for twist in self.twists:
            told = twist(asked)
            if told is not None:
                return told
        url = self.server.url.rstrip("/") + asked.path
        headers = {
            key: asked.headers[key]
            for key in ("user-agent", "cookie", "content-type")
            if key in asked.headers
        }
        got = self.client.request(
            asked.method, f"{url}?{urlencode(asked.query)}", content=asked.body, headers=headers
        )
        kept = [
            (name, value) for name, value in got.headers.multi_items() if name in {"set-cookie", "location"}
        ]
        return Told(got.content, got.status_code, tuple(kept), got.headers.get("content-type", ""))

    def thread(self, board: int = BOARD, replies: int = 1) -> int:
        first = self.community.start_thread(board, self.anna, f"话题{board}", "说说")
        for number in range(replies):
            self.world.pass_minutes(0.1)
            self.community.post(first.thread_id, self.anna, f"第{number}条")
        self.world.pass_minutes(2)
        return first.thread_id

    @contextmanager
    def opened(self, **choices: object) -> Iterator[DiscuzForum]:
        forum = DiscuzForum(replace(self.config, **choices), self.world.context)  # type: ignore[arg-type]
        try:
            yield forum
        finally:
            forum.close()

    def poll(self, forum: DiscuzForum) -> list[Reply]:
        found: list[Reply] = []
        batches: Iterator[Batch] = forum.poll(self.cursor, now=self.world.now)
        for batch in batches:
            self.cursor = batch.cursor
            self.unreadable += batch.unreadable
            found += batch.replies
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def wicked(site: Site, server: DemoServer, world: World) -> Iterator[Wicked]:
    with ExitStack() as after:
        there = Wicked(site, server, world)
        after.callback(there.client.close)
        yield there


def on_thread(thread: int, told: Told, **query: str) -> Twist:
    wanted = {"mod": "viewthread", "tid": str(thread), **query}
    return lambda asked: told if wanted.items() <= asked.query.items() else None


def threads_of(replies: list[Reply]) -> set[int | None]:
    return {reply.thread_id for reply in replies}


# --- boards ---------------------------------------------------------------------------------


def with_password(wicked: Wicked, board: int, right: str) -> Twist:
    """A board behind a password, as Discuz! does it."""

    def twist(asked: Asked) -> Told | None:
        opened = f"fidpw{board}=" in asked.headers.get("cookie", "")
        mine = asked.query.get("fid") == str(board) or asked.query.get("mod") == "viewthread"
        if asked.query.get("action") == "pwverify":
            if dict(asked.form)["pw"] != right:
                return Told(page(WRONG_PASSWORD))
            return Told(page("密码验证成功"), headers=(("Set-Cookie", f"Ab12_2132_fidpw{board}={right}"),))
        if opened or not mine:
            return None
        if asked.query.get("mod") == "viewthread":
            return Told("", 302, (("Location", f"{wicked.site.url}forum.php?mod=forumdisplay&fid={board}"),))
        action = f"forum.php?mod=forumdisplay&amp;fid={board}&amp;action=pwverify"
        return Told(page(f'<form method="post" action="{action}"><input name="pw" /></form>'))

    return twist


def test_a_board_with_a_password_is_opened_once(wicked: Wicked) -> None:
    thread = wicked.thread()
    wicked.twists = [with_password(wicked, BOARD, "secret123")]
    with wicked.opened(board_passwords={BOARD: "secret123"}) as forum:
        assert thread in threads_of(wicked.poll(forum))
    assert wicked.site.count("pwverify") == 1


def test_a_thread_behind_a_board_password_is_opened_too(wicked: Wicked) -> None:
    thread = wicked.thread()
    wicked.twists = [with_password(wicked, BOARD, "secret123")]
    pid = max(wicked.community.content.posts)
    with wicked.opened(board_passwords={BOARD: "secret123"}) as forum:
        assert forum.read_back(ReplyRef(pid, thread)) is Visibility.VISIBLE


@pytest.mark.parametrize("passwords", [{}, {BOARD: "wrong"}])
def test_a_board_whose_password_is_not_known_is_noted_and_passed_by(
    wicked: Wicked, passwords: dict[int, str]
) -> None:
    wicked.thread()
    elsewhere = wicked.thread(37)
    wicked.twists = [
        lambda asked: (
            None
            if asked.query.get("mod") == "viewthread"
            else with_password(wicked, BOARD, "secret123")(asked)
        )
    ]
    with wicked.opened(board_passwords=passwords) as forum:
        assert threads_of(wicked.poll(forum)) == {elsewhere}
        wicked.poll(forum)
    assert [block.problem for block in wicked.unreadable] == ["error.forum.board_password"]
    assert wicked.site.count("pwverify") == len(passwords)


def test_a_board_that_may_not_be_read_costs_one_request(wicked: Wicked) -> None:
    wicked.thread()
    elsewhere = wicked.thread(37)
    denied = Told(page('<div id="messagetext" class="alert_error"><p>抱歉，您没有权限访问该版块</p></div>'))
    wicked.twists = [lambda asked: denied if asked.query.get("fid") == str(BOARD) else None]
    with wicked.opened() as forum:
        assert threads_of(wicked.poll(forum)) == {elsewhere}
        wicked.poll(forum)
    assert wicked.site.count(f"fid={BOARD}") == 1


def test_a_board_page_that_leads_elsewhere_is_passed_by(wicked: Wicked) -> None:
    wicked.thread()
    elsewhere = wicked.thread(37)
    away = Told("", 302, (("Location", "portal.php"),))
    wicked.twists = [lambda asked: away if asked.query.get("fid") == str(BOARD) else None]
    with wicked.opened() as forum:
        assert threads_of(wicked.poll(forum)) == {elsewhere}
        for _ in range(5):
            wicked.poll(forum)
    assert wicked.site.count(f"fid={BOARD}") == 3
    assert "error.forum.redirect" in {block.problem for block in wicked.unreadable}


def test_a_sub_board_that_is_only_named_is_looked_at_when_something_changed(wicked: Wicked) -> None:
    hidden_away = wicked.thread(37)

    def only_named(asked: Asked) -> Told | None:
        if asked.path != "/forum.php" or asked.query.get("mod") or not wicked.site.count("member.php"):
            return None
        told = plain(asked)
        text = told.body.decode() if isinstance(told.body, bytes) else told.body
        row = re.search(r"<tr[^>]*>(?:(?!</tr>).)*fid=37(?:(?!</tr>).)*</tr>", text, re.DOTALL)
        assert row
        text = text.replace(row.group(0), "")
        link = '<p>子版块: <a href="forum.php?mod=forumdisplay&amp;fid=37">别处</a></p>'
        place = text.index("</h2>", text.index("fid=36", text.index("fl_tb"))) + len("</h2>")
        return replace(told, body=text[:place] + link + text[place:])

    plain = wicked.answer
    wicked.site.answer = lambda asked: only_named(asked) or plain(asked)
    here = wicked.thread()
    with wicked.opened() as forum:
        assert threads_of(wicked.poll(forum)) == {here, hidden_away}
        before = len(wicked.site.asked)
        wicked.poll(forum)
        assert len(wicked.site.asked) == before + 1


def test_an_error_while_following_a_pending_reply_forgets_nothing(wicked: Wicked) -> None:
    wicked.community.require_approval(BOARD)
    first = wicked.community.start_thread(BOARD, wicked.anna, "话题", "说说")
    waiting = wicked.community.post(first.thread_id, wicked.anna, "等一等")
    wicked.world.pass_minutes(2)
    with wicked.opened(panel_search=True, panel_search_seconds=60) as forum:
        wicked.poll(forum)
        wicked.community.approve(waiting.id, by=wicked.bot)
        busy = Told("<html>busy</html>", 502)
        wicked.twists = [lambda asked: busy if asked.query.get("goto") == "findpost" else None]
        wicked.world.pass_minutes(2)
        with pytest.raises(Retryable):
            wicked.poll(forum)
        assert wicked.cursor is not None
        assert waiting.id in decode(wicked.cursor).pending
        wicked.twists = []
        wicked.world.pass_minutes(2)
        found = {reply.post_id: reply for reply in wicked.poll(forum)}
        assert not found[waiting.id].pending


# --- threads --------------------------------------------------------------------------------


def test_a_thread_that_is_never_understood_stalls_nothing_and_is_given_up(wicked: Wicked) -> None:
    poison, healthy = wicked.thread(), wicked.thread()
    wicked.twists = [on_thread(poison, Told(page("<p>?</p>")))]
    with wicked.opened() as forum:
        assert threads_of(wicked.poll(forum)) == {healthy}
        for _ in range(5):
            wicked.poll(forum)
        assert wicked.site.count(f"tid={poison}") == 3
        assert [block.url for block in wicked.unreadable] == [f"thread {poison}"]
        wicked.twists = []
        wicked.community.post(poison, wicked.anna, "又一条")
        wicked.world.pass_minutes(2)
        assert poison in threads_of(wicked.poll(forum))


def test_a_thread_above_the_accounts_reading_right_is_left_until_it_changes(wicked: Wicked) -> None:
    closed = wicked.thread()
    denied = Told(
        page('<div id="messagetext" class="alert_error"><p>抱歉，本帖要求阅读权限高于 200 才能浏览</p></div>')
    )
    wicked.twists = [on_thread(closed, denied)]
    with wicked.opened() as forum:
        for _ in range(3):
            wicked.poll(forum)
    assert wicked.site.count(f"tid={closed}") == 1


def test_a_thread_deleted_between_list_and_visit_is_forgotten(wicked: Wicked) -> None:
    gone, stays = wicked.thread(), wicked.thread()
    missing = Told(
        page(
            '<div id="messagetext" class="alert_error">'
            "<p>抱歉，指定的主题不存在或已被删除或正在被审核</p></div>"
        ),
        404,
    )
    wicked.twists = [on_thread(gone, missing)]
    with wicked.opened() as forum:
        assert threads_of(wicked.poll(forum)) == {stays}
        assert wicked.cursor is not None
        assert decode(wicked.cursor).caught_up


def test_a_block_on_one_thread_lets_the_others_be_read_and_is_told(wicked: Wicked) -> None:
    guarded, free = wicked.thread(replies=12), wicked.thread()
    wicked.twists = [on_thread(guarded, Told("<html>no</html>", 403))]
    with wicked.opened() as forum:
        forum_poll = forum.poll(None, now=wicked.world.now)
        batch = next(forum_poll)
        assert threads_of(list(batch.replies)) == {free}
        with pytest.raises(Blocked, match="403"):
            next(forum_poll)


def test_an_error_of_the_site_hands_over_what_was_read_first(wicked: Wicked) -> None:
    older, newer = wicked.thread(), wicked.thread()
    wicked.twists = [on_thread(older, Told("<html>busy</html>", 502))]
    with wicked.opened() as forum:
        with pytest.raises(Retryable):
            wicked.poll(forum)
        assert wicked.cursor is not None
        assert [item.thread for item in decode(wicked.cursor).work] == [older]
        assert newer in decode(wicked.cursor).marks
        wicked.twists = []
        assert older in threads_of(wicked.poll(forum))


# --- the anti-crawl script --------------------------------------------------------------------


def guarded(asked: Asked) -> Told | None:
    """防采集: page 1 of a thread in any form answers with a script."""
    reading = asked.query.get("mod") == "viewthread"
    return Told(DSIGN) if reading and asked.query.get("page", "1") == "1" else None


@pytest.mark.parametrize("replies", [0, 5, 9, 18, 25, 47])
def test_behind_the_anti_crawl_script_all_is_read_by_other_pages(wicked: Wicked, replies: int) -> None:
    thread = wicked.thread(replies=replies)
    wicked.twists = [guarded]
    with wicked.opened() as forum:
        found = {reply.post_id for reply in wicked.poll(forum)}
    expected = wicked.community.content.thread_posts[thread]
    assert expected - found <= {min(expected)}


def test_what_the_script_keeps_back_is_told_and_kept_on_the_list(wicked: Wicked) -> None:
    thread = wicked.thread(replies=12)
    wicked.twists = [guarded]
    with wicked.opened() as forum:
        for _ in range(2):
            with pytest.raises(Blocked, match="anti-crawl"):
                wicked.poll(forum)
        assert wicked.cursor is not None
        assert [item.thread for item in decode(wicked.cursor).work] == [thread]
        checks = {check.code.removeprefix("check.forum."): check.status for check in forum.check_access()}
        assert checks["antitheft"] is CheckStatus.WARNING


def test_single_posts_pass_the_script_with_another_page_number(wicked: Wicked) -> None:
    thread = wicked.thread()
    wicked.twists = [guarded]
    pid = max(wicked.community.content.posts)
    with wicked.opened() as forum:
        assert forum.read_back(ReplyRef(pid, thread)) is Visibility.VISIBLE


def test_a_script_on_every_page_blocks(wicked: Wicked) -> None:
    thread = wicked.thread()
    wicked.twists = [
        lambda asked: Told(DSIGN) if asked.query.get("mod") in {"viewthread", "forumdisplay"} else None
    ]
    with wicked.opened() as forum:
        with pytest.raises(Blocked, match="anti-crawl"):
            forum.read_back(ReplyRef(max(wicked.community.content.posts), thread))
        with pytest.raises(Blocked):
            wicked.poll(forum)


# --- ways to poll -----------------------------------------------------------------------------


def test_a_json_api_that_is_broken_counts_as_off(wicked: Wicked) -> None:
    thread = wicked.thread()
    wicked.twists = [lambda asked: Told("<html>x</html>", 404) if asked.path.startswith("/api") else None]
    with wicked.opened(polling=PollingMethod.AUTO) as forum:
        assert thread in threads_of(wicked.poll(forum))
        wicked.poll(forum)
    assert wicked.site.count("/api") == 1


def test_a_panel_that_refuses_is_told_where_it_was_asked_for(wicked: Wicked) -> None:
    wicked.bot.group_id = 10
    wicked.thread()
    choices = {"polling": PollingMethod.PANEL, "panel_search": True, "first_poll_days": 2}
    with wicked.opened(**choices) as forum, pytest.raises(Refused, match="not open"):
        wicked.poll(forum)


def test_a_wrong_panel_password_leaves_the_sweep_to_work(wicked: Wicked) -> None:
    thread = wicked.thread()
    form = Told(page('<input type="password" name="cppwd" />'))
    wicked.twists = [lambda asked: form if asked.query.get("mod") == "modcp" else None]
    with wicked.opened(polling=PollingMethod.AUTO, panel_search=True) as forum:
        for _ in range(3):
            wicked.world.pass_minutes(10)
            wicked.poll(forum)
    assert sum("cppwd" in dict(asked.form) for asked in wicked.site.asked) == 1
    with (
        wicked.opened(polling=PollingMethod.PANEL, panel_search=True, first_poll_days=2) as forum,
        pytest.raises(LoggedOut, match="panel"),
    ):
        wicked.poll(forum)
    assert thread


def test_a_queue_that_fails_is_left_for_its_next_time(wicked: Wicked) -> None:
    wicked.thread()
    busy = Told("<html>busy</html>", 502)
    wicked.twists = [lambda asked: busy if asked.query.get("mod") == "modcp" else None]
    with wicked.opened(panel_search=True) as forum:
        with pytest.raises(Retryable):
            wicked.poll(forum)
        assert wicked.poll(forum)


def test_a_queue_that_is_refused_is_not_asked_for_again(wicked: Wicked) -> None:
    wicked.thread()
    wicked.twists = [
        lambda asked: (
            error_call("抱歉，您没有权限访问管理面板") if asked.query.get("mod") == "modcp" else None
        )
    ]
    with wicked.opened(panel_search=True) as forum:
        for _ in range(3):
            wicked.world.pass_minutes(10)
            wicked.poll(forum)
    assert wicked.site.count("mod=modcp") == 1


def test_a_panel_search_that_complains_falls_back(wicked: Wicked) -> None:
    thread = wicked.thread()
    form = page('<select name="threadoption"></select><p class="xi1">搜索条件不足！</p>')
    wicked.twists = [lambda asked: Told(form) if asked.query.get("op") == "post" else None]
    with wicked.opened(polling=PollingMethod.AUTO, panel_search=True, first_poll_days=2) as forum:
        assert thread in threads_of(wicked.poll(forum))


def test_wanted_posts_that_moved_or_vanished_are_followed_or_dropped(wicked: Wicked) -> None:
    one, two = wicked.thread(replies=4), wicked.thread()
    pids = sorted(wicked.community.content.thread_posts[one])

    def merged_meanwhile(asked: Asked) -> Told | None:
        if asked.query.get("mod") == "viewthread" and one in wicked.community.content.threads:
            wicked.community.merge(one, two)
            wicked.community.delete(pids[-1], by=wicked.bot)
        return None

    wicked.twists = [merged_meanwhile]
    with wicked.opened(polling=PollingMethod.PANEL, panel_search=True, first_poll_days=2) as forum:
        found = {reply.post_id: reply.thread_id for reply in wicked.poll(forum)}
        found |= {reply.post_id: reply.thread_id for reply in wicked.poll(forum)}
    assert {found.get(pid) for pid in pids[:-1]} <= {one, two}
    assert pids[-1] not in found
    assert wicked.cursor is not None
    assert decode(wicked.cursor).caught_up
