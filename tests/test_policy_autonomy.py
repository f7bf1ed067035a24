"""What lets a reason hide unasked, and how many verdicts it lacks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modbot.domain import Mode, Reason
from modbot.policy.autonomy import (
    BOARD_WEIGHT,
    Autonomy,
    Belief,
    Verdicts,
    likeness,
    of_board,
    of_forum,
    projected_precision,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
SPAM = frozenset({Reason.SPAM})
TARGET = 0.995


@pytest.mark.parametrize(
    ("mode", "granted", "withdrawn", "unproved", "held"),
    [
        (Mode.SHADOW, False, False, False, ("mode_shadow",)),
        (Mode.SHADOW, True, False, False, ("mode_shadow",)),
        (Mode.SHADOW, False, False, True, ("mode_shadow", "evidence")),
        (Mode.QUEUE, False, False, False, ("mode_queue",)),
        (Mode.QUEUE, False, False, True, ("mode_queue", "evidence")),
        (Mode.QUEUE, True, False, True, ()),
        (Mode.ENFORCE, False, False, False, ()),
        (Mode.ENFORCE, False, False, True, ("evidence",)),
        (Mode.ENFORCE, True, False, True, ()),
        (Mode.ENFORCE, False, True, False, ("withdrawn",)),
        (Mode.QUEUE, False, True, False, ("mode_queue",)),
    ],
)
def test_what_acts_where(
    mode: Mode, granted: bool, withdrawn: bool, unproved: bool, held: tuple[str, ...]
) -> None:
    autonomy = Autonomy(
        granted={Reason.SPAM: EARLIER} if granted else {},
        withdrawn=SPAM if withdrawn else frozenset(),
        seen_at=NOW,
    )
    assert autonomy.holds(Reason.SPAM, mode, SPAM if unproved else frozenset()) == held


def test_a_standing_decision_needs_no_evidence_and_is_withdrawn_by_being_revoked() -> None:
    autonomy = Autonomy(withdrawn=SPAM)
    assert autonomy.holds(Reason.SPAM, Mode.ENFORCE, SPAM, standing=True) == ()
    assert autonomy.holds(Reason.SPAM, Mode.QUEUE, SPAM, standing=True) == ("mode_queue",)
    waited = Autonomy(mode_since=NOW, seen_at=EARLIER)
    assert waited.holds(Reason.SPAM, Mode.ENFORCE, frozenset(), standing=True) == ("backlog",)


@pytest.mark.parametrize(
    ("mode_since", "granted_at", "held"),
    [
        (None, EARLIER, ()),
        (EARLIER, EARLIER, ()),
        (NOW, NOW, ()),
        (NOW + timedelta(seconds=1), EARLIER, ("backlog",)),
        (EARLIER, NOW + timedelta(seconds=1), ("backlog",)),
    ],
)
def test_what_was_there_before_either_turn_is_backlog(
    mode_since: datetime | None, granted_at: datetime, held: tuple[str, ...]
) -> None:
    autonomy = Autonomy({Reason.SPAM: granted_at}, frozenset(), mode_since, seen_at=NOW)
    assert autonomy.holds(Reason.SPAM, Mode.QUEUE, frozenset()) == held


# --- how much evidence ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0.9, 0.98, 0.995])
@pytest.mark.parametrize("told", [Verdicts(), Verdicts(30, 0), Verdicts(100, 2)])
@pytest.mark.parametrize("baseline", [None, 0.96])
def test_exactly_so_many_more_confirmations_suffice(
    target: float, told: Verdicts, baseline: float | None
) -> None:
    missing = of_forum(told, baseline=baseline).missing(target)
    assert missing is not None
    enough = of_forum(told + Verdicts(missing), baseline=baseline)
    assert enough.missing(target) == 0
    assert enough.lower_bound() >= target
    if missing:
        almost = of_forum(told + Verdicts(missing - 1), baseline=baseline)
        assert almost.lower_bound() < target
        assert almost.missing(target) == 1


def test_a_dismissal_asks_for_more_confirmations() -> None:
    before, after = (of_forum(told, baseline=None) for told in (Verdicts(300), Verdicts(300, 1)))
    assert after.missing(TARGET) > before.missing(TARGET)  # type: ignore[operator]


def test_a_target_of_certainty_is_never_reached() -> None:
    assert of_forum(Verdicts(10_000), baseline=None).missing(1.0) is None


def test_a_perfect_baseline_alone_offers_nothing() -> None:
    assert of_forum(Verdicts(), baseline=1.0).missing(TARGET) > 300  # type: ignore[operator]


def test_no_error_among_n_proves_three_n_ths() -> None:
    assert of_forum(Verdicts(), baseline=None).missing(TARGET) == pytest.approx(3 / (1 - TARGET), rel=0.01)


def test_a_precision_just_below_the_target_is_offered_in_one_of_twenty_forums() -> None:
    """Asked once, at the number of verdicts from which a forum without an error is offered it."""
    asked = of_forum(Verdicts(), baseline=None).missing(TARGET)
    assert asked is not None
    wrong = np.random.default_rng(5).binomial(asked, 1 - TARGET, size=20_000)
    answers = {
        int(number): of_forum(Verdicts(asked - int(number), int(number)), baseline=None).missing(TARGET) == 0
        for number in np.unique(wrong)
    }
    offered = np.mean([answers[int(number)] for number in wrong])
    assert 0.04 < offered < 0.06


# --- from the forum to a board ------------------------------------------------------------------------


def test_a_board_of_a_sure_forum_asks_for_fewer_verdicts_but_always_for_some() -> None:
    others = Verdicts(5_000)
    alone = of_board(Verdicts(), [Verdicts()], baseline=None).missing(TARGET)
    helped = of_board(Verdicts(), [others, Verdicts()], baseline=None).missing(TARGET)
    assert alone is not None
    assert helped is not None
    assert 50 < helped < alone - 200


def test_the_forum_weighs_no_more_than_stated() -> None:
    belief = of_board(Verdicts(), [Verdicts(50_000)], baseline=None)
    assert belief.weight == pytest.approx(BOARD_WEIGHT)


def test_a_boards_own_verdicts_are_not_counted_twice() -> None:
    own = Verdicts(100)
    assert of_board(own, [own], baseline=None) == of_forum(own, baseline=None)


def test_boards_that_differ_help_each_other_little() -> None:
    alike = [Verdicts(95, 5), Verdicts(190, 10), Verdicts(96, 4)]
    unlike = [Verdicts(100, 0), Verdicts(100, 100), Verdicts(100, 2)]
    assert likeness(alike) == float("inf")
    assert likeness([Verdicts(1, 0), Verdicts(0, 1), Verdicts(1, 0)]) == float("inf"), "one verdict each"
    assert 0 < likeness(unlike) < 20
    assert (
        of_board(Verdicts(), unlike, baseline=None).weight < of_board(Verdicts(), alike, baseline=None).weight
    )


def test_likeness_finds_the_spread_that_boards_were_made_with() -> None:
    dice = np.random.default_rng(3)
    made = dice.binomial(50, dice.beta(18, 2, size=400))
    boards = [Verdicts(int(right), 50 - int(right)) for right in made]
    assert likeness(boards) == pytest.approx(20, rel=0.35)


@pytest.mark.parametrize("boards", [[], [Verdicts()], [Verdicts(5)], [Verdicts(5), Verdicts(9)]])
def test_where_nothing_tells_boards_apart_they_are_alike(boards: list[Verdicts]) -> None:
    assert likeness(boards) == float("inf")


def test_nothing_known_is_half_right_and_half_wrong() -> None:
    assert (Belief().mean, Belief().weight) == (0.5, 0.0)


def test_precision_falls_with_the_base_rate() -> None:
    assert projected_precision(0.1, 1e-4, 0.01) == pytest.approx(0.91, abs=0.01)
    assert projected_precision(0.1, 1e-4, 0.001) < 0.51
    assert projected_precision(0.0, 0.0, 0.0) == 0.0
