"""``modbot serve`` as a process: signals, the service manager, hung work, one owner."""

from __future__ import annotations

import re
import signal
import time

import pytest
from serve_process import Box

from modbot.daemon.serving.daemon import SPARE_THREADS
from modbot.domain import OutboxState
from modbot.store import leases, outbox
from modbot.store import open as open_store


@pytest.fixture
def box(tmp_path):
    made = Box(tmp_path)
    yield made
    made.clear()


@pytest.fixture
def serve(box):
    def begin():
        process = box.command("serve")
        box.hear("READY=1")
        box.until(lambda: box.events("poll"))
        return process

    return begin


def ends_within(process, seconds: float) -> float:
    began = time.monotonic()
    process.wait(seconds)
    return time.monotonic() - began


def test_the_service_manager_hears_that_it_is_ready_alive_and_stopping(box, serve):
    process = serve()
    assert "STATUS=city: shadow" in box.hear("WATCHDOG=1")
    process.send_signal(signal.SIGTERM)
    box.hear("STOPPING=1")
    assert ends_within(process, 10) < 5
    assert process.returncode == 0
    assert box.events("stopped")[0]["in_order"] is True


def test_a_second_serve_and_a_poll_say_who_works_already(box, serve):
    first = serve()
    for words in (("serve",), ("poll", "--once")):
        second = box.command(*words)
        assert second.wait(30) == 1
        told = (box.folder / f"log{len(box.processes) - 1}").read_text("utf-8")
        assert f"process {first.pid}" in told
    assert first.poll() is None


def test_a_reload_with_right_settings_takes_them_and_with_wrong_ones_keeps_the_old(box, serve):
    process = serve()
    box.configure('[forums.city.policy]\nmode = "queue"\n')
    process.send_signal(signal.SIGHUP)
    box.hear("STATUS=city: queue")
    assert "RELOADING=1" in box.told
    assert "MONOTONIC_USEC=" in box.told

    for wrong, code in (
        ('[forums.city.policy]\nmode = "enforced"\n', "error.settings.invalid.one_of_near"),
        ('[forums.town]\nurl = "http://127.0.0.1:9/"\n', "error.settings.missing_secret"),
        ('[store]\nurl = "sqlite:///other.db"\n', "error.serve.needs_restart"),
    ):
        before = len(box.events("reload_refused"))
        box.configure(wrong)
        process.send_signal(signal.SIGHUP)
        box.until(lambda: len(box.events("reload_refused")) > before)  # noqa: B023
        assert box.events("reload_refused")[-1]["code"] == code
    polls = len(box.events("poll"))
    box.until(lambda: len(box.events("poll")) > polls + 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


RULE = """
[[rules]]
name = "adverts"
when = { contains = "广告" }
then = "hide"
examples = { match = ["看广告"] }
"""


def test_a_rule_that_is_wrong_refuses_the_reload_and_the_old_ones_go_on(box, serve):
    box.configure(RULE + '[policy]\nmode = "enforce"\n')
    process = serve()
    box.configure(RULE.replace("看广告", "看风景") + '[policy]\nmode = "queue"\n')
    process.send_signal(signal.SIGHUP)
    box.until(lambda: box.events("reload_refused"))
    assert box.events("reload_refused")[0]["code"] == "error.rules.example_missed"
    box.order(advert="周末都来看广告")
    box.until(lambda: "hiding" in box.notes())
    assert box.events("decision")[0]["reason"] == "rule"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_a_hung_poll_is_replaced_and_the_forum_polled_again(box, tmp_path):
    box.stalled = 1.0
    box.configure()
    box.order(hang="once")
    process = box.command("serve")
    box.until(lambda: box.events("poll"))
    (stuck,) = box.events("work_stuck")
    assert (stuck["forum"], stuck["jobs"]) == ("city", ["poll"])
    assert box.notes().index("hanging") == 1
    process.send_signal(signal.SIGTERM)
    assert ends_within(process, 10) < 8
    assert process.returncode == 0, "the hung thread does not keep the process from ending"


def test_when_everything_hangs_again_and_again_the_process_ends_to_be_started_anew(box):
    box.stalled = 0.2
    box.configure()
    box.order(hang="always")
    process = box.command("serve")
    assert process.wait(60) == 1
    log = (box.folder / "log0").read_text("utf-8")
    assert "modbot ends so that it can be started anew" in log
    # A stuck worker leaves a poll hanging, and may leave a re-reading: so threads are counted.
    hanging = re.search(r"could not be replaced \((\d+)\)", log)
    assert hanging is not None
    assert SPARE_THREADS < int(hanging[1]) <= SPARE_THREADS + 3
    assert 1 < len(box.events("work_stuck")) <= SPARE_THREADS + 1


ADVERT = "高价回收各类游戏账号，当场结算，加微信：huishou8801"
ENFORCE = '[policy]\nmode = "enforce"\n[policy.spam]\nhide = 0.6\n'


def hides(box) -> list[OutboxState]:
    store = open_store(box.folder / "var" / "modbot.db")
    with store.read() as rx:
        found = [action.state for action in outbox.listing(rx, forum="city")]
    store.close()
    return found


@pytest.mark.parametrize(
    ("seconds", "state"), [(2, OutboxState.DONE), (60, OutboxState.CLAIMED)], ids=["short", "too long"]
)
def test_a_stop_lets_the_action_in_flight_end_but_not_for_ever(box, seconds, state):
    box.stop = 4
    box.configure(ENFORCE)
    box.order(advert=ADVERT, slow_hide=str(seconds))
    process = box.command("serve")
    box.until(lambda: "hiding" in box.notes())
    process.send_signal(signal.SIGTERM)
    assert ends_within(process, 10) < 8
    assert process.returncode == 0
    assert hides(box) == [state]


def test_a_second_signal_ends_it_at_once(box):
    box.stop = 9
    box.configure()
    box.order(hang="always")
    process = box.command("serve")
    box.until(lambda: "hanging" in box.notes() or any(note.startswith("poll") for note in box.notes()))
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None, "the poll under way is waited for"
    process.send_signal(signal.SIGTERM)
    assert ends_within(process, 8) < 4, "nine seconds would be allowed"
    assert process.returncode == 128 + signal.SIGTERM


def test_whose_lease_was_taken_stops_and_says_so(box, serve):
    process = serve()
    store = open_store(box.folder / "var" / "modbot.db")
    with store.write() as tx:
        mine = leases.load(tx)
        leases.take(tx, leases.Lease("thief", "elsewhere", 1, mine.since, mine.until))
    store.close()
    assert process.wait(30) == 1
    assert "Another modbot works on this database now" in (box.folder / "log0").read_text("utf-8")


def test_killed_and_started_again_it_goes_on_at_once(box, serve):
    process = serve()
    process.send_signal(signal.SIGKILL)
    process.wait()
    box.told = ""
    again = box.command("serve")
    box.hear("READY=1")
    assert again.poll() is None
