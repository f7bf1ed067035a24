"""Python's search for circular garbage, kept from looking through what stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_out() -> Iterator[None]:
    """Whatever there is now is left out of the search until the end; what comes later is not.

    Modules, settings, rules and whoever serves live as long as the process. Every look
    through all of them finds nothing, and comes as often as some thousands of replies were
    judged: a fifth of what judging costs. Garbage that is no circle is freed at once anyway.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
