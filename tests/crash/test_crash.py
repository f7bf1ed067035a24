"""kill -9, anywhere: nothing is lost and nothing is done twice."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_clock import FastClock
from crash_examination import complaints
from crash_lives import Lives, report
from crash_points import ACTING, plan
from crash_sentences import Writer
from crash_stories import BRIEF_UPHELD, Chronicle, brief_pending
from crash_town import Moderator, Town

from modbot.demo.scene import stage
from modbot.demo.server import DemoServer

KILLS = int(os.environ.get("MODBOT_CRASH_KILLS", "40"))
SEED = int(os.environ.get("MODBOT_CRASH_SEED", "20260302"))


@pytest.fixture
def town(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Town]:
    clock = FastClock.begin()
    scene = stage(clock=clock)
    with DemoServer(forum=scene.forum, clock=clock) as server:
        # A request that breaks off with its sender is no news here.
        caplog.set_level(logging.CRITICAL, logger="uvicorn.error")
        town = Town(scene, server, tmp_path, clock, Writer(SEED))
        yield town
        town.close()


def test_a_daemon_that_is_killed_again_and_again_ends_as_if_it_had_lived(town):
    chronicle = Chronicle(town, SEED)
    lives = Lives(town, chronicle)
    try:
        lives.live_and_die(plan(SEED, KILLS))
        lives.live_to_rest()
    finally:
        print(report(SEED, lives.deaths))  # noqa: T201 - what a failing run is repeated by
    problems = complaints(town, chronicle.ends)
    assert not problems, "\n".join(problems)
    counted = [death for death in lives.deaths if not death.kill.is_timed]
    assert sum(death.hit for death in counted) >= 0.8 * len(counted), "the kills miss what they aim at"
    busy = sum(death.under_way > 0 for death in lives.deaths)
    assert busy >= KILLS // 6, "too few kills find an action under way: the test proves nothing"


def test_a_terminal_that_is_killed_while_it_acts_alone_leaves_nothing_half_done(town):
    chronicle = Chronicle(town, SEED)
    for _ in ACTING:
        chronicle.start(brief_pending)
    lives = Lives(town, chronicle)
    lives.live_to_rest()
    for post_id, fatal in zip(chronicle.ends, ACTING, strict=True):
        moderator = Moderator(town, fatal)
        assert moderator.does("uphold", town.forum.posts[post_id], alone=True) == ""
        assert moderator.close() == -signal.SIGKILL, fatal
    lives.live_to_rest()
    problems = complaints(town, dict.fromkeys(chronicle.ends, BRIEF_UPHELD))
    assert not problems, "\n".join(problems)


def test_the_same_seed_kills_at_the_same_counts():
    assert plan(7, 200) == plan(7, 200) != plan(8, 200)
    kills = [kill for kill in plan(7, 200) if not kill.gently]
    assert len(kills) == 200
    assert sum(kill.is_timed for kill in kills) == 99
