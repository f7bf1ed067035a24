"""Text of a forum with the evidence in it marked, where a terminal can show that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import click

from modbot.cli.base import harmless, harmless_part

Spans = Iterable[tuple[int, int]]


def can_colour() -> bool:
    """Whether stdout is a terminal whose user has not asked for no colour (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def highlighted(text: str, spans: Spans, *, colour: bool) -> str:
    """``text`` made harmless, with the spans of the original marked where ``colour``."""
    if not colour:
        return harmless(text)
    shown, at = [], 0
    for start, end in merged(spans):
        shown += [harmless_part(text[at:start]), _marked(harmless_part(text[start:end]))]
        at = end
    return "".join([*shown, harmless_part(text[at:])]).strip()


def merged(spans: Spans) -> list[tuple[int, int]]:
    """The same stretches, sorted and disjoint."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _marked(shown: str) -> str:
    return click.style(shown, bold=True, fg="yellow") if shown.strip() else shown
