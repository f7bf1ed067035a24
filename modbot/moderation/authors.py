"""An author's data on request: shown, handed out, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from modbot.settings import Loaded
from modbot.store import audit, author_data, search_index
from modbot.store.author_data import Forgotten
from modbot.store.engine import Store
from modbot.store.identities import Identity


def index_file(loaded: Loaded, forum: str) -> Path:
    """Where the forum's duplicate index outlives the daemon; it holds words of replies."""
    return loaded.state_dir / "duplicates" / f"{forum}.npz"


def forget(
    loaded: Loaded,
    store: Store,
    who: Identity,
    *,
    by: str,
    clock: Callable[[], datetime],
    keep_labels: bool = False,
    told: Callable[[int], None] | None = None,
) -> Forgotten:
    """Forget what is held about an author, a few replies at a time; done again after a crash
    between two, it goes on. The trail says that it was done, and not of whom.

    A running daemon drops the author's texts from its duplicate index with its next poll. What
    the author writes or edits from now on is read and judged as anybody's.
    """
    total = Forgotten()
    while True:
        with store.write(lasting=True) as tx:
            some = author_data.forget_some(tx, who, keep_labels=keep_labels, by=by, at=clock())
        if not some.replies:
            break
        total += some
        if told is not None:
            told(total.replies)
    with store.write(lasting=True) as tx:
        author_data.forget_in_standing_decisions(tx, who)
        counts = {"replies": total.replies, "labels": total.labels, "undoable": total.undoable}
        audit.add(tx, audit.Entry(clock(), by, "author.forgotten", who.forum, details=counts))
    search_index.scrub(store)
    index_file(loaded, who.forum).unlink(missing_ok=True)
    return total
