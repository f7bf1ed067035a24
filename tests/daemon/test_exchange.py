"""What ``check`` reads: every field of a reply, and a clear word about a broken line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modbot.daemon.exchange import BrokenLine, Line, read_lines
from modbot.domain import ThreadKind


def read(*items: object) -> list[Line | BrokenLine]:
    return list(read_lines(json.dumps(item, ensure_ascii=False).encode() for item in items))


def test_every_field_of_a_reply_is_read():
    (line,) = read(
        {
            "id": "a1",
            "text": "下周还去",
            "title": "周末徒步",
            "opening": "报名从速",
            "quoted": "几点集合",
            "author": "山里人",
            "author_posts": 12,
            "author_registered": "2024-05-01",
            "posted_at": "2026-11-02T08:30:00+08:00",
            "board": 36,
            "board_kind": "chatter",
            "thread": "t-9",
            "thread_kind": "poll",
            "floor": 4,
            "region": "内蒙古",
            "links": ["https://example.com/a"],
            "images": 2,
            "is_thread_author": True,
        }
    )
    reply = line.reply
    assert (line.id, line.board_kind) == ("a1", ThreadKind.CHATTER)
    assert (reply.text, reply.thread_title, reply.opening, reply.quoted) == (
        "下周还去",
        "周末徒步",
        "报名从速",
        "几点集合",
    )
    assert (reply.author.name, reply.author.posts) == ("山里人", 12)
    assert reply.author.registered == datetime(2024, 5, 1, tzinfo=UTC)
    assert reply.posted_at == datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
    assert (reply.board_id, reply.thread_kind, reply.floor) == (36, ThreadKind.POLL, 4)
    assert (reply.region, reply.images, reply.is_thread_author) == ("内蒙古", 2, True)
    assert [link.url for link in reply.links] == ["https://example.com/a"]


def test_text_alone_is_enough_and_the_lines_number_is_its_id():
    first, second = read({"text": "好"}, {"text": "坏"})
    assert (first.id, second.id) == (1, 2)
    assert first.reply.author.id is None
    assert first.reply.posted_at is None


def test_the_same_name_is_the_same_author_and_the_same_thread():
    first, second, third = read(
        {"text": "一", "author": "甲", "thread": "x"},
        {"text": "二", "author": "甲", "thread": "x"},
        {"text": "三", "author": "乙", "thread": "y"},
    )
    assert first.reply.author.id == second.reply.author.id != third.reply.author.id
    assert first.reply.thread_id == second.reply.thread_id != third.reply.thread_id


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"{", "not JSON"),
        (b'"text"', "not an object"),
        (b"[1]", "not an object"),
        (b"{}", "no text"),
        (b'{"text": 5}', "no text"),
        (b'{"text": "a", "floor": "x"}', "floor"),
        (b'{"text": "a", "floor": -1}', "floor"),
        (b'{"text": "a", "posted_at": "yesterday"}', "posted_at"),
        (b'{"text": "a", "posted_at": 1e300}', "posted_at"),
        (b'{"text": "a", "board_kind": "zoo"}', "board_kind"),
        (b'{"text": "a", "links": "http://x"}', "links"),
        (b'{"text": "a", "title": ["x"]}', "title"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_line_is_told_by_number_and_the_others_are_answered(raw, told):
    good = json.dumps({"text": "好"}).encode()
    before, broken, after = read_lines([good, raw, good])
    assert isinstance(before, Line)
    assert isinstance(after, Line)
    assert isinstance(broken, BrokenLine)
    assert broken.number == 2
    assert told in broken.problem.message("en")
    assert broken.problem.message("zh") != broken.problem.message("en")


@pytest.mark.parametrize(
    "written", ["2022-9-5 14:15", "2022-9-5 14:15:00", "2022-09-05T14:15:00", "2022-09-05T14:15Z", 1662387300]
)
def test_times_are_read_in_the_forms_that_forums_print(written):
    (line,) = read({"text": "a", "posted_at": written})
    assert line.reply.posted_at == datetime(2022, 9, 5, 14, 15, tzinfo=UTC)


@given(st.lists(st.binary(max_size=60)))
def test_no_input_at_all_breaks_the_reader(lines):
    for item in read_lines(lines):
        assert isinstance(item, Line | BrokenLine)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
FIELDS = (
    "text",
    "title",
    "author",
    "author_posts",
    "posted_at",
    "board",
    "thread",
    "floor",
    "links",
    "images",
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_object_at_all_breaks_the_reader(item):
    (read_item,) = read_lines([json.dumps(item).encode()])
    assert isinstance(read_item, Line | BrokenLine)
