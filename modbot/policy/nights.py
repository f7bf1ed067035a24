"""The hours of the night, in which other rules may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import Generic, TypeVar

_P = TypeVar("_P")


@dataclass(frozen=True, slots=True)
class Night(Generic[_P]):
    """``policy`` holds from ``begins`` until ``until`` (excluded) by the wall of ``zone``: over
    midnight where the second is the earlier, never where both are equal."""

    begins: time
    until: time
    zone: tzinfo
    policy: _P

    def covers(self, moment: datetime | None) -> bool:
        """``moment`` is aware; of an unknown one nothing can be said."""
        if moment is None:
            return False
        at = moment.astimezone(self.zone).time()
        if self.begins <= self.until:
            return self.begins <= at < self.until
        return at >= self.begins or at < self.until
