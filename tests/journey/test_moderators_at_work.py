"""Moderators beside the daemon, without it, and when the account is in trouble."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from modbot import settings
from modbot.daemon import ownership
from modbot.daemon.moderating import Moderator, is_settled
from modbot.demo.state import Fate, Right
from modbot.domain import FlagState, OutboxState, VerdictKind
from modbot.store import flags, outbox


@pytest.fixture
def running(town, start):
    """Shadow mode, everybody has written, everything is judged."""
    town.mode = "shadow"
    town.everybody_writes()
    opened = start()
    opened.round()
    return opened


def flag_of(running, post):
    with running.house.store.read() as rx:
        found = flags.find(rx, flags.Filter(forum="city", states=tuple(FlagState)), limit=500)
    return next(flag for flag in found if flag.post_id == post.id)


def loaded_with(town, **more: str) -> settings.Loaded:
    return settings.load(town.settings_file, environ=town.environ | more)


def test_beside_a_running_daemon_a_verdict_waits_for_it_and_can_be_taken_back_meanwhile(town, running):
    spam = town.posts(Fate.SPAM)[0]
    flag = flag_of(running, spam)
    loaded = loaded_with(town, MODBOT_ACTIONS__UNDO_SECONDS="30")
    moderator = Moderator(loaded, running.house.store, "郭", clock=town.clock)
    with ownership.owning(running.house.store, loaded.state_dir):
        verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
        running.desk.executor.work()
        assert not spam.hidden, "the undo window is open"
        undone = moderator.undo(flag.id)
        assert undone.action_id is None or is_settled(running_action(running, undone.action_id))
        assert running_action(running, verdict.action_id).state is OutboxState.CANCELLED

        again = moderator.give(flag.id, VerdictKind.UPHOLD)
        waits = []

        def daemon_works(seconds: float) -> None:
            waits.append(seconds)
            town.clock.move(seconds=31)
            running.desk.executor.work()

        (action,) = moderator.see_through("city", [again.action_id], wait=daemon_works)
    assert action.state is OutboxState.DONE
    assert spam.hidden
    assert len(waits) == 1


def running_action(running, action_id):
    with running.house.store.read() as rx:
        return outbox.get(rx, action_id)


def test_a_daemon_that_does_not_get_to_it_is_not_waited_for_forever(town, running):
    flag = flag_of(running, town.posts(Fate.SPAM)[0])
    moderator = Moderator(town.loaded(), running.house.store, "郭", clock=town.clock)
    with ownership.owning(running.house.store, town.loaded().state_dir):
        verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
        (action,) = moderator.see_through(
            "city", [verdict.action_id], wait=lambda seconds: town.clock.move(seconds=20)
        )
    assert action.state is OutboxState.QUEUED
    assert not is_settled(action)


def test_a_signed_out_account_is_told_at_once_and_the_action_waits(town, running):
    spam = town.posts(Fate.SPAM)[0]
    flag = flag_of(running, spam)
    loaded = town.loaded()
    password, town.server.moderator.password = town.server.moderator.password, "changed since"
    moderator = Moderator(loaded, running.house.store, "郭", clock=town.clock)
    verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
    (action,) = moderator.see_through("city", [verdict.action_id])
    assert action.state in outbox.UNSETTLED
    assert action.attempts == 0
    assert "password" in action.detail
    assert password not in action.detail
    assert not spam.hidden


def test_a_right_withdrawn_is_told_on_the_flag_and_a_human_can_try_again(town, running):
    spam = town.posts(Fate.SPAM)[0]
    flag = flag_of(running, spam)
    town.scene.forum.withdraw(town.server.moderator.group_id, Right.HIDE)
    moderator = Moderator(town.loaded(), running.house.store, "郭", clock=town.clock)
    verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
    (action,) = moderator.see_through("city", [verdict.action_id])
    assert action.state is OutboxState.REFUSED
    assert action.detail
    assert flag_of(running, spam).action_state == "refused"
    town.scene.forum.withdrawn.clear()
    with running.house.store.write() as tx:
        outbox.revive(tx, action.id, who="郭", at=town.clock())
    (action,) = moderator.see_through("city", [action.id])
    assert action.state is OutboxState.DONE
    assert spam.hidden


@pytest.mark.parametrize(
    ("fate", "told"), [(Fate.LOW_EFFORT, True), (Fate.SPAM, False), (Fate.CAMPAIGN, False)]
)
def test_authors_are_told_of_slight_things_and_of_restores_and_not_of_campaigns(town, running, fate, told):
    notices = town.scene.forum.content.notices
    post = max(town.posts(fate), key=lambda post: post.id)
    flag = flag_of(running, post)
    moderator = Moderator(town.loaded(), running.house.store, "郭", clock=town.clock)
    verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
    moderator.see_through("city", [verdict.action_id])
    assert post.hidden
    assert [(notice.post_id, notice.author_id) for notice in notices] == [(post.id, post.author_id)] * told
    undone = moderator.undo(flag.id)
    moderator.see_through("city", [undone.action_id])
    assert not post.hidden
    assert "误判" in notices[-1].reason
    for notice in notices:
        assert post.text[:4] not in notice.reason, "no matched word is named"


def test_what_happened_meanwhile_on_the_forum_is_found_by_the_look_before_the_hide(town, running):
    gone, edited = town.posts(Fate.SPAM)[:2] if len(town.posts(Fate.SPAM)) > 1 else (None, None)
    if gone is None:
        gone = town.posts(Fate.SPAM)[0]
    flag = flag_of(running, gone)
    moderator = Moderator(town.loaded(), running.house.store, "郭", clock=town.clock)
    verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
    town.scene.forum.delete(gone.id, by=town.server.moderator)
    (action,) = moderator.see_through("city", [verdict.action_id])
    assert action.state is OutboxState.GONE
    assert is_settled(action)
    assert edited is None or not edited.hidden


def test_after_a_crash_in_the_middle_the_next_start_finds_the_hide_in_effect(town, running, start):
    """The worker claimed, the forum hid, and then the machine went down."""
    spam = town.posts(Fate.SPAM)[0]
    flag = flag_of(running, spam)
    moderator = Moderator(town.loaded(), running.house.store, "郭", clock=town.clock)
    verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
    with running.house.store.write() as tx:
        outbox.claim(tx, "city", "crashed", now=town.clock(), lease=timedelta(minutes=3))
    town.scene.forum.hide(spam.id, by=town.server.moderator)
    running = start()
    running.clock.move(minutes=5)
    running.desk.executor.work()
    assert running_action(running, verdict.action_id).state is OutboxState.DONE
    assert town.scene.forum.hides[spam.id] == 1
    assert town.scene.forum.idle_hides[spam.id] == 0


def test_an_action_does_not_wait_for_polls_that_never_rest(town, running):
    """As at a first start, which reads a month through: each look goes before the next page."""
    spam = town.posts(Fate.SPAM)[0]
    moderator = Moderator(town.loaded(), running.house.store, "郭", clock=town.clock)
    moderator.give(flag_of(running, spam).id, VerdictKind.UPHOLD)
    enough = threading.Event()

    def poll_without_rest():
        while not enough.is_set():
            town.clock.move(minutes=2)
            running.desk.poll()

    polls = threading.Thread(target=poll_without_rest)
    action = threading.Thread(target=running.desk.executor.work)
    polls.start()
    action.start()
    action.join(15)
    waits_still = action.is_alive()
    enough.set()
    polls.join()
    action.join()
    assert not waits_still
    assert spam.hidden
