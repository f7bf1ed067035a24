"""Passwords: which are good enough, how they are kept, and whether one is right."""

from __future__ import annotations

import threading
import unicodedata
from dataclasses import dataclass, field
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from modbot.errors import UsageError
from modbot.store.people import key_of

SHORTEST = 10
LONGEST = 256
FEWEST_LETTERS = 4
AT_ONCE = 2
"""So many are computed at a time: each takes 64 MiB and a core for a moment."""


@dataclass(frozen=True, slots=True)
class Checked:
    """``fresh``: the same password as it should be kept from now on, when it is kept in a way
    that has become too weak."""

    is_right: bool
    fresh: str | None = None


def accept(password: str, *, name: str) -> None:
    """Raises UsageError when ``name`` should not have such a password."""
    folded = key_of(password)
    commonest = resources.files(__package__).joinpath("commonest.txt").read_text("utf-8").split()
    if len(password) < SHORTEST:
        raise UsageError(code="error.people.password_short", least=SHORTEST)
    if len(password) > LONGEST:
        raise UsageError(code="error.people.password_long", most=LONGEST)
    if folded in commonest or len(set(folded)) < FEWEST_LETTERS or folded == key_of(name):
        raise UsageError(code="error.people.password_common")


@dataclass(frozen=True, slots=True)
class Passwords:
    """Argon2id, with the parameters that argon2-cffi recommends (RFC 9106)."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def kept(self, password: str) -> str:
        """What is stored of a password."""
        with self._places:
            return self.hasher.hash(_plain(password))

    def check(self, kept: str | None, password: str) -> Checked:
        """Whether ``password`` is the one. Without ``kept`` it takes as long, and is wrong: how
        long the answer takes must not tell which names there are."""
        if len(password) > LONGEST:
            return Checked(is_right=False)
        if kept is None:
            self.kept(password)
            return Checked(is_right=False)
        with self._places:
            try:
                self.hasher.verify(kept, _plain(password))
            except (VerificationError, InvalidHashError):
                return Checked(is_right=False)
        fresh = self.kept(password) if self.hasher.check_needs_rehash(kept) else None
        return Checked(is_right=True, fresh=fresh)


def _plain(password: str) -> str:
    """Keyboards differ in how they compose a letter."""
    return unicodedata.normalize("NFC", password)
