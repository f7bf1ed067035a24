"""What the store knows beside a batch of replies: read once per batch, asked for each reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection

from modbot.daemon.flagging import JudgingRules
from modbot.daemon.precedents import Matches
from modbot.domain import Reason, Reply
from modbot.moderation.autonomy import ruled
from modbot.policy import Circumstances, Policy, has_standing
from modbot.policy.autonomy import Autonomy
from modbot.store import autonomy, exceptions, hides, inbox, modes, verdicts
from modbot.store.exceptions import PolicyException


class Placed(NamedTuple):
    """What holds for a reply where it stands, and whether its author has standing there."""

    policy: Policy
    circumstances: Circumstances
    standing: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``upheld`` are the authors of the batch who had a reply upheld, ``exceptions`` the
    forum's policy exceptions in force; ``modes`` tell since when boards are under theirs,
    ``rulings`` where a reason was granted or withdrawn; ``precedents`` are the standing
    decisions that replies meet, by reply id, ``hidden_for`` why we hide those replies (by row
    id) whose text is another one now."""

    rules: JudgingRules
    upheld: frozenset[int]
    exceptions: tuple[PolicyException, ...]
    modes: Mapping[int, modes.Since]
    rulings: Sequence[autonomy.Ruling]
    precedents: Matches
    hidden_for: Mapping[int, Reason]

    @classmethod
    def read(
        cls,
        tx: Connection,
        forum: str,
        batch: Sequence[inbox.Stored],
        rules: JudgingRules,
        precedents: Matches,
    ) -> Surroundings:
        ids = [stored.reply.author.id for stored in batch if stored.reply.author.id is not None]
        return cls(
            rules,
            frozenset(verdicts.upheld_authors(tx, forum, ids)),
            tuple(exceptions.listing(tx, forum)),
            modes.load(tx, forum),
            autonomy.in_force(tx, forum),
            precedents,
            hides.of_earlier_texts(tx, [stored.reply_id for stored in batch if stored.hidden_by_us]),
        )

    def placed(self, stored: inbox.Stored) -> Placed:
        circumstances, policy = self.of(stored), self.rules.book.for_reply(stored.reply)
        standing = has_standing(stored.reply.author, policy, upheld=circumstances.upheld)
        return Placed(policy, circumstances, standing)

    def of(self, stored: inbox.Stored) -> Circumstances:
        return Circumstances(
            upheld=int(stored.reply.author.id in self.upheld),
            restored_by_human=stored.is_kept,
            flag_since=self.rules.flag_since,
            excepted=self._excepted(stored.reply),
            hidden_for=self.hidden_for.get(stored.reply_id),
            autonomy=self._autonomy(stored),
            precedents=self.precedents.get(stored.reply_id, ()),
        )

    def _excepted(self, reply: Reply) -> frozenset[Reason]:
        if not self.exceptions:
            return frozenset()
        place = {"board_id": reply.board_id, "thread_id": reply.thread_id}
        kinds = tuple(self.rules.book.kinds_of(reply))
        return frozenset(found.reason for found in self.exceptions if found.covers(**place, kinds=kinds))

    def _autonomy(self, stored: inbox.Stored) -> Autonomy:
        board = stored.reply.board_id
        since = self.modes.get(board or modes.DEFAULT) or self.modes.get(modes.DEFAULT)
        return replace(
            ruled(self.rulings, board),
            mode_since=since.since if since is not None else None,
            seen_at=stored.text_seen,
        )
