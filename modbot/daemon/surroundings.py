"""What the store knows beside a batch of replies: read once per batch, asked for each reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from modbot.daemon.flagging import JudgingRules
from modbot.daemon.precedents import Matches
from modbot.policy import Circumstances
from modbot.store import inbox, verdicts


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``upheld`` are the authors of the batch who had a reply upheld, ``precedents`` the
    standing decisions that replies meet, by reply id."""

    rules: JudgingRules
    upheld: frozenset[int]
    precedents: Matches

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
        return cls(rules, frozenset(verdicts.upheld_authors(tx, forum, ids)), precedents)

    def of(self, stored: inbox.Stored) -> Circumstances:
        return Circumstances(
            upheld=int(stored.reply.author.id in self.upheld),
            restored_by_human=stored.is_kept,
            flag_since=self.rules.flag_since,
            precedents=self.precedents.get(stored.reply_id, ()),
        )
