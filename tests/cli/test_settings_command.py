"""``settings``: a terminal sees what the console changed, works under it, and takes it back."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modbot.store import engine, overlay
from modbot.store.overlay import Wish

FORUM = "[forums.city]\nurl = 'https://bbs.example.com/'\nusername = 'modbot'\n"


@pytest.fixture
def changed(shell):
    """Three changes of an admin's."""
    (shell.folder / "modbot.toml").write_text(FORUM + "[queue]\nper_day = 20\n", "utf-8")
    wishes = {
        "policy.mode": Wish("queue", "shadow"),
        "queue.per_day": Wish(12, 20),
        "policy.gone": Wish(1, None),
    }
    with closing(engine.open(Path(shell.folder) / "var" / "modbot.db")) as store, store.write() as tx:
        overlay.change(tx, wishes, who="eve", at=datetime.now(UTC))
    return shell


def test_what_is_in_force_is_listed_with_where_it_comes_from(changed):
    found = {one["key"]: one for one in changed.objects("settings", "list", "--json")}
    assert (found["policy.mode"]["value"], found["policy.mode"]["source"]) == ("queue", "console")
    assert found["queue.share"]["source"].endswith("settings.toml")
    told = changed("settings", "list", "queue", "--lang", "en")
    assert "queue.per_day = 12  (console)" in told.stdout
    assert "policy.mode" not in told.stdout
    assert "no setting" not in told.stdout
    assert "policy.gone" in told.stderr, "what cannot be used any more is told, and hinders nothing"


def test_changes_are_listed_and_taken_back(changed):
    listed = changed.objects("settings", "changes", "--json")
    assert [(one["id"], one["key"], one["who"]) for one in listed] == [
        (3, "policy.gone", "eve"),
        (2, "queue.per_day", "eve"),
        (1, "policy.mode", "eve"),
    ]
    assert len(changed.objects("settings", "changes", "--limit", "1", "--json")) == 1
    assert "queue.per_day: 20 -> 12" in changed("settings", "changes", "--lang", "en").stdout
    (done,) = changed.objects("settings", "revert", "2", "--who", "ann", "--json")
    assert done == {"change": 4, "key": "queue.per_day", "value": None}
    told = changed("settings", "list", "queue.per_day").stdout
    assert told.startswith("queue.per_day = 20")
    late = changed("settings", "revert", "2", "--lang", "en")
    assert (late.returncode, "ann" in late.stderr) == (1, True)
    assert changed("settings", "revert", "99").returncode == 1


def test_without_any_change_that_is_said(shell):
    assert "Nothing was changed" in shell("settings", "changes", "--lang", "en").stdout


def test_a_command_that_needs_no_database_does_its_work_beside_a_broken_one(shell):
    (shell.folder / "modbot.toml").write_text(FORUM, "utf-8")
    (shell.folder / "var").mkdir(exist_ok=True)
    (shell.folder / "var" / "modbot.db").write_bytes(b"this is no database, nor will it ever be one" * 99)
    done = shell("check", "加微信领红包", "--lang", "en")
    assert done.returncode == 0
    assert "modbot.db" in done.stderr
