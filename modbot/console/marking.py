"""Forum text on a page: escaped, what was found in it marked, what nobody sees made visible."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

from modbot.moderation import explaining
from modbot.moderation.explaining import Spans

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINER = "\u200d"
_SUSPECT = re.compile(r"[^ -~\n\t\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]")


def marked(text: str, spans: Spans = (), limit: int | None = None, tone: str = "found") -> Markup:
    """``text`` up to ``limit`` characters as HTML, the stretches within ``spans`` (starts and
    ends in characters) in ``<mark class=tone>``. Control, bidi and zero-width characters
    appear as their code points."""
    end_of_all = len(text) if limit is None else min(limit, len(text))
    made, at = [], 0
    for start, end in explaining.merged(spans):
        first, last = min(start, end_of_all), min(end, end_of_all)
        if first == last:
            continue
        made += [
            seen(text[at:first]),
            Markup('<mark class="{}">{}</mark>').format(tone, seen(text[first:last])),
        ]
        at = last
    return Markup("").join([*made, seen(text[at:end_of_all])])


def seen(text: str) -> Markup:
    """Escaped, with what cannot be seen shown as its code point, tagged for the stylesheet."""
    if not _SUSPECT.search(text):
        return escape(text)
    made, at = [], 0
    for odd in _SUSPECT.finditer(text):
        if not _is_unseen(text, odd.start()):
            continue
        code = f"U+{ord(odd.group()):04X}"
        made += [escape(text[at : odd.start()]), Markup('<span class="odd">{}</span>').format(code)]
        at = odd.end()
    return Markup("").join([*made, escape(text[at:])])


def plain(text: str) -> str:
    """One line without what cannot be seen: for names and titles. Not yet escaped."""
    folded = " ".join(text.split())
    if not _SUSPECT.search(folded):
        return folded
    return "".join(
        f"\\u{ord(char):04x}" if _is_unseen(folded, at) else char for at, char in enumerate(folded)
    )


def _is_unseen(text: str, at: int) -> bool:
    """A joiner within an emoji is part of what is seen."""
    if unicodedata.category(text[at]) not in _UNSEEN:
        return False
    joins = text[at] == _JOINER and 0 < at < len(text) - 1
    return not (joins and unicodedata.category(text[at + 1]) == "So")
