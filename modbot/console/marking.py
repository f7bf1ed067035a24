"""Forum text on a page: escaped, what was found in it marked, what nobody sees made visible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

from modbot.moderation import explaining
from modbot.moderation.explaining import Spans

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_PILED = 4
"""So many marks upon a letter are writing. More would cover the lines around it."""
_TOLD = 8
"""So many of a run of unseen characters are named."""
_CODE = re.compile(r"`([^`]+)`")
_JOINER = "\u200d"
_SUSPECT = re.compile(r"[^ -~\n\t\u3000-\u3029\u3030-\u303f\u4e00-\u9fff\uff01-\uff5e]+")


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
    """Escaped, with what cannot be seen shown as its code points, tagged for the stylesheet."""
    if not _SUSPECT.search(text):
        return escape(text)
    made, at = [], 0
    for start, end in _unseen(text):
        odd = " ".join(f"U+{ord(char):04X}" for char in text[start : min(end, start + _TOLD)])
        more = f" … ×{end - start}" if end - start > _TOLD else ""
        made += [escape(text[at:start]), Markup('<span class="odd">{}{}</span>').format(odd, more)]
        at = end
    return Markup("").join([*made, escape(text[at:])])


def coded(sentence: str) -> Markup:
    """A sentence of ours, as ``seen``, with what stands in `backticks` as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(seen(sentence))))  # noqa: S704 - escaped there


def plain(text: str) -> str:
    """One line without what cannot be seen: for names and titles. Not yet escaped."""
    folded = " ".join(text.split())
    if not _SUSPECT.search(folded):
        return folded
    made, at = [], 0
    for start, end in _unseen(folded):
        odd = "".join(f"\\u{ord(char):04x}" for char in folded[start : min(end, start + _TOLD)])
        made += [folded[at:start], odd, "…" if end - start > _TOLD else ""]
        at = end
    return "".join([*made, folded[at:]])


def _unseen(text: str) -> Iterator[tuple[int, int]]:
    """The longest stretches of what nobody sees, or what is piled up too high."""
    for suspect in _SUSPECT.finditer(text):
        start, piled = suspect.start(), 0
        for at in range(suspect.start(), suspect.end()):
            piled = piled + 1 if unicodedata.category(text[at]) in _MARKS else 0
            if piled <= _PILED and not _is_unseen(text, at):
                if start < at:
                    yield start, at
                start = at + 1
        if start < suspect.end():
            yield start, suspect.end()


def _is_unseen(text: str, at: int) -> bool:
    """A joiner within an emoji is part of what is seen."""
    if unicodedata.category(text[at]) not in _UNSEEN:
        return False
    joins = text[at] == _JOINER and 0 < at < len(text) - 1
    return not (joins and unicodedata.category(text[at + 1]) == "So")
