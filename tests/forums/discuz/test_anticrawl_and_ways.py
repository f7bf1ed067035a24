"""The anti-crawl script, and falling from one way of polling to another."""

from __future__ import annotations

import pytest
from forum_support import Asked, Told, error_call, page
from wicked_support import Wicked, threads_of

from modbot.domain import Visibility
from modbot.errors import Blocked, LoggedOut, Refused, Retryable
from modbot.forums.config import PollingMethod
from modbot.forums.discuz.cursor import decode
from modbot.forums.protocol import Capability, CheckStatus, ReplyRef

DSIGN = "<script type=\"text/javascript\">window.location.href = '/forum.php?_dsign=1a2b3c4d';</script>"

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
            with pytest.raises(Retryable, match="anti-crawl"):
                wicked.poll(forum)
        assert wicked.cursor is not None
        assert [item.thread for item in decode(wicked.cursor).work] == [thread]
        checks = {check.code.removeprefix("check.forum."): check.status for check in forum.check_access()}
        assert checks["antitheft"] is CheckStatus.WARNING


def test_a_script_that_outlasts_the_day_whose_views_it_counts_asks_for_a_human(wicked: Wicked) -> None:
    wicked.thread(replies=12)
    wicked.twists = [guarded]
    with wicked.opened() as forum:
        with pytest.raises(Retryable):
            wicked.poll(forum)
        wicked.world.pass_minutes(27 * 60)
        with pytest.raises(Blocked):
            wicked.poll(forum)
        wicked.twists = []
        wicked.poll(forum)
        wicked.twists = [guarded]
        wicked.thread(replies=12)
        with pytest.raises(Retryable):
            wicked.poll(forum)


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


def test_the_json_api_is_told_among_the_capabilities(wicked: Wicked) -> None:
    wicked.server.options.json_api = True
    wicked.thread()
    with wicked.opened(polling=PollingMethod.AUTO) as forum:
        assert Capability.JSON_API in forum.capabilities()
    with wicked.opened(panel_search=True) as forum:
        assert Capability.PANEL_SEARCH in forum.capabilities()
        assert Capability.JSON_API not in forum.capabilities()
