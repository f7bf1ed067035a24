"""The health page of a real ``modbot serve``."""

from __future__ import annotations

import signal
import socket

import httpx
import pytest
from serve_process import Box


class Watched(Box):
    """A box whose health page is on a port of its own."""

    def __post_init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        super().__post_init__()

    def configure(self, more: str = "") -> None:
        super().configure(more)
        text = self.file.read_text("utf-8")
        self.file.write_text(text.replace('listen = ""', f'listen = "127.0.0.1:{self.port}"', 1), "utf-8")

    def asked(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False)

    def is_answered(self, path: str) -> bool:
        try:
            self.asked(path)
        except httpx.ConnectError:
            return False
        return True


@pytest.fixture
def box(tmp_path):
    made = Watched(tmp_path)
    yield made
    made.clear()


def test_a_daemon_is_ready_healthy_and_counted_until_it_ends(box):
    process = box.command("serve")
    box.hear("READY=1")
    assert box.asked("/readyz").json() == {"ready": True}
    assert box.asked("/livez").json() == {"alive": True}
    box.until(lambda: len(box.events("poll")) > 1)
    box.until(lambda: box.asked("/healthz").json()["forums"]["city"]["poll"]["succeeded_at"])
    told = box.asked("/healthz")
    assert (told.status_code, told.json()["verdict"]) == (200, "ok")
    assert told.json()["daemon"]["pid"] == process.pid
    shown = box.asked("/metrics").text
    assert 'modbot_polls_total{forum="city",result="ok"}' in shown
    assert 'modbot_polls_total{forum="city",result="ok"} 0.0' not in shown
    assert 'modbot_model_info{forum="city",version="baseline"} 1.0' in shown
    assert "secret-word" not in shown + told.text
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert not box.is_answered("/livez")


def test_while_it_stops_it_lives_and_is_not_ready(box):
    box.stop = 4  # time enough to ask, on a busy machine too
    box.configure()
    box.order(hang="always")
    process = box.command("serve")
    box.hear("READY=1")
    box.until(lambda: "poll" in " ".join(box.notes()))
    process.send_signal(signal.SIGTERM)
    box.hear("STOPPING=1")
    stopping = box.asked("/readyz")
    assert (stopping.status_code, stopping.json()) == (503, {"ready": False})
    assert box.asked("/livez").status_code == 200
    process.wait(10)


def test_a_taken_port_is_told_and_nothing_is_begun(box):
    with socket.create_server(("127.0.0.1", box.port)):
        process = box.command("serve")
        assert process.wait(30) == 2
    assert "health.listen" in (box.folder / "log0").read_text("utf-8")
    assert box.notes() == []


def test_settings_without_an_address_serve_no_page(box):
    box.file.write_text(box.file.read_text("utf-8").replace(f"127.0.0.1:{box.port}", ""), "utf-8")
    box.command("serve")
    box.hear("READY=1")
    assert not box.is_answered("/livez")


def test_counters_outlive_a_reload(box):
    process = box.command("serve")
    box.hear("READY=1")
    box.until(lambda: len(box.events("poll")) > 2)
    box.order(advert="低价代开各类发票，真实可查，加微信：fapiao8801")
    box.until(lambda: 'found="new"} 1.0' in box.asked("/metrics").text)
    process.send_signal(signal.SIGHUP)
    box.until(lambda: box.events("reloaded"))
    box.until(lambda: box.asked("/readyz").status_code == 200)
    assert 'modbot_replies_read_total{forum="city",found="new"} 1.0' in box.asked("/metrics").text
