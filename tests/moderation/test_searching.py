"""A moderator's words find what was disguised, and are marked where the author wrote them."""

from __future__ import annotations

import pytest
from moderation_room import Room
from store_desk import reply

from modbot.detection.canonical import canonicalise
from modbot.errors import UsageError
from modbot.moderation import searching
from modbot.store import search_index


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("有事加微信聊", "微信", ["微信"]),
        ("有事加薇·伩聊", "微信", ["薇·伩"]),
        ("有事加微\u200b信聊", "薇信", ["微\u200b信"]),
        ("ＱＱ １２３ 来", "qq123", ["ＱＱ １２３"]),
        ("包頭的天氣", "包头", ["包頭"]),
        ("包头来的，还回包头", "包头", ["包头", "包头"]),
        ("先说包头再说微信", "微信 包头", ["包头", "微信"]),
    ],
)
def test_the_plain_word_finds_it(room: Room, text: str, words: str, marked: list[str], indexed: bool) -> None:
    [canonical] = canonicalise([text])
    room.flag(reply(1, text), canonical=canonical)
    if indexed:
        with room.store.write() as tx:
            search_index.advance(tx)
    with room.store.read() as rx:
        [hit] = searching.find(rx, words).hits
    assert [text[start:end] for start, end in hit.marks] == marked


def test_a_reply_must_say_every_word(room: Room) -> None:
    room.flag(reply(1, "只说微信"), canonical="只说微信")
    with room.store.read() as rx:
        assert searching.find(rx, "微信 包头").hits == ()


@pytest.mark.parametrize(
    ("words", "code"), [("！？ ❤", "error.search.nothing"), ("长" * 201, "error.search.too_long")]
)
def test_what_cannot_be_looked_for_is_refused_with_a_reason(room: Room, words: str, code: str) -> None:
    with room.store.read() as rx, pytest.raises(UsageError) as refused:
        searching.find(rx, words)
    assert refused.value.code == code
