"""The head of every page: what modbot may do in each forum now."""

from __future__ import annotations

from dataclasses import replace

from moderation_room import Room
from store_desk import FORUM

from modbot.domain import Mode, Scope
from modbot.moderation import mode_banner
from modbot.store import brake, modes


def test_it_says_mode_and_brake_of_every_forum(room: Room) -> None:
    with room.store.read() as rx:
        [found] = mode_banner.read(rx, room.loaded())
    assert (found.forum, found.mode, found.by_night, found.boards) == (FORUM, Mode.SHADOW, None, {})
    assert not found.brake.pulled
    with room.store.write() as tx:
        brake.pull(tx, FORUM, "distinct_texts", at=room.now)
        [braked] = mode_banner.read(tx, room.loaded())
    assert (braked.brake.pulled, braked.brake.why, braked.brake.since) == (True, "distinct_texts", room.now)


def test_a_night_of_its_own_is_told(room: Room) -> None:
    room.told = '[policy.night]\nfrom = "23:00"\nuntil = "07:00"\nmode = "enforce"'
    with room.store.read() as rx:
        [found] = mode_banner.read(rx, room.loaded())
    assert (found.mode, found.by_night) == (Mode.SHADOW, Mode.ENFORCE)


def test_boards_under_another_mode_are_named_to_those_who_work_there(room: Room) -> None:
    with room.store.write() as tx:
        modes.follow(tx, FORUM, {modes.DEFAULT: "shadow", 2: "queue", 3: "shadow", 4: "enforce"}, at=room.now)
        [found] = mode_banner.read(tx, room.loaded())
        [narrow] = mode_banner.read(tx, room.loaded(), Scope({FORUM: frozenset({4})}))
        assert mode_banner.read(tx, room.loaded(), Scope({"elsewhere": None})) == []
    assert found.boards == {2: "queue", 4: "enforce"}
    assert narrow == replace(found, boards={4: "enforce"})
