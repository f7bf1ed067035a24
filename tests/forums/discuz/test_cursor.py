"""The cursor: what is written is read back, anything else is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.domain import Reply
from modbot.errors import ForumRolledBack
from modbot.forums.discuz.cursor import BoardMark, Mark, Progress, Scan, Work, decode, minute_of, moment_of
from modbot.forums.discuz.harvest import Harvest

NUMBERS = st.integers(0, 10**12)
KEYED = st.dictionaries(NUMBERS, NUMBERS, max_size=5)


@st.composite
def progresses(draw: st.DrawFn) -> Progress:
    shown = st.lists(st.one_of(st.none(), NUMBERS), min_size=4, max_size=4)
    boards = st.builds(BoardMark, shown, NUMBERS, st.one_of(st.none(), NUMBERS))
    return Progress(
        floor=draw(NUMBERS),
        settled=draw(NUMBERS),
        top=draw(NUMBERS),
        boards=draw(st.dictionaries(NUMBERS, boards, max_size=3)),
        marks=draw(st.dictionaries(NUMBERS, st.builds(Mark, NUMBERS, NUMBERS, NUMBERS), max_size=3)),
        scans=draw(st.lists(st.builds(Scan, NUMBERS, NUMBERS, deep=st.booleans()), max_size=3)),
        work=draw(st.lists(st.builds(Work, NUMBERS, st.none(), want=st.lists(NUMBERS)), max_size=3)),
        seen=draw(KEYED),
        pending=draw(KEYED),
        pending_threads=draw(KEYED),
    )


@given(progresses())
def test_what_is_written_is_read_back(progress: Progress) -> None:
    assert decode(progress.encode()) == progress


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"v":2}', '{"v":1}', '{"v":1,"floor":"x"}', "12"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(text)


def test_minutes_and_moments_are_the_same_thing() -> None:
    moment = datetime(2026, 11, 23, 9, 41, 30, tzinfo=UTC)
    assert moment_of(minute_of(moment)) == moment.replace(second=0)
    assert minute_of(None) == 0


def test_threads_long_silent_are_forgotten_once_nothing_is_owed() -> None:
    progress = Progress(floor=5, settled=5, marks={n: Mark(1, 100 + n, n) for n in range(3500)})
    progress.scans.append(Scan(1, 0))
    progress.prune()
    assert len(progress.marks) == 3500
    progress.scans.clear()
    progress.prune()
    assert len(progress.marks) == 2500
    assert progress.floor == 100 + 999
    assert min(progress.marks) == 1000


def test_the_known_top_counts_what_is_being_read() -> None:
    progress = Progress(
        floor=0, settled=0, marks={7: Mark(1, 1, 20)}, work=[Work(7, None, top=30), Work(8, None, top=90)]
    )
    assert (progress.known_top(7), progress.known_top(9)) == (30, 0)


def reply(post_id: int, minute: int) -> Reply:
    return Reply("f", post_id, "x", posted_at=moment_of(minute), floor=2)


def test_a_late_reply_with_an_early_id_means_a_restored_forum() -> None:
    progress, harvest = Progress(floor=0, settled=0), Harvest()
    harvest.take([reply(100, 1000)], progress)
    harvest.watch([reply(90, 999), reply(99, 1029)], progress)
    with pytest.raises(ForumRolledBack):
        harvest.watch([reply(90, 1031)], progress)
