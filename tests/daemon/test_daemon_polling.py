"""Reading a forum into the store: batch by batch, each with the cursor that is true of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from executor_support import START, Bench

from modbot.daemon.polling import Poller
from modbot.domain import Author
from modbot.errors import ForumRolledBack, Retryable
from modbot.forums.protocol import UnreadableBlock
from modbot.store import audit, cursors, inbox, unreadable


@pytest.fixture
def poller(bench: Bench) -> Poller:
    return Poller(forum=bench.forum, store=bench.store, clock=bench.clock)


def stored(bench: Bench) -> set[int]:
    with bench.store.read() as rx:
        return set(inbox.known_ids(rx, "city", range(1, 100)))


def test_what_is_new_and_what_has_changed_is_counted(bench: Bench, poller: Poller) -> None:
    bench.forum.write(1, "一")
    bench.forum.write(2, "二")
    first = poller.poll()
    assert (first.read, first.new, first.changed, first.caught_up) == (2, 2, 0, True)
    bench.forum.edit(1, "壹")
    bench.forum.write(3, "三")
    second = poller.poll()
    assert (second.read, second.new, second.changed) == (2, 1, 1)
    assert poller.poll().read == 0


def test_a_poll_that_is_stopped_between_batches_loses_nothing(bench: Bench, poller: Poller) -> None:
    for post in range(1, 9):
        bench.forum.write(post, f"第{post}条")
    report = poller.poll(stopping=lambda: True)
    assert (report.read, report.caught_up) == (3, False)
    assert stored(bench) == {6, 7, 8}
    bench.forum.write(9, "新来的")
    poller.poll()
    assert stored(bench) == set(range(1, 10))


def test_a_forum_that_breaks_off_in_the_middle_is_read_on_from_there(bench: Bench, poller: Poller) -> None:
    for post in range(1, 9):
        bench.forum.write(post, f"第{post}条")
    bench.forum.trouble["poll"] += [None, Retryable(forum="city", detail="reset")]
    batches: list[int] = []
    with pytest.raises(Retryable):
        poller.poll(stored=lambda: batches.append(len(stored(bench))))
    assert batches == [3]
    poller.poll()
    assert stored(bench) == set(range(1, 9))


def test_each_batch_is_told_once_it_is_in_the_store(bench: Bench, poller: Poller) -> None:
    for post in range(1, 8):
        bench.forum.write(post, f"第{post}条")
    seen: list[int] = []
    poller.poll(stored=lambda: seen.append(len(stored(bench))))
    assert seen == [3, 6, 7]


def test_a_known_post_with_another_author_and_time_stops_the_poll_and_nothing_of_it_is_kept(
    bench: Bench, poller: Poller
) -> None:
    bench.forum.write(1, "一")
    poller.poll()
    with bench.store.read() as rx:
        before = cursors.load(rx, "city")
    bench.forum.write(2, "另一段历史里的帖子")
    stranger = Author(id=77, name="别人")
    bench.forum.write(1, "不是同一个人", author=stranger, posted_at=START + timedelta(days=2))
    for _ in range(2):
        with pytest.raises(ForumRolledBack, match="--accept-rollback"):
            poller.poll()
    assert stored(bench) == {1}
    with bench.store.read() as rx:
        assert cursors.load(rx, "city") == before
        entries = audit.listing(rx, forum="city")
    assert [(entry.what, entry.details["post"]) for entry in entries] == [("forum.rolled_back", 1)] * 2


def test_the_same_post_by_the_same_author_is_no_other_history(bench: Bench, poller: Poller) -> None:
    bench.forum.write(1, "一")
    poller.poll()
    bench.forum.write(1, "一，改了时间", posted_at=START + timedelta(days=2))
    assert poller.poll().changed == 1


def test_what_could_not_be_read_is_kept_and_counted_and_the_rest_goes_on(
    bench: Bench, poller: Poller
) -> None:
    block = UnreadableBlock("http://city.example/t-1", "no_author", "<div>…</div>")
    for _ in range(2):
        bench.forum.unreadable.append(block)
        bench.forum.write(len(stored(bench)) + 1, "读得懂的")
        assert poller.poll().unreadable == 1
    assert stored(bench) == {1, 2}
    with bench.store.read() as rx:
        (kept,) = unreadable.listing(rx, "city")
    assert (kept.problem, kept.times) == ("no_author", 2)


@pytest.mark.parametrize("text", ["\x00空字符", "半个字符\ud83d", "字" * 1_000_000, "", "\u202e反着写\u200b"])
def test_no_text_at_all_stalls_the_poll(bench: Bench, poller: Poller, text: str) -> None:
    bench.forum.write(1, text, author=Author(id=5, name=f"名{text[:3]}", posts=-4))
    bench.forum.write(2, "后面的")
    poller.poll()
    assert stored(bench) == {1, 2}
