"""Settings that are changed while modbot runs: checked as files are, recorded, taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from modbot import settings
from modbot.errors import UsageError
from modbot.settings import Loaded, inventory
from modbot.store import overlay
from modbot.store.engine import Store

Check = Callable[[Loaded], None]
"""Raises what is wrong with settings that are valid in themselves."""


def changed(loaded: Loaded, overlaid: Mapping[str, Any], wishes: Mapping[str, Any]) -> Loaded:
    """The settings as they would be with ``wishes`` (None: as files and environment say) over
    what of ``overlaid`` can be used. Raises SettingsError."""
    usable = settings.usable_over(loaded, overlaid).overlay
    kept = {key: value for key, value in usable.items() if key not in wishes}
    wanted = {key: value for key, value in wishes.items() if value is not None}
    return settings.over(loaded, kept | wanted)


def change(
    store: Store,
    loaded: Loaded,
    wishes: Mapping[str, Any],
    *,
    who: str,
    now: datetime,
    check: Check,
    seen: int | None = None,
    reverts: int | None = None,
) -> list[int]:
    """Record ``wishes`` by key; answers the ids of the changes. What would change nothing is
    left out. They come into force when whoever works with the store looks.

    Raises SettingsError for what is wrong with them, Conflict when somebody changed something
    after the change ``seen`` (0: the first), UsageError when nothing is left to change.
    """
    with store.read() as rx:
        overlaid, mark = overlay.in_force(rx), overlay.mark(rx)
    present = settings.usable_over(loaded, overlaid)
    made = changed(loaded, overlaid, wishes)
    check(made)
    recorded = {
        key: overlay.Wish(
            None if value is None else inventory.value_of(made, key), inventory.value_of(present, key)
        )
        for key, value in wishes.items()
        if (key in overlaid if value is None else _differs(key, made, present))
    }
    if not recorded:
        raise UsageError(code="error.settings.nothing_changed")
    with store.write(lasting=True) as tx:
        expected = mark if seen is None else seen
        return overlay.change(tx, recorded, who=who, at=now, seen=expected, reverts=reverts)


def revert(
    store: Store, loaded: Loaded, change_id: int, *, who: str, now: datetime, check: Check
) -> list[int]:
    """Take one change back: its key is again what it was before. Raises as :func:`change`, and
    Conflict when the key was changed again since."""
    with store.read() as rx:
        found, value = overlay.get(rx, change_id), overlay.before(rx, change_id)
        seen = overlay.mark(rx)
    wish = {found.key: value}
    return change(store, loaded, wish, who=who, now=now, check=check, seen=seen, reverts=change_id)


def _differs(key: str, made: Loaded, present: Loaded) -> bool:
    found: bool = inventory.value_of(made, key) != inventory.value_of(present, key)
    return found
