"""A call goes out while all is well, and only then."""

from __future__ import annotations

import socket
import time

import pytest
from notice_support import TOKEN, Receiver

from modbot import settings
from modbot.daemon.notices import heartbeat
from modbot.daemon.notices.heartbeat import Heartbeat
from modbot.errors import SettingsError


def url(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.port}/ping/{TOKEN}?rid=1"


def test_it_calls_while_all_is_well(receiver):
    beat = Heartbeat(url(receiver), healthy=lambda: True)
    assert beat.beat() == beat.beat() == {"beat": True, "healthy": True}
    assert receiver.calls == [f"/ping/{TOKEN}?rid=1"] * 2


def test_it_is_silent_while_something_is_wrong(receiver):
    assert Heartbeat(url(receiver), healthy=lambda: False).beat() == {"beat": False, "healthy": False}
    assert receiver.calls == []


def test_a_call_that_fails_is_logged_without_its_address_and_raises_nothing(receiver, capsys):
    receiver.status = 500
    assert Heartbeat(url(receiver), healthy=lambda: True).beat()["beat"] is False
    receiver.close()
    assert Heartbeat(url(receiver), healthy=lambda: True).beat()["beat"] is False
    told = capsys.readouterr().out
    assert told.count("heartbeat_failed") == 2
    assert TOKEN not in told


def test_a_server_that_never_answers_costs_a_bounded_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        began = time.monotonic()
        assert Heartbeat(address, healthy=lambda: True, seconds=0.3).beat()["beat"] is False
        assert time.monotonic() - began < 3


def load(tmp_path, text):
    file = tmp_path / "modbot.toml"
    file.write_text(f"[notifications]\n{text}", "utf-8")
    return settings.load(file, environ={})


def test_without_an_address_there_is_no_heartbeat(tmp_path):
    assert heartbeat.of(load(tmp_path, ""), healthy=lambda: True) is None


def test_an_address_may_lie_in_a_file_of_its_own(tmp_path, receiver):
    (tmp_path / "beat").write_text(url(receiver) + "\n", "utf-8")
    made = heartbeat.of(load(tmp_path, 'heartbeat_url_file = "beat"'), healthy=lambda: True)
    assert made is not None
    assert made.beat()["beat"]


@pytest.mark.parametrize(
    "wrong", ["hc-ping.com/secretword", "ftp://x/secretword", "http://x:99999/secretword"]
)
def test_what_is_no_web_address_is_told_by_its_key(tmp_path, wrong):
    with pytest.raises(SettingsError) as caught:
        heartbeat.of(load(tmp_path, f'heartbeat_url = "{wrong}"'), healthy=lambda: True)
    assert "notifications.heartbeat_url" in str(caught.value)
    assert "secretword" not in str(caught.value)
