"""Signals and decisions as sentences for humans, in their language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modbot import i18n
from modbot.domain import Signal, SignalValue

SHOWN_EVIDENCE = 3


def signal(found: Signal, words: i18n.Catalogue) -> str:
    """One sentence that says what the signal saw, from the catalogue's ``signal.CODE``."""
    facts = {name: _plain(value) for name, value in found.details.items()}
    if found.code == "contact":
        facts["kind"] = words.text(f"contact.{found.details['kind']}")
    return words.text(f"signal.{found.code}", score=f"{found.score:.0%}", **facts)


def reasons(signals: Sequence[Signal], words: i18n.Catalogue) -> list[dict[str, Any]]:
    """Signals as the JSON objects that ``check`` and ``queue show`` print."""
    return [
        {"code": found.code, "message": signal(found, words), "evidence": evidence(found)}
        for found in signals
    ]


def held(code: str, words: i18n.Catalogue) -> str:
    """Why a decision is milder than its evidence; ``rule:NAME`` names the rule that allows."""
    kind, _, name = code.partition(":")
    return words.text(f"held.{kind}", name=name)


def evidence(found: Signal) -> list[str]:
    """The pieces of the text that carried the signal."""
    pieces = found.details.get("pieces")
    if isinstance(pieces, tuple):
        return [str(piece) for piece in pieces]
    shown = found.details.get("evidence")
    return [str(shown)] if shown else []


def _plain(value: SignalValue) -> object:
    if isinstance(value, tuple):
        return "、".join(str(piece) for piece in value[:SHOWN_EVIDENCE])
    return f"{value:.2f}" if isinstance(value, float) else value
