"""Our hides that are in effect, and the flags that speak of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from modbot.domain import FlagState, Reason
from modbot.store import rows
from modbot.store.schema import flags, outbox, replies


def of_earlier_texts(rx: Connection, reply_ids: Sequence[int]) -> dict[int, Reason]:
    """Why we hide those of the replies (by row id) that we hid with another text than they have."""
    query = (
        select(replies.c.id, flags.c.reason)
        .join(outbox, outbox.c.id == replies.c.our_hide)
        .join(flags, flags.c.id == outbox.c.flag_id)
        .where(outbox.c.revision_id != replies.c.revision_id)
    )
    found: dict[int, Reason] = {}
    for chunk in rows.chunks(reply_ids):
        found.update({row.id: Reason(row.reason) for row in rx.execute(query.where(replies.c.id.in_(chunk)))})
    return found


def waits_for_human() -> ColumnElement[bool]:
    """Of flags: those that are pending, and those of a hidden reply in whose present text
    nothing would be hidden for."""
    states = flags.c.state.in_((FlagState.PENDING, FlagState.HIDDEN))
    return and_(states, or_(flags.c.state == FlagState.PENDING, ~flags.c.would_hide))


def in_states(wanted: Sequence[FlagState]) -> ColumnElement[bool]:
    """Of flags: those in these states; with PENDING, all that wait for a human."""
    found = flags.c.state.in_([state.value for state in wanted])
    return or_(found, waits_for_human()) if FlagState.PENDING in wanted else found
