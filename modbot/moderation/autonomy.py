"""What a forum's own verdicts prove of each reason, and letting it hide unasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from modbot.detection import Threshold
from modbot.domain import Mode, Reason
from modbot.errors import UsageError
from modbot.moderation import estimates
from modbot.policy.autonomy import (
    AUTONOMOUS,
    BASE_RATE,
    Autonomy,
    Belief,
    Verdicts,
    of_board,
    of_forum,
    projected_precision,
)
from modbot.settings import Loaded
from modbot.settings.schema import PolicySettings
from modbot.store import autonomy, boards, evidence, outbox
from modbot.store.autonomy import Ruling

ENOUGH_ANSWERS = 60
"""Judged spot checks from which the forum's own base rate is used."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one reason stands on one board (None: in the whole forum). ``told`` counts cards,
    ``lower_bound`` is what its precision is at least with 95 % confidence, ``missing`` how many
    more must be confirmed (None: more than anybody will), ``ruling`` a human's decision in
    force, ``acts`` whether it hides unasked now."""

    board_id: int | None
    board: str
    reason: Reason
    told: Verdicts
    precision: float
    lower_bound: float
    target: float
    missing: int | None
    ruling: Ruling | None
    acts: bool

    @property
    def is_offered(self) -> bool:
        """The evidence suffices, and it does not act yet."""
        return self.missing == 0 and not self.acts


@dataclass(frozen=True, slots=True)
class Survey:
    """What is asked about one forum, read once. ``thresholds`` are those of the model in use."""

    loaded: Loaded
    forum: str
    thresholds: Mapping[str, Threshold]
    told: Sequence[evidence.Told]
    rulings: Sequence[Ruling]
    names: Mapping[int, str]
    base_rate: float
    ham_scores: Sequence[float]

    @classmethod
    def read(cls, rx: Connection, loaded: Loaded, forum: str, thresholds: Mapping[str, Threshold]) -> Survey:
        known = estimates.read(rx, forum)
        return cls(
            loaded,
            forum,
            thresholds,
            evidence.told(rx, forum, would_hide=True),
            autonomy.in_force(rx, forum),
            boards.names(rx, forum),
            known.spam_rate if known.answers >= ENOUGH_ANSWERS else BASE_RATE,
            evidence.ham_scores(rx, forum),
        )

    def everywhere(self) -> list[Standing]:
        """The whole forum first, then every board that something is known of."""
        places: set[int | None] = {one.board_id for one in self.told} | {one.board_id for one in self.rulings}
        ordered = sorted(place for place in places if place is not None)
        return [self.of(board, reason) for board in (None, *ordered) for reason in AUTONOMOUS]

    def of(self, board: int | None, reason: Reason) -> Standing:
        policy = self.loaded.policy_for(self.forum, board)
        by_board = self._by_board(reason)
        told = sum(by_board.values(), Verdicts()) if board is None else by_board.get(board, Verdicts())
        belief = self._belief(board, told, list(by_board.values()), self._baseline(reason, policy))
        ruling = autonomy.of_board(self.rulings, board).get(reason)
        return Standing(
            board_id=board,
            board=self.names.get(board, "") if board is not None else "",
            reason=reason,
            told=told,
            precision=belief.mean,
            lower_bound=belief.lower_bound(),
            target=policy.precision_target,
            missing=belief.missing(policy.precision_target),
            ruling=ruling,
            acts=self._acts(reason, policy, ruling),
        )

    def _by_board(self, reason: Reason) -> dict[int | None, Verdicts]:
        return {one.board_id: Verdicts(one.right, one.wrong) for one in self.told if one.reason is reason}

    def _belief(
        self, board: int | None, told: Verdicts, by_board: Sequence[Verdicts], baseline: float | None
    ) -> Belief:
        if board is None:
            return of_forum(told, baseline=baseline)
        return of_board(told, by_board, baseline=baseline)

    def _baseline(self, reason: Reason, policy: PolicySettings) -> float | None:
        """What the model's held-out rows promise at this forum's base rate of adverts; None for
        reasons that no model measures. Genuine replies that were spot-checked are such rows,
        too: errors only where they scored above the threshold."""
        found = self.thresholds.get(policy.spam.hides_by)
        if reason is not Reason.SPAM or policy.spam.hide != "model" or found is None:
            return None
        above = sum(score >= found.value for score in self.ham_scores)
        errors = (found.false_positives + above + 0.5) / (found.negatives + len(self.ham_scores) + 1)
        return projected_precision(found.recall, errors, self.base_rate)

    def _acts(self, reason: Reason, policy: PolicySettings, ruling: Ruling | None) -> bool:
        found = self.thresholds.get(policy.spam.hides_by)
        unproved = set()
        if policy.spam.hide == "model" and (found is None or found.precision < policy.precision_target):
            unproved = {Reason.SPAM}
        granted = {reason: ruling.since} if ruling is not None and ruling.granted else {}
        withdrawn = {reason} if ruling is not None and not ruling.granted else set()
        return not Autonomy(granted, withdrawn).holds(reason, Mode(policy.mode), unproved)


def ruled(rulings: Sequence[Ruling], board: int | None) -> Autonomy:
    """What humans ruled for one board."""
    found = autonomy.of_board(rulings, board).values()
    return Autonomy(
        granted={one.reason: one.since for one in found if one.granted},
        withdrawn=frozenset(one.reason for one in found if not one.granted),
    )


def grant(
    tx: Connection,
    survey: Survey,
    board: int | None,
    reason: Reason,
    *,
    who: str,
    now: datetime,
    anyway: bool = False,
) -> Standing:
    """Let ``reason`` hide unasked, from now on; answers how it stood.

    Raises UsageError for a reason that never may, and, unless ``anyway``, when the evidence
    does not suffice.
    """
    standing = survey.of(board, _autonomous(reason))
    if standing.missing != 0 and not anyway:
        raise UsageError(code="error.autonomy.evidence", **_facts(standing))
    why = "evidence" if standing.missing == 0 else "anyway"
    autonomy.rule(tx, survey.forum, Ruling(board, reason, True, who, now), why=why)
    return standing


def withdraw(
    tx: Connection, forum: str, board: int | None, reason: Reason, *, who: str, now: datetime
) -> None:
    """Keep ``reason`` from hiding unasked, whatever the mode; what waits to be hidden for it
    is called back. Raises UsageError."""
    autonomy.rule(tx, forum, Ruling(board, _autonomous(reason), False, who, now))
    rulings = autonomy.in_force(tx, forum)
    for hide in autonomy.waiting_hides(tx, forum):
        ruling = autonomy.of_board(rulings, hide.board_id).get(reason)
        if hide.reason is reason and not hide.standing and ruling is not None and not ruling.granted:
            outbox.cancel_unasked(tx, hide.reply_id, at=now)


def _autonomous(reason: Reason) -> Reason:
    if reason not in AUTONOMOUS:
        raise UsageError(code="error.autonomy.never", reason=reason.value)
    return reason


def _facts(standing: Standing) -> dict[str, object]:
    return {
        "right": standing.told.right,
        "wrong": standing.told.wrong,
        "lower": f"{standing.lower_bound:.1%}",
        "target": f"{standing.target:.1%}",
        "missing": standing.missing if standing.missing is not None else "∞",
    }
