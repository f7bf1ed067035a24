"""Histories in which undo once was not whole, or its model wrong: told to the machine step by
step, so that they are tried whatever histories chance finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from undo_machine import UndoIsWhole

from modbot.domain import VerdictKind

ADVERT = 0
"""The flag of the one advert: the newest but for that of the thread's opening post."""


@pytest.fixture
def town() -> Iterator[UndoIsWhole]:
    machine = UndoIsWhole()
    yield machine
    machine.town.close()


def uphold_with_mute(town: UndoIsWhole, *, in_peace: bool) -> None:
    town.decide(ADVERT, VerdictKind.UPHOLD, who="ann", how="mute", stands=None, in_peace=in_peace)


def test_people_who_restore_and_hide_again_between_two_readings_leave_no_trace(town: UndoIsWhole) -> None:
    town.a_town_wakes_up(("advert", "decent", "decent"))
    town.a_round()
    for _ in ("restored", "hidden again"):
        town.act_on_forum(post=1, number=0)
        town.a_round()
    town.undo_everything()


def test_undoing_a_dismissal_hides_nothing_that_never_was_hidden(town: UndoIsWhole) -> None:
    town.a_town_wakes_up(("decent", "advert", "decent"))
    town.work_goes_wrong("lost before")
    town.decide(ADVERT, VerdictKind.DISMISS, who="ann", how="as usual", stands=None, in_peace=False)
    town.undo_everything()


def test_a_mute_that_was_lifted_wanted_again_and_undone_in_time_does_not_outlive_it(
    town: UndoIsWhole,
) -> None:
    town.a_town_wakes_up(("decent", "advert", "decent"))
    uphold_with_mute(town, in_peace=True)
    town.undo(ADVERT, who="ann", in_peace=False)
    uphold_with_mute(town, in_peace=False)
    town.undo(ADVERT, who="ann", in_peace=True)
    assert not town.town.forum.kept.mutes
    town.undo_everything()


def test_a_mute_does_not_outlive_the_verdict_that_a_human_on_the_forum_overruled(
    town: UndoIsWhole,
) -> None:
    town.a_town_wakes_up(("decent", "advert", "decent"))
    uphold_with_mute(town, in_peace=True)
    town.act_on_forum(post=2, number=0)
    town.all_rest()
    assert not town.town.forum.kept.mutes
    town.undo_everything()
