"""``search``: replies by what they say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from modbot.cli.base import Session, command, harmless, local_time, option
from modbot.cli.highlight import can_colour, highlighted
from modbot.daemon.house import open_store
from modbot.domain import Visibility
from modbot.moderation import searching, selecting
from modbot.moderation.searching import Hit
from modbot.store import search_index
from modbot.store.search import MOST_UNINDEXED, Wanted


def register(root: click.Group) -> None:
    @command(root, "search")
    @click.argument("words", nargs=-1, required=True)
    @option("--forum")
    @option("--board", type=int)
    @option("--author")
    @option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]))
    @option("--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]))
    @option("--visibility", type=click.Choice([one.value for one in Visibility]))
    @option("--flagged/--not-flagged", default=None)
    @option("--after", type=click.IntRange(min=1))
    @option("--limit", type=click.IntRange(1, 1000), default=30)
    def search(session: Session, words: tuple[str, ...], **chosen: Any) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            author = chosen["author"]
            wanted = Wanted(
                (),
                forum=chosen["forum"],
                board_id=chosen["board"],
                author=selecting.author(rx, author, chosen["forum"]) if author else None,
                since=_aware(chosen["since"]),
                until=_aware(chosen["until"]),
                visibility=Visibility(chosen["visibility"]) if chosen["visibility"] else None,
                flagged=chosen["flagged"],
            )
            after, limit = chosen["after"], chosen["limit"]
            found = searching.find(rx, " ".join(words), wanted, after=after, limit=limit)
            waiting = search_index.progress(rx).waiting
        for hit in found.hits:
            _tell(session, hit)
        if not found.hits and not session.as_json:
            session.say("search.nothing")
        if waiting > MOST_UNINDEXED:
            session.say("search.unindexed", number=waiting)
        if found.after is not None:
            session.say("search.more", after=found.after)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _tell(session: Session, hit: Hit) -> None:
    one = hit.reply
    if session.as_json:
        session.answer(as_object(hit))
        return
    text = " ".join(highlighted(one.text, hit.marks, colour=can_colour()).split())
    where = f"《{harmless(one.thread_title)}》"
    click.echo(
        f"{local_time(one.at)}  {one.forum} {one.post_id}  {harmless(one.author.name)}  {where}  {text}"
    )


def as_object(hit: Hit) -> dict[str, Any]:
    one = hit.reply
    return {
        "reply": one.reply_id,
        "forum": one.forum,
        "post_id": one.post_id,
        "thread_id": one.thread_id,
        "thread_title": one.thread_title,
        "board_id": one.board_id,
        "author_id": one.author.id,
        "author": one.author.name,
        "posted_at": one.at.isoformat(),
        "text": one.text,
        "marks": hit.marks,
        "visibility": one.visibility.value,
        "flag": one.flag_id,
        "verdict": one.decided.kind.value if one.decided else None,
    }
