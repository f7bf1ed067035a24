"""Campaigns that became one: who belonged to the one belongs to the other, and the former
name still finds it.

A campaign of few authors takes from the campaign of a *text* only what those authors wrote;
what others wrote stays. Only when nothing is left does the text's name find the authors'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, update

from modbot.domain import Repetition, ReplyKey, is_of_few_authors
from modbot.store import dialect, rows
from modbot.store.schema import campaign_aliases, campaigns, decisions, flags, replies


def resolve(rx: Connection, forum: str, campaign: str) -> str:
    """The name that a campaign bears now."""
    return rx.scalar(select(present_name(campaign, campaign_aliases.c.forum == forum))) or campaign


def present_name(campaign: str, of_forum: ColumnElement[bool]) -> ColumnElement[str]:
    """The same, as part of a query."""
    known = select(campaign_aliases.c.campaign).where(of_forum, campaign_aliases.c.alias == campaign)
    return func.coalesce(known.scalar_subquery(), campaign)


def names(rx: Connection, forum: str, campaigns: Iterable[str]) -> dict[str, str]:
    """All names of these campaigns, the present ones and the former: name → present name."""
    present = list(campaigns)
    found = dict(zip(present, present, strict=True))
    query = select(campaign_aliases.c.alias, campaign_aliases.c.campaign)
    for chunk in rows.chunks(present):
        known = query.where(campaign_aliases.c.forum == forum, campaign_aliases.c.campaign.in_(chunk))
        found.update({row.alias: row.campaign for row in rx.execute(known)})
    return found


def unite(tx: Connection, told: Iterable[tuple[ReplyKey, Repetition]], *, at: datetime) -> None:
    """Re-point what these judgements say is one. Repeating it changes nothing."""
    for key, repetition in told:
        if not repetition.aliases:
            continue
        whole = [name for name in repetition.aliases if _is_whole(name, repetition)]
        part = [name for name in repetition.aliases if not _is_whole(name, repetition)]
        members = and_(replies.c.forum == key.forum, replies.c.campaign.in_(whole))
        _move(tx, whole, repetition.campaign, members)
        _move(tx, part, repetition.campaign, _by_the_author_of(tx, key, part))
        _retire(tx, key.forum, repetition.aliases, repetition.campaign, at)


def revive(tx: Connection, names: Sequence[tuple[str, str]]) -> None:
    """These (forum, campaign) have members of their own: they are nothing else's former names."""
    for forum in {forum for forum, _ in names}:
        living = [name for of, name in names if of == forum]
        here = campaign_aliases.c.forum == forum
        tx.execute(delete(campaign_aliases).where(here, campaign_aliases.c.alias.in_(living)))


def forget(tx: Connection, forum: str, campaign: str) -> None:
    """The campaign is forgotten, and with it the names that it had."""
    here = campaign_aliases.c.forum == forum
    tx.execute(delete(campaign_aliases).where(here, campaign_aliases.c.campaign == campaign))


def _is_whole(alias: str, repetition: Repetition) -> bool:
    """Whether everything of the alias belongs to the campaign, whoever wrote it."""
    return is_of_few_authors(alias) or not is_of_few_authors(repetition.campaign)


def _by_the_author_of(tx: Connection, key: ReplyKey, names: Sequence[str]) -> ColumnElement[bool]:
    own = (replies.c.forum == key.forum) & (replies.c.post_id == key.post_id)
    author_id, author_name = tx.execute(select(replies.c.author_id, replies.c.author_name).where(own)).one()
    nameless = and_(replies.c.author_id.is_(None), replies.c.author_name == author_name)
    author = nameless if author_id is None else replies.c.author_id == author_id
    return and_(replies.c.forum == key.forum, replies.c.campaign.in_(names), author)


def _move(tx: Connection, names: Sequence[str], campaign: str, members: ColumnElement[bool]) -> None:
    """Give members, their decisions and their flags the name ``campaign``."""
    if not names:
        return
    chosen = select(replies.c.id).where(members)
    for table in (decisions, flags):
        of_these = and_(table.c.reply_id.in_(chosen), table.c.campaign.in_(names))
        tx.execute(update(table).where(of_these).values(campaign=campaign))
    tx.execute(update(replies).where(members).values(campaign=campaign))


def _retire(tx: Connection, forum: str, names: Sequence[str], campaign: str, at: datetime) -> None:
    """Let the names that nothing bears any more find the campaign that took their place."""
    borne = or_(
        exists().where(replies.c.forum == campaigns.c.forum, replies.c.campaign == campaigns.c.id),
        exists().where(flags.c.forum == campaigns.c.forum, flags.c.campaign == campaigns.c.id),
    )
    here = and_(campaigns.c.forum == forum, campaigns.c.id.in_(names))
    gone = tx.execute(select(campaigns.c.id, campaigns.c.first_seen).where(here, ~borne)).all()
    if not gone:
        return
    former = [name for name, _ in gone if name != campaign]
    survivor = and_(campaigns.c.forum == forum, campaigns.c.id == campaign)
    first = min(first for _, first in gone)
    tx.execute(update(campaigns).where(survivor, campaigns.c.first_seen > first).values(first_seen=first))
    of_forum = campaign_aliases.c.forum == forum
    tx.execute(
        update(campaign_aliases)
        .where(of_forum, campaign_aliases.c.campaign.in_(former))
        .values(campaign=campaign)
    )
    rows = [{"forum": forum, "alias": name, "campaign": campaign, "since": at} for name in former]
    dialect.upsert(tx, campaign_aliases, rows, keys=["forum", "alias"], update=["campaign", "since"])
    tx.execute(delete(campaigns).where(campaigns.c.forum == forum, campaigns.c.id.in_(former)))
