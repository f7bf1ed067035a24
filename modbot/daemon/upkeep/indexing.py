"""Take what was decided into the index that searching reads, beside a daemon that goes on working."""

from __future__ import annotations

import time
from collections.abc import Callable

from modbot.store import search_index
from modbot.store.engine import Store


def follow(store: Store, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Until the index has everything; answers how many decisions it took in.

    In short writes with pauses as long between them: an old database is indexed whole so.
    """
    number = 0
    while not stopping():
        with store.write() as tx:
            begun = time.perf_counter()
            taken = search_index.advance(tx)
        if not taken:
            break
        number += taken
        time.sleep(time.perf_counter() - begun)
    return number
