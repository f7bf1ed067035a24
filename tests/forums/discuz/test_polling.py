"""Finding every reply, once at least, whatever happens in between."""

from __future__ import annotations

import pytest
from town_support import AUDITED, BOARD, Town

from modbot.demo.state import Approval
from modbot.domain import Reply
from modbot.errors import ForumRolledBack, Retryable, Unreadable
from modbot.forums.config import PollingMethod
from modbot.forums.discuz.cursor import decode
from modbot.forums.protocol import Capability


def ids(replies: list[Reply]) -> set[int]:
    return {reply.post_id for reply in replies}


METHODS = pytest.mark.parametrize("method", [PollingMethod.SWEEP, PollingMethod.PANEL, PollingMethod.JSON])


@METHODS
def test_every_way_finds_new_replies_and_only_those(town: Town, method: PollingMethod) -> None:
    town.server.options.json_api = True
    town.choose(polling=method, panel_search=True, panel_search_seconds=60)
    thread = town.thread()
    first = town.reply(thread)
    town.world.pass_minutes(1)
    town.poll_until_quiet()
    assert first in town.seen
    assert town.seen[first].author.name == "居民1"
    town.world.pass_minutes(5)
    second = town.reply(thread, "今天风大")
    town.world.pass_minutes(2)
    assert second in ids(town.poll())
    assert town.seen[second].text == "今天风大"
    assert (town.seen[second].thread_title, town.seen[second].opening) == ("话题1", "说说看")
    assert town.seen[second].author.posts is not None
    town.world.pass_minutes(2)
    assert not town.poll()
    assert not town.missing()


def test_a_quiet_forum_costs_one_request_a_poll(town: Town) -> None:
    town.reply(town.thread())
    town.poll_until_quiet()
    town.poll()
    before = town.world.requests
    town.poll()
    assert town.world.requests - before == 1


def test_the_first_poll_reads_the_last_days_only(town: Town) -> None:
    town.choose(first_poll_days=2)
    old = town.thread()
    ancient = town.reply(old)
    town.world.pass_minutes(3 * 24 * 60)
    fresh = town.reply(old)
    silent = town.thread()
    town.poll_until_quiet()
    assert fresh in town.seen
    assert silent
    assert ancient not in town.seen


def test_a_long_outage_is_caught_up_in_bounded_polls_the_newest_first(town: Town) -> None:
    threads = [town.thread() for _ in range(45)]
    town.poll_until_quiet()
    for _ in range(6):
        for thread in threads:
            town.reply(thread)
            town.reply(thread)
    town.world.pass_minutes(60)
    busy = [town.reply(threads[0]) for _ in range(5)]
    before = town.world.requests
    first = town.poll()
    assert town.world.requests - before <= 200
    assert set(busy) <= ids(first)
    assert town.cursor is not None
    newest = town.reply(threads[7])
    assert newest in ids(town.poll())
    town.poll_until_quiet()
    assert not town.missing()


def test_a_crash_after_some_of_many_changed_threads_loses_none(town: Town) -> None:
    threads = [town.thread() for _ in range(25)]
    town.poll_until_quiet()
    for thread in threads:
        town.reply(thread)
    town.poll(batches=1)
    assert town.missing()
    town.poll_until_quiet()
    assert not town.missing()


def test_threads_listed_after_newer_ones_were_read_are_read_whole(town: Town) -> None:
    """A greatest pid alone would take everything below it for known."""
    for _ in range(50):
        town.reply(town.thread())
        town.world.pass_minutes(2)
    town.poll(batches=3)
    town.poll_until_quiet()
    assert not town.missing()


def test_a_long_thread_is_read_a_bounded_piece_at_a_time(town: Town) -> None:
    thread = town.thread()
    town.poll_until_quiet()
    for _ in range(700):
        town.reply(thread)
    before = town.world.requests
    town.poll()
    assert town.world.requests - before <= 65
    assert town.missing()
    late = town.reply(thread)
    town.poll()
    assert late in town.seen
    town.poll_until_quiet()
    assert not town.missing()


@pytest.mark.parametrize("replies", [9, 10, 11, 18, 20, 21])
@pytest.mark.parametrize("short_pager", [False, True])
def test_the_oldest_reply_is_read_though_the_pager_forgets_its_page(
    town: Town, replies: int, short_pager: bool
) -> None:
    town.server.options.short_pager = short_pager
    thread = town.thread()
    for _ in range(replies):
        town.reply(thread)
    town.poll_until_quiet(3)
    assert not town.missing()


def test_one_endless_thread_holds_up_no_other(town: Town) -> None:
    endless, other = town.thread(), town.thread()
    town.poll_until_quiet()
    for _ in range(40):
        town.reply(other)
    for _ in range(1500):
        town.reply(endless)
    town.poll()
    town.poll()
    left = {town.community.content.posts[pid].thread_id for pid in town.missing()}
    assert left == {endless}


def test_replies_deleted_while_a_gap_is_read_hide_none_of_the_rest(town: Town) -> None:
    thread = town.thread()
    town.poll_until_quiet()
    pids = [town.reply(thread) for _ in range(800)]
    town.poll()
    for pid in pids[-40:]:
        town.community.delete(pid, by=town.bot)
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert not town.missing()


def test_a_reply_approved_late_is_found_below_the_known_ones(town: Town) -> None:
    thread = town.thread(AUDITED)
    waiting = town.reply(thread)
    for _ in range(25):
        town.community.approve(town.reply(thread), by=town.bot)
    town.poll_until_quiet()
    assert waiting not in town.seen
    town.world.pass_minutes(30)
    town.community.approve(waiting, by=town.bot)
    town.poll_until_quiet()
    assert waiting in town.seen


def test_a_late_approval_in_a_thread_far_down_is_found_within_hours(town: Town) -> None:
    thread = town.thread(AUDITED)
    waiting = town.reply(thread)
    for _ in range(30):
        town.thread(AUDITED)
    town.poll_until_quiet()
    town.community.approve(waiting, by=town.bot)
    town.community.approve(town.reply(town.thread(AUDITED)), by=town.bot)
    town.poll_until_quiet()
    town.world.pass_minutes(7 * 60)
    town.poll_until_quiet()
    assert waiting in town.seen


def test_the_approval_queue_is_read_and_its_replies_followed(town: Town) -> None:
    town.choose(panel_search=True, panel_search_seconds=60)
    thread = town.thread(AUDITED)
    town.poll_until_quiet()
    waiting = town.reply(thread, "等一等")
    refused = town.reply(thread, "广告")
    town.world.pass_minutes(2)
    found = {reply.post_id: reply for reply in town.poll()}
    assert found[waiting].pending
    assert found[waiting].thread_id is None
    assert found[waiting].text == "等一等"
    town.community.approve(waiting, by=town.bot)
    town.community.ignore(refused, by=town.bot)
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert not town.seen[waiting].pending
    assert town.seen[waiting].thread_id == thread
    assert town.seen[refused].pending


def test_a_queue_longer_than_one_look_forgets_nobody(town: Town) -> None:
    town.choose(panel_search=True, panel_search_seconds=60)
    thread = town.thread(AUDITED)
    first = [town.reply(thread) for _ in range(5)]
    town.world.pass_minutes(2)
    town.poll()
    for _ in range(110):
        town.reply(thread)
    town.world.pass_minutes(2)
    town.poll()
    assert town.cursor is not None
    assert set(first) <= set(decode(town.cursor).pending)


def test_a_thread_approved_late_is_found(town: Town) -> None:
    town.choose(panel_search=True, panel_search_seconds=60)
    town.community.require_approval(AUDITED, Approval.ALL)
    first = town.community.start_thread(AUDITED, town.people[1], "新来的", "大家好")
    for _ in range(25):
        town.community.approve(
            town.community.start_thread(AUDITED, town.people[2], "别的", "话").id, by=town.bot
        )
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert first.id not in town.seen
    town.community.approve(first.id, by=town.bot)
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert first.id in town.seen


def test_a_merged_or_split_thread_changes_the_thread_and_nothing_else(town: Town) -> None:
    one, two = town.thread(), town.thread()
    pid = town.reply(one)
    others = [town.reply(two) for _ in range(3)]
    town.poll_until_quiet()
    town.community.merge(one, two)
    town.world.pass_minutes(1)
    fresh = town.reply(two)
    town.poll_until_quiet()
    assert fresh in town.seen
    new = town.community.split(others, "分出来的")
    town.world.pass_minutes(1)
    after = town.reply(new.id)
    town.poll_until_quiet()
    assert town.seen[after].thread_id == new.id
    assert pid in town.seen
    assert not town.missing()


@METHODS
def test_a_forum_restored_from_a_backup_raises_an_alarm_every_time(town: Town, method: PollingMethod) -> None:
    town.server.options.json_api = True
    town.choose(polling=method, panel_search=True, panel_search_seconds=60)
    thread = town.thread()
    town.reply(thread)
    backup = town.community.backup()
    for _ in range(15):
        town.reply(thread)
    town.world.pass_minutes(1)
    town.poll_until_quiet()
    town.community.restore_backup(backup)
    town.world.pass_minutes(30)
    town.reply(thread)
    town.world.pass_minutes(2)
    before = town.cursor
    for _ in range(2):
        with pytest.raises(ForumRolledBack, match="backup"):
            town.poll()
        town.world.pass_minutes(2)
    assert town.cursor is not None
    assert decode(town.cursor).top == decode(before or "").top


def test_a_board_that_vanishes_takes_nothing_with_it(town: Town) -> None:
    board = town.community.open_board("短命", board_id=50)
    gone, stays = town.thread(board.id), town.thread()
    town.poll_until_quiet()
    town.reply(gone)
    pid = town.reply(stays)
    del town.community.content.boards[board.id]
    town.community.content.threads.pop(gone)
    town.poll_until_quiet()
    assert pid in town.seen
    assert town.cursor is not None
    assert board.id not in decode(town.cursor).boards


def test_boards_can_be_chosen_and_skipped(town: Town) -> None:
    here, there = town.thread(BOARD), town.thread(AUDITED)
    town.choose(boards=(BOARD, AUDITED), skip_boards=(AUDITED,))
    town.poll_until_quiet()
    assert here in {reply.thread_id for reply in town.seen.values()}
    assert there not in {reply.thread_id for reply in town.seen.values()}
    town.choose(boards=(4711,))
    with pytest.raises(Unreadable, match="none of the wanted boards"):
        town.poll()


def test_a_cursor_that_is_none_is_told(town: Town) -> None:
    town.cursor = "{}"
    with pytest.raises(Unreadable, match="polling position"):
        town.poll()


def test_a_closed_forum_is_told_after_what_was_read_is_handed_over(town: Town) -> None:
    town.thread()
    town.poll_until_quiet()
    town.server.options.closed = "站点维护中"
    try:
        with pytest.raises(Retryable, match="closed"):
            town.poll()
    finally:
        town.server.options.closed = ""


def test_more_than_the_panel_can_list_is_split_by_board_then_swept(town: Town) -> None:
    town.choose(polling=PollingMethod.PANEL, panel_search=True, panel_search_seconds=60)
    threads = [town.thread() for _ in range(3)]
    town.world.pass_minutes(1)
    town.poll_until_quiet()
    for number in range(1100):
        town.reply(threads[number % 3])
    town.world.pass_minutes(3)
    town.poll_until_quiet()
    assert not town.missing()


def test_a_refused_panel_falls_back_to_the_sweep_by_itself(town: Town) -> None:
    town.bot.group_id = 10
    town.choose(polling=PollingMethod.AUTO, panel_search=True, panel_search_seconds=60)
    pid = town.reply(town.thread())
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert pid in town.seen
    assert town.engine is not None
    assert Capability.PANEL_SEARCH not in town.engine.capabilities()
