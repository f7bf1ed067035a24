"""Text of a forum with the evidence in it marked, where a terminal can show that."""

from __future__ import annotations

import os
import sys

import click

from modbot.cli.base import harmless, harmless_part
from modbot.moderation import explaining
from modbot.moderation.explaining import Spans


def can_colour() -> bool:
    """Whether stdout is a terminal whose user has not asked for no colour (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def highlighted(text: str, spans: Spans, *, colour: bool) -> str:
    """``text`` made harmless, with the spans of the original marked where ``colour``."""
    if not colour:
        return harmless(text)
    shown = [(harmless_part(piece.text), piece.marked) for piece in explaining.pieces(text, spans)]
    return "".join(_marked(part) if marked else part for part, marked in shown).strip()


def _marked(shown: str) -> str:
    return click.style(shown, bold=True, fg="yellow") if shown.strip() else shown
