"""What becomes of the cards that somebody looks at, and of what they decided."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from modbot import i18n
from modbot.console import queueing
from modbot.console.house import House
from modbot.console.visitors import Visitor
from modbot.domain import OutboxState
from modbot.errors import UsageError
from modbot.moderation import telling
from modbot.store import claims, flags, given_verdicts, outbox
from modbot.store.flags import Filter, Flag
from modbot.store.groups import Key
from modbot.store.verdicts import Verdict

SETTLED = frozenset(OutboxState) - {*outbox.UNSETTLED, OutboxState.DEAD}


class Closed(BaseModel):
    """A flag that cannot be decided as it was seen; ``message`` says why, or who was first."""

    flag: int
    message: str


class Held(BaseModel):
    flag: int
    by: str


class Changes(BaseModel):
    closed: list[Closed]
    held: list[Held]


class ActionView(BaseModel):
    """``settled``: it is over. ``well``: as was wanted, or still under way."""

    id: int
    flag: int | None
    state: OutboxState
    settled: bool
    well: bool
    message: str


def changes(house: House, visitor: Visitor, seen: Sequence[str]) -> Changes:
    """Of flags as ``ID:VERSION``. Raises UsageError for anything else."""
    versions = dict(_seen(one) for one in seen)
    wanted = Filter(ids=tuple(versions), states=(), within=visitor.scope)
    with house.store.read() as rx:
        found = flags.find(rx, wanted, limit=len(versions))
        late = [flag for flag in found if not flag.is_open or flag.version != versions[flag.id]]
        given = given_verdicts.standing(rx, [flag.id for flag in late])
        others = {
            (one.forum, one.card): one.user_name
            for one in claims.listing(rx, now=house.now(), user_id=visitor.user.id)
        }
    words = i18n.catalogue(visitor.language)
    held = [Held(flag=flag.id, by=others[card]) for flag in found if (card := _card(flag)) in others]
    return Changes(closed=[_closed(flag, given.get(flag.id), words) for flag in late], held=held)


def actions(house: House, visitor: Visitor, ids: Sequence[int]) -> list[ActionView]:
    """Raises StoreError for one that is not about the visitor's places."""
    words = i18n.catalogue(visitor.language)
    with house.store.read() as rx:
        found = outbox.listing(rx, ids=ids)
        own = [one.flag_id for one in found if one.flag_id is not None]
        if own:
            queueing.flags_of(rx, visitor, sorted(set(own)))
    return [_action(one, words) for one in found if one.flag_id is not None]


def _action(found: outbox.Action, words: i18n.Catalogue) -> ActionView:
    settled = found.state in SETTLED or found.state is OutboxState.DEAD
    return ActionView(
        id=found.id,
        flag=found.flag_id,
        state=found.state,
        settled=settled,
        well=found.state not in (OutboxState.DEAD, OutboxState.REFUSED),
        message=telling.of_action(found.kind, found.state, words, flag=found.flag_id, detail=found.detail),
    )


def _seen(told: str) -> tuple[int, int]:
    flag, _, version = told.partition(":")
    if not (told.isascii() and flag.isdecimal() and version.isdecimal() and len(told) < 30):
        raise UsageError(code="error.console.queue.form", field="flag")
    return int(flag), int(version)


def _card(flag: Flag) -> tuple[str, str]:
    guest = flag.author_name if flag.author_id is None else None
    return flag.forum, claims.card_of(Key(flag.forum, flag.campaign, flag.author_id, guest))


def _closed(flag: Flag, given: Verdict | None, words: i18n.Catalogue) -> Closed:
    if given is None:
        state = words.text(f"state.{flag.state.value}")
        return Closed(flag=flag.id, message=words.text("console.queue.changed", state=state))
    verdict = words.text(f"verdict.{given.kind.value}")
    return Closed(flag=flag.id, message=words.text("console.queue.decided", who=given.who, verdict=verdict))
