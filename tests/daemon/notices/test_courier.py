"""Apprise works in a process of its own, which is ended in time and takes no secret along."""

from __future__ import annotations

import os
import resource
import threading
import time
from pathlib import Path

import pytest
from notice_support import TOKEN

from modbot.daemon.notices.addresses import Address
from modbot.daemon.notices.compose import Message, Tone
from modbot.daemon.notices.courier import Courier

MESSAGE = Message("标题 · title", "第一行\nsecond line <b>", Tone.WARNING)


def test_a_message_arrives_as_it_was_written(receiver):
    delivery = Courier().send(MESSAGE, Address(1, receiver.address))
    assert (delivery.ok, delivery.service, delivery.problem) == (True, "JSON", "")
    assert receiver.got[0]["title"] == MESSAGE.title
    assert receiver.got[0]["message"] == MESSAGE.body
    assert receiver.got[0]["type"] == "warning"


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_is_told(receiver, status):
    receiver.status = status
    delivery = Courier().send(MESSAGE, Address(1, receiver.address))
    assert not delivery.ok
    assert delivery.answered
    assert str(status) in delivery.problem


def test_one_that_hangs_is_ended_in_time_and_at_once_when_the_daemon_stops(receiver):
    over = threading.Event()
    receiver.meanwhile = lambda: over.wait(20)
    began = time.monotonic()
    late = Courier(seconds=1.5).send(MESSAGE, Address(1, receiver.address))
    stopped = Courier(stopping=lambda: bool(receiver.calls[1:])).send(MESSAGE, Address(1, receiver.address))
    took = time.monotonic() - began
    over.set()
    assert not late.ok
    assert not late.answered
    assert "1.5 s" in late.problem
    assert not stopped.ok
    assert took < 15


def test_the_address_is_neither_in_its_arguments_nor_in_its_environment(receiver, monkeypatch):
    monkeypatch.setenv("MODBOT_NOTIFICATIONS__URLS", receiver.address)
    seen: list[str] = []

    def look() -> None:
        for process in Path("/proc").glob("[0-9]*"):
            if f"PPid:\t{os.getpid()}\n" in (process / "status").read_text():
                seen.extend((process / part).read_bytes().decode() for part in ("cmdline", "environ"))

    receiver.meanwhile = look
    assert Courier().send(MESSAGE, Address(1, receiver.address)).ok
    assert any("delivering.py" in part for part in seen)
    assert not any(TOKEN in part for part in seen)


def test_without_a_process_to_be_had_the_message_waits(receiver):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        delivery = Courier().send(MESSAGE, Address(1, receiver.address))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert not delivery.ok
    assert receiver.calls == []
