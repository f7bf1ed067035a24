"""Notices as one message for people: a title, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modbot import i18n
from modbot.daemon.notices import digest
from modbot.daemon.notices.hours import Hours
from modbot.store.notices import Notice


class Tone(StrEnum):
    """The kinds of message that Apprise shows apart."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: str
    tone: Tone


def message(told: Sequence[Notice], words: i18n.Catalogue, hours: Hours, *, now: datetime) -> Message:
    """All of ``told`` (at least one) as one message, troubles first."""
    ordered = sorted(told, key=lambda notice: (_tone(notice) is not Tone.WARNING, notice.opened_at))
    parts = [_part(notice, words, hours, now) for notice in ordered]
    if len(parts) == 1:
        title, body = parts[0]
    else:
        title = words.text("notify.several", number=len(parts))
        body = "\n\n".join(f"{heading}\n{text}" if text != heading else heading for heading, text in parts)
    return Message(f"modbot · {title}", body, _tone(ordered[0]))


def trial(words: i18n.Catalogue) -> Message:
    """What ``modbot notify test`` sends."""
    return Message(f"modbot · {words.text('notify.test.title')}", words.text("notify.test.text"), Tone.INFO)


def _tone(notice: Notice) -> Tone:
    if notice.code == digest.CODE:
        return Tone.INFO
    return Tone.WARNING if notice.closed_at is None else Tone.SUCCESS


def _part(notice: Notice, words: i18n.Catalogue, hours: Hours, now: datetime) -> tuple[str, str]:
    """Heading and text."""
    if notice.code == digest.CODE:
        heading = words.text("notify.digest.title", day=notice.details["day"])
        return heading, "\n".join(digest.lines(notice.details, words, hours))
    facts = _facts(notice, words, hours, now)
    if notice.closed_at is None:
        return words.text(f"{notice.code}.title", **facts), words.text(f"{notice.code}.text", **facts)
    facts["until"] = hours.shown(notice.closed_at, now=now)
    over = words.text(f"{notice.code}.over", **facts)
    return over, over


def _facts(notice: Notice, words: i18n.Catalogue, hours: Hours, now: datetime) -> dict[str, object]:
    facts: dict[str, object] = {"forum": notice.forum or "", **notice.details}
    for name in ("since", "until"):
        if name in facts:
            facts[name] = hours.shown(datetime.fromisoformat(str(facts[name])), now=now)
    if "why" in facts:
        facts["why"] = words.text(f"brake.why.{facts['why']}")
    if "problem_code" in facts:
        facts["problem"] = words.text(str(facts["problem_code"]), **notice.details["problem_facts"])
    if "chore" in facts:
        known = f"notify.chore.{facts['chore']}"
        facts["chore"] = words.text(known) if known in words.templates else facts["chore"]
    return {name: " ".join(fact.split()) if isinstance(fact, str) else fact for name, fact in facts.items()}
