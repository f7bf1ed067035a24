"""What the store tells of the authors of a batch, and at what price."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event
from store_desk import START, Desk

from modbot.domain import Author, Reply
from modbot.store import authors, inbox

BUSY = 3


def by(author: int, post: int, *, minutes: float = 0, thread: int | None = 1, **fields: object) -> Reply:
    posts = fields.pop("posts", 5)
    return Reply(
        "city",
        post,
        f"text {post}",
        thread_id=thread,
        author=Author(id=author, name=f"member {author}", posts=posts),  # type: ignore[arg-type]
        posted_at=START + timedelta(minutes=minutes),
        **fields,  # type: ignore[arg-type]
    )


@pytest.fixture
def keep(desk: Desk):
    def keep(*kept: Reply) -> None:
        with desk.store.write() as tx:
            inbox.record(tx, kept, at=START)

    return keep


@pytest.fixture
def ask(desk: Desk):
    def ask(question, batch: list[Reply], **how: object):
        with desk.store.read() as rx:
            return question(rx, "city", batch, **how)

    return ask


def test_the_busy_have_their_steps_of_the_last_hour_in_order(keep, ask) -> None:
    keep(by(7, 1, minutes=-61), by(7, 2, minutes=-59, thread=2), by(7, 3, minutes=-5))
    keep(by(8, 4, minutes=-5), by(7, 5), by(8, 6))
    found = ask(authors.steps, [by(7, 5), by(8, 6)], at_least=BUSY)
    assert [(step.post_id, step.thread_id) for step in found[7]] == [(2, 2), (3, 1), (5, 1)]
    assert 8 not in found, "two replies are not busy"


def test_what_came_after_the_batch_is_not_its_past(keep, ask) -> None:
    keep(*(by(7, post, minutes=post) for post in range(10, 15)), by(7, 1), by(7, 2, minutes=-1))
    assert ask(authors.steps, [by(7, 1), by(7, 2, minutes=-1)], at_least=BUSY) == {}


def test_regions_are_counted_before_the_batch_where_the_page_shows_them(keep, ask) -> None:
    keep(*(by(7, n, minutes=-n, region="福建厦门") for n in range(1, 4)))
    keep(
        by(7, 9, minutes=-200_000, region="德国"), by(8, 10, minutes=-1, region="四川"), by(7, 11, minutes=-1)
    )
    batch = [by(7, 20, region="德国"), by(8, 21)]
    assert ask(authors.regions, batch) == {7: {"福建厦门": 3}}
    assert ask(authors.regions, [by(8, 21)]) == {}


def test_a_stranger_is_one_whose_posts_no_page_counts_and_whom_nobody_saw(keep, ask) -> None:
    keep(by(7, 1, minutes=-5, posts=None))
    batch = [by(7, 2, posts=None), by(8, 3, posts=None), by(9, 4)]
    keep(*batch)
    assert ask(authors.strangers, batch) == {8}
    assert ask(authors.strangers, [by(9, 4)]) == frozenset()


def test_a_reply_without_author_or_time_has_no_past(keep, ask) -> None:
    batch = [Reply("city", 1, "a", author=Author(id=7)), Reply("city", 3, "a", region="德国")]
    keep(*batch)
    assert ask(authors.steps, batch, at_least=1) == {}
    assert ask(authors.regions, batch) == {}
    assert ask(authors.strangers, batch) == frozenset()


def test_another_forum_is_another_world(keep, ask) -> None:
    keep(*(Reply("town", n, "a", author=Author(id=7), posted_at=START) for n in range(5)), by(7, 9))
    assert ask(authors.steps, [by(7, 9)], at_least=BUSY) == {}


def test_the_steps_of_quiet_members_cost_one_query_that_an_index_answers(desk: Desk) -> None:
    batch = [by(author, author) for author in range(1, 257)]
    with desk.store.write() as tx:
        inbox.record(tx, batch, at=START)
    asked: list[tuple[str, object]] = []
    with desk.store.read() as rx:
        event.listen(rx, "before_cursor_execute", lambda *facts: asked.append((facts[2], facts[3])))
        authors.steps(rx, "city", batch, at_least=BUSY)
        assert len(asked) == 1
        statement, values = asked[0]
        plan = rx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()  # type: ignore[arg-type]
    assert any("USING COVERING INDEX ix_replies_author" in str(step) for step in plan)
