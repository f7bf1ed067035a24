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
def past(desk: Desk):
    def read(kept: list[Reply], batch: list[Reply]) -> authors.Past:
        with desk.store.write() as tx:
            inbox.record(tx, [*kept, *batch], at=START)
        with desk.store.read() as rx:
            return authors.past(rx, "city", batch, at_least=BUSY)

    return read


def test_the_busy_have_their_steps_of_the_last_hour_in_order(past) -> None:
    kept = [
        by(7, 1, minutes=-61),
        by(7, 2, minutes=-59, thread=2),
        by(7, 3, minutes=-5),
        by(8, 4, minutes=-5),
    ]
    found = past(kept, [by(7, 5), by(8, 6)])
    assert [step.post_id for step in found.steps[7]] == [2, 3, 5]
    assert [step.thread_id for step in found.steps[7]] == [2, 1, 1]
    assert 8 not in found.steps, "two replies are not busy"


def test_what_came_after_the_batch_is_not_its_past(past) -> None:
    found = past([by(7, post, minutes=post) for post in range(10, 15)], [by(7, 1), by(7, 2, minutes=-1)])
    assert found.steps == {}


def test_regions_are_counted_before_the_batch_where_the_page_shows_them(past) -> None:
    kept = [by(7, n, minutes=-n, region="福建厦门") for n in range(1, 4)]
    kept += [by(7, 9, minutes=-200_000, region="德国"), by(8, 10, minutes=-1, region="四川")]
    found = past(kept, [by(7, 20, region="德国"), by(8, 21)])
    assert found.regions == {7: {"福建厦门": 3}}


def test_a_stranger_is_one_whose_posts_no_page_counts_and_whom_nobody_saw(past) -> None:
    kept = [by(7, 1, minutes=-5, posts=None)]
    found = past(kept, [by(7, 2, posts=None), by(8, 3, posts=None), by(9, 4)])
    assert found.strangers == {8}


def test_a_reply_without_author_or_time_has_no_past(past) -> None:
    assert past([], [Reply("city", 1, "a", author=Author(id=7)), by(8, 2)]).steps == {}
    assert past([], [Reply("city", 3, "a")]) == authors.Past()


def test_another_forum_is_another_world(desk: Desk) -> None:
    kept = [Reply("town", n, "a", author=Author(id=7), posted_at=START) for n in range(5)]
    with desk.store.write() as tx:
        inbox.record(tx, [*kept, by(7, 9)], at=START)
        assert authors.past(tx, "city", [by(7, 9)], at_least=BUSY).steps == {}


def test_a_batch_of_quiet_members_costs_one_query_that_an_index_answers(desk: Desk) -> None:
    batch = [by(author, author) for author in range(1, 257)]
    with desk.store.write() as tx:
        inbox.record(tx, batch, at=START)
    asked: list[tuple[str, object]] = []
    with desk.store.read() as rx:
        event.listen(rx, "before_cursor_execute", lambda *facts: asked.append((facts[2], facts[3])))
        authors.past(rx, "city", batch, at_least=BUSY)
        assert len(asked) == 1
        statement, values = asked[0]
        plan = rx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()  # type: ignore[arg-type]
    assert any("USING COVERING INDEX ix_replies_author" in str(step) for step in plan)
