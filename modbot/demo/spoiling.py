"""What can be done to a page on its way: pure functions on whole answers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from random import Random

from modbot.demo.exchange import Answered

_BLOCK = re.compile(rb'<div\s+id="post_[0-9]+"')
_END = re.compile(rb'<div\s+id="postlistreply"')
_MOMENT = re.compile(rb"(?<![0-9])([0-9]{4})-([0-9]{1,2})-([0-9]{1,2}) ([0-9]{2}):([0-9]{2})(?=[:\" <]|$)")
_GB = frozenset({"gbk", "gb2312", "gb18030"})


def truncated(answer: Answered, chance: Random) -> Answered:
    """The end is missing and nothing on the wire tells it: what was left is all of it."""
    return replace(answer, body=answer.body[: _somewhere(answer.body, chance)])


def cut(answer: Answered, chance: Random) -> Answered:
    """The connection ends in the middle of the body, or before it."""
    return replace(answer, cut_at=_somewhere(answer.body, chance) if chance.random() < 0.7 else 0)


def _somewhere(body: bytes, chance: Random) -> int:
    return int(len(body) * chance.uniform(0.05, 0.98))


def in_another_charset(answer: Answered) -> Answered:
    """The bytes are of another charset than header and page say."""
    own = "gb18030" if answer.charset in _GB else answer.charset
    other = "utf-8" if own == "gb18030" else "gb18030"
    return replace(answer, body=answer.body.decode(own, "replace").encode(other, "replace"))


def misdeclared(answer: Answered) -> Answered:
    """The header names another charset than the page is in."""
    other = "utf-8" if answer.charset in _GB else "gbk"
    return answer.with_header(b"content-type", f"{answer.media}; charset={other}".encode())


def disordered(answer: Answered, chance: Random) -> Answered:
    """A thread's posts in another order, one of them twice."""
    starts = [found.start() for found in _BLOCK.finditer(answer.body)]
    if not starts:
        return answer
    end = _END.search(answer.body, starts[-1])
    edges = [*starts, end.start() if end else len(answer.body)]
    blocks = [answer.body[begin:close] for begin, close in pairwise(edges)]
    chance.shuffle(blocks)
    blocks.append(chance.choice(blocks))
    return replace(answer, body=answer.body[: starts[0]] + b"".join(blocks) + answer.body[edges[-1] :])


def skewed(answer: Answered, by: timedelta, *, now: datetime) -> Answered:
    """As from a server whose clock is wrong: the ``Date`` header and every time on the page."""

    def moved(found: re.Match[bytes]) -> bytes:
        year, month, day, hour, minute = (int(part) for part in found.groups())
        try:
            moment = datetime(year, month, day, hour, minute) + by  # noqa: DTZ001 - a local time on a page
        except ValueError:
            return found.group()
        return moment.strftime("%Y-%m-%d %H:%M").encode()

    date = format_datetime((now + by).astimezone(UTC), usegmt=True).encode()
    return replace(answer, body=_MOMENT.sub(moved, answer.body)).with_header(b"date", date)
