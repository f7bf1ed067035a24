"""What a form's fields ask for: empty ones ask for nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from modbot.errors import UsageError

_Choice = TypeVar("_Choice", bound=StrEnum)
_MOST_DIGITS = 18


def number(text: str) -> int | None:
    """Raises UsageError for what is no whole number."""
    plain = text.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= _MOST_DIGITS):
        raise UsageError(code="error.console.not_a_number", text=plain)
    return int(plain)


def day(text: str, *, end: bool = False) -> datetime | None:
    """The beginning of a day (``YYYY-MM-DD``, UTC), with ``end`` of the next one. Raises UsageError."""
    plain = text.strip()
    if not plain:
        return None
    try:
        found = datetime.combine(date.fromisoformat(plain), datetime.min.time(), UTC)
        return found + timedelta(days=1) if end else found
    except (ValueError, OverflowError):
        raise UsageError(code="error.console.not_a_day", text=plain) from None


def choice(text: str, choices: type[_Choice]) -> _Choice | None:
    """Raises UsageError for what is none of the choices."""
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        raise UsageError(code="error.console.not_a_choice", text=text, known=", ".join(choices)) from None
