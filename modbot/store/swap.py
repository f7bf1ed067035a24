"""Several files change places as one, whatever interrupts it.

A journal beside the database names every change. Once it is on the disk the change is
decided: whoever opens the database next finishes it. Before that nothing has moved. A
step that the system refuses (a mount, a right) takes all of them back.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from modbot.errors import StoreError
from modbot.store.snapshot import to_disk


@dataclass(frozen=True, slots=True)
class Step:
    """``target`` goes to ``aside`` if it is there; ``staged`` takes its place unless None.

    All three lie on one file system.
    """

    target: Path
    aside: Path
    staged: Path | None


def journal_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.restoring")


def swap(database: Path, steps: Sequence[Step]) -> None:
    """Carry the steps out, all or none. Raises StoreError when one is refused."""
    journal = journal_of(database)
    draft = journal.with_name(f"{journal.name}.draft")
    rows = [{name: str(path) if path else None for name, path in asdict(step).items()} for step in steps]
    draft.write_text(json.dumps(rows), encoding="utf-8")
    to_disk(draft)
    with draft.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        draft.replace(journal)
        to_disk(journal.parent)
        _carry_out(journal, steps)


def finish(database: Path) -> bool:
    """Finish a swap that was interrupted; answers whether there was one."""
    journal = journal_of(database)
    with _held(journal) as text:
        if text is None:
            return False
        _carry_out(journal, [_step(row) for row in json.loads(text)])
        return True


@contextmanager
def _held(journal: Path) -> Iterator[str | None]:
    """The journal's text, locked; None when there is none (any more)."""
    try:
        file = journal.open(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)  # whoever is at work is let finish
        yield file.read() if os.fstat(file.fileno()).st_nlink else None


def _carry_out(journal: Path, steps: Sequence[Step]) -> None:
    whole = False
    try:
        for step in steps:
            _do(step)
        whole = True
    except OSError as problem:
        detail = f"{problem.filename}: {problem.strerror}"
        raise StoreError(code="error.store.swap_refused", problem=detail) from problem
    finally:
        if not whole:
            for step in reversed(steps):
                _take_back(step)
        _end(journal, steps)


def _do(step: Step) -> None:
    """Done again after an interruption it changes nothing that is done already."""
    if step.staged is None:
        if os.path.lexists(step.target) and not os.path.lexists(step.aside):
            step.target.rename(step.aside)
    elif os.path.lexists(step.staged):
        if os.path.lexists(step.target):
            step.target.rename(step.aside)
        step.staged.rename(step.target)


def _take_back(step: Step) -> None:
    if step.staged is not None and not os.path.lexists(step.staged) and os.path.lexists(step.target):
        step.target.rename(step.staged)
    if os.path.lexists(step.aside) and not os.path.lexists(step.target):
        step.aside.rename(step.target)


def _end(journal: Path, steps: Sequence[Step]) -> None:
    for folder in {step.target.parent for step in steps}:
        to_disk(folder)
    journal.unlink()
    to_disk(journal.parent)


def _step(row: dict[str, str | None]) -> Step:
    target, aside, staged = (row[name] for name in ("target", "aside", "staged"))
    return Step(Path(target or ""), Path(aside or ""), Path(staged) if staged else None)
