"""What a visitor asks of the queue, as it stands in the address of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from modbot.domain import FlagState, Label, Reason
from modbot.errors import UsageError
from modbot.store.flags import Filter, Order
from modbot.store.people import User

PER_PAGE = 20
MOST_PER_PAGE = 50
LAST_PAGE = 500
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """``least`` and ``most`` are the confidence in percent, ``newer`` and ``older`` ages such
    as ``12h``, ``7d``, ``2w``; ``author`` is a name or a number. ``all``: also what the
    queue's budget keeps back."""

    forum: str = ""
    board: int | None = None
    label: Label | None = None
    reason: Reason | None = None
    author: str = ""
    campaign: str = ""
    least: int | None = None
    most: int | None = None
    newer: str = ""
    older: str = ""
    order: Order = Order.BEST
    all: bool = False
    page: int = 1
    per: int = PER_PAGE

    def filter(self, user: User, *, now: datetime) -> Filter:
        """The flags that wait for a human and that this person did not skip, in their places."""
        by_number = self.author.isdecimal()
        return Filter(
            forum=self.forum or None,
            states=(FlagState.PENDING,),
            board_id=self.board,
            reasons=(self.reason,) if self.reason else (),
            labels=(self.label,) if self.label else (),
            campaign=self.campaign or None,
            author_id=int(self.author) if by_number else None,
            author_name=self.author if self.author and not by_number else None,
            shown=None if self.all else True,
            since=now - _span("newer", self.newer) if self.newer else None,
            before=now - _span("older", self.older) if self.older else None,
            at_least=None if self.least is None else self.least / 100,
            at_most=None if self.most is None else self.most / 100,
            within=user.scope,
            skipped_by=user.id,
        )

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per

    @property
    def narrows(self) -> bool:
        """Whether it asks for less than the whole queue."""
        return replace(self, order=Order.BEST, page=1, per=PER_PAGE, all=False) != Asked()

    def query(self, **changes: object) -> str:
        """The address's query that asks this, with these fields otherwise: ``?forum=…``."""
        usual, asked = Asked(), replace(self, **changes)  # type: ignore[arg-type]
        told = {
            one.name: _told(getattr(asked, one.name))
            for one in fields(self)
            if getattr(asked, one.name) != getattr(usual, one.name)
        }
        return f"?{urlencode(told)}" if told else ""


def read(query: Mapping[str, str]) -> Asked:
    """Raises UsageError for a value that nothing can be asked by."""
    asked = Asked(
        forum=query.get("forum", "").strip(),
        board=_number("board", query, 0, 2**53),
        label=_one_of(Label, "label", query),
        reason=_one_of(Reason, "reason", query),
        author=query.get("author", "").strip()[:100],
        campaign=query.get("campaign", "").strip()[:100],
        least=_number("least", query, 0, 100),
        most=_number("most", query, 0, 100),
        newer=query.get("newer", "").strip(),
        older=query.get("older", "").strip(),
        order=_one_of(Order, "order", query) or Order.BEST,
        all=query.get("all", "") not in ("", "0"),
        page=_number("page", query, 1, LAST_PAGE) or 1,
        per=_number("per", query, 1, MOST_PER_PAGE) or PER_PAGE,
    )
    for name in ("newer", "older"):
        if getattr(asked, name):
            _span(name, getattr(asked, name))
    return asked


def _told(value: object) -> str:
    return "1" if value is True else str(value)


def _number(name: str, query: Mapping[str, str], least: int, most: int) -> int | None:
    told = query.get(name, "").strip()
    if not told:
        return None
    if not (told.isascii() and told.isdecimal()) or not least <= int(told[:20]) <= most:
        raise UsageError(code="error.console.queue.filter", name=name, value=told)
    return int(told)


def _one_of(choices: type[_Choice], name: str, query: Mapping[str, str]) -> _Choice | None:
    told = query.get(name, "").strip()
    if not told:
        return None
    if told not in tuple(choices):
        raise UsageError(code="error.console.queue.filter", name=name, value=told)
    return choices(told)


def _span(name: str, told: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([hdw])", told)
    if found is None:
        raise UsageError(code="error.console.queue.filter", name=name, value=told)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
