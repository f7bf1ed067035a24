"""A forum's boards are read when that is due, and no oftener; patterns by name then hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from executor_support import Bench
from structlog.testing import capture_logs

from modbot import settings
from modbot.daemon.boards import BoardNames, strange_boards
from modbot.errors import Retryable
from modbot.forums.protocol import Board
from modbot.store import boards

FORUM = '[forums.city]\nurl = "https://bbs.example.com/"\n'


class Rooms:
    """What a forum answers of its boards, with how often it was asked."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.shown = (Board(2, "城市"), Board(37, "老街茶馆", 12))
        self.asked = 0
        self.troubled = False
        bench.forum.boards = self.answer  # type: ignore[method-assign]

    def answer(self) -> tuple[Board, ...]:
        self.asked += 1
        if self.troubled:
            raise Retryable(forum="city", detail="no answer")
        return self.shown

    def kept(self) -> dict[int, str]:
        with self.bench.store.read() as rx:
            return boards.names(rx, "city")


@pytest.fixture
def rooms(bench: Bench) -> Rooms:
    return Rooms(bench)


@pytest.fixture
def names_of(bench: Bench, tmp_path: Path):
    def made(text: str = "") -> BoardNames:
        (tmp_path / "modbot.toml").write_text(FORUM + text, encoding="utf-8")
        found = settings.load(tmp_path / "modbot.toml", environ={}).settings
        return BoardNames(forum=bench.forum, store=bench.store, settings=found, clock=bench.clock)

    return made


def test_boards_are_read_once_a_day_also_across_restarts(rooms: Rooms, names_of) -> None:
    names = names_of()
    for _ in range(3):
        names.keep_known()
    assert (rooms.asked, rooms.kept()) == (1, {2: "城市", 37: "老街茶馆"})
    names_of().keep_known()
    assert rooms.asked == 1, "a restart is no reason to ask"
    rooms.shown = (Board(2, "城市广场"),)
    rooms.bench.later(hours=23)
    names.keep_known()
    assert rooms.asked == 1
    rooms.bench.later(hours=2)
    names.keep_known()
    assert (rooms.asked, rooms.kept()) == (2, {2: "城市广场", 37: "老街茶馆"})


def test_a_forum_that_does_not_answer_is_asked_again_later(rooms: Rooms, names_of) -> None:
    rooms.troubled, names = True, names_of()
    with capture_logs() as told:
        names.keep_known()
        names.keep_known()
    assert (rooms.asked, rooms.kept()) == (1, {})
    assert [line["event"] for line in told] == ["boards_unread"]
    rooms.troubled = False
    rooms.bench.later(minutes=16)
    names.keep_known()
    assert rooms.kept() == {2: "城市", 37: "老街茶馆"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[boards]]\nid = [2, 73]\nkind = "trade"', [(73, "37 (老街茶馆)")]),
        ('[[boards]]\nid = 2\nkind = "trade"', []),
        ('[[boards]]\nid = 900\nkind = "trade"', [(900, "2 (城市), 37 (老街茶馆)")]),
        ('[[boards]]\nname = "二手"\nkind = "trade"', []),
        ('[forums.city.boards.377]\nkind = "trade"', [(377, "37 (老街茶馆)")]),
        (
            '[forums.town]\nurl = "https://t.example.com/"\n[[boards]]\nforum = "town"\nid = 9\nkind = "ads"',
            [],
        ),
        ('[forums.town]\nurl = "https://t.example.com/"\n[[boards]]\nid = 9\nkind = "ads"', []),
    ],
)
def test_an_id_that_the_forum_does_not_show_is_told_with_the_nearest(rooms, names_of, text, told) -> None:
    with capture_logs() as lines:
        names_of(text).keep_known()
    found = [(line["board"], line["nearest"]) for line in lines if line["event"] == "unknown_board"]
    assert found == told


def test_before_the_boards_are_known_no_id_is_strange(tmp_path: Path) -> None:
    (tmp_path / "modbot.toml").write_text(FORUM + '[[boards]]\nid = 9\nkind = "ads"', encoding="utf-8")
    found = settings.load(tmp_path / "modbot.toml", environ={}).settings
    assert list(strange_boards(found, "city", {})) == []


def test_a_day_is_counted_from_the_last_reading(rooms: Rooms, names_of) -> None:
    names_of().keep_known()
    with rooms.bench.store.read() as rx:
        assert boards.last_seen(rx, "city") == rooms.bench.now
        assert boards.last_seen(rx, "town") is None
    rooms.bench.later(days=1)
    names_of().keep_known()
    assert rooms.asked == 2


def test_a_verdict_knows_beforehand_whether_a_board_has_a_recycle_bin(rooms: Rooms, names_of) -> None:
    rooms.bench.forum.kept.bins[37] = False
    names_of().keep_known()
    with rooms.bench.store.read() as rx:
        assert [boards.recycles(rx, "city", board) for board in (2, 37, 404)] == [True, False, None]
