"""Times and numbers as Discuz! prints them for people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

FORUM_OFFSET_MINUTES = 480
"""Used where a page does not tell the viewer's time zone: Discuz!'s own default, GMT+8."""

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=2)

_CLOCK = (
    r"(?:[ T]+(?P<half>上午|下午)? ?(?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2})(?::(?P<s>[0-9]{2}))?"
    r"(?: ?(?P<ampm>[AaPp])[Mm])?)?"
)
_YEAR_FIRST = re.compile(
    r"(?<![0-9])(?P<y>[0-9]{4}|[0-9]{2})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})(?![0-9])日?" + _CLOCK
)
_YEAR_LAST = re.compile(
    r"(?<![0-9])(?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})[-/.](?P<y>[0-9]{4})(?![0-9])" + _CLOCK
)
_AGO = re.compile(r"(半|[0-9]{1,5})\s*(?:个|個)?\s*(秒|分钟|分鐘|小时|小時|天)前")
_DAY = re.compile(r"(昨天|前天|今天)\s*(?:([0-9]{1,2}):([0-9]{2}))?")
_UNIT = {"秒": 1, "分钟": 60, "分鐘": 60, "小时": 3600, "小時": 3600, "天": 86400}
_DAYS_AGO = {"今天": 0, "昨天": 1, "前天": 2}

_NUMBER = re.compile(r"(-?[0-9][0-9,]{0,18}(?:\.[0-9]{1,4})?)\s*([万萬亿億]?)")
_SCALE = {"": 1, "万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}


def parse_time(text: str, *, now: datetime, offset_minutes: int | None) -> datetime | None:
    """A printed time as aware UTC, or None when it cannot be read or cannot be true.

    Reads absolute times without zero padding (``2021-7-14 08:47:49``, viewthread_seed),
    other date formats an operator may choose, and the relative words (刚刚, 半小时前,
    3 小时前, 昨天 20:14, 前天, 5 天前). ``offset_minutes`` is the zone of the page's footer.
    """
    text = text[:200].replace("\xa0", " ")
    offset = FORUM_OFFSET_MINUTES if offset_minutes is None else offset_minutes
    moment = _absolute(text, offset) or _relative(text, now, offset)
    return moment if moment is not None and EARLIEST <= moment <= now + FUTURE else None


def from_unix(seconds: object, *, now: datetime) -> datetime | None:
    """A Unix time of the JSON API (a decimal string) as aware UTC, or None."""
    text = str(seconds)
    if not re.fullmatch(r"[0-9]{1,11}", text):
        return None
    moment = datetime.fromtimestamp(int(text), UTC)
    return moment if EARLIEST <= moment <= now + FUTURE else None


def _absolute(text: str, offset: int) -> datetime | None:
    found = _YEAR_FIRST.search(text) or _YEAR_LAST.search(text)
    if not found:
        return None
    part = found.groupdict()
    year = int(part["y"]) + (2000 if len(part["y"]) == 2 else 0)
    hour = _hour(int(part["h"] or 0), part["half"], part["ampm"])
    try:
        local = datetime(
            year, int(part["m"]), int(part["d"]), hour, int(part["mi"] or 0), int(part["s"] or 0), tzinfo=UTC
        )
        return local - timedelta(minutes=offset)
    except (ValueError, OverflowError):
        return None


def _hour(hour: int, half: str | None, ampm: str | None) -> int:
    afternoon = half == "下午" or (ampm or "").lower() == "p"
    morning = half == "上午" or (ampm or "").lower() == "a"
    if afternoon and hour < 12:
        return hour + 12
    return 0 if morning and hour == 12 else hour


def _relative(text: str, now: datetime, offset: int) -> datetime | None:
    ago = _AGO.search(text)
    if ago:
        count = 0.5 if ago.group(1) == "半" else int(ago.group(1))
        return now - timedelta(seconds=count * _UNIT[ago.group(2)])
    if "刚刚" in text or "剛剛" in text:
        return now
    day = _DAY.search(text)
    if not day:
        return None
    local = now + timedelta(minutes=offset) - timedelta(days=_DAYS_AGO[day.group(1)])
    hour, minute = int(day.group(2) or 0), int(day.group(3) or 0)
    if hour > 23 or minute > 59:
        return None
    return local.replace(hour=hour, minute=minute, second=0, microsecond=0) - timedelta(minutes=offset)


def parse_number(text: str) -> int | None:
    """A printed count (``2479``, ``12,345``, ``1万``, ``2.5万``), or None."""
    found = _NUMBER.search(text[:100])
    if not found:
        return None
    value = float(found.group(1).replace(",", "")) * _SCALE[found.group(2)]
    return round(value) if abs(value) < 1e15 else None
