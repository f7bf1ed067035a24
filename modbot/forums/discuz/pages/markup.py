"""Markup written anew before it is parsed, where there is suspiciously much of it."""

from __future__ import annotations

import re

MAX_ATTRIBUTES = 32
MANY_SEPARATORS = 5_000

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_:-]{0,30})")
_STEP = re.compile(
    r"""[\s/]*(?:(?P<end>>)|(?P<name>[^\s/>][^\s/>=]*)
        (?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"'][^\s>]*))?)?)""",
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_:-]{0,40}")
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}


def is_dense(html: str) -> bool:
    """Whether one tag could hold thousands of attributes: parsers compare each with all."""
    blanks = sum(html.count(mark) for mark in " \n\t\r\f/")
    return blanks + (html.count('"') + html.count("'")) // 2 > MANY_SEPARATORS


def clean(html: str) -> str:
    """The same elements and text, every tag spelled out plainly.

    A tag keeps its first ``MAX_ATTRIBUTES`` attributes; comments, and what scripts and
    styles hold, are left out. However a parser would have read the original, there is
    only one way to read this.
    """
    out: list[str] = []
    position = 0
    while True:
        start = html.find("<", position)
        if start < 0:
            out.append(html[position:])
            return "".join(out)
        out.append(html[position:start])
        tag = _TAG.match(html, start)
        if tag is None:
            text, position = _no_tag(html, start)
        else:
            text, position = _tag(html, tag)
        out.append(text)


def _no_tag(html: str, start: int) -> tuple[str, int]:
    """A comment or the like ends at its mark; a lone ``<`` is text."""
    if html.startswith("<!--", start):
        return "", _after(html, "-->", start + 4)
    if html[start + 1 : start + 2] in ("!", "?", "/"):
        return "", _after(html, ">", start)
    return "&lt;", start + 1


def _after(html: str, mark: str, start: int) -> int:
    end = html.find(mark, start)
    return len(html) if end < 0 else end + len(mark)


def _tag(html: str, tag: re.Match[str]) -> tuple[str, int]:
    attributes, position = _attributes(html, tag.end())
    name = tag.group(2).lower()
    if tag.group(1):
        return f"</{name}>", position
    raw = _RAW.get(name)
    if raw is not None:
        end = raw.search(html, position)
        position = end.start() if end else len(html)
    return f"<{name}{''.join(attributes)}>", position


def _attributes(html: str, position: int) -> tuple[list[str], int]:
    """The attributes as text, and where the tag ends."""
    kept: list[str] = []
    while True:
        step = _STEP.match(html, position)
        if step is None:
            return kept, len(html)
        position = step.end()
        if step["end"]:
            return kept, position
        if len(kept) < MAX_ATTRIBUTES and _NAME.fullmatch(step["name"]):
            value = step["double"] or step["single"] or step["bare"] or ""
            kept.append(f' {step["name"]}="{value.replace(chr(34), "&quot;")}"')
