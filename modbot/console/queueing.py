"""The cards that a visitor is shown, and which of them somebody else is at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from modbot import i18n
from modbot.console import queue_card
from modbot.console.house import House
from modbot.console.queue_card import CardView
from modbot.console.queue_query import Asked
from modbot.console.visitors import Visitor
from modbot.domain import FlagState
from modbot.errors import StoreError
from modbot.moderation import docket
from modbot.store import claims, flags, groups
from modbot.store.claims import Claim
from modbot.store.flags import Filter, Flag

MOST_DIGITS = 19
LISTED = docket.EXPLAINED
"""Members of a card that a page of many cards shows one by one."""
LISTED_ALONE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """``cards`` that are free come first, those that somebody else is at last. ``total`` counts
    cards, ``kept_back`` those that the queue's budget keeps out of sight."""

    cards: tuple[CardView, ...]
    total: int
    kept_back: int
    more: bool


def page(house: House, visitor: Visitor, asked: Asked) -> Page:
    """Read in a fixed number of statements."""
    now = house.now()
    wanted = asked.filter(visitor.user, now=now)
    moderator = house.moderator(visitor.name)
    with house.store.read() as rx:
        found = groups.page(
            rx, wanted, order=asked.order, limit=asked.per, offset=asked.offset, at_once=LISTED
        )
        sheets = docket.sheets(rx, moderator, found.groups, within=visitor.scope)
        held = _held(rx, house, visitor)
    cards = _views(sheets, visitor, held)
    free_first = sorted(cards, key=lambda card: card.claimed_by is not None)
    total, kept_back = found.shown, found.kept_back
    if asked.all:
        total, kept_back = total + kept_back, 0
    return Page(tuple(free_first), total, kept_back, asked.offset + len(cards) < total)


def card_with(house: House, visitor: Visitor, flag_id: int) -> CardView:
    """The card that an open flag is on. Raises StoreError when this visitor has no such flag."""
    with house.store.read() as rx:
        flag = flag_of(rx, visitor, flag_id)
        if not flag.is_open:
            raise StoreError(code="error.console.queue.closed_unknown", flag=flag_id)
        name = flag.author_name if flag.author_id is None else None
        of_card = (
            Filter(forum=flag.forum, campaign=flag.campaign)
            if flag.campaign is not None
            else Filter(forum=flag.forum, author_id=flag.author_id, author_name=name)
        )
        wanted = replace(of_card, states=(FlagState.PENDING,), within=visitor.scope)
        own = [
            one for one in groups.find(rx, wanted, at_once=LISTED_ALONE) if one.key.campaign == flag.campaign
        ]
        found = own or groups.find(rx, Filter(ids=(flag_id,)))
        sheets = docket.sheets(rx, house.moderator(visitor.name), found[:1], within=visitor.scope)
        held = _held(rx, house, visitor)
    return _views(sheets, visitor, held)[0]


def flag_of(rx: Connection, visitor: Visitor, flag_id: int) -> Flag:
    """Raises StoreError when there is no such flag in the visitor's places."""
    flag = flags.get(rx, flag_id)
    if not visitor.scope.covers(flag.forum, flag.board_id):
        raise StoreError(code="error.store.flag_unknown", flag=flag_id)
    return flag


def flags_of(rx: Connection, visitor: Visitor, flag_ids: list[int]) -> list[Flag]:
    """In the order of the ids. Raises StoreError when one is not in the visitor's places."""
    wanted = Filter(ids=tuple(flag_ids), states=(), within=visitor.scope)
    found = {flag.id: flag for flag in flags.find(rx, wanted, limit=len(flag_ids))}
    for flag_id in flag_ids:
        if flag_id not in found:
            raise StoreError(code="error.store.flag_unknown", flag=flag_id)
    return [found[flag_id] for flag_id in flag_ids]


def require_card(rx: Connection, visitor: Visitor, forum: str, card: str) -> None:
    """Raises StoreError when no flag of the card (as claims name it) is in the visitor's places."""
    kind, _, name = card.partition(":")
    number = int(name) if name.isdecimal() and len(name) < MOST_DIGITS else 0
    of_card = {
        "campaign": Filter(forum=forum, campaign=name),
        "author": Filter(forum=forum, author_id=number),
        "guest": Filter(forum=forum, author_name=name),
    }.get(kind)
    wanted = of_card and replace(of_card, states=(), within=visitor.scope)
    if wanted is None or not flags.find(rx, wanted, limit=1):
        raise StoreError(code="error.console.queue.card_unknown", card=card)


def _held(rx: Connection, house: House, visitor: Visitor) -> dict[tuple[str, str], Claim]:
    others = claims.listing(rx, now=house.now(), user_id=visitor.user.id)
    return {(one.forum, one.card): one for one in others}


def _views(
    sheets: list[docket.Sheet], visitor: Visitor, held: dict[tuple[str, str], Claim]
) -> list[CardView]:
    words = i18n.catalogue(visitor.language)
    return [queue_card.of_sheet(sheet, words, held) for sheet in sheets]
