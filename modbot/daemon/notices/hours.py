"""The operator's clock: the time zone, the quiet hours, and when the digest is due."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from modbot.errors import SettingsError

LOCAL = "local"
LOCAL_FILE = Path("/etc/localtime")


@dataclass(frozen=True, slots=True)
class Hours:
    """``quiet_from`` and ``quiet_until`` are times of day in ``zone``; equal or None: no quiet
    hours. ``digest_at`` None: no digest."""

    zone: tzinfo
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_at: time | None = None

    def is_quiet(self, now: datetime) -> bool:
        if self.quiet_from is None or self.quiet_until is None:
            return False
        at = now.astimezone(self.zone).time()
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= at < self.quiet_until
        return at >= self.quiet_from or at < self.quiet_until

    def digest_day(self, now: datetime) -> date | None:
        """The day whose digest is due at ``now`` or was before: yesterday, once the hour has come.

        By the clock on the wall, so that a night without that hour has its digest after it.
        """
        local = now.astimezone(self.zone)
        if self.digest_at is None or local.time() < self.digest_at:
            return None
        return local.date() - timedelta(days=1)

    def span(self, day: date) -> tuple[datetime, datetime]:
        """From midnight to midnight on the wall: 23 or 25 hours where the clocks change."""
        begin, end = (datetime.combine(each, time(), self.zone) for each in (day, day + timedelta(days=1)))
        return begin.astimezone(UTC), end.astimezone(UTC)

    def shown(self, moment: datetime, *, now: datetime) -> str:
        """``moment`` on the wall: with its date unless that is today's."""
        local = moment.astimezone(self.zone)
        same_day = local.date() == now.astimezone(self.zone).date()
        return local.strftime("%H:%M" if same_day else "%m-%d %H:%M")


def time_of_day(text: str) -> time | None:
    """``HH:MM``; None for an empty text."""
    return time.fromisoformat(text) if text else None


def zone_named(name: str, *, source: str, key: str = "notifications.timezone") -> tzinfo:
    """The time zone ``name``, or this machine's for ``local``. Raises SettingsError."""
    if name == LOCAL:
        return _local_zone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(code="error.notify.timezone", source=source, key=key, name=name) from None


def _local_zone() -> tzinfo:
    """As the C library finds it: TZ, else /etc/localtime, else UTC."""
    try:
        if os.environ.get("TZ"):
            return ZoneInfo(os.environ["TZ"].removeprefix(":"))
        with LOCAL_FILE.open("rb") as file:
            return ZoneInfo.from_file(file, key=LOCAL)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
