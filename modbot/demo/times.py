"""Times as the forum prints them, for readers at UTC+8."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from markupsafe import Markup

ZONE = timezone(timedelta(hours=8))
ABSOLUTE_AFTER = timedelta(days=7)


def minute(moment: datetime) -> str:
    """``2026-11-23 16:22``; only hours and minutes are padded for old dates."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def second(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def day(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d")


def unpadded(moment: datetime, *, seconds: bool = True) -> str:
    """``2021-7-14 08:47:49``: how posts older than a week are dated."""
    local = moment.astimezone(ZONE)
    clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{local.year}-{local.month}-{local.day} {clock}"


def relative(moment: datetime, now: datetime, *, seconds: bool = True) -> Markup:
    """The time in words with the exact one as its title; after a week the plain date."""
    words = _words(moment, now)
    if words is None:
        return Markup(unpadded(moment, seconds=seconds))  # noqa: S704 - digits only
    exact = second(moment) if seconds else minute(moment)
    return Markup('<span title="{}">{}</span>').format(exact, Markup(words))  # noqa: S704 - from the table below


def _words(moment: datetime, now: datetime) -> str | None:
    local, today = moment.astimezone(ZONE), now.astimezone(ZONE)
    age = int((now - moment).total_seconds())
    days = (today.date() - local.date()).days
    if days <= 0:
        return _words_of_today(age)
    if now - moment >= ABSOLUTE_AFTER or days > 7:
        return None
    if days <= 2:
        return f"{('昨天', '前天')[days - 1]}&nbsp;{local:%H:%M}"
    return f"{days}&nbsp;天前"


def _words_of_today(age: int) -> str:
    if age > 3600:
        return f"{age // 3600}&nbsp;小时前"
    if age > 1800:
        return "半小时前"
    if age > 60:
        return f"{age // 60}&nbsp;分钟前"
    return f"{age}&nbsp;秒前" if age > 0 else "刚刚"
