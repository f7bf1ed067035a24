"""Searching what replies say: it agrees with reading every text, whatever happened to them."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from store_desk import FORUM, START, Desk, decision, reply

import modbot.store
from modbot.domain import Author, DecisionKind, Label, Scope, Visibility
from modbot.store import author_data, retention, schema, search, search_index
from modbot.store.identities import Identity
from modbot.store.search import Wanted

ALLOW = decision(DecisionKind.ALLOW, None, Label.HAM, 0.1)


def said(desk: Desk, post: int, text: str, **fields: object) -> None:
    """A reply that was read and judged; its canonical text is its text."""
    [recorded] = desk.record(reply(post, text, **fields))
    desk.judge(recorded, ALLOW, canonical=text)


def index(desk: Desk, *, limit: int = 200) -> int:
    with desk.store.write() as tx:
        return search_index.advance(tx, limit=limit)


def found(desk: Desk, *terms: str, at_once: int = 2, **wanted: object) -> list[int]:
    """All posts that say it, page by page."""
    posts: list[int] = []
    after = None
    with desk.store.read() as rx:
        while True:
            page = search.find(rx, Wanted(terms, **wanted), after=after, limit=at_once)  # type: ignore[arg-type]
            posts += [hit.post_id for hit in page.hits]
            after = page.after
            if after is None:
                return posts


def bytes_of(desk: Desk) -> bytes:
    with desk.store.engine.connect() as raw:
        raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(desk.store.engine.url.database or "").read_bytes()


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize(
    ("terms", "posts"),
    [
        (("微信",), [4, 2, 1]),
        (("信",), [5, 4, 2, 1]),
        (("包头",), [3]),
        (("加微信卖",), [1]),
        (("微信", "包子"), [4]),
        (("hua66",), [2]),
        (("头包",), []),
        (("微包",), []),
    ],
)
def test_replies_are_found_by_what_they_say_the_latest_first(
    desk: Desk, terms: tuple[str, ...], posts: list[int], indexed: bool
) -> None:
    for post, text in enumerate(["加微信卖票", "微信douhua66", "包头的天气", "微信买包子", "来信"], start=1):
        said(desk, post, text)
    if indexed:
        assert index(desk) == 5
    assert found(desk, *terms) == posts


def test_what_is_not_indexed_yet_comes_before_what_is(desk: Desk) -> None:
    for post in range(1, 8):
        said(desk, post, f"包头{post}")
    index(desk, limit=4)
    assert found(desk, "包头") == [7, 6, 5, 4, 3, 2, 1]
    with desk.store.read() as rx:
        assert search_index.progress(rx) == search_index.Progress(upto=4, waiting=3, removed=0)


def test_only_the_present_text_counts_and_an_earlier_one_counts_again(desk: Desk) -> None:
    said(desk, 1, "加微信")
    said(desk, 1, "改好了")
    index(desk)
    assert (found(desk, "微信"), found(desk, "改好")) == ([], [1])
    desk.record(reply(1, "加微信"))
    assert (found(desk, "微信"), found(desk, "改好")) == ([1], [])


def test_filters_leave_out_the_others(desk: Desk) -> None:
    said(desk, 1, "微信一", board_id=2, posted_at=START - timedelta(days=3))
    said(desk, 2, "微信二", board_id=3)
    said(desk, 3, "微信三", board_id=3, hidden=True, author=Author(id=9, name="x"))
    desk.flag(reply(4, "微信四", board_id=4), canonical="微信四")
    for _ in (False, True):
        assert found(desk, "微信", board_id=3) == [3, 2]
        assert found(desk, "微信", forum="village") == []
        assert found(desk, "微信", author=Identity(FORUM, 9, "x", 1)) == [3]
        assert found(desk, "微信", author=Identity("village", 9, "x", 1)) == []
        assert found(desk, "微信", visibility=Visibility.HIDDEN) == [3]
        assert found(desk, "微信", flagged=True) == [4]
        assert found(desk, "微信", flagged=False) == [3, 2, 1]
        assert found(desk, "微信", until=START - timedelta(days=1)) == [1]
        assert found(desk, "微信", since=START - timedelta(days=1)) == [4, 3, 2]
        assert found(desk, "微信", within=Scope({FORUM: frozenset({2, 4})})) == [4, 1]
        assert found(desk, "微信", within=Scope({"village": None})) == []
        index(desk)


def test_a_page_reads_no_more_than_its_share_and_the_next_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FIRST_READ", 2)
    monkeypatch.setattr(search, "MOST_READ", 4)
    for post in range(1, 20):
        said(desk, post, "微信", board_id=2 if post == 3 else 5)
    index(desk)
    with desk.store.read() as rx:
        first = search.find(rx, Wanted(("微信",), board_id=2))
    assert (first.hits, first.after is None) == ((), False)
    assert found(desk, "微信", board_id=2) == [3]


def test_a_forgotten_author_is_found_no_more_and_lies_in_no_part_of_the_file(desk: Desk) -> None:
    said(desk, 1, "龘靐齉", author=Author(id=9, name="x"))
    for post in range(2, 9):
        said(desk, post, f"别的{post}")
    index(desk)
    kept = "龘靐".encode()[2:]  # the index writes what a token does not share with the one before
    assert kept in bytes_of(desk)
    with desk.store.write() as tx:
        who = Identity(FORUM, 9, "x", 1)
        author_data.forget_some(tx, who, keep_labels=False, by="ann", at=desk.now)
    assert found(desk, "龘靐") == []
    assert kept in bytes_of(desk), "FTS5 only marks what it is to delete"
    assert search_index.scrub(desk.store) == 1
    assert kept not in bytes_of(desk)
    assert found(desk, "别的") == [8, 7, 6, 5, 4, 3, 2]
    assert search_index.scrub(desk.store) == 0


def test_a_number_that_is_given_again_is_indexed_again(desk: Desk) -> None:
    said(desk, 1, "包头", author=Author(id=9, name="x"))
    index(desk)
    with desk.store.write() as tx:
        who = Identity(FORUM, 9, "x", 1)
        author_data.forget_some(tx, who, keep_labels=False, by="ann", at=desk.now)
    said(desk, 2, "微信")
    with desk.store.read() as rx:
        assert list(rx.scalars(select(schema.decisions.c.id))) == [1]
    assert index(desk) == 1
    assert (found(desk, "微信"), found(desk, "包头")) == ([2], [])


LETTERS = st.text(st.sampled_from("微信包头ab1"), min_size=1, max_size=6)


@lru_cache
def new_store() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "modbot.db"
        modbot.store.open(path).close()
        return path.read_bytes()


class Searching(RuleBasedStateMachine):
    """Random posting, editing, indexing, purging and forgetting beside a plain dictionary."""

    posts = Bundle("posts")

    @initialize()
    def open(self) -> None:
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "modbot.db"
        path.write_bytes(new_store())
        self.desk = Desk(modbot.store.open(path))
        self.texts: dict[int, str] = {}
        self.number = 0

    def teardown(self) -> None:
        self.desk.store.close()
        self.folder.cleanup()

    @rule(target=posts, text=LETTERS)
    def post(self, text: str) -> int:
        self.number += 1
        self._said(self.number, text)
        return self.number

    @rule(post=posts, text=LETTERS)
    def edit(self, post: int, text: str) -> None:
        self._said(post, text)

    @rule(limit=st.integers(1, 5))
    def index(self, limit: int) -> None:
        index(self.desk, limit=limit)

    @rule(post=posts)
    def purge(self, post: int) -> None:
        later = self.desk.now + timedelta(days=1)
        limits = retention.Limits(later, later, later)
        step = next(step for step in retention.STEPS if step.name == "texts")
        with self.desk.store.write() as tx:
            if step.forget(tx, limits, [(post,)]):
                self.texts.pop(post, None)

    @rule(post=posts)
    def forget(self, post: int) -> None:
        with self.desk.store.write() as tx:
            who = Identity(FORUM, 100 + post, f"member{post}", 1)
            author_data.forget_some(tx, who, keep_labels=False, by="ann", at=self.desk.now)
        self.texts.pop(post, None)

    @rule()
    def scrub(self) -> None:
        search_index.scrub(self.desk.store)

    @invariant()
    def finds_what_a_scan_finds(self) -> None:
        for term in ("微", "微信", "包头", "信包", "ab", "a1", "微信包", "1"):
            expected = {post for post, text in self.texts.items() if term in text}
            assert set(found(self.desk, term, at_once=50)) == expected, term

    def _said(self, post: int, text: str) -> None:
        said(self.desk, post, text)
        self.texts[post] = text


Searching.TestCase.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSearching = Searching.TestCase
