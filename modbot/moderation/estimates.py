"""A forum's base rate and recall, from its spot checks, its flags and what people missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from modbot.domain import Label, Reason
from modbot.policy.autonomy import Verdicts
from modbot.policy.evidence import Estimates, Flagged, estimate, missing_answers
from modbot.policy.intervals import Rate, Stratum, rate, stratified_rate
from modbot.store import evidence, spot_checks
from modbot.store.spot_checks import FIRST_WINDOW, Drawn


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a reason was right on a board (None: in the whole forum), counted in cards."""

    board_id: int | None
    reason: Reason
    told: Verdicts
    rate: Rate


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a forum from ``since`` to ``until`` (None before the first draw).
    ``population`` passed in that time, ``drawn`` of them were drawn, ``answers`` judged, by
    label; ``missing`` more answers make the share of the bad among the passed known within
    a percentage point."""

    since: datetime | None
    until: datetime | None
    population: int
    drawn: int
    labels: dict[Label, Rate]
    answers: int
    flagged: Flagged
    missed: int
    estimates: Estimates
    spam_rate: float
    missing: int
    precisions: tuple[Precision, ...]


def read(rx: Connection, forum: str) -> Known:
    draws = spot_checks.draws(rx, forum)
    bad = _strata(draws, Label.SPAM, Label.LOW_EFFORT)
    since = draws[0].at - FIRST_WINDOW if draws else None
    until = draws[-1].at if draws else None
    counted = evidence.judged(rx, forum, since, until) if since and until else evidence.Judged(0, 0, 0, 0)
    flagged = Flagged(counted.right, counted.wrong, counted.open)
    missed = evidence.missed_before(rx, forum, [draw.at for draw in draws])
    found = estimate(bad, flagged, missed=missed)
    labels = {label: stratified_rate(_strata(draws, label)) for label in Label}
    population = sum(draw.population for draw in draws)
    return Known(
        since=since,
        until=until,
        population=population,
        drawn=sum(draw.drawn for draw in draws),
        labels=labels,
        answers=sum(draw.judged for draw in draws),
        flagged=flagged,
        missed=missed,
        estimates=found,
        spam_rate=_spam_rate(labels[Label.SPAM], population, flagged, counted.spam),
        missing=missing_answers(found.among_passed),
        precisions=tuple(_precisions(evidence.told(rx, forum))),
    )


def _strata(draws: Sequence[Drawn], *labels: Label) -> list[Stratum]:
    return [
        Stratum(draw.population, draw.judged, sum(draw.labels.get(label, 0) for label in labels))
        for draw in draws
    ]


def _spam_rate(passed: Rate, population: int, flagged: Flagged, upheld: int) -> float:
    total = population + flagged.number
    return (upheld + population * (passed.value or 0.0)) / total if total else 0.0


def _precisions(told: Sequence[evidence.Told]) -> list[Precision]:
    by_reason: dict[Reason, Verdicts] = {}
    for one in told:
        by_reason[one.reason] = by_reason.get(one.reason, Verdicts()) + Verdicts(one.right, one.wrong)
    whole = [_precision(None, reason, found) for reason, found in sorted(by_reason.items())]
    boards = [_precision(one.board_id, one.reason, Verdicts(one.right, one.wrong)) for one in told]
    return [*whole, *boards]


def _precision(board_id: int | None, reason: Reason, told: Verdicts) -> Precision:
    return Precision(board_id, reason, told, rate(told.right, told.number))
