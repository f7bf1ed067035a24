"""What the store knows beside a batch of replies: read once per batch, asked for each reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from modbot.daemon.flagging import JudgingRules
from modbot.policy import Circumstances
from modbot.store import inbox, verdicts


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``upheld`` are the authors of the batch who had a reply upheld."""

    rules: JudgingRules
    upheld: frozenset[int]

    @classmethod
    def read(
        cls, tx: Connection, forum: str, batch: Sequence[inbox.Stored], rules: JudgingRules
    ) -> Surroundings:
        ids = [stored.reply.author.id for stored in batch if stored.reply.author.id is not None]
        return cls(rules, frozenset(verdicts.upheld_authors(tx, forum, ids)))

    def of(self, stored: inbox.Stored) -> Circumstances:
        return Circumstances(
            upheld=int(stored.reply.author.id in self.upheld),
            restored_by_human=stored.is_kept,
            flag_since=self.rules.flag_since,
        )
