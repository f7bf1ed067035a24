"""A flag with everything that a moderator needs to judge it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from modbot.domain import Visibility
from modbot.store import audit, campaigns, decisions, flags, inbox, misses, nearest, outbox
from modbot.store import verdicts as given
from modbot.store.nearest import Nearest


@dataclass(frozen=True, slots=True)
class Card:
    """``stored.reply`` is the reply as it is now, ``flag.text`` what was flagged.
    ``duplicates``: the campaign's other replies, first posted first (``campaign`` has the
    whole counts), ``nearest``: the earlier ones that the judgement found most alike.
    ``author_verdicts``: standing ones on this author's other replies; ``missed``: modbot had
    let the present text pass, and a human hid it on the forum (HIDDEN), or it is GONE."""

    flag: flags.Flag
    stored: inbox.Stored
    judged: decisions.Judged
    campaign: campaigns.Campaign | None
    duplicates: tuple[campaigns.Member, ...]
    nearest: tuple[Nearest, ...]
    verdicts: tuple[given.Verdict, ...]
    author_verdicts: tuple[given.Verdict, ...]
    actions: tuple[outbox.Action, ...]
    trail: tuple[audit.Entry, ...]
    missed: Visibility | None


def show(rx: Connection, flag_id: int, *, duplicates: int = 50) -> Card:
    """Everything about one flag. Raises StoreError when there is none of that number."""
    flag = flags.get(rx, flag_id)
    campaign: campaigns.Campaign | None = None
    members: tuple[campaigns.Member, ...] = ()
    if flag.campaign is not None:
        campaign = campaigns.get(rx, flag.forum, flag.campaign)
        found = campaigns.members(rx, flag.forum, flag.campaign, limit=duplicates + 1)
        members = tuple(member for member in found if member.reply_id != flag.reply_id)
    on_author: list[given.Verdict] = []
    if flag.author_id is not None:
        on_author = given.on_author(rx, flag.forum, flag.author_id)
    judged = decisions.load(rx, [flag.decision_id])[flag.decision_id]
    return Card(
        flag=flag,
        stored=inbox.load(rx, [flag.reply_id])[flag.reply_id],
        judged=judged,
        campaign=campaign,
        duplicates=members[:duplicates],
        nearest=nearest.find(rx, [judged]).get(judged.id, ()),
        verdicts=tuple(given.history(rx, flag_id)),
        author_verdicts=tuple(verdict for verdict in on_author if verdict.flag_id != flag_id),
        actions=tuple(outbox.listing(rx, reply_id=flag.reply_id)),
        trail=tuple(audit.listing(rx, reply_id=flag.reply_id)),
        missed=misses.of_reply(rx, flag.reply_id),
    )
