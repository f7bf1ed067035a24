"""What the queue costs: statements that do not grow with its cards, a page that a phone loads."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from console_desk import ConsoleDesk, Person
from moderation_room import newcomer
from queue_support import articles, given, queued, seen, send
from sqlalchemy import event
from store_desk import reply

from modbot.store import notes

HEAVIEST = 150 * 1024
"""Bytes that a page of 50 cards may weigh on its way."""


@contextmanager
def statements(desk: ConsoleDesk) -> Iterator[list[str]]:
    """What the store is asked or told while inside."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if re.match(r"\s*(select|with|insert|update|delete)", statement, re.IGNORECASE):
            asked.append(statement)

    event.listen(desk.store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(desk.store.engine, "before_cursor_execute", note)


def fill(desk: ConsoleDesk, first: int, number: int) -> None:
    """Cards of each kind, with all that a card can show: ``number`` of each."""
    for at in range(first, first + number):
        base = 1_000 * at
        desk.record(reply(base + 1, f"楼里前面的话{at}", thread_id=base, author=newcomer(base)))
        for post in range(base + 2, base + 6):
            text = f"同一句话，换了一个说法{post % 3}"
            desk.member(post, author=newcomer(post), campaign=f"c{at:016x}", text=text, thread_id=base)
        for post in range(base + 10, base + 13):
            queued(desk, post, author=newcomer(base + 10), text=f"灌水的话{post}", thread_id=base)
        flag = queued(desk, base + 20, text=f"单独一句话{at}" * 20, quoted="引用的话", opening="主楼说的话")
        desk.give(desk.flag(reply(base + 30, author=newcomer(base + 20))), who="cleo")
        with desk.store.write() as tx:
            notes.add(tx, flag, f"备注{at}", who="ben", at=desk.now)


@pytest.mark.parametrize("address", ["/queue?per=50", "/queue/cards?per=50", "/api/queue?per=50", "/history"])
def test_fifty_cards_are_read_in_as_many_statements_as_three(desk: ConsoleDesk, address: str) -> None:
    fill(desk, 1, 1)
    ann = desk.person()
    given(desk, ann, desk.member(5, author=newcomer(5), campaign="c5"))
    assert ann.get(address).status_code == 200
    with statements(desk) as few:
        ann.get(address)
    fill(desk, 2, 17)
    given(desk, ann, *(desk.member(post, author=newcomer(post), campaign="c6") for post in range(6, 10)))
    with statements(desk) as many:
        ann.get(address)
    assert len(many) == len(few), set(many) ^ set(few)


def watching(ann: Person, desk: ConsoleDesk, flags: list[int]) -> Callable[[], object]:
    told = [f"{flag}:1" for flag in flags]
    return lambda: ann.get("/api/watch", params={"flag": told})


def skipping(ann: Person, desk: ConsoleDesk, flags: list[int]) -> Callable[[], object]:
    return lambda: send(ann, "/api/skips", {"flags": flags})


@pytest.mark.parametrize("doing", [watching, skipping])
def test_what_is_asked_of_many_flags_is_asked_at_once(
    desk: ConsoleDesk, doing: Callable[[Person, ConsoleDesk, list[int]], Callable[[], object]]
) -> None:
    flags = [queued(desk, post) for post in range(1, 31)]
    ann = desk.person()
    with statements(desk) as few:
        doing(ann, desk, flags[:1])()
    with statements(desk) as many:
        doing(ann, desk, flags[1:])()
    assert len(many) == len(few)


def test_fifty_cards_travel_light(desk: ConsoleDesk) -> None:
    fill(desk, 1, 17)
    answer = desk.person().get("/queue?per=50")
    assert len(articles(answer.text)) == 50
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.compress(answer.content, compresslevel=1)) < HEAVIEST / 2
    assert len(answer.content) < 3 * HEAVIEST, "unpacked, a phone must still lay it out"


def test_what_is_told_as_it_happens_is_not_held_back_to_be_compressed(desk: ConsoleDesk) -> None:
    with desk.person().http.stream("GET", "/live") as answer:
        assert "content-encoding" not in answer.headers


def test_a_decision_reads_no_more_of_a_fuller_queue(desk: ConsoleDesk) -> None:
    first = queued(desk, 1)
    ann = desk.person()
    body = {"flags": seen(desk, first), "kind": "dismiss"}
    with statements(desk) as few:
        send(ann, "/api/decisions", body)
    fill(desk, 2, 5)
    second = queued(desk, 3)
    body = {"flags": seen(desk, second), "kind": "dismiss"}
    with statements(desk) as many:
        send(ann, "/api/decisions", body)
    assert len(many) == len(few)
