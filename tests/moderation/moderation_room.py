"""Short ways to let moderators decide about what is in a store."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from store_desk import FORUM, Desk, decision, repetition, reply

from modbot import settings
from modbot.domain import Author, Decision, DecisionKind, Label, Reason, ReplyKey, VerdictKind
from modbot.moderation import bulk, selecting
from modbot.moderation.deciding import USUAL, Choice, Moderator
from modbot.moderation.selecting import Plan, Selection
from modbot.store import identities, schema

SETTINGS = """
[actions]
undo_seconds = 10
{actions}
[policy]
mode = "{mode}"
[forums.city]
url = "http://bbs.example.com/"
username = "modbot"
[forums.city.boards.9]
kind = "signin"
"""
ALLOWED = replace(decision(DecisionKind.ALLOW, None, Label.HAM, 0.1), would_be=DecisionKind.ALLOW, held_by=())
REPEATED = decision(DecisionKind.QUEUE, Reason.REPEATED, Label.SPAM)
CAMPAIGN = "c0123456789abcdef"
OF_FEW = "a0123456789abcdef"
UNDOABLE = ("flags", "labels", "policy_exceptions", "standing_decisions", "verdicts")


@dataclass
class Room(Desk):
    """A desk whose flags moderators decide about."""

    folder: Path = Path()
    mode: str = "shadow"
    told: str = ""

    def loaded(self) -> settings.Loaded:
        """As the file says now. Requests read it from several threads: it is never there by halves."""
        file, told = self.folder / "modbot.toml", SETTINGS.format(mode=self.mode, actions=self.told)
        if not file.exists() or file.read_text("utf-8") != told:
            part = self.folder / f"modbot.{threading.get_ident()}.part"
            part.write_text(told, "utf-8")
            part.replace(file)
        return settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})

    def moderator(self, who: str = "ann") -> Moderator:
        return Moderator(self.loaded(), self.store, who, lambda: self.now)

    def passed(self, post: int, *, campaign: str | None = None, **fields: Any) -> int:
        """A reply that was let pass; answers its post."""
        return self.judged(post, ALLOWED, campaign=campaign, **fields)

    def judged(self, post: int, decided: Decision, *, campaign: str | None = None, **fields: Any) -> int:
        [recorded] = self.record(reply(post, **fields))
        repeated = repetition(campaign, ReplyKey(FORUM, 1)) if campaign else None
        self.judge(recorded, decided, repeated=repeated)
        return post

    def member(self, post: int, *, campaign: str = CAMPAIGN, **fields: Any) -> int:
        """A flagged reply of the campaign; answers its flag."""
        return self.flag(reply(post, **fields), REPEATED, repeated=repetition(campaign, ReplyKey(FORUM, 1)))

    def plan(self, kind: VerdictKind = VerdictKind.UPHOLD, **selected: Any) -> Plan:
        who = selected.pop("author", None)
        with self.store.read() as rx:
            if who is not None:
                selected["author"] = selecting.author(rx, who, FORUM)
            else:
                selected.setdefault("campaign", CAMPAIGN)
            return selecting.plan(rx, self.loaded(), kind, Selection(FORUM, **selected))

    def give_many(
        self,
        kind: VerdictKind = VerdictKind.UPHOLD,
        *,
        choice: Choice = USUAL,
        who: str = "ann",
        **selected: Any,
    ) -> bulk.Given:
        return bulk.give(self.moderator(who), self.plan(kind, **selected), choice)

    def identity(self, who: str) -> identities.Identity:
        with self.store.read() as rx:
            [found] = identities.find(rx, who, FORUM)
        return found

    def rows(self, *tables: str) -> dict[str, list[dict[str, Any]]]:
        with self.store.read() as rx:
            return {
                name: [dict(row) for row in rx.execute(select(schema.metadata.tables[name])).mappings()]
                for name in tables
            }


def regular(number: int) -> Author:
    """A member with standing."""
    return Author(id=number, name=f"regular{number}", group_id=12, posts=900)


def newcomer(number: int) -> Author:
    return Author(id=number, name=f"newcomer{number}", group_id=10, posts=1)
