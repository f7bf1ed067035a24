"""What authors are told of a decision, and whether they are.

The forum's own preset reason where one fits, for its members know it; else a sentence of
ours. Neither names a matched word, a score or another member.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from modbot import i18n
from modbot.domain import Reason
from modbot.settings import Settings

_FITTING = {
    Reason.SPAM: ("广告", "spam"),
    Reason.LOW_EFFORT: ("灌水", "文不对题"),
    Reason.TITLE_ECHO: ("文不对题", "灌水"),
    Reason.REPEATED: ("重复",),
    Reason.RULE: ("违规",),
}
"""Words of a preset (Discuz! ships 广告/SPAM, 恶意灌水, 违规内容, 文不对题, 重复发帖), best first."""


class Notice(NamedTuple):
    sentence: str
    notify: bool


def language(settings: Settings) -> str:
    """The language for a forum's members: Chinese unless the settings say English."""
    return "en" if settings.language == "en" else "zh"


def of_hide(settings: Settings, reason: Reason, presets: Sequence[str] = ()) -> str:
    """Why a reply was hidden. ``presets`` are the forum's own reasons."""
    return _preset(reason, presets) or _words(settings).text(f"notice.{reason.value}")


def of_restore(settings: Settings) -> str:
    return _words(settings).text("notice.restore")


def told(settings: Settings) -> frozenset[Reason]:
    """The reasons of whose hides the author is told."""
    actions = settings.actions
    chosen = {Reason.LOW_EFFORT, Reason.TITLE_ECHO} if actions.notify_low_effort else set()
    chosen |= {Reason.REPEATED} if actions.notify_campaigns else set()
    chosen |= {Reason.RULE} if actions.notify_rules else set()
    return frozenset(chosen)


def of_verdict(
    settings: Settings,
    reason: Reason,
    *,
    removes: bool,
    presets: Sequence[str] = (),
    sentence: str | None = None,
    notify: bool | None = None,
) -> Notice:
    """The notice of a moderator's decision; ``sentence`` and ``notify`` are what they chose
    themselves."""
    usual = of_hide(settings, reason, presets) if removes else of_restore(settings)
    told_of = reason in told(settings) if removes else settings.actions.notify_restores
    return Notice(sentence or usual, told_of if notify is None else notify)


def _preset(reason: Reason, presets: Sequence[str]) -> str:
    for word in _FITTING[reason]:
        for preset in presets:
            if word in preset.casefold():
                return preset
    return ""


def _words(settings: Settings) -> i18n.Catalogue:
    return i18n.catalogue(language(settings))
