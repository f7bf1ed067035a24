"""Settings with what the console changed on top: for whoever works with the store."""

from __future__ import annotations

from pathlib import Path

import structlog

from modbot import settings
from modbot.daemon import wiring
from modbot.errors import StoreError
from modbot.settings import Loaded
from modbot.store import overlay
from modbot.store.engine import Store


def load(file: Path | None) -> tuple[Loaded, StoreError | None]:
    """The settings as they are in force, and what kept the console's changes from being read:
    whoever needs the store will be told by it. Raises SettingsError."""
    loaded = settings.load(file)
    try:
        changed = overlay.peek(loaded.store_url)
    except StoreError as problem:
        return loaded, problem
    return (settings.usable_over(loaded, changed) if changed else loaded), None


def laid(loaded: Loaded, store: Store) -> Loaded:
    """The same files and environment under what is in force in ``store`` now. What of it cannot
    be used any more is left out, and told."""
    with store.read() as rx:
        changed = overlay.in_force(rx)
    made = settings.usable_over(loaded, changed)
    log = structlog.get_logger("settings")
    for key, problem in made.left_out.items():
        log.error("change_left_out", key=key, code=problem.code, problem=str(problem))
    return made


def check(loaded: Loaded) -> None:
    """Raises what only the parts that are made of settings find wrong with them."""
    wiring.policy_book(loaded, {})
