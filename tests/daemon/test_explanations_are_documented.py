"""Every key that tells why is on the page that explains them, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from modbot import i18n
from modbot.domain import Decision, DecisionKind, Label, Limit, Reason, Signal
from modbot.moderation import wording

DOCS = Path(__file__).parents[2] / "docs"
FOUND = Signal(
    "spam_text",
    0.9,
    {
        "percent": 90,
        "toward": "spam",
        "weight": 1.0,
        "features": ("length",),
        "feature_values": (5,),
        "feature_weights": (0.5,),
        "rest": 0.0,
        "base": -1.0,
    },
)
QUEUE = DecisionKind.QUEUE
DECIDED = Decision(
    QUEUE, QUEUE, Reason.SPAM, Label.SPAM, 0.9, 0.5, (FOUND,), (), "p", "m", (Limit("spam.queue", 0.9, 0.5),)
)


def keys(told: object) -> set[str]:
    if isinstance(told, dict):
        return set(told).union(*map(keys, told.values()))
    return set().union(*map(keys, told)) if isinstance(told, list) else set()


@pytest.mark.parametrize("page", ["explanations.md", "explanations.zh-CN.md"])
def test_the_page_names_every_key(page):
    words = i18n.catalogue("en")
    text = (DOCS / page).read_text("utf-8")
    told = keys([*wording.reasons([FOUND], words), wording.passed(DECIDED, words)])
    assert not {key for key in told if f"`{key}`" not in text}
