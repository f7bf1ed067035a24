"""A whole day with three answers in ten bad: nothing is lost, doubled, wrong or without end.

``MODBOT_CHAOS_SEEDS=N`` lives N days instead of one. Each prints what was played.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bad_day import MIDNIGHT, BadDay
from sqlalchemy import Connection, Row, func, select

from modbot.demo.state import Fate, Post, PostState
from modbot.domain import OutboxState
from modbot.store.breakers import BreakerState
from modbot.store.schema import decisions, outbox, replies, requests, revisions

SEEDS = range(1, 1 + int(os.environ.get("MODBOT_CHAOS_SEEDS", "1")))
BUDGET = 5000
MOST_REQUESTS_A_POLL = 200
OPEN = {OutboxState.QUEUED, OutboxState.CLAIMED, OutboxState.UNKNOWN}


@dataclass(frozen=True)
class Evening:
    """What the store knows when the day is over. ``judged`` counts the judgements of each
    revision (row id) outside a campaign's steps."""

    known: dict[int, Row[Any]]
    judged: dict[int, int]
    actions: list[tuple[int, str]]
    spent: list[int]


def lived(seed: int, folder: Path) -> tuple[BadDay, Evening]:
    with BadDay(seed, folder).opened() as day:
        day.run()
        with day.store.read() as rx:
            return day, evening(rx)


def evening(rx: Connection) -> Evening:
    current = replies.join(revisions, revisions.c.id == replies.c.revision_id)
    known = select(replies.c.post_id, replies.c.decision_id, replies.c.parked, revisions.c.text)
    alone = select(decisions.c.revision_id, func.count()).where(decisions.c.campaign.is_(None))
    actions = select(replies.c.post_id, outbox.c.state).join(replies, replies.c.id == outbox.c.reply_id)
    return Evening(
        known={row.post_id: row for row in rx.execute(known.select_from(current))},
        judged={row.revision_id: row[1] for row in rx.execute(alone.group_by(decisions.c.revision_id))},
        actions=[(post, state) for post, state in rx.execute(actions)],
        spent=list(rx.scalars(select(requests.c.made))),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bad_day_loses_and_doubles_nothing(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, end = lived(seed, tmp_path)
    with capsys.disabled():
        print(f"\n{told(day, end)}")  # noqa: T201 - what was played belongs to the result
    every_reply_is_stored_and_judged_once(day, end)
    every_action_is_settled(end)
    what_should_be_hidden_is_and_nothing_else(day)
    nothing_is_hidden_twice(day)
    the_forum_was_asked_within_bounds(day, end)


def every_reply_is_stored_and_judged_once(day: BadDay, end: Evening) -> None:
    assert [post.id for post in posts_to_be_known(day) if post.id not in end.known] == []
    assert [row.post_id for row in end.known.values() if row.decision_id is None or row.parked] == []
    assert [row.text for row in end.known.values() if row.text not in texts_of(day, row.post_id)] == []
    assert [revision for revision, count in end.judged.items() if count > 1] == []


def posts_to_be_known(day: BadDay) -> list[Post]:
    first = MIDNIGHT - timedelta(days=30)
    shown = {PostState.VISIBLE, PostState.PENDING}
    return [post for post in day.community.posts.values() if post.state in shown and post.posted_at >= first]


def texts_of(day: BadDay, post_id: int) -> set[str]:
    """Whatever a post said at any time of the day: an edit appends a line."""
    lines = day.community.posts[post_id].text.split("\n")
    return {"\n".join(lines[:count]) for count in range(1, len(lines) + 1)}


def every_action_is_settled(end: Evening) -> None:
    assert end.actions
    assert [action for action in end.actions if action[1] in OPEN] == []


def what_should_be_hidden_is_and_nothing_else(day: BadDay) -> None:
    visible = [post for post in day.community.posts.values() if post.state is PostState.VISIBLE]
    campaign = sorted((post for post in visible if post.fate is Fate.CAMPAIGN), key=lambda post: post.id)
    spam = [post for post in visible if post.fate is Fate.SPAM]
    assert spam
    assert [post.id for post in spam if not post.hidden] == []
    assert [post.hidden for post in campaign[1:]] == [True] * (len(campaign) - 1)
    assert [post.id for post in visible if post.hidden and post not in (*spam, *campaign)] == []


def nothing_is_hidden_twice(day: BadDay) -> None:
    assert set(day.community.hides.values()) == {1}
    assert day.community.idle_hides.total() == 0
    assert day.community.unhides.total() == 0


def the_forum_was_asked_within_bounds(day: BadDay, end: Evening) -> None:
    """No loop, within the budget, and never so that only a human could let it go on."""
    assert max(end.spent) <= BUDGET
    assert day.layer.requests <= BUDGET
    assert max(day.timetable.requests_per_poll) <= MOST_REQUESTS_A_POLL
    assert BreakerState.STOPPED not in day.states
    assert day.layer.played.total() >= 0.25 * day.layer.requests


def told(day: BadDay, end: Evening) -> str:
    ends = dict(Counter(state for _, state in end.actions))
    polls = day.timetable.requests_per_poll
    played = ", ".join(f"{kind} {count}" for kind, count in sorted(day.layer.played.items()))
    stirred = ", ".join(f"{kind} {count}" for kind, count in sorted(day.unrest.done.items()))
    return (
        f"seed {day.seed} ({day.polling}, {day.charset}): {day.layer.requests} requests,"
        f" {day.layer.played.total()} bad; {len(polls)} polls, {max(polls)} requests at most;"
        f" actions {ends}\n  on the wire: {played}\n  among people: {stirred}"
    )
