"""Making backups."""

from __future__ import annotations

import os
import sqlite3
import tarfile
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from installation import NOW, Installation

import modbot.store
from modbot import settings
from modbot.daemon import upkeep
from modbot.errors import BackupError, ModbotError, StoreError
from modbot.store import cursors, snapshot


def names_in(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def text_of(archive: Path) -> bytes:
    with tarfile.open(archive) as tar:
        files = [tar.extractfile(member) for member in tar]
        return b"".join(file.read() for file in files if file is not None)


def test_one_file_holds_database_models_and_settings_behind_a_manifest(here: Installation) -> None:
    made = upkeep.create(here.loaded, now=NOW)
    assert made.path == here.folder / "backups" / "modbot-20260301T120000Z.tar.gz"
    assert names_in(made.path) == [
        "manifest.json",
        "modbot.db",
        "modbot.toml",
        "models/v-old/MODEL_CARD.md",
        "models/v-old/manifest.json",
        "models/v-old/stage.npy",
        "models/v-old/weights.npy",
        "models/current",
    ]
    assert made.manifest.model == "v-old"
    assert upkeep.verify(here.loaded, made.path).replies == 3


def test_only_its_owner_reads_a_backup_and_nothing_else_is_left_beside_it(here: Installation) -> None:
    before = here.files()
    made = upkeep.create(here.loaded, now=NOW)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert here.files() - before == {"backups", f"backups/{made.path.name}"}
    assert before - here.files() == set()


def test_files_with_secrets_are_named_but_not_taken_along(here: Installation) -> None:
    made = upkeep.create(here.loaded, now=NOW)
    assert made.manifest.secrets_left_out == (f"forums.city.password_file: {here.folder}/secrets/city",)
    assert made.manifest.secrets_included == ()
    assert b"correct horse" not in text_of(made.path)


def test_secrets_that_stand_in_the_settings_file_are_told_of(here: Installation) -> None:
    extra = '[notifications]\nurls = "tgram://token/chat"\n[forums.city.boards.7]\npassword = "open sesame"\n'
    here.toml.write_text(here.toml.read_text("utf-8") + extra, "utf-8")
    made = upkeep.create(here.loaded, now=NOW)
    assert made.manifest.secrets_included == ("notifications.urls", "forums.city.boards.7.password")


def test_secrets_from_the_environment_are_in_no_backup(here: Installation) -> None:
    loaded = settings.load(here.toml, environ={"MODBOT_FORUMS__CITY__PASSWORD": "battery staple"})
    made = upkeep.create(loaded, now=NOW)
    assert made.manifest.secrets_included == ()
    assert b"battery staple" not in text_of(made.path)


def test_an_installation_without_models_of_its_own_is_backed_up_too(here: Installation) -> None:
    for path in sorted(here.models.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    here.models.rmdir()
    made = upkeep.create(here.loaded, now=NOW)
    assert names_in(made.path) == ["manifest.json", "modbot.db", "modbot.toml"]
    assert upkeep.verify(here.loaded, made.path).manifest.model == "baseline"


def test_a_backup_is_of_one_moment_while_another_process_writes(here: Installation) -> None:
    """Two rows that are always equal in the store are equal in every backup of it."""
    stop = threading.Event()

    def work() -> None:
        with closing(modbot.store.open(here.database)) as store:
            turn = 0
            while not stop.is_set():
                turn += 1
                with store.write() as tx:
                    cursors.save(tx, "left", str(turn), at=NOW)
                    cursors.save(tx, "right", str(turn), at=NOW)

    here.receive(20_000)  # a copy of more than one piece
    writer = threading.Thread(target=work)
    writer.start()
    try:
        for number in range(3):
            made = upkeep.create(here.loaded, here.folder / f"{number}.tar.gz", now=NOW)
            with tarfile.open(made.path) as tar:
                inside = tar.extractfile("modbot.db")
                assert inside is not None
                (here.folder / "out.db").write_bytes(inside.read())
            with closing(sqlite3.connect(here.folder / "out.db")) as raw:
                query = "SELECT cursor FROM cursors WHERE forum IN ('left', 'right')"
                assert len({row[0] for row in raw.execute(query)}) <= 1
    finally:
        stop.set()
        writer.join()


def test_of_the_daily_ones_the_last_stay_and_all_others_are_left_alone(here: Installation) -> None:
    here.toml.write_text(here.toml.read_text("utf-8") + "[backup]\nkeep = 2\n", "utf-8")
    folder = here.folder / "backups"
    upkeep.create(here.loaded, now=NOW)
    (folder / "modbot-daily-notes.txt").write_text("mine")
    (folder / "modbot-daily-20200101T000000Z.tar.gz.keep").write_text("mine, too")
    made = [upkeep.create(here.loaded, daily=True, now=NOW + timedelta(days=day)) for day in range(4)]
    assert [len(one.pruned) for one in made] == [0, 0, 1, 1]
    assert sorted(path.name for path in folder.iterdir()) == [
        "modbot-20260301T120000Z.tar.gz",
        "modbot-daily-20200101T000000Z.tar.gz.keep",
        "modbot-daily-20260303T120000Z.tar.gz",
        "modbot-daily-20260304T120000Z.tar.gz",
        "modbot-daily-notes.txt",
    ]


def test_a_backup_is_never_overwritten(here: Installation) -> None:
    upkeep.create(here.loaded, here.folder / "one.tar.gz", now=NOW)
    with pytest.raises(BackupError) as caught:
        upkeep.create(here.loaded, here.folder / "one.tar.gz", now=NOW)
    assert caught.value.code == "error.backup.exists"


def damaged(here: Installation) -> str:
    with here.database.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(os.urandom(4096 * 12))
    return "error.store.damaged"


def newer(here: Installation) -> str:
    with closing(sqlite3.connect(here.database)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0999'")
        raw.commit()
    return "error.store.newer"


def missing(here: Installation) -> str:
    here.database.unlink()
    return "error.backup.nothing"


def on_a_server(here: Installation) -> str:
    here.toml.write_text(
        here.toml.read_text("utf-8") + '[store]\nurl = "postgresql+psycopg://modbot@db/modbot"\n'
    )
    return "error.backup.server"


def behind_a_file(here: Installation) -> str:
    (here.folder / "backups").write_text("not a folder")
    return "error.backup.io"


@pytest.mark.parametrize("spoil", [damaged, newer, missing, on_a_server, behind_a_file])
def test_what_cannot_be_backed_up_leaves_no_backup_and_a_reason(here: Installation, spoil) -> None:
    code = spoil(here)
    before = here.files()
    with pytest.raises(ModbotError) as caught:
        upkeep.create(here.loaded, now=NOW)
    assert caught.value.code == code
    assert not list(here.folder.glob("backups/*"))
    assert here.files() - before <= {"backups"}


def test_a_full_disk_is_told_before_anything_is_copied(here: Installation, monkeypatch) -> None:
    monkeypatch.setattr(snapshot, "SPARE_BYTES", 1 << 60)
    with pytest.raises(StoreError) as caught:
        upkeep.create(here.loaded, now=NOW)
    assert caught.value.code == "error.store.no_room"
    assert list((here.folder / "backups").iterdir()) == []


def test_what_a_crash_left_is_cleared_a_day_later(here: Installation) -> None:
    fresh = here.folder / "backups" / ".modbot-building-abc"
    stale = here.folder / "backups" / ".modbot-building-xyz"
    for folder, age in ((fresh, 1), (stale, 30)):
        folder.mkdir(parents=True)
        (folder / "modbot.db").write_text("half")
        then = (NOW - timedelta(hours=age)).timestamp()
        os.utime(folder, (then, then))
    upkeep.create(here.loaded, now=NOW)
    assert fresh.exists()
    assert not stale.exists()
