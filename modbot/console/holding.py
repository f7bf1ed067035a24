"""Who has which card before them: one card at a time for each session, for as long as it is looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from modbot.console.house import House
from modbot.console.visitors import Visitor
from modbot.store import claims
from modbot.store.claims import Claim


def take(house: House, visitor: Visitor, forum: str, card: str) -> Claim | None:
    """Claim the card, or for longer, and let go of what this person had before. Answers whose it
    is when somebody else was first."""
    with house.store.write() as tx:
        claims.release_others(tx, visitor.user.id, visitor.session_id, (forum, card))
        return claims.take(
            tx,
            forum,
            card,
            user_id=visitor.user.id,
            session_id=visitor.session_id,
            now=house.now(),
            until=until(house),
        )


def until(house: House) -> datetime:
    """The end of a claim that is taken now."""
    return house.now() + timedelta(seconds=house.loaded().settings.console.claim_seconds)


def release(house: House, visitor: Visitor, forum: str = "", card: str = "") -> None:
    """Let go of a card, or of all that this session has."""
    with house.store.write() as tx:
        if card:
            claims.release(tx, visitor.user.id, [(forum, card)])
        else:
            claims.release_others(tx, visitor.user.id, visitor.session_id, None)
