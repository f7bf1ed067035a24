"""Boards and threads that stand in a poll's way: none of it loops, none stops the rest."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from forum_support import Asked, Told, page
from wicked_support import BOARD, Twist, Wicked, on_thread, threads_of

from modbot.domain import Visibility
from modbot.errors import Blocked, Retryable
from modbot.forums.discuz.cursor import decode
from modbot.forums.protocol import ReplyRef

WRONG_PASSWORD = (
    '<div id="messagetext" class="alert_error"><p>抱歉，您输入的密码不正确，不能访问这个版块</p></div>'
)

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
    assert wicked.site.count(f"fid={BOARD}") == 5
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
        assert wicked.site.count(f"tid={poison}") == 5
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
