"""Column types and the digest: how values of the domain lie in the database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MICROSECOND = timedelta(microseconds=1)

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A surrogate key. SQLite numbers rows by itself only for a plain INTEGER key."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time, kept as whole microseconds since 1970 (exact and sortable)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_microseconds(value)


class Words(TypeDecorator[str]):
    """Text from outside. What no database stores (NUL, halves of a surrogate pair, as a
    forum's JSON may hold them) becomes U+FFFD, so that one post never fails a batch."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable(value)


class Code(TypeDecorator[str]):
    """A short word from a closed list (an enum's value), as plain text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)


def storable(text: str) -> str:
    """``text`` with U+FFFD for what cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)


def all_storable(texts: Iterable[str | None]) -> bool:
    """Whether every one of these can be stored as it is."""
    return _UNSTORABLE.search("".join(filter(None, texts))) is None


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970. A naive time is a programming error."""
    if at.tzinfo is None:
        raise ValueError("times in the store are aware; got a naive one")
    return (at - EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def day_start(at: datetime) -> datetime:
    """Midnight UTC of the day of ``at``."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def text_digest(text: str, quoted: str = "") -> str:
    """What makes a revision: text and quote, runs of white space counted as one.

    Another page, source or parser lays out the same words differently; only other
    words are another revision. 32 hex digits.
    """
    words = " ".join(text.split()) + "\x00" + " ".join(quoted.split())
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
