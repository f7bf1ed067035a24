"""Putting backups back: wholly or not at all, and never under a working daemon."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from installation import NOW, Installation, installed
from store_desk import Desk, decision, reply

import modbot.store
from modbot.daemon import lock, upkeep
from modbot.domain import ActionOutcome, FlagState, OutboxState, VerdictKind
from modbot.errors import BackupError, StoreError
from modbot.store import audit, brake, leases, outbox, schema, swap

HERE = Path(__file__).parent
AFTER = "20260301T120000Z"


def restore(here: Installation, file: Path, **how: object) -> upkeep.Plan:
    with upkeep.prepared(here.loaded, file, now=NOW, who="ann", **how) as plan:
        plan.carry_out()
    return plan


@pytest.fixture
def backup(here: Installation) -> Path:
    """A backup of the installation as it was, which has gone on since."""
    made = upkeep.create(here.loaded, here.folder / "old.tar.gz", now=NOW)
    here.write("new")
    return made.path


def test_a_restore_brings_back_database_model_and_settings_together(here: Installation, backup: Path) -> None:
    assert here.marks() == ("new", "new", "new")
    restore(here, backup)
    assert here.marks() == ("old", "old", "old")


def test_what_was_there_is_set_aside_whole_and_told(here: Installation, backup: Path) -> None:
    aside = restore(here, backup).as_object()["set_aside"]
    assert {Path(path).name: Path(kept).name for path, kept in aside.items()} == {
        "modbot.toml": f"modbot.toml.before-restore-{AFTER}",
        "current": f".current.before-restore-{AFTER}",
        "modbot.db": f"modbot.db.before-restore-{AFTER}",
    }
    for path, kept in aside.items():
        Path(kept).replace(path)
    assert here.marks() == ("new", "new", "new")


def test_the_write_ahead_log_of_the_present_database_goes_aside_with_it(
    here: Installation, backup: Path
) -> None:
    """A log of another database beside the restored one would be played into it."""
    with sqlite3.connect(here.database, isolation_level=None) as raw:
        raw.execute("UPDATE cursors SET cursor = 'in the log only'")
        restore(here, backup)
    raw.close()
    assert here.marks()[2] == "old"
    kept = here.database.with_name(f"modbot.db.before-restore-{AFTER}")
    with closing(sqlite3.connect(kept)) as raw:
        assert raw.execute("SELECT cursor FROM cursors").fetchall() == [("in the log only",)]


def test_model_versions_that_the_backup_does_not_know_stay(here: Installation, backup: Path) -> None:
    restore(here, backup)
    assert sorted(path.name for path in here.models.iterdir() if path.is_dir()) == ["v-new", "v-old"]


def test_a_model_version_that_was_spoilt_since_is_put_back(here: Installation, backup: Path) -> None:
    (here.models / "v-old" / "weights.npy").write_bytes(b"spoilt")
    restore(here, backup)
    assert (here.models / "v-old" / "weights.npy").stat().st_size > 1000
    aside = here.models / f".v-old.before-restore-{AFTER}"
    assert (aside / "weights.npy").read_bytes() == b"spoilt"


def test_the_pointer_goes_when_the_backup_used_the_shipped_model(here: Installation) -> None:
    (here.models / "current").unlink()
    made = upkeep.create(here.loaded, here.folder / "old.tar.gz", now=NOW)
    here.write("new")
    restore(here, made.path)
    assert not (here.models / "current").exists()


def test_the_present_settings_can_be_kept(here: Installation, backup: Path) -> None:
    restore(here, backup, keep_settings=True)
    assert here.marks() == ("new", "old", "old")


def test_files_go_where_the_restored_settings_say(here: Installation, tmp_path: Path) -> None:
    here.toml.write_text(here.toml.read_text("utf-8") + "[store]\nurl = 'sqlite:///elsewhere/bot.db'\n")
    (here.folder / "elsewhere").mkdir()
    here.database.rename(here.folder / "elsewhere" / "bot.db")
    made = upkeep.create(here.loaded, tmp_path / "moved.tar.gz", now=NOW)
    there = installed(tmp_path / "there", "new")
    plan = restore(there, made.path)
    assert plan.database == there.folder / "elsewhere" / "bot.db"
    assert plan.database.is_file()
    assert there.marks()[2] == "new"  # the database that nobody uses any more was not touched


def test_a_new_machine_needs_nothing_but_the_backup(here: Installation, backup: Path, tmp_path: Path) -> None:
    there = Installation(tmp_path / "there")
    there.folder.mkdir()
    there.toml.write_text("", "utf-8")
    restore(there, backup)
    assert there.marks() == ("old", "old", "old")
    assert there.replies() == 3


def test_nothing_is_changed_while_a_daemon_works(here: Installation, backup: Path) -> None:
    before = here.files()
    with lock.owning(here.loaded.state_dir):
        during = here.files()
        with pytest.raises(lock.AlreadyRunning):
            restore(here, backup)
        assert here.files() == during
    assert here.marks() == ("new", "new", "new")
    assert here.files() - before == {"var/modbot.lock"}


@pytest.mark.parametrize(
    ("host", "minutes", "refused"), [("far", 1, True), ("far", -1, False), ("", 1, False)]
)
def test_a_daemon_on_another_machine_is_known_by_its_lease(
    here: Installation, backup: Path, host: str, minutes: int, refused: bool
) -> None:
    """One on this machine that holds no lock is dead, whatever its lease says."""
    until = NOW + timedelta(minutes=minutes)
    with closing(modbot.store.open(here.database)) as store, store.write() as tx:
        leases.take(tx, leases.Lease("token", host or socket.gethostname(), 1, NOW, until))
    if not refused:
        restore(here, backup)
        return
    with pytest.raises(lock.AlreadyRunning) as caught:
        restore(here, backup)
    assert "far" in str(caught.value)
    assert here.marks() == ("new", "new", "new")


def test_no_daemon_can_start_while_a_restore_is_prepared(here: Installation, backup: Path) -> None:
    with (
        upkeep.prepared(here.loaded, backup, now=NOW, who="ann"),
        pytest.raises(lock.AlreadyRunning),
        lock.owning(here.loaded.state_dir),
    ):
        pass
    with lock.owning(here.loaded.state_dir):
        pass


def test_a_restore_that_is_only_prepared_leaves_nothing_behind(here: Installation, backup: Path) -> None:
    with lock.owning(here.loaded.state_dir):
        pass
    before = here.files()
    with upkeep.prepared(here.loaded, backup, now=NOW, who="ann") as plan:
        assert plan.contents.replies == 3
        assert len(plan.set_aside) == 3
    assert here.files() == before
    assert here.marks() == ("new", "new", "new")


def test_a_backup_that_is_not_whole_changes_nothing(here: Installation, backup: Path) -> None:
    with lock.owning(here.loaded.state_dir):
        pass
    backup.write_bytes(backup.read_bytes()[:-4000])
    before = here.files()
    with pytest.raises(BackupError):
        restore(here, backup)
    assert here.files() == before
    assert here.marks() == ("new", "new", "new")


def test_a_file_that_cannot_be_exchanged_takes_the_whole_restore_back(
    here: Installation, backup: Path
) -> None:
    """The last exchange is refused because somebody has put a folder in the way."""
    with upkeep.prepared(here.loaded, backup, now=NOW, who="ann") as plan:
        blocked = plan.steps[-1].aside
        blocked.mkdir()
        (blocked / "file").write_text("in the way")
        with pytest.raises(StoreError) as caught:
            plan.carry_out()
    assert caught.value.code == "error.store.swap_refused"
    assert here.marks() == ("new", "new", "new")
    assert not swap.journal_of(here.database).exists()


# What a restored store may do


def open_desk(here: Installation) -> Desk:
    return Desk(modbot.store.open(here.database), NOW)


def test_actions_that_people_asked_for_are_read_back_before_they_are_done(here: Installation) -> None:
    desk = open_desk(here)
    wrong = desk.hidden_flag(12)
    desk.later(minutes=1)
    desk.give(wrong, VerdictKind.DISMISS)
    desk.give(desk.flag(reply(11)), VerdictKind.UPHOLD)
    [claimed, *_] = desk.claim(limit=1)
    desk.store.close()
    made = upkeep.create(here.loaded, here.folder / "old.tar.gz", now=NOW)
    plan = restore(here, made.path)
    assert plan.contents.unsettled == 2
    desk = open_desk(here)
    desk.later(minutes=2)
    waiting = desk.actions(states=outbox.UNSETTLED)
    assert [(action.state, action.uncertain, action.owner) for action in waiting] == [
        (OutboxState.UNKNOWN, True, None)
    ] * 2
    assert claimed.id in [action.id for action in waiting]
    assert all(action.uncertain for action in desk.claim())
    desk.store.close()


def test_a_hide_that_nobody_asked_for_waits_for_a_human_who_may_undo_it_all_the_same(
    here: Installation,
) -> None:
    desk = open_desk(here)
    flag_id = desk.flag(reply(11), hide=True)
    desk.store.close()
    made = upkeep.create(here.loaded, here.folder / "old.tar.gz", now=NOW)
    restore(here, made.path)
    desk = open_desk(here)
    assert desk.states() == ["hide dead"]
    assert (desk.get(flag_id).state, desk.get(flag_id).action_state) == (FlagState.PENDING, "dead")
    desk.later(minutes=1)
    assert desk.claim() == []
    desk.give(flag_id, VerdictKind.DISMISS)  # perhaps it was hidden since: the forum is asked
    assert desk.states() == ["hide dead", "restore queued"]
    desk.carry_out(ActionOutcome.DONE)
    assert desk.get(flag_id).state is FlagState.OVERTURNED
    desk.store.close()


def test_nothing_more_is_hidden_unasked_until_a_human_has_looked(here: Installation, backup: Path) -> None:
    restore(here, backup)
    desk = open_desk(here)
    with desk.store.read() as rx:
        state = brake.state(rx, "city")
        trail = audit.listing(rx)
    assert (state.pulled, state.why, state.who) == (True, "restored", "ann")
    assert [(entry.what, entry.who) for entry in trail] == [
        ("brake.pulled", "ann"),
        ("store.restored", "ann"),
    ]
    desk.store.close()


def test_hides_in_effect_flags_and_labels_are_what_they_were(here: Installation) -> None:
    desk = open_desk(here)
    hidden = desk.hidden_flag(11)
    taught = desk.flag(reply(12), decision())
    desk.give(taught, VerdictKind.UPHOLD)
    desk.carry_out()
    desk.store.close()
    made = upkeep.create(here.loaded, here.folder / "old.tar.gz", now=NOW)
    plan = restore(here, made.path)
    assert (plan.contents.flags, plan.contents.labels, plan.contents.unsettled) == (2, 1, 0)
    desk = open_desk(here)
    assert desk.get(hidden).hidden_by_us
    undone = desk.undo(taught)
    assert (undone.forgotten, undone.ours) == (1, True)
    desk.store.close()


def test_the_owner_of_the_backed_up_store_is_not_waited_for(here: Installation) -> None:
    desk = open_desk(here)
    long_after = NOW.replace(year=2030)
    with desk.store.write() as tx:
        leases.take(tx, leases.Lease("token", "other-host", 1, NOW, long_after))
    desk.store.close()
    made = upkeep.create(here.loaded, here.folder / "old.tar.gz", now=NOW)
    here.database.unlink()
    restore(here, made.path)
    desk = open_desk(here)
    with desk.store.read() as rx:
        lease = leases.load(rx)
    assert lease is not None
    assert not lease.is_live(NOW)
    desk.store.close()


def test_an_older_backup_is_migrated_and_leaves_no_copy_of_that_behind(here: Installation) -> None:
    script = (HERE.parents[1] / "store" / "first_schema.sql").read_text("utf-8")
    here.database.unlink()
    with closing(sqlite3.connect(here.database)) as raw:
        raw.executescript(script)
    made = upkeep.create(here.loaded, here.folder / "old.tar.gz", now=NOW)
    assert made.manifest.schema == "0001"
    before = here.files()
    restore(here, made.path)
    with closing(sqlite3.connect(here.database)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.REVISION,)]
    assert {name for name in here.files() - before if name.startswith("var/")} == {
        f"var/modbot.db.before-restore-{AFTER}",
        "var/modbot.lock",
    }


# Interruptions

MOVES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")


def killed_at(here: Installation, file: Path, move: int) -> bool:
    """Restore in a process that is killed just before its n-th change of a folder; answers
    whether it came that far."""
    child = os.fork()
    if child == 0:
        seen = iter(range(1, 1000))

        def on_event(name: str, _arguments: object) -> None:
            if name in MOVES and next(seen) == move:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(on_event)  # there is no way to take it off, so only in the child
            restore(here, file)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def opened(here: Installation) -> tuple[str, str, str]:
    """What the next command finds; the first may be the one that finishes the restore."""
    if swap.journal_of(here.database).exists():
        with pytest.raises(StoreError) as told:
            here.marks()
        assert told.value.code == "error.store.restored_now"
    return here.marks()


def test_killed_at_any_step_all_is_old_or_all_is_new(
    here: Installation, backup: Path, tmp_path: Path
) -> None:
    """kill -9 before each change that a restore makes to a folder, one run per change."""
    found = []
    for move in range(1, 200):
        there = Installation(tmp_path / f"run{move}")
        shutil.copytree(here.folder, there.folder)
        came_that_far = killed_at(there, backup, move)
        found.append(opened(there))
        assert found[-1] in (("old",) * 3, ("new",) * 3), move
        assert not swap.journal_of(there.database).exists()
        if not came_that_far:
            break
        restore(there, backup)  # and the next try goes through
        assert there.marks() == ("old", "old", "old")
        left = [name for name in there.files() if ".restoring" in name]
        assert left == []
    assert found[0] == ("new",) * 3
    assert found[-1] == ("old",) * 3
    assert len(found) > 10
