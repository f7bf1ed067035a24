"""People are told of a trouble once, and of its end once; nothing is lost and nothing doubled."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from notice_support import TOKEN

from modbot.daemon.notices.notifier import LONGEST_RETRY, retry_after
from modbot.errors import LeaseLost
from modbot.store import breakers, notices
from modbot.store.breakers import BreakerState


def test_a_trouble_is_told_once_with_what_to_do_and_so_is_its_end(tower, receiver):
    house = tower()
    house.pull_brake()
    assert house.tick() == {"opened": 1, "closed": 0, "told": 1, "waiting": 0}
    assert receiver.titles == ["city: hiding is paused"]
    assert "modbot brake --forum city --lift" in receiver.bodies
    assert "since 12:00" in receiver.bodies
    house.tick(minutes=5)
    house.lift_brake()
    house.tick(minutes=1)
    assert len(receiver.got) == 1, "it may be back at once"
    house.tick(minutes=10)
    house.tick(minutes=30)
    assert receiver.titles[1:] == ["city: hiding goes on again (it was paused 12:00 – 12:06)."]
    assert [message["type"] for message in receiver.got] == ["warning", "success"]


def test_a_trouble_that_comes_and_goes_is_told_once(tower, receiver):
    house = tower()
    for _ in range(6):
        house.breaker(BreakerState.STOPPED, "error.forum.captcha")
        house.tick(minutes=3)
        house.breaker(BreakerState.CLOSED)
        house.tick(minutes=3)
    house.tick(minutes=11)
    assert receiver.titles == [
        "city: a human is needed",
        "city: no human is needed any more (12:00 – 12:36).",
    ]


def test_that_a_human_acted_is_no_end_and_no_new_trouble_before_it_helped(tower, receiver):
    house = tower()
    house.polled()
    house.breaker(BreakerState.STOPPED, "error.forum.captcha")
    house.tick()
    house.tick(hours=2)
    with house.store.write() as tx:
        assert breakers.resume(tx, "city", who="ann", at=house.now)
    assert house.tick() == {"opened": 0, "closed": 0, "told": 0, "waiting": 0}
    house.breaker(BreakerState.OPEN, "error.forum.connection")
    house.tick(minutes=1)
    assert receiver.titles == ["city: a human is needed", "city: cannot be reached"]


def test_two_troubles_at_once_are_one_message(tower, receiver):
    house = tower(forums=("city", "village"))
    house.pull_brake("city")
    house.breaker(BreakerState.STOPPED, "error.forum.password_refused", "village")
    house.tick()
    assert receiver.titles == ["2 notices"]
    assert "city: hiding is paused" in receiver.bodies
    assert "village: a human is needed" in receiver.bodies
    assert "the password was refused (words of a forum)" in receiver.bodies


def test_what_happens_at_night_is_told_in_the_morning_as_one_message(tower, receiver):
    """Quiet hours over midnight."""
    house = tower(quiet=("22:30", "07:30"))
    house.at("2026-03-01 23:00")
    house.pull_brake()
    house.tick()
    house.at("2026-03-02 03:00")
    house.chore("backup", "The disk is full.")
    assert house.tick() == {"opened": 1, "closed": 0, "told": 0, "waiting": 2}
    house.tick_until(house.at("2026-03-02 07:29"))
    assert receiver.got == []
    house.tick(minutes=1)
    assert receiver.titles == ["2 notices"]
    assert "since 03-01 23:00" in receiver.bodies
    assert "The disk is full." in receiver.bodies


def test_a_night_long_trouble_that_is_over_by_the_morning_is_one_line_about_its_end(tower, receiver):
    house = tower(quiet=("22:30", "07:30"))
    house.at("2026-03-01 23:00")
    house.breaker(BreakerState.STOPPED, "error.forum.logged_out")
    house.tick()
    house.breaker(BreakerState.CLOSED)
    house.tick(hours=3)
    house.at("2026-03-02 07:30")
    house.tick()
    house.tick(hours=1)
    assert receiver.titles == ["city: no human is needed any more (03-01 23:00 – 02:00)."]


def test_a_trouble_of_minutes_that_nobody_was_told_of_is_told_to_nobody(tower, receiver):
    house = tower(quiet=("22:30", "07:30"))
    house.at("2026-03-01 23:00")
    house.pull_brake()
    house.tick()
    house.lift_brake()
    house.tick(minutes=4)
    house.at("2026-03-02 08:00")
    house.tick()
    assert receiver.calls == []


def test_a_restart_between_opening_and_telling_loses_nothing_and_doubles_nothing(tower, receiver):
    house = tower(quiet=("22:30", "07:30"))
    house.at("2026-03-01 23:00")
    house.pull_brake()
    house.tick()
    house.restart()
    house.at("2026-03-02 07:30")
    house.tick()
    house.restart()
    house.tick(minutes=1)
    assert receiver.titles == ["city: hiding is paused"]


def test_a_receiver_that_is_down_for_hours_is_tried_less_and_less_and_told_when_it_is_back(tower, receiver):
    house = tower()
    receiver.status = 503
    house.pull_brake()
    house.tick_until(house.now + timedelta(hours=3), every=timedelta(minutes=5))
    assert receiver.got == []
    assert 6 <= len(receiver.calls) <= 12
    receiver.status = 200
    house.restart()
    house.tick_until(house.now + LONGEST_RETRY, every=timedelta(minutes=5))
    assert receiver.titles == ["city: hiding is paused"]


def test_the_pause_between_attempts_grows_to_half_an_hour():
    minutes = [int(retry_after(attempts).total_seconds() // 60) for attempts in range(8)]
    assert minutes == [1, 2, 4, 8, 16, 30, 30, 30]


def test_an_address_that_has_it_is_not_told_again_when_another_fails(tower, receiver, other_receiver):
    house = tower(addresses=(receiver.address, other_receiver.address))
    other_receiver.status = 500
    house.pull_brake()
    assert house.tick()["waiting"] == 1
    house.restart()
    house.tick(minutes=2)
    other_receiver.status = 200
    house.tick(minutes=5)
    house.tick(minutes=5)
    assert receiver.titles == other_receiver.titles == ["city: hiding is paused"]


def test_who_never_heard_of_the_beginning_reads_it_in_the_end(tower, receiver, other_receiver):
    house = tower(addresses=(receiver.address, other_receiver.address))
    other_receiver.status = 500
    house.pull_brake()
    house.tick()
    house.lift_brake()
    house.tick(minutes=1)
    other_receiver.status = 200
    house.tick(minutes=11)
    assert other_receiver.titles == ["city: hiding goes on again (it was paused 12:00 – 12:01)."]
    assert receiver.titles == ["city: hiding is paused", *other_receiver.titles]


def test_a_crash_between_sending_and_writing_it_down_tells_that_address_again_but_not_at_once(
    tower, receiver, other_receiver
):
    """The attempt is written down before it is made: no message is lost, no crash floods."""
    house = tower(addresses=(receiver.address, other_receiver.address))
    alive = threading.Event()
    alive.set()

    def guard(_: object) -> None:
        if not alive.is_set():
            raise LeaseLost

    house.store = house.store.guarded(guard)
    house.restart()
    house.pull_brake()
    other_receiver.meanwhile = alive.clear
    with pytest.raises(LeaseLost):
        house.tick()
    other_receiver.meanwhile = alive.set
    alive.set()
    house.restart()
    assert house.tick()["told"] == 0
    assert house.tick(minutes=1)["told"] == 1
    assert receiver.titles == ["city: hiding is paused"]
    assert other_receiver.titles == ["city: hiding is paused"] * 2


def test_an_address_that_hangs_costs_its_own_time_and_no_lock(tower, receiver, other_receiver):
    house = tower(addresses=(receiver.address, other_receiver.address), seconds=2.0)
    wrote, over = threading.Event(), threading.Event()

    def hang() -> None:
        with house.store.write():
            wrote.set()
        over.wait(10)

    receiver.meanwhile = hang
    house.pull_brake()
    house.tick()
    over.set()
    assert wrote.is_set(), "the store could be written to while the message was on its way"
    assert other_receiver.titles == ["city: hiding is paused"]
    with house.store.read() as rx:
        (row,) = notices.lasting(rx)
    assert row.told_at is None, "one address lacks it"
    assert len(row.reached) == 1


def test_without_an_address_troubles_are_kept_and_nothing_is_sent(tower, receiver):
    house = tower(addresses=(), digest_at="08:30")
    house.pull_brake()
    assert house.tick() == {"opened": 1, "closed": 0, "told": 0, "waiting": 0}
    assert receiver.calls == []


def test_what_ended_days_ago_is_no_news_to_a_new_address(tower, receiver):
    house = tower(addresses=())
    house.pull_brake()
    house.tick()
    house.lift_brake()
    house.tick(hours=2)
    house.addresses = (receiver.address,)
    house.restart()
    house.tick(days=4)
    assert receiver.calls == []


def test_people_read_it_in_chinese_and_in_their_own_time(tower, receiver):
    house = tower(language="zh")
    house.pull_brake()
    house.tick()
    assert receiver.titles == ["city：自动屏蔽已暂停"]
    assert "12:00" in receiver.bodies
    assert "最近的屏蔽中误判过多" in receiver.bodies
    assert "modbot brake" in receiver.bodies


def test_an_errors_own_words_are_sent_without_secrets(tower, receiver):
    house = tower()
    house.chore("backup", "cannot decrypt with backup-passphrase\nat line 3")
    house.tick()
    assert receiver.titles == ["Failed: the backup"]
    assert "cannot decrypt with *** at line 3" in receiver.bodies


def test_the_log_names_an_address_by_its_number(tower, receiver, capsys):
    receiver.status = 500
    house = tower()
    house.pull_brake()
    house.tick()
    told = "".join(capsys.readouterr())
    assert "notice_failed" in told
    assert TOKEN not in told
    assert receiver.address not in told
