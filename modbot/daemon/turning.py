"""What nobody asked for is turned on and off: by the modes in the settings, and by what humans rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from modbot.daemon.flagging import JudgingRules
from modbot.domain import ActionKind, Mode
from modbot.moderation.autonomy import ruled
from modbot.policy import Policy, PolicyBook
from modbot.store import autonomy, boards, flags, inbox, modes, outbox


def follow_modes(tx: Connection, forum: str, rules: JudgingRules, *, at: datetime) -> int:
    """Note the modes that boards are under from now on, where they changed, and call back what
    is not let happen any more; answers how many hides that were."""
    names, book = _knowing_names(tx, forum, rules.book)
    known = {board for name, board in book.boards if name == forum and board is not None}
    known |= {board for custom in book.custom_boards for board in custom.ids}
    known |= {*names, *modes.load(tx, forum)}
    present = {board: _mode(book.of_board(forum, board)) for board in known}
    present[modes.DEFAULT] = _mode(book.of_board(forum, None))
    changed = modes.follow(tx, forum, present, at=at)
    return _call_back(tx, forum, book, at) if changed else 0


@dataclass(frozen=True, slots=True)
class Permits:
    """Asked of each unasked action when it is sent: settings and rulings may be others by then
    than when it was decided, and nothing else may have been judged since. Evidence is a matter
    of the decision, so that ``book`` needs no model's thresholds."""

    book: PolicyBook

    def lets(self, rx: Connection, action: outbox.Action) -> bool:
        _, book = _knowing_names(rx, action.forum, self.book)
        reply = inbox.load(rx, [action.reply_id])[action.reply_id].reply
        mode = book.for_reply(reply).mode
        if action.kind is ActionKind.APPROVE or action.flag_id is None:
            return mode is Mode.ENFORCE
        reason = flags.get(rx, action.flag_id).reason
        known = ruled(autonomy.in_force(rx, action.forum), reply.board_id)
        return not known.holds(reason, mode, frozenset(), standing=action.standing_id is not None)


def _call_back(tx: Connection, forum: str, book: PolicyBook, at: datetime) -> int:
    """Cancel the unasked hides that wait (the forum was out of reach) and that the modes of
    today do not let."""
    rulings = autonomy.in_force(tx, forum)
    waiting = autonomy.waiting_hides(tx, forum)
    replies = inbox.load(tx, [hide.reply_id for hide in waiting])
    called = 0
    for hide in waiting:
        reply = replies[hide.reply_id].reply
        policy = book.for_reply(reply)
        known = ruled(rulings, reply.board_id)
        if known.holds(hide.reason, policy.mode, policy.unproved, standing=hide.standing):
            outbox.cancel_unasked(tx, hide.reply_id, at=at)
            called += 1
    return called


def _knowing_names(rx: Connection, forum: str, book: PolicyBook) -> tuple[dict[int, str], PolicyBook]:
    """The names of the forum's boards, as far as anything goes by them, and the book that knows them."""
    names = boards.names(rx, forum) if book.asks_names else {}
    return names, book.knowing(forum, names)


def _mode(policy: Policy) -> str:
    """By day, and by night where that is another."""
    night = policy.night.policy.mode if policy.night is not None else policy.mode
    return policy.mode.value if night is policy.mode else f"{policy.mode}/{night}"
