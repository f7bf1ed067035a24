"""What the store knows beside a batch of replies: read once per batch, asked for each reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from modbot.daemon.flagging import JudgingRules
from modbot.domain import Reason, Reply
from modbot.policy import Circumstances
from modbot.store import exceptions, inbox, verdicts
from modbot.store.exceptions import PolicyException


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``upheld`` are the authors of the batch who had a reply upheld, ``exceptions`` the
    forum's policy exceptions in force."""

    rules: JudgingRules
    upheld: frozenset[int]
    exceptions: tuple[PolicyException, ...] = ()

    @classmethod
    def read(
        cls, tx: Connection, forum: str, batch: Sequence[inbox.Stored], rules: JudgingRules
    ) -> Surroundings:
        ids = [stored.reply.author.id for stored in batch if stored.reply.author.id is not None]
        return cls(
            rules, frozenset(verdicts.upheld_authors(tx, forum, ids)), tuple(exceptions.listing(tx, forum))
        )

    def of(self, stored: inbox.Stored) -> Circumstances:
        return Circumstances(
            upheld=int(stored.reply.author.id in self.upheld),
            restored_by_human=stored.is_kept,
            flag_since=self.rules.flag_since,
            excepted=self._excepted(stored.reply),
        )

    def _excepted(self, reply: Reply) -> frozenset[Reason]:
        if not self.exceptions:
            return frozenset()
        place = {"board_id": reply.board_id, "thread_id": reply.thread_id}
        kinds = self.rules.book.kinds_of(reply)
        return frozenset(found.reason for found in self.exceptions if found.covers(**place, kinds=kinds))
