"""What serves for months is not looked through for garbage; what comes and goes is."""

from __future__ import annotations

import gc
import weakref

import pytest

from modbot import garbage


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_left_alone_and_what_comes_later_is_freed() -> None:
    early = Circle()
    with garbage.kept_out():
        assert not any(found is early for found in gc.get_objects())
        late = Circle()
        seen = weakref.ref(late)
        assert any(found is late for found in gc.get_objects())
        del late
        gc.collect()
        assert seen() is None
    assert any(found is early for found in gc.get_objects())


def test_it_ends_with_what_it_was_for() -> None:
    with pytest.raises(RuntimeError), garbage.kept_out():
        raise RuntimeError
    assert gc.get_freeze_count() == 0
