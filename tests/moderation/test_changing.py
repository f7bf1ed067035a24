"""Settings that are changed while modbot runs."""

from __future__ import annotations

import pytest
from moderation_room import Room

from modbot import settings
from modbot.errors import Conflict, SettingsError, UsageError
from modbot.moderation import changing
from modbot.settings import Loaded
from modbot.store import overlay


def change(room: Room, seen: int | None = None, **wishes: object) -> list[int]:
    by_key = {key.replace("__", "."): value for key, value in wishes.items()}
    return changing.change(
        room.store, room.loaded(), by_key, who="ann", now=room.now, check=lambda _loaded: None, seen=seen
    )


def revert(room: Room, change_id: int) -> None:
    changing.revert(room.store, room.loaded(), change_id, who="bob", now=room.now, check=lambda _loaded: None)


def present(room: Room) -> Loaded:
    with room.store.read() as rx:
        return settings.usable_over(room.loaded(), overlay.in_force(rx))


def test_what_was_typed_is_kept_as_what_it_means(room: Room) -> None:
    change(room, policy__spam__queue="0.8", policy__exempt_groups="1, 2", actions__notify_restores="false")
    with room.store.read() as rx:
        kept = overlay.in_force(rx)
        former = {one.key: one.former for one in overlay.listing(rx)}
    assert kept == {
        "policy.spam.queue": 0.8,
        "policy.exempt_groups": [1, 2],
        "actions.notify_restores": False,
    }
    assert former["policy.spam.queue"] == "model"


def test_a_wrong_value_changes_nothing(room: Room) -> None:
    with pytest.raises(SettingsError):
        change(room, policy__mode="queue", policy__spam__queue="often")
    assert present(room).overlay == {}


def test_what_the_parts_refuse_changes_nothing(room: Room) -> None:
    def refuse(loaded: Loaded) -> None:
        raise SettingsError(code="error.settings.invalid", key=str(loaded.settings.policy.mode))

    with pytest.raises(SettingsError) as caught:
        changing.change(
            room.store, room.loaded(), {"policy.mode": "queue"}, who="ann", now=room.now, check=refuse
        )
    assert caught.value.params["key"] == "queue", "it is shown what would come into force"
    assert present(room).overlay == {}


def test_the_values_that_hold_already_are_no_change(room: Room) -> None:
    for wishes in ({"policy__mode": "shadow"}, {"policy__mode": None}):
        with pytest.raises(UsageError):
            change(room, **wishes)


def test_taking_back_brings_what_was_there_before(room: Room) -> None:
    [first] = change(room, policy__mode="queue")
    [second] = change(room, policy__mode="enforce")
    revert(room, second)
    assert present(room).settings.policy.mode == "queue"
    with pytest.raises(Conflict):
        revert(room, first)
    with room.store.read() as rx:
        last = overlay.listing(rx, limit=1)[0]
    assert (last.reverts, last.former, last.who) == (second, "enforce", "bob")
    revert(room, last.id)
    assert present(room).settings.policy.mode == "enforce", "taking back is a change like any other"


def test_the_first_change_taken_back_leaves_it_to_the_files(room: Room) -> None:
    [first] = change(room, policy__mode="queue")
    revert(room, first)
    assert present(room).overlay == {}


def test_who_saw_an_older_state_is_told_who_was_first(room: Room) -> None:
    change(room, seen=0, policy__mode="queue")
    with pytest.raises(Conflict) as caught:
        change(room, seen=0, policy__mode="enforce")
    assert caught.value.params["who"] == "ann"


def test_an_old_change_that_cannot_be_used_any_more_hinders_no_other(room: Room) -> None:
    with room.store.write() as tx:
        overlay.change(tx, {"policy.gone": overlay.Wish(1, None)}, who="ann", at=room.now)
    change(room, policy__mode="queue")
    assert present(room).settings.policy.mode == "queue"
    assert set(present(room).left_out) == {"policy.gone"}
    change(room, policy__gone=None)
    assert not present(room).left_out
