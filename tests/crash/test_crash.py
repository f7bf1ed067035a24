"""kill -9, anywhere: nothing is lost and nothing is done twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_clock import FastClock
from crash_examination import complaints
from crash_lives import Lives, report
from crash_points import plan
from crash_sentences import Writer
from crash_stories import Chronicle
from crash_town import Town

from modbot.demo.scene import stage
from modbot.demo.server import DemoServer

KILLS = int(os.environ.get("MODBOT_CRASH_KILLS", "40"))
SEED = int(os.environ.get("MODBOT_CRASH_SEED", "20260302"))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    clock = FastClock.begin()
    scene = stage(clock=clock)
    with DemoServer(forum=scene.forum, clock=clock) as server:
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


def test_the_same_seed_kills_at_the_same_counts():
    assert plan(7, 200) == plan(7, 200) != plan(8, 200)
    kills = [kill for kill in plan(7, 200) if not kill.gently]
    assert len(kills) == 200
    assert sum(kill.is_timed for kill in kills) == 99
