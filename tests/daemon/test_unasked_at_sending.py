"""What nobody asked for is asked about again when it is sent: the mode may be another by then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from executor_support import LIMITS, Bench

from modbot import settings
from modbot.daemon import house, turning
from modbot.daemon.executor import Executor
from modbot.domain import ActionKind, Mode, OutboxState, Reason
from modbot.errors import Retryable
from modbot.policy import Policy, PolicyBook
from modbot.store import autonomy
from modbot.store.autonomy import Ruling

POLICY = Policy(mode=Mode.ENFORCE, spam_hide=0.9, spam_queue=0.8, low_effort_queue=0.7)


def executor(bench: Bench, mode: Mode, **boards: Mode) -> Executor:
    """At work while settings say this mode, and others for boards (``board_2``)."""
    own = {
        ("city", int(name.removeprefix("board_"))): replace(POLICY, mode=one) for name, one in boards.items()
    }
    return Executor(
        forum=bench.forum,
        store=bench.store,
        owner="me",
        limits=LIMITS,
        clock=bench.clock,
        lets=turning.Permits(PolicyBook(replace(POLICY, mode=mode), own)).lets,
    )


@pytest.mark.parametrize(
    ("mode", "unasked", "becomes"),
    [
        (Mode.ENFORCE, True, OutboxState.DONE),
        (Mode.QUEUE, True, OutboxState.CANCELLED),
        (Mode.SHADOW, True, OutboxState.CANCELLED),
        (Mode.QUEUE, False, OutboxState.DONE),
        (Mode.SHADOW, False, OutboxState.DONE),
    ],
)
def test_a_hide_that_waited_is_sent_only_if_a_human_asked_or_the_mode_of_today_lets_it(
    bench: Bench, mode: Mode, unasked: bool, becomes: OutboxState
) -> None:
    bench.flagged(1)
    hide = bench.queue(1, unasked=unasked)
    executor(bench, mode).work()
    assert (bench.state(hide), bench.forum.posts[1].hidden) == (becomes, becomes is OutboxState.DONE)


def test_a_hide_that_failed_before_the_mode_changed_is_not_tried_again(bench: Bench) -> None:
    bench.flagged(1)
    hide = bench.queue(1, unasked=True)
    bench.forum.trouble["hide"].append(Retryable(forum="city", detail="time-out"))
    executor(bench, Mode.ENFORCE).work()
    assert bench.state(hide) is OutboxState.UNKNOWN
    bench.later(hours=2)
    executor(bench, Mode.SHADOW).work()
    assert (bench.state(hide), bench.forum.posts[1].hidden) == (OutboxState.CANCELLED, False)


def test_a_hide_whose_answer_was_lost_before_the_mode_changed_counts_as_ours(bench: Bench) -> None:
    bench.flagged(1)
    hide = bench.queue(1, unasked=True)

    def hide_it_and_lose_the_answer() -> None:
        bench.forum.conceal(1)
        raise Retryable(forum="city", detail="time-out")

    bench.forum.trouble["hide"].append(hide_it_and_lose_the_answer)
    executor(bench, Mode.ENFORCE).work()
    bench.later(hours=2)
    executor(bench, Mode.SHADOW).work()
    assert bench.state(hide) is OutboxState.DONE


def test_each_board_has_its_mode(bench: Bench) -> None:
    for post, board in ((1, 1), (2, 2)):
        bench.flagged(post, board_id=board)
    hides = [bench.queue(post, unasked=True) for post in (1, 2)]
    executor(bench, Mode.ENFORCE, board_2=Mode.SHADOW).work()
    assert [bench.state(hide) for hide in hides] == [OutboxState.DONE, OutboxState.CANCELLED]


@pytest.mark.parametrize(
    ("mode", "granted", "becomes"),
    [(Mode.QUEUE, True, OutboxState.DONE), (Mode.ENFORCE, False, OutboxState.CANCELLED)],
)
def test_what_humans_ruled_of_a_reason_counts(
    bench: Bench, mode: Mode, granted: bool, becomes: OutboxState
) -> None:
    bench.flagged(1)
    hide = bench.queue(1, unasked=True)
    with bench.store.write() as tx:
        autonomy.rule(tx, "city", Ruling(None, Reason.SPAM, granted, "ann", bench.now))
    executor(bench, mode).work()
    assert bench.state(hide) is becomes


def test_an_approval_that_waited_is_sent_in_enforce_only(bench: Bench) -> None:
    for post in (1, 2):
        bench.flagged(post, pending=True)
    for post, mode, becomes in ((1, Mode.QUEUE, OutboxState.CANCELLED), (2, Mode.ENFORCE, OutboxState.DONE)):
        approval = bench.queue(post, ActionKind.APPROVE, unasked=True)
        executor(bench, mode).work()
        assert bench.state(approval) is becomes


@pytest.mark.parametrize(
    ("mode", "becomes"), [("shadow", OutboxState.CANCELLED), ("enforce", OutboxState.DONE)]
)
def test_who_works_a_forum_s_outbox_goes_by_its_settings(
    bench: Bench, tmp_path: Path, mode: str, becomes: OutboxState
) -> None:
    """Also at a start after which nothing is judged anew, and for a command beside no daemon."""
    file = tmp_path / "modbot.toml"
    forum = 'url = "http://127.0.0.1:1/"\nusername = "modbot"\npassword = "unused"\n'
    file.write_text(f'[policy]\nmode = "{mode}"\n[forums.city]\n{forum}', "utf-8")
    bench.flagged(1)
    hide = bench.queue(1, unasked=True)
    loaded = settings.load(file, environ={})
    house.executor_for(loaded, bench.store, bench.forum, bench.clock).work()
    assert bench.state(hide) is becomes
