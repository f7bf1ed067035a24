"""The file that a backup is: a gzipped tar of known members behind a manifest that proves them.

Reading trusts nothing: the manifest comes first and bounds what may follow; a member must
be a plain file of a known name, size and digest. Anything else (a link, a device, another
path, a header of extensions) ends the reading before a byte of it is written.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from modbot.errors import BackupError
from modbot.store import snapshot

FORMAT = 1
DATABASE = "modbot.db"
SETTINGS = "modbot.toml"
MODELS = "models/"
COMPRESSION = 4
"""gzip's level. On a store of 76,000 replies, one core: level 1 packs 3.4 to 1 at 141 MB/s,
4 packs 3.6 to 1 at 103 MB/s, 6 3.8 to 1 at 62 MB/s, 9 the same at 38 MB/s."""
_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 1 << 20
_PIECE = 1 << 20
_BLOCK = tarfile.BLOCKSIZE
_NAME = r"\w[\w.-]{0,99}"
_MEMBER = re.compile(rf"modbot\.db|modbot\.toml|models/current|models/{_NAME}/{_NAME}", re.ASCII)

Progress = Callable[[str, int, int], None]
"""Told the stage (a code), and how many bytes of how many are done."""


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``secrets_left_out`` are settings that name a secret's file, ``secrets_included`` those
    that are secrets and stand in the settings file itself. ``model``: the version in use."""

    modbot: str
    schema: str
    created_at: datetime
    model: str
    members: tuple[Member, ...]
    secrets_left_out: tuple[str, ...] = ()
    secrets_included: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all members, unpacked."""
        return sum(member.size for member in self.members)

    def holds(self, name: str) -> bool:
        return any(member.name == name for member in self.members)


def is_member(name: str) -> bool:
    """Whether a backup may hold a file of this name."""
    return _MEMBER.fullmatch(name) is not None


def member_of(name: str, path: Path) -> Member:
    """A file as a member: read once for its digest."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = sum(_fed(digest, piece) for piece in iter(lambda: file.read(_PIECE), b""))
    return Member(name, size, digest.hexdigest())


def write(target: Path, manifest: Manifest, files: Sequence[Path], *, progress: Progress) -> None:
    """Pack ``files``, in the order of the manifest's members, into a new file (0600) on the disk."""
    target.touch(mode=0o600)
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", COMPRESSION, raw) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as tar,
    ):
        facts = _to_json(manifest)
        tar.addfile(_header(_MANIFEST, len(facts), manifest.created_at), io.BytesIO(facts))
        done = 0
        for member, path in zip(manifest.members, files, strict=True):
            with path.open("rb") as file:
                counted = _Counted(file, done, manifest.size, progress)
                tar.addfile(_header(member.name, member.size, manifest.created_at), counted)
            done += member.size
    snapshot.to_disk(target)


def unpack(source: Path, into: Path, *, progress: Progress) -> Manifest:
    """Read a backup whole into the folder ``into`` (which has nothing of it yet) and prove
    every member. Raises BackupError."""
    with _reading(source) as packed:
        manifest = _manifest(packed, source)
        snapshot.require_room(into, manifest.size)
        expected = {member.name: member for member in manifest.members}
        done = 0
        while (header := _next(packed, source)) is not None:
            member = expected.pop(header.name, None)
            if member is None or header.size != member.size:
                raise _foreign(source, header.name)
            _extract(packed, member, into / member.name, source)
            done += member.size
            progress("unpack", done, manifest.size)
        if expected:
            raise BackupError(code="error.backup.incomplete", path=str(source), member=min(expected))
    return manifest


def prove(source: Path, manifest: Manifest, *, progress: Progress) -> None:
    """Read a backup that was just written once more, against what went into it."""
    with _reading(source) as packed:
        if _manifest(packed, source) != manifest:
            raise _foreign(source, _MANIFEST)
        done = 0
        for member in manifest.members:
            header = _next(packed, source)
            if header is None or (header.name, header.size) != (member.name, member.size):
                raise BackupError(code="error.backup.incomplete", path=str(source), member=member.name)
            _extract(packed, member, None, source)
            done += member.size
            progress("prove", done, manifest.size)


@contextmanager
def _reading(source: Path) -> Iterator[gzip.GzipFile]:
    try:
        with source.open("rb") as raw, gzip.GzipFile(fileobj=raw) as packed:
            yield packed
    except (gzip.BadGzipFile, EOFError, zlib.error, tarfile.HeaderError, UnicodeError) as problem:
        raise BackupError(code="error.backup.damaged", path=str(source), problem=str(problem)) from problem


def _manifest(packed: gzip.GzipFile, source: Path) -> Manifest:
    header = _next(packed, source)
    if header is None or header.name != _MANIFEST or header.size > _MANIFEST_BYTES:
        raise BackupError(code="error.backup.foreign", path=str(source), member=_MANIFEST)
    text = packed.read(header.size)
    packed.read(-header.size % _BLOCK)
    try:
        facts = json.loads(text)
        if facts["format"] != FORMAT:
            raise BackupError(code="error.backup.format", path=str(source))
        manifest = _of_json(facts)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as problem:
        raise BackupError(code="error.backup.damaged", path=str(source), problem=str(problem)) from problem
    names: set[str] = set()
    for member in manifest.members:
        if not is_member(member.name) or member.name in names or member.size < 0:
            raise _foreign(source, member.name)
        names.add(member.name)
    return manifest


def _next(packed: gzip.GzipFile, source: Path) -> tarfile.TarInfo | None:
    """The next member's header; None at the end. Only plain files are members."""
    block = packed.read(_BLOCK)
    if block == bytes(_BLOCK):
        return None
    header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise _foreign(source, header.name)
    return header


def _extract(packed: gzip.GzipFile, member: Member, target: Path | None, source: Path) -> None:
    """Read one member, into ``target`` if there is one, and prove its digest."""
    digest = hashlib.sha256()
    if target is None:
        _take(packed, member.size, lambda piece: _fed(digest, piece))
    else:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.touch(mode=0o600, exist_ok=False)
        with target.open("wb") as file:
            _take(packed, member.size, lambda piece: _fed(digest, piece) and file.write(piece))
        snapshot.to_disk(target)
    packed.read(-member.size % _BLOCK)
    if digest.hexdigest() != member.sha256:
        raise BackupError(code="error.backup.differs", path=str(source), member=member.name)


def _take(packed: gzip.GzipFile, size: int, use: Callable[[bytes], object]) -> None:
    while size > 0:
        piece = packed.read(min(size, _PIECE))
        if not piece:
            raise EOFError("it ends in the middle")
        use(piece)
        size -= len(piece)


def _fed(digest: Any, piece: bytes) -> int:
    digest.update(piece)
    return len(piece)


def _header(name: str, size: int, at: datetime) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = size, 0o600, int(at.timestamp())
    return header


def _foreign(source: Path, name: str) -> BackupError:
    return BackupError(code="error.backup.foreign", path=str(source), member=name)


def _to_json(manifest: Manifest) -> bytes:
    facts = {"format": FORMAT, **asdict(manifest), "created_at": manifest.created_at.isoformat()}
    return json.dumps(facts, ensure_ascii=False, indent=1).encode()


def _of_json(facts: dict[str, Any]) -> Manifest:
    members = tuple(
        Member(str(row["name"]), int(row["size"]), str(row["sha256"])) for row in facts["members"]
    )
    created = datetime.fromisoformat(facts["created_at"])
    if created.tzinfo is None:
        raise ValueError("created_at has no time zone")
    return Manifest(
        modbot=str(facts["modbot"]),
        schema=str(facts["schema"]),
        created_at=created,
        model=str(facts["model"]),
        members=members,
        secrets_left_out=tuple(map(str, facts["secrets_left_out"])),
        secrets_included=tuple(map(str, facts["secrets_included"])),
    )


class _Counted(io.RawIOBase):
    """A file whose reading is told as it goes on."""

    def __init__(self, file: BinaryIO, before: int, total: int, progress: Progress) -> None:
        self._file, self._done, self._total, self._progress = file, before, total, progress

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._done += len(piece)
        self._progress("pack", self._done, self._total)
        return piece
