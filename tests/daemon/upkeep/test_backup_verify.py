"""Proving backups, and refusing what only looks like one."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from installation import NOW, Installation, installed

from modbot.daemon import upkeep
from modbot.daemon.upkeep import archive
from modbot.errors import ModbotError
from modbot.store import schema, snapshot

Entry = tuple[tarfile.TarInfo, bytes]


def entries_of(path: Path) -> list[Entry]:
    with tarfile.open(path) as tar:
        return [(member, tar.extractfile(member).read()) for member in tar]


def packed(path: Path, entries: list[Entry], form: int = tarfile.GNU_FORMAT) -> Path:
    with tarfile.open(path, "w:gz", format=form) as tar:
        for header, data in entries:
            tar.addfile(header, io.BytesIO(data))
    return path


def entry(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: object) -> Entry:
    header = tarfile.TarInfo(name)
    header.size, header.type = len(data), kind
    for field, value in fields.items():
        setattr(header, field, value)
    return header, data


def with_manifest(entries: list[Entry], **changes: object) -> list[Entry]:
    """The entries behind a manifest that truly describes them."""
    facts = json.loads(entries[0][1])
    facts["members"] = [
        {"name": header.name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for header, data in entries[1:]
    ]
    return [entry("manifest.json", json.dumps(facts | changes).encode()), *entries[1:]]


def problem_of(here: Installation, path: Path) -> ModbotError:
    before = here.files()
    with pytest.raises(ModbotError) as caught:
        upkeep.verify(here.loaded, path)
    assert here.files() == before
    return caught.value


@pytest.fixture
def good(here: Installation) -> list[Entry]:
    return entries_of(upkeep.create(here.loaded, here.folder / "good.tar.gz", now=NOW).path)


def test_a_whole_backup_says_what_is_in_it(here: Installation) -> None:
    made = upkeep.create(here.loaded, now=NOW)
    before = here.files()
    found = upkeep.verify(here.loaded, made.path).as_object()
    assert here.files() == before
    assert found["created_at"] == "2026-03-01T12:00:00+00:00"
    assert found["schema"] == schema.REVISION
    assert (found["replies"], found["flags"], found["labels"], found["unsettled"]) == (3, 0, 0, 0)
    assert found["settings"] is True


LINKS = {"linkname": "/etc/passwd"}
HOSTILE: dict[str, Callable[[list[Entry]], list[Entry]]] = {
    "a path upwards": lambda good: [*good, entry("../evil", b"x")],
    "a path upwards among the models": lambda good: [*good, entry("models/../../evil", b"x")],
    "an absolute path": lambda good: [*good, entry("/evil", b"x")],
    "a member of an unknown name": lambda good: [*good, entry("evil.sh", b"x")],
    "a hidden model file": lambda good: [*good, entry("models/v1/.evil", b"x")],
    "a deeper model folder": lambda good: [*good, entry("models/v1/deep/evil", b"x")],
    "a symbolic link": lambda good: [good[0], entry("modbot.toml", kind=tarfile.SYMTYPE, **LINKS)],
    "a hard link": lambda good: [good[0], entry("modbot.toml", kind=tarfile.LNKTYPE, **LINKS)],
    "a device": lambda good: [good[0], entry("modbot.db", kind=tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "a pipe": lambda good: [good[0], entry("modbot.db", kind=tarfile.FIFOTYPE)],
    "a folder": lambda good: [good[0], entry("models", kind=tarfile.DIRTYPE)],
    "a name in an extension header": lambda good: [
        good[0],
        entry("models/" + "v" * 90 + "/" + "x" * 90, b"x"),
    ],
    "a member twice": lambda good: [*good, good[1]],
    "a member that the manifest does not know": lambda good: [*good, entry("models/v9/weights.npy", b"x")],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_an_archive_with_anything_else_is_refused_and_nothing_of_it_stays(
    here: Installation, good: list[Entry], what: str
) -> None:
    bad = packed(here.folder / "bad.tar.gz", HOSTILE[what](good))
    assert problem_of(here, bad).code == "error.backup.foreign"
    assert not (here.folder.parent / "evil").exists()


@pytest.mark.parametrize(
    "name",
    ["../evil", "/evil", "models/../evil", "models/v1/../evil", "models/.x/y", "modbot.db/x", "", "x\n"],
)
def test_not_even_its_own_manifest_makes_a_foreign_name_acceptable(
    here: Installation, good: list[Entry], name: str
) -> None:
    bad = packed(here.folder / "bad.tar.gz", with_manifest([*good, entry(name, b"x")]))
    assert problem_of(here, bad).code in ("error.backup.foreign", "error.backup.damaged")


def test_a_changed_byte_is_found_wherever_it_is(here: Installation, good: list[Entry]) -> None:
    for number in range(1, len(good)):
        header, data = good[number]
        changed = data[:-1] + bytes([data[-1] ^ 1])
        bad = [*good[:number], (header, changed), *good[number + 1 :]]
        problem = problem_of(here, packed(here.folder / f"{number}.tar.gz", bad))
        assert (problem.code, problem.params["member"]) == ("error.backup.differs", header.name)
        (here.folder / f"{number}.tar.gz").unlink()


def test_a_missing_member_is_named(here: Installation, good: list[Entry]) -> None:
    problem = problem_of(here, packed(here.folder / "bad.tar.gz", [*good[:-1]]))
    assert (problem.code, problem.params["member"]) == ("error.backup.incomplete", "models/current")
    without = with_manifest([good[0], *good[2:]])
    problem = problem_of(here, packed(here.folder / "without.tar.gz", without))
    assert (problem.code, problem.params["member"]) == ("error.backup.incomplete", "modbot.db")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.99])
def test_a_backup_that_was_cut_off_is_refused(here: Installation, share: float) -> None:
    whole = upkeep.create(here.loaded, here.folder / "whole.tar.gz", now=NOW).path.read_bytes()
    cut = here.folder / "cut.tar.gz"
    cut.write_bytes(whole[: int(len(whole) * share)])
    assert problem_of(here, cut).code in ("error.backup.damaged", "error.backup.foreign")


def test_a_bomb_is_refused_at_its_first_header(here: Installation, good: list[Entry]) -> None:
    """A gigabyte of zeros as an extension header, or as a member, costs neither memory nor disk."""
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.REGTYPE):
        header = tarfile.TarInfo("modbot.db")
        header.size, header.type = 1 << 30, kind
        path = here.folder / "bomb.tar.gz"
        with gzip.open(path, "wb", 1) as file:
            for known, data in good[:1]:
                file.write(known.tobuf() + data + bytes(-len(data) % 512))
            file.write(header.tobuf(tarfile.GNU_FORMAT))
            file.write(bytes(1 << 22))
        assert problem_of(here, path).code == "error.backup.foreign"


def test_a_manifest_that_promises_more_than_the_disk_holds_is_refused(
    here: Installation, good: list[Entry]
) -> None:
    facts = json.loads(good[0][1])
    facts["members"][0]["size"] = 1 << 60
    bad = packed(here.folder / "bad.tar.gz", [entry("manifest.json", json.dumps(facts).encode()), *good[1:]])
    assert problem_of(here, bad).code == "error.store.no_room"


def changed_database(here: Installation, good: list[Entry], *statements: str) -> list[Entry]:
    path = here.folder / "changed.db"
    path.write_bytes(good[1][1])
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
        for statement in statements:
            raw.execute(statement)
    return with_manifest([good[0], entry("modbot.db", path.read_bytes()), *good[2:]])


def test_a_database_of_a_newer_modbot_is_refused_with_both_versions(
    here: Installation, good: list[Entry]
) -> None:
    newer = changed_database(here, good, "UPDATE alembic_version SET version_num = '0999'")
    problem = problem_of(here, packed(here.folder / "bad.tar.gz", newer))
    assert problem.code == "error.backup.newer"
    assert "0999" in str(problem)
    assert schema.REVISION in str(problem)


def test_dangling_references_in_the_database_are_found(here: Installation, good: list[Entry]) -> None:
    dangling = changed_database(
        here, good, "PRAGMA foreign_keys=OFF", "UPDATE revisions SET reply_id = 4711 WHERE id = 1"
    )
    problem = problem_of(here, packed(here.folder / "bad.tar.gz", dangling))
    assert problem.code == "error.store.damaged"
    assert "revisions" in str(problem)


def test_a_model_that_does_not_load_is_found(here: Installation, good: list[Entry]) -> None:
    without = [one for one in good if not one[0].name.endswith("weights.npy")]
    assert problem_of(here, packed(here.folder / "bad.tar.gz", with_manifest(without))).code.startswith(
        "model."
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format": 99}, "error.backup.format"),
        ({"created_at": "yesterday"}, "error.backup.damaged"),
        ({"created_at": "2026-03-01T12:00:00"}, "error.backup.damaged"),
        ({"members": "none"}, "error.backup.damaged"),
        ({"members": [{"name": "modbot.db", "size": -1, "sha256": ""}]}, "error.backup.foreign"),
        ({"members": [{"name": "modbot.db", "size": 1e400, "sha256": ""}]}, "error.backup.damaged"),
        ({"secrets_included": 3}, "error.backup.damaged"),
    ],
)
def test_a_manifest_that_says_nonsense_is_refused(
    here: Installation, good: list[Entry], changes: dict[str, object], code: str
) -> None:
    facts = json.loads(good[0][1]) | changes
    bad = [entry("manifest.json", json.dumps(facts).encode()), *good[1:]]
    assert problem_of(here, packed(here.folder / "bad.tar.gz", bad)).code == code


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, bytes]:
    here = installed(tmp_path_factory.mktemp("once") / "here")
    made = upkeep.create(here.loaded, here.folder / "good.tar.gz", now=NOW)
    return here, gzip.decompress(made.path.read_bytes())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_bytes_are_changed_the_answer_is_a_backup_error_or_the_backup(
    once: tuple[Installation, bytes], data: st.DataObject
) -> None:
    here, plain = once
    limit = data.draw(st.sampled_from([4096, len(plain) - 1]))
    places = data.draw(st.lists(st.integers(0, limit), min_size=1, max_size=4))
    changed = bytearray(plain)
    for place in places:
        changed[place] = data.draw(st.integers(0, 255))
    path = here.folder / "fuzzed.tar.gz"
    path.write_bytes(gzip.compress(bytes(changed), 1))
    into = here.folder / "into"
    try:
        into.mkdir()
        manifest = archive.unpack(path, into, progress=lambda *_: None)
        assert (into / "modbot.db").stat().st_size == manifest.members[0].size
    except ModbotError:
        pass
    finally:
        names = {file.relative_to(into).as_posix() for file in into.rglob("*") if file.is_file()}
        assert all(archive.is_member(name) for name in names)
        for file in sorted(into.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        into.rmdir()


def test_verifying_a_copy_leaves_no_trace_beside_it(here: Installation) -> None:
    copy = here.folder / "copy.db"
    snapshot.copy(here.database, copy)
    snapshot.check(copy)
    assert snapshot.revision(copy) == schema.REVISION
    assert sorted(path.name for path in here.folder.glob("copy*")) == ["copy.db"]
