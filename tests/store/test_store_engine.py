"""Opening, migrating and sharing the database."""

from __future__ import annotations

import contextlib
import io
import shutil
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable
from store_desk import START

import modbot.store
from modbot.errors import StoreError
from modbot.store import Store, cursors, migrate, requests, schema, snapshot
from modbot.store import engine as store_engine
from modbot.store.types import UtcTime, microseconds

FIRST_SCHEMA = Path(__file__).with_name("first_schema.sql")


def stamp(path: Path, revision: str) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    raw.close()


def problem_of(path: Path | str, **how: bool) -> StoreError:
    with pytest.raises(StoreError) as caught:
        modbot.store.open(path, **how)
    return caught.value


def _is_described(name: str | None, kind: str, _: object) -> bool:
    """Full-text tables are SQLite's own: SQLAlchemy has no words for them."""
    return kind != "table" or not (name or "").startswith("search_pairs")


def test_the_migrations_make_exactly_the_tables_that_the_code_describes(store: Store) -> None:
    with store.read() as rx:
        opts = {"compare_type": True, "include_name": _is_described}
        context = MigrationContext.configure(rx, opts=opts)
        assert compare_metadata(context, schema.metadata) == []


def test_the_code_is_written_for_the_last_migration() -> None:
    script = ScriptDirectory.from_config(migrate._config())
    assert script.get_current_head() == schema.REVISION
    assert migrate.known_revisions()[-1] == schema.REVISION


def test_a_new_migration_is_drafted_in_plain_types_that_no_later_code_can_change(tmp_path: Path) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(migrate.__file__).with_name("migrations"), scripts)
    shutil.rmtree(scripts / "versions")
    (scripts / "versions").mkdir()
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        with contextlib.redirect_stdout(io.StringIO()):
            command.revision(config, "draft", autogenerate=True, rev_id="9999")
    engine.dispose()
    [draft] = (scripts / "versions").glob("*.py")
    text = draft.read_text()
    assert "create_table('replies'" in text
    assert "modbot" not in text


def test_the_tables_can_be_made_in_postgresql_too() -> None:
    for table in schema.metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert made.strip().startswith(f"CREATE TABLE {table.name}")


def test_a_database_is_a_private_file_with_a_write_ahead_log_and_checked_references(tmp_path: Path) -> None:
    path = tmp_path / "new" / "modbot.db"
    with_store = modbot.store.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with with_store.read() as rx:
        assert rx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert rx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert rx.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert rx.exec_driver_sql("PRAGMA busy_timeout").scalar() >= 10_000
    with_store.close()


def test_a_database_is_opened_again_with_what_was_stored_in_it(tmp_path: Path) -> None:
    first = modbot.store.open(f"sqlite:///{tmp_path / 'modbot.db'}")
    with first.write() as tx:
        cursors.save(tx, "city", "{}", at=START)
    first.close()
    again = modbot.store.open(tmp_path / "modbot.db", create=False)
    with again.read() as rx:
        assert cursors.load(rx, "city") == "{}"
    again.close()
    assert list(tmp_path.glob("*.bak")) == []


def test_an_older_database_is_backed_up_beside_itself_and_then_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "100%modbot.db"
    store = modbot.store.open(path)
    with store.write() as tx:
        cursors.save(tx, "city", "here", at=START)
    store.close()
    migrated: list[str] = []
    monkeypatch.setattr(migrate, "REVISION", "9999")
    monkeypatch.setattr(migrate, "upgrade", lambda tx: migrated.append(str(migrate.revision_of(tx))))
    modbot.store.open(path).close()
    assert migrated == [schema.REVISION]
    [copy] = tmp_path.glob("*.bak")
    assert schema.REVISION in copy.name
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as raw:
        assert raw.execute("SELECT cursor FROM cursors").fetchall() == [("here",)]
    raw.close()


def older(path: Path) -> None:
    """A database of the first released schema, as it was left by that version."""
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.executescript(FIRST_SCHEMA.read_text("utf-8"))


def test_the_copy_is_proved_and_only_the_last_three_of_them_stay(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    mine = [tmp_path / name for name in ("modbot.db.bak", "other.db.before-0002-from-0001-x.bak")]
    for file in mine:
        file.write_text("mine")
    kept = []
    for _ in range(5):
        path.unlink(missing_ok=True)
        older(path)
        modbot.store.open(path).close()
        kept = sorted(tmp_path.glob("modbot.db.before-*.bak"))
    assert len(kept) == 3
    for copy in kept:
        snapshot.check(copy)
        assert snapshot.revision(copy) == "0001"
    assert all(file.exists() for file in mine)


def test_without_room_for_a_copy_nothing_is_touched_and_the_need_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "modbot.db"
    older(path)
    monkeypatch.setattr(snapshot, "SPARE_BYTES", 1 << 60)
    problem = problem_of(path)
    assert problem.code == "error.store.no_room"
    assert "MB" in str(problem)
    assert snapshot.revision(path) == "0001"
    assert [file.name for file in tmp_path.glob("*.bak*")] == []


def test_a_damaged_older_database_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    older(path)
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("UPDATE revisions SET reply_id = 4711 WHERE id = 1")
        raw.commit()
    assert problem_of(path).code == "error.store.damaged"
    assert snapshot.revision(path) == "0001"
    assert [file.name for file in tmp_path.glob("*.bak*")] == []


def test_a_newer_database_is_refused_with_both_versions_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    modbot.store.open(path).close()
    stamp(path, "0999")
    problem = problem_of(path)
    assert problem.code == "error.store.newer"
    assert "0999" in str(problem)
    assert schema.REVISION in str(problem)
    assert "backup" in str(problem)
    assert list(tmp_path.glob("*.bak")) == []


def test_a_database_of_another_program_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "wiki.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE pages (id INTEGER)")
    raw.close()
    assert problem_of(path).code == "error.store.foreign"
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("pages",)]
    raw.close()


def test_what_cannot_be_a_database_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear reader, this is no database at all. " * 50)
    (tmp_path / "file").write_text("x")
    assert problem_of(tmp_path / "letter.db").code == "error.store.damaged"
    assert problem_of(tmp_path / "file" / "modbot.db").code == "error.store.damaged"
    assert problem_of(tmp_path / "missing.db", create=False).code == "error.store.missing"
    assert problem_of("sqlite://").code == "error.store.in_memory"
    assert problem_of("sqlite:///:memory:").code == "error.store.in_memory"


def test_a_lasting_write_waits_for_the_disk_and_the_next_one_does_not(store: Store) -> None:
    waits = []
    for lasting in (True, False):
        with store.write(lasting=lasting) as tx:
            waits.append(tx.exec_driver_sql("PRAGMA synchronous").scalar())
    assert waits == [2, 1]


def test_an_error_in_the_middle_of_a_write_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:  # noqa: PT012 - both lines are the point
        cursors.save(tx, "city", "half", at=START)
        raise RuntimeError
    with store.read() as rx:
        assert cursors.load(rx, "city") is None


def test_a_write_inside_a_write_is_a_mistake_that_is_told(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(StoreError) as caught, store.write():
            pass
        assert caught.value.code == "error.store.nested_write"
        cursors.save(tx, "city", "kept", at=START)
    with store.write() as tx:
        assert cursors.load(tx, "city") == "kept"


def test_nothing_can_be_written_in_a_read(store: Store) -> None:
    with store.write() as tx:
        requests.spend(tx, "city", at=START)
    for _ in range(3):
        with pytest.raises(sa.exc.OperationalError, match="readonly"), store.read() as rx:
            requests.spend(rx, "city", at=START)
    with store.write() as tx:
        assert requests.spend(tx, "city", at=START) == 2


def test_a_read_sees_one_moment_even_while_others_write(store: Store) -> None:
    with store.write() as tx:
        cursors.save(tx, "city", "before", at=START)
    with store.read() as rx:
        assert cursors.load(rx, "city") == "before"
        other = threading.Thread(target=save_cursor, args=(store, "after"))
        other.start()
        other.join()
        assert cursors.load(rx, "city") == "before"
    with store.read() as rx:
        assert cursors.load(rx, "city") == "after"


def save_cursor(store: Store, cursor: str) -> None:
    with store.write() as tx:
        cursors.save(tx, "city", cursor, at=START)


def test_a_lock_that_is_never_given_back_ends_in_a_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_engine, "BUSY_SECONDS", 0.01)
    path = tmp_path / "modbot.db"
    store = modbot.store.open(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as caught, store.write():
        pass
    assert caught.value.code == "error.store.busy"
    holder.execute("ROLLBACK")
    holder.close()
    with store.write() as tx:
        cursors.save(tx, "city", "free again", at=START)
    store.close()


def test_times_come_back_aware_exact_and_in_utc(store: Store) -> None:
    written = datetime(2026, 3, 1, 20, 15, 0, 123457, tzinfo=timezone(timedelta(hours=8)))
    with store.write() as tx:
        cursors.save(tx, "city", "", at=written)
    with store.read() as rx:
        saved = cursors.last(rx, "city")
    assert saved is not None
    assert saved.at == written
    assert saved.at.tzinfo is UTC
    before_1970 = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert microseconds(before_1970) == -1
    assert UtcTime().process_result_value(-1, store.engine.dialect) == before_1970
    with pytest.raises(ValueError, match="aware"):
        microseconds(datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake that is caught


WORKER = """
import sys
from datetime import UTC, datetime
import modbot.store
from modbot.domain import Reply
from modbot.store import inbox, requests
path, worker = sys.argv[1], int(sys.argv[2])
store = modbot.store.open(path)
ledger = requests.Ledger(store)
now = datetime(2026, 3, 1, tzinfo=UTC)
for turn in range(60):
    ledger.spend("city", at=now)
    with store.write() as tx:
        first = worker * 100_000 + turn * 10
        inbox.record(tx, [Reply("city", first + n, f"text {n}") for n in range(10)], at=now)
    with store.read() as rx:
        requests.made(rx, "city", at=now)
store.close()
"""


def test_several_processes_write_one_new_file_without_a_lock_error_or_a_lost_update(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    command = [sys.executable, "-c", WORKER, str(path)]
    running = [
        subprocess.Popen([*command, str(number)], stderr=subprocess.PIPE, text=True) for number in range(4)
    ]
    answers = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert answers == [("", 0)] * 4
    store = modbot.store.open(path)
    with store.read() as rx:
        assert requests.made(rx, "city", at=datetime(2026, 3, 1, tzinfo=UTC)) == 4 * 60
        assert rx.scalar(sa.select(sa.func.count()).select_from(schema.replies)) == 4 * 60 * 10
    store.close()


def test_threads_share_one_store(store: Store) -> None:
    ledger = requests.Ledger(store)
    threads = [
        threading.Thread(target=lambda: [ledger.spend("city", at=START) for _ in range(30)]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as rx:
        assert requests.made(rx, "city", at=START) == 180
