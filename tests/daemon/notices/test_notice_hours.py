"""Quiet hours and days by the clock on the operator's wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from modbot.daemon.notices.hours import Hours, zone_named
from modbot.errors import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")


def wall(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("begin", "end", "at", "quiet"),
    [
        ("22:30", "07:30", "22:29", False),
        ("22:30", "07:30", "22:30", True),
        ("22:30", "07:30", "00:00", True),
        ("22:30", "07:30", "07:29", True),
        ("22:30", "07:30", "07:30", False),
        ("12:00", "14:00", "13:00", True),
        ("12:00", "14:00", "14:00", False),
        ("08:00", "08:00", "08:00", False),
    ],
)
def test_quiet_hours_may_span_midnight(begin, end, at, quiet):
    hours = Hours(BERLIN, time.fromisoformat(begin), time.fromisoformat(end))
    assert hours.is_quiet(wall(f"2026-03-01 {at}")) is quiet


def test_without_quiet_hours_nothing_is_quiet():
    assert not Hours(BERLIN).is_quiet(wall("2026-03-01 03:00"))
    assert not Hours(BERLIN, time(22), None).is_quiet(wall("2026-03-01 23:00"))


def test_quiet_hours_end_on_the_wall_in_the_night_that_the_clocks_change():
    hours = Hours(BERLIN, time(22, 30), time(7, 30))
    before, after = wall("2026-03-29 07:29"), wall("2026-03-29 07:30")
    assert hours.is_quiet(before)
    assert not hours.is_quiet(after)
    assert after - wall("2026-03-28 22:30") == timedelta(hours=8)


@pytest.mark.parametrize(
    ("day", "hours_long"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_a_day_is_from_midnight_to_midnight_on_the_wall(day, hours_long):
    start, end = Hours(BERLIN).span(day)
    assert start.astimezone(BERLIN).time() == end.astimezone(BERLIN).time() == time()
    assert end - start == timedelta(hours=hours_long)


@pytest.mark.parametrize(
    ("digest_at", "now", "day"),
    [
        ("08:30", "2026-03-02 08:29", None),
        ("08:30", "2026-03-02 08:30", date(2026, 3, 1)),
        ("08:30", "2026-03-02 23:59", date(2026, 3, 1)),
        ("02:30", "2026-03-29 01:59", None),  # the clock jumps from 02:00 to 03:00
        ("02:30", "2026-03-29 03:00", date(2026, 3, 28)),
    ],
)
def test_a_digest_is_of_the_day_before_and_due_once_its_hour_has_come(digest_at, now, day):
    hours = Hours(BERLIN, digest_at=time.fromisoformat(digest_at))
    assert hours.digest_day(wall(now)) == day
    assert Hours(BERLIN).digest_day(wall(now)) is None


def test_a_moment_of_another_day_is_shown_with_its_date():
    hours = Hours(BERLIN)
    now = wall("2026-03-02 08:30")
    assert hours.shown(wall("2026-03-02 07:05"), now=now) == "07:05"
    assert hours.shown(wall("2026-03-01 23:30"), now=now) == "03-01 23:30"


@pytest.mark.parametrize("name", ["Asia/Beijing", "Asia", "../etc/passwd", "", "\x00"])
def test_a_time_zone_that_there_is_not_is_told_with_the_way_out(name):
    with pytest.raises(SettingsError) as caught:
        zone_named(name, source="modbot.toml")
    assert "notifications.timezone" in str(caught.value)
    assert "Asia/Shanghai" in str(caught.value)


def test_the_local_zone_is_the_one_of_the_environment_or_the_machine(monkeypatch):
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert moment.astimezone(zone_named("local", source="")).hour == 21
    monkeypatch.setenv("TZ", "Nowhere/Land")
    assert moment.astimezone(zone_named("local", source="")).hour == 12
    monkeypatch.delenv("TZ")
    assert zone_named("local", source="").utcoffset(moment) is not None
