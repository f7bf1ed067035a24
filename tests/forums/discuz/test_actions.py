"""Hide and restore on the embedded forum: proved by looking, never by "success"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from forum_support import World

from modbot.demo.server import DemoServer
from modbot.demo.state import Right
from modbot.domain import ActionKind, ActionOutcome, Visibility
from modbot.errors import Gone
from modbot.forums.config import Credentials, ForumConfig, Politeness, PollingMethod
from modbot.forums.discuz import DiscuzForum, engine
from modbot.forums.protocol import CheckStatus, Forum, ReplyRef, ThreadRef

POLITE = Politeness(requests_per_second=1000, requests_per_day=10**9, attempts=1)


@pytest.fixture(params=["utf-8", "gbk"])
def server(request: pytest.FixtureRequest) -> Iterator[DemoServer]:
    with DemoServer(charset=request.param) as running:
        yield running


def open_forum(server: DemoServer, world: World, **choices: object) -> DiscuzForum:
    account = server.moderator
    config = ForumConfig(
        "demo",
        server.url,
        credentials=Credentials(username=account.name, password=account.password, password_over_http=True),
        polling=PollingMethod.SWEEP,
        politeness=POLITE,
    )
    return DiscuzForum(replace(config, **choices), world.context)  # type: ignore[arg-type]


@pytest.fixture
def forum(server: DemoServer, world: World) -> Iterator[DiscuzForum]:
    world.now = server.forum.clock()
    opened = open_forum(server, world)
    yield opened
    opened.close()


def some_refs(server: DemoServer, count: int) -> list[ReplyRef]:
    """Replies of one thread."""
    content = server.forum.content
    for thread, pids in content.thread_posts.items():
        replies = sorted(pid for pid in pids if not content.posts[pid].first)
        if len(replies) >= count:
            return [ReplyRef(pid, thread) for pid in replies[:count]]
    raise LookupError(count)


def outcome(forum: DiscuzForum, ref: ReplyRef, *, hide: bool = True) -> ActionOutcome:
    act = forum.hide if hide else forum.restore
    return act([ref], "理由", notify=False)[ref.post_id].outcome


def test_the_engine_keeps_the_protocol(forum: DiscuzForum, server: DemoServer, world: World) -> None:
    made = engine(ForumConfig("x", server.url), world.context)
    assert isinstance(made, Forum)
    assert made.name == "x"
    made.close()


def test_a_reply_is_hidden_restored_and_read_back(forum: DiscuzForum, server: DemoServer) -> None:
    (ref,) = some_refs(server, 1)
    assert outcome(forum, ref) is ActionOutcome.DONE
    assert forum.read_back(ref) is Visibility.HIDDEN
    assert server.forum.content.posts[ref.post_id].hidden
    assert outcome(forum, ref, hide=False) is ActionOutcome.DONE
    assert forum.read_back(ref) is Visibility.VISIBLE


def test_what_is_hidden_already_is_not_touched(forum: DiscuzForum, server: DemoServer) -> None:
    (ref,) = some_refs(server, 1)
    server.forum.hide(ref.post_id, by=server.moderator)
    logged = len(server.forum.content.mod_log)
    assert outcome(forum, ref) is ActionOutcome.ALREADY
    assert len(server.forum.content.mod_log) == logged
    assert outcome(forum, ref, hide=False) is ActionOutcome.DONE
    assert outcome(forum, ref, hide=False) is ActionOutcome.ALREADY


def test_replies_of_one_thread_are_hidden_by_one_request(
    forum: DiscuzForum, server: DemoServer, world: World
) -> None:
    refs = some_refs(server, 3)
    forum.boards()
    before = world.requests
    results = forum.hide([*refs, refs[0]], "重复发帖", notify=False)
    assert {result.outcome for result in results.values()} == {ActionOutcome.DONE}
    assert world.requests - before == 3 + 1 + 3


def test_the_reason_arrives_in_the_forums_charset_and_the_author_is_told(
    forum: DiscuzForum, server: DemoServer
) -> None:
    (ref,) = some_refs(server, 1)
    forum.hide([ref], "  重复发帖\n请联系版主  ", notify=True)
    notice = server.forum.content.notices[-1]
    assert notice.post_id == ref.post_id
    assert "重复发帖 请联系版主" in notice.reason


def test_a_reason_is_never_empty(forum: DiscuzForum, server: DemoServer) -> None:
    server.options.reason_required = True
    (ref,) = some_refs(server, 1)
    assert forum.hide([ref], " ", notify=False)[ref.post_id].outcome is ActionOutcome.DONE
    assert server.forum.content.mod_log[-1].reason == "违规内容"


def test_a_reply_that_moved_is_hidden_where_it_is(forum: DiscuzForum, server: DemoServer) -> None:
    (ref,) = some_refs(server, 1)
    assert outcome(forum, ReplyRef(ref.post_id, 4711)) is ActionOutcome.DONE
    assert outcome(forum, ReplyRef(ref.post_id, None), hide=False) is ActionOutcome.DONE


def test_a_deleted_reply_is_gone_whatever_the_forum_would_answer(
    forum: DiscuzForum, server: DemoServer
) -> None:
    refs = some_refs(server, 3)
    server.forum.delete(refs[0].post_id, by=server.moderator)
    results = forum.hide([refs[0], ReplyRef(999999, refs[1].thread_id), refs[2]], "理由", notify=False)
    assert results[refs[0].post_id].outcome is ActionOutcome.GONE
    assert results[999999].outcome is ActionOutcome.GONE
    assert results[refs[2].post_id].outcome is ActionOutcome.DONE


def test_an_account_without_the_right_is_refused_in_the_forums_words(
    forum: DiscuzForum, server: DemoServer
) -> None:
    (ref,) = some_refs(server, 1)
    server.forum.withdraw(server.moderator.group_id, Right.HIDE)
    result = forum.hide([ref], "理由", notify=False)[ref.post_id]
    assert result.outcome is ActionOutcome.REFUSED
    assert result.visibility is Visibility.VISIBLE
    assert "没有权限" in result.detail


def test_one_action_at_a_time_hides_and_restores_too(forum: DiscuzForum, server: DemoServer) -> None:
    (ref,) = some_refs(server, 1)
    assert forum.act(ActionKind.HIDE, ref, "x", notify=False).outcome is ActionOutcome.DONE
    assert forum.act(ActionKind.RESTORE, ref, "x", notify=False).outcome is ActionOutcome.DONE


def test_replies_are_read_again_several_of_a_thread_in_one_request(
    forum: DiscuzForum, server: DemoServer, world: World
) -> None:
    content = server.forum.content
    thread = max(content.thread_posts, key=lambda number: len(content.thread_posts[number]))
    newest = sorted(content.thread_posts[thread])[-4:]
    forum.boards()
    before = world.requests
    found = forum.read([*(ReplyRef(pid, thread) for pid in newest), ReplyRef(999999, 4711)])
    assert world.requests - before == 1 + 1 + 2  # a page, a look at who asks, and where the other went
    assert found[999999] is Visibility.GONE
    assert {pid for pid, reply in found.items() if not isinstance(reply, Visibility)} == set(newest)


def test_several_replies_of_a_vanished_thread_are_gone(forum: DiscuzForum) -> None:
    found = forum.read([ReplyRef(pid, 4711) for pid in (900001, 900002, 900003)])
    assert set(found.values()) == {Visibility.GONE}


def test_a_pending_reply_is_pending_with_and_without_its_thread(server: DemoServer, world: World) -> None:
    world.now = server.forum.clock()
    server.forum.require_approval(38)
    content = server.forum.content
    thread = next(thread.id for thread in content.threads.values() if thread.board_id == 38)
    author = next(member for member in content.members.values() if not server.forum.is_staff(member))
    post = server.forum.post(thread, author, "等审核")
    forum = open_forum(server, world, panel_search=True)
    assert forum.read_back(ReplyRef(post.id, None)) is Visibility.PENDING
    assert forum.read_back(ReplyRef(post.id, thread)) is Visibility.GONE
    world.pass_minutes(1)
    list(forum.poll(None, now=world.now))
    assert forum.read_back(ReplyRef(post.id, thread)) is Visibility.PENDING
    result = forum.hide([ReplyRef(post.id, thread)], "x", notify=False)[post.id]
    assert (result.outcome, result.visibility) == (ActionOutcome.GONE, Visibility.PENDING)
    forum.close()


def test_a_thread_is_shown_with_its_opening(forum: DiscuzForum, server: DemoServer) -> None:
    (ref,) = some_refs(server, 1)
    view = forum.thread(ThreadRef(ref.thread_id or 0))
    assert view.opening
    assert view.replies[0].floor == 1
    assert view.board_id is not None
    with pytest.raises(Gone):
        forum.thread(ThreadRef(4711))


def test_boards_and_preset_reasons_are_read(forum: DiscuzForum) -> None:
    assert {board.id for board in forum.boards()} == {36, 37, 38}
    assert "重复发帖" in forum.preset_reasons()


# --- the doctor's questions ------------------------------------------------------------------


def codes(forum: DiscuzForum) -> dict[str, CheckStatus]:
    return {check.code.removeprefix("check.forum."): check.status for check in forum.check_access()}


def test_a_forum_in_order_passes_every_check_and_nothing_is_hidden(server: DemoServer, world: World) -> None:
    world.now = server.forum.clock()
    forum = open_forum(server, world, panel_search=True, polling=PollingMethod.AUTO)
    found = codes(forum)
    forum.close()
    assert set(found.values()) == {CheckStatus.OK}
    assert {"signed_in", "charset", "clock", "formhash", "boards", "can_hide", "json_off", "panel"} <= set(
        found
    )
    assert not server.forum.hides


def test_an_account_that_cannot_hide_is_found_out_without_hiding(
    forum: DiscuzForum, server: DemoServer
) -> None:
    server.forum.withdraw(server.moderator.group_id, Right.HIDE)
    assert codes(forum)["cannot_hide"] is CheckStatus.FAILED


def test_a_clock_that_is_wrong_is_warned_of(forum: DiscuzForum, world: World) -> None:
    world.pass_minutes(60)
    assert codes(forum)["clock"] is CheckStatus.WARNING


def test_a_sign_in_that_fails_is_the_only_line(server: DemoServer, world: World) -> None:
    forum = open_forum(server, world, credentials=Credentials())
    assert codes(forum) == {"sign_in_failed": CheckStatus.FAILED}
    forum.close()


def test_a_panel_that_cannot_be_used_is_told(server: DemoServer, world: World) -> None:
    account = server.moderator
    forum = open_forum(server, world, panel_search=True, skip_boards=(36, 37, 38))
    assert codes(forum)["can_hide_unknown"] is CheckStatus.SKIPPED
    forum.close()
    wrong = Credentials(username=account.name, password=account.password, password_over_http=False)
    kept = open_forum(server, world, panel_search=True, credentials=wrong)
    assert codes(kept)["panel_not_possible"] is CheckStatus.WARNING
    kept.close()
