"""``evidence``: base rate, recall and precision of a forum, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from modbot import i18n
from modbot.cli.base import Session, command, harmless, local_time, option
from modbot.daemon import wiring
from modbot.daemon.house import open_store
from modbot.domain import Label
from modbot.moderation import earned, estimates
from modbot.moderation.autonomy import Standing, Survey
from modbot.moderation.estimates import Known, Precision
from modbot.policy.intervals import Rate
from modbot.store import boards
from modbot.training import versions


def register(root: click.Group) -> None:
    @command(root, "evidence")
    @option("--forum")
    def evidence(session: Session, forum: str | None) -> None:
        limits = versions.thresholds(session.loaded.models_dir)
        with open_store(session.loaded) as store, store.read() as rx:
            for name in wiring.forum_names(session.loaded, forum):
                known = estimates.read(rx, name)
                standings = Survey.read(rx, session.loaded, name, limits).everywhere()
                if session.as_json:
                    session.answer(as_object(name, known, standings))
                    continue
                names = boards.names(rx, name)
                for line in lines_of(name, known, names, session.words):
                    click.echo(line)
                for standing in standings:
                    click.echo(f"  {earned.sentence(standing, session.words, shown=harmless)}")


def as_object(forum: str, known: Known, standings: list[Standing]) -> dict[str, Any]:
    return {
        "forum": forum,
        "since": known.since.isoformat() if known.since else None,
        "until": known.until.isoformat() if known.until else None,
        "spot_checks": {
            "population": known.population,
            "drawn": known.drawn,
            "judged": known.answers,
            "missing": known.missing,
        },
        "among_passed": {
            "bad": _rate(known.estimates.among_passed),
            **{label.value: _rate(known.labels[label]) for label in (Label.LOW_EFFORT, Label.SPAM)},
        },
        "base_rate": _rate(known.estimates.base_rate),
        "recall": _rate(known.estimates.recall),
        "flagged": {"right": known.flagged.right, "wrong": known.flagged.wrong, "open": known.flagged.open},
        "missed": known.missed,
        "precision": [
            {
                "board": one.board_id,
                "reason": one.reason.value,
                "right": one.told.right,
                "wrong": one.told.wrong,
                **_rate(one.rate),
            }
            for one in known.precisions
        ],
        "autonomy": [
            {
                "board": one.board_id,
                "reason": one.reason.value,
                "right": one.told.right,
                "wrong": one.told.wrong,
                "lower_bound": round(one.lower_bound, 6),
                "target": one.target,
                "missing": one.missing,
                "offered": one.is_offered,
                "acts": one.acts,
            }
            for one in standings
        ],
    }


def _rate(found: Rate) -> dict[str, float | None]:
    value = None if found.value is None else round(found.value, 6)
    return {"value": value, "low": round(found.low, 6), "high": round(found.high, 6)}


def lines_of(forum: str, known: Known, names: dict[int, str], words: i18n.Catalogue) -> Iterator[str]:
    if known.since is None or known.until is None:
        yield words.text("evidence.no_draw", forum=forum)
    else:
        span = {"since": local_time(known.since), "until": local_time(known.until)}
        yield words.text("evidence.span", forum=forum, population=known.population, **span)
    told = {"judged": known.answers, "drawn": known.drawn, "missing": known.missing}
    yield "  " + words.text("evidence.checks" if known.missing else "evidence.checks_enough", **told)
    for code, found in (
        ("among_passed", known.estimates.among_passed),
        ("base_rate", known.estimates.base_rate),
        ("recall", known.estimates.recall),
    ):
        yield "  " + words.text(f"evidence.{code}", share=share(found, words))
    if known.missed:
        yield "  " + words.text("evidence.missed", number=known.missed)
    for one in known.precisions:
        yield "  " + _precision(one, names, words)


def _precision(one: Precision, names: dict[int, str], words: i18n.Catalogue) -> str:
    return words.text(
        "evidence.precision",
        place=earned.place(one.board_id, harmless(names.get(one.board_id or 0, "")), words),
        reason=words.text(f"reason.{one.reason.value}"),
        share=share(one.rate, words),
        right=one.told.right,
        wrong=one.told.wrong,
    )


def share(found: Rate, words: i18n.Catalogue) -> str:
    """A rate with its interval, or that nothing is known."""
    if found.value is None:
        return words.text("evidence.unknown")
    return words.text(
        "evidence.share", value=_percent(found.value), low=_percent(found.low), high=_percent(found.high)
    )


def _percent(value: float) -> str:
    return f"{value:.2%}" if value < 0.1 else f"{value:.1%}"
