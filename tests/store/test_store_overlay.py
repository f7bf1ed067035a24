"""Changes of settings as the store keeps them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from store_desk import Desk

import modbot.store
from modbot.errors import Conflict, StoreError
from modbot.store import audit, overlay
from modbot.store.overlay import Wish


def changed(desk: Desk, key: str, value: object, **more: object) -> int:
    with desk.store.write() as tx:
        [made] = overlay.change(tx, {key: Wish(value, None)}, who="ann", at=desk.now, **more)  # type: ignore[arg-type]
    return made


def in_force(desk: Desk) -> dict[str, object]:
    with desk.store.read() as rx:
        return overlay.in_force(rx)


def test_the_latest_change_of_a_key_holds_and_none_leaves_it_to_the_files(desk: Desk) -> None:
    changed(desk, "policy.mode", "queue")
    changed(desk, "queue.per_day", 0)
    changed(desk, "policy.mode", "enforce")
    assert in_force(desk) == {"policy.mode": "enforce", "queue.per_day": 0}
    changed(desk, "policy.mode", None)
    assert in_force(desk) == {"queue.per_day": 0}


@pytest.mark.parametrize("value", [False, 0, 0.5, "", "never", [], [1, 2], "从"])
def test_any_value_comes_back_as_it_was(desk: Desk, value: object) -> None:
    changed(desk, "some.key", value)
    assert in_force(desk) == {"some.key": value}


def test_who_changes_what_somebody_else_just_changed_is_told(desk: Desk) -> None:
    first = changed(desk, "policy.mode", "queue", seen=0)
    changed(desk, "queue.per_day", 5, seen=first)
    with pytest.raises(Conflict) as caught:
        changed(desk, "policy.mode", "enforce", seen=first)
    assert (caught.value.params["key"], caught.value.params["who"]) == ("queue.per_day", "ann")
    assert in_force(desk)["policy.mode"] == "queue"


def test_a_change_is_in_the_audit_with_both_values(desk: Desk) -> None:
    with desk.store.write() as tx:
        overlay.change(tx, {"policy.mode": Wish("queue", "shadow")}, who="ann", at=desk.now)
    with desk.store.read() as rx:
        [entry] = audit.listing(rx)
    assert (entry.who, entry.what) == ("ann", "setting.changed")
    assert (entry.details or {})["former"] == "shadow"


def test_only_the_last_change_of_a_key_can_be_taken_back(desk: Desk) -> None:
    first = changed(desk, "policy.mode", "queue")
    second = changed(desk, "policy.mode", "enforce")
    changed(desk, "queue.per_day", 5)
    with desk.store.read() as rx:
        assert overlay.before(rx, second) == "queue"
        with pytest.raises(Conflict):
            overlay.before(rx, first)
        with pytest.raises(StoreError):
            overlay.before(rx, 99)


def test_a_look_from_outside_makes_and_migrates_nothing(desk: Desk, tmp_path: Path) -> None:
    changed(desk, "policy.mode", "queue")
    assert overlay.peek(desk.store.engine.url.render_as_string()) == {"policy.mode": "queue"}
    nowhere = tmp_path / "nowhere.db"
    assert overlay.peek(f"sqlite:///{nowhere}") == {}
    assert not nowhere.exists()
    older = tmp_path / "older.db"
    with closing(modbot.store.open(older)) as store, store.write() as tx:
        tx.execute(text("DROP TABLE settings_changes"))
    assert overlay.peek(f"sqlite:///{older}") == {}


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database at all, and longer than a header is" * 50)
    with pytest.raises(StoreError) as caught:
        overlay.peek(f"sqlite:///{tmp_path / 'broken.db'}")
    assert "broken.db" in str(caught.value)
