"""One digest a day, about yesterday, only when there is something for people in it."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from notice_support import SHANGHAI, TOKEN, Receiver, Watchtower
from sqlalchemy import select

from modbot.domain import VerdictKind, VerdictSource
from modbot.store import schema, verdicts
from modbot.store.breakers import BreakerState


@pytest.fixture
def busy(bench, receiver: Receiver) -> Watchtower:
    """The evening of March 1st in Shanghai (12:00 UTC): two flags, one of them decided."""
    bench.flagged(1)
    bench.flagged(2)
    with bench.store.write() as tx:
        verdicts.give(
            tx,
            bench.flags[1],
            VerdictKind.DISMISS,
            source=VerdictSource.TERMINAL,
            who="ann",
            now=bench.now,
            undo_window=timedelta(0),
            note="",
            reason="",
            notify=False,
        )
    return Watchtower(bench.store, (receiver.address,), bench.now, digest_at="08:30", zone=SHANGHAI)


def test_the_digest_tells_yesterday_and_what_waits_now(busy, receiver):
    busy.tick_until(busy.at("2026-03-02 08:29"))
    assert receiver.got == []
    busy.tick(minutes=1)
    assert receiver.titles == ["digest of 2026-03-01"]
    assert receiver.got[0]["type"] == "info"
    assert receiver.got[0]["message"].splitlines() == [
        "city",
        "· 2 replies read, 0 hidden unasked, 2 queued",
        "· reasons: spam 2",
        "· 1 verdicts, 0 hide(s) overturned",
        "· 1 wait for a moderator now, the oldest since 03-01 20:00 (`modbot queue list`)",
    ]


def test_what_waits_unseen_is_told_with_its_reasons_and_its_oldest(busy, bench, receiver):
    with bench.store.write() as tx:
        tx.execute(schema.flags.update().values(shown_at=None))
    busy.tick_until(busy.at("2026-03-02 08:30"))
    busy.tick()
    assert receiver.got[0]["message"].splitlines()[-2:] == [
        "· 1 more do not fit the queue and wait unseen, the oldest since 03-01 20:00"
        " (`modbot queue list --not-shown`)",
        "· of these from yesterday: spam 1",
    ]


def test_spot_checks_that_wait_are_told_of(busy, bench, receiver):
    with bench.store.write() as tx:
        judged = tx.execute(select(schema.replies)).first()
        tx.execute(
            schema.spot_checks.insert().values(
                forum="city",
                day=bench.now.date(),
                reply_id=judged.id,
                revision_id=judged.revision_id,
                decision_id=judged.decision_id,
                population=40,
                drawn_at=bench.now,
            )
        )
    busy.tick_until(busy.at("2026-03-02 08:30"))
    busy.tick()
    assert "· 1 spot checks wait to be judged (`modbot spotcheck list`)" in receiver.got[0]["message"]


def test_there_is_one_digest_a_day_whatever_is_restarted(busy, receiver):
    for _ in range(4):
        busy.at("2026-03-02 08:30")
        busy.restart()
        busy.tick()
        busy.tick_until(busy.at("2026-03-02 23:00"), every=timedelta(hours=3))
    assert receiver.titles == ["digest of 2026-03-01"]
    busy.at("2026-03-03 08:30")
    busy.tick()
    assert [title for title in receiver.titles if "digest" in title] == [
        "digest of 2026-03-01",
        "digest of 2026-03-02",
    ], "a flag waits still"


def test_a_daemon_that_was_off_at_the_hour_sends_it_when_it_is_back_and_only_yesterdays(busy, receiver):
    busy.at("2026-03-02 19:00")
    busy.tick()
    assert receiver.titles == ["digest of 2026-03-01"]
    busy.at("2026-03-05 09:00")
    busy.restart()
    busy.tick()
    assert "digest of 2026-03-04" in receiver.bodies + " ".join(receiver.titles)
    assert "2026-03-02" not in " ".join(receiver.titles)


def test_a_quiet_day_has_no_digest_and_none_later_that_day_either(tower, receiver):
    house = tower(digest_at="08:30")
    house.at("2026-03-01 12:00")
    house.reads()
    house.at("2026-03-02 08:30")
    house.tick()
    house.pull_brake()
    house.tick(hours=1)
    assert receiver.titles == ["city: hiding is paused"]


def test_a_day_on_which_nobody_watched_the_forum_has_no_digest(tower, receiver):
    house = tower(digest_at="08:30")
    house.at("2026-03-02 15:00")
    house.reads()
    house.pull_brake()
    house.tick()
    assert receiver.titles == ["city: hiding is paused"]
    house.at("2026-03-03 08:30")
    house.tick()
    assert receiver.titles[1:] == ["digest of 2026-03-02"]


def test_trouble_of_yesterday_is_in_the_digest_with_its_length(tower, receiver):
    house = tower(digest_at="08:30", quiet=("00:00", "08:00"))
    house.at("2026-03-01 01:00")
    house.reads()
    house.breaker(BreakerState.STOPPED, "error.forum.captcha")
    house.tick()
    house.at("2026-03-01 03:05")
    house.breaker(BreakerState.CLOSED)
    house.tick()
    house.pull_brake()
    house.tick(hours=6)
    house.at("2026-03-02 08:30")
    house.tick()
    assert "in trouble or out of reach for 125 minutes" in receiver.bodies
    assert "hiding is paused (`modbot brake --forum city --lift`)" in receiver.got[-1]["message"]


def test_the_digest_waits_for_the_end_of_the_quiet_hours_and_is_retried(busy, receiver):
    busy.quiet = ("22:00", "09:00")
    busy.restart()
    busy.at("2026-03-02 08:45")
    busy.tick()
    assert receiver.calls == []
    receiver.status = 500
    busy.at("2026-03-02 09:00")
    busy.tick()
    receiver.status = 200
    busy.tick(minutes=1)
    busy.tick(minutes=1)
    assert receiver.titles == ["digest of 2026-03-01"]
    assert len(receiver.calls) == 2
    assert all(TOKEN in path for path in receiver.calls)


def test_the_digest_comes_once_in_the_night_without_its_hour_and_in_the_night_with_two(busy, receiver):
    busy.zone, busy.digest_at = ZoneInfo("Europe/Berlin"), "02:30"
    busy.restart()
    for night in ("2026-03-29", "2026-10-25"):
        receiver.got.clear()
        start = busy.at(f"{night} 00:30")
        busy.tick_until(start + timedelta(hours=5), every=timedelta(minutes=30))
        assert len([title for title in receiver.titles if "digest" in title or "notices" in title]) == 1


def test_the_digest_speaks_chinese(busy, receiver):
    busy.language = "zh"
    busy.restart()
    busy.at("2026-03-02 08:30")
    busy.tick()
    assert receiver.titles == ["2026-03-01 日报"]
    assert "广告 2" in receiver.bodies
