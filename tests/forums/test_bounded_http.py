"""The wire: nothing that a server sends or withholds holds modbot for long."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from forum_support import Asked, Site, Told

from modbot.forums.http import Origin, Wire, WireError


def wire_to(url: str, *, seconds: float = 5.0, raw: int = 100_000, decoded: int = 1_000_000) -> Wire:
    return Wire(Origin.of(url), seconds=seconds, max_raw_bytes=raw, max_decoded_bytes=decoded)


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says exactly what it is told to."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            try:
                talk(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()
        thread.join(5)


def drip(head: bytes, drops: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(head)
        for drop in drops:
            connection.sendall(bytes([drop]))
            time.sleep(0.05)

    return talk


def test_a_whole_answer_is_read(site: Site) -> None:
    site.answer = lambda asked: Told(
        "你好", 404, (("X-One", "1"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d"))
    )
    wire = wire_to(site.url)
    answer = wire.send("GET", "/x?y=1", {"User-Agent": "test"})
    assert (answer.status, answer.body.decode()) == (404, "你好")
    assert answer.headers["x-one"] == "1"
    assert answer.set_cookies == ("a=b", "c=d")
    wire.close()


def test_nothing_is_sent_that_betrays_a_proxy(site: Site) -> None:
    wire = wire_to(site.url)
    wire.send("GET", "/", {})
    wire.close()
    assert {"x-forwarded-for", "via", "forwarded"}.isdisjoint(site.asked[0].headers)


def test_a_redirect_is_not_followed(site: Site) -> None:
    site.answer = lambda asked: Told("", 302, (("Location", "/elsewhere"),))
    wire = wire_to(site.url)
    assert wire.send("GET", "/", {}).status == 302
    wire.close()
    assert len(site.asked) == 1


def test_a_form_is_sent_as_it_is(site: Site) -> None:
    wire = wire_to(site.url)
    wire.send("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&b=2")
    wire.send("POST", "/", {})
    wire.close()
    assert [asked.body for asked in site.asked] == [b"a=1&b=2", b""]


@pytest.mark.parametrize("squeeze", [gzip.compress, zlib.compress])
def test_compressed_answers_are_inflated(site: Site, squeeze: Callable[[bytes], bytes]) -> None:
    name = "gzip" if squeeze is gzip.compress else "deflate"
    site.answer = lambda asked: Told(squeeze(b"text" * 100), 200, (("Content-Encoding", name),))
    wire = wire_to(site.url)
    assert wire.send("GET", "/", {}).body == b"text" * 100
    wire.close()


def test_a_gzip_bomb_is_cut(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    site.answer = lambda asked: Told(bomb, 200, (("Content-Encoding", "gzip"),))
    wire = wire_to(site.url)
    with pytest.raises(WireError, match="larger than 1000000") as caught:
        wire.send("GET", "/", {})
    assert not caught.value.repeatable
    wire.close()


def test_a_body_without_end_is_cut(site: Site) -> None:
    site.answer = lambda asked: Told(b"x" * 200_000)
    wire = wire_to(site.url)
    with pytest.raises(WireError, match="larger than 100000"):
        wire.send("GET", "/", {})
    wire.close()


def test_a_compressed_answer_that_breaks_off_is_no_answer(site: Site) -> None:
    whole = gzip.compress(b"text" * 1000)
    site.answer = lambda asked: Told(whole[:-12], 200, (("Content-Encoding", "gzip"),))
    wire = wire_to(site.url)
    with pytest.raises(WireError, match="broke off"):
        wire.send("GET", "/", {})
    wire.close()


def test_an_answer_that_lies_about_its_compression_is_no_answer(site: Site) -> None:
    site.answer = lambda asked: Told(b"plain", 200, (("Content-Encoding", "gzip"),))
    wire = wire_to(site.url)
    with pytest.raises(WireError, match="broke off"):
        wire.send("GET", "/", {})
    wire.close()


def test_a_slow_drip_of_the_body_is_cut_at_the_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with raw_server(drip(head, b"x" * 200)) as url:
        wire = wire_to(url, seconds=0.4)
        started = time.monotonic()
        with pytest.raises(WireError, match=r"no whole answer within 0\.4 s") as caught:
            wire.send("GET", "/", {})
        assert time.monotonic() - started < 2
        assert caught.value.sent
        wire.close()


def test_a_slow_drip_of_the_headers_is_cut_at_the_deadline() -> None:
    with raw_server(drip(b"HTTP/1.1 200 OK\r\n", b"X-Long: " + b"y" * 200)) as url:
        wire = wire_to(url, seconds=0.4)
        started = time.monotonic()
        with pytest.raises(WireError, match="no whole answer"):
            wire.send("GET", "/", {})
        assert time.monotonic() - started < 2
        wire.close()


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"SSH-2.0-OpenSSH\r\n"]
)
def test_a_broken_answer_is_no_answer(said: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(said)) as url:
        wire = wire_to(url)
        with pytest.raises(WireError) as caught:
            wire.send("GET", "/", {})
        assert caught.value.sent
        wire.close()


def test_a_server_that_is_not_there_got_no_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    wire = wire_to(url)
    with pytest.raises(WireError, match="no connection") as caught:
        wire.send("GET", "/", {})
    assert not caught.value.sent
    wire.close()


def test_the_wire_works_again_after_a_failure(site: Site) -> None:
    answers: list[Told] = [Told(b"x" * 200_000), Told("fine")]

    def answer(asked: Asked) -> Told:
        return answers.pop(0)

    site.answer = answer
    wire = wire_to(site.url)
    with pytest.raises(WireError):
        wire.send("GET", "/", {})
    assert wire.send("GET", "/", {}).body == b"fine"
    wire.close()


@pytest.mark.parametrize(
    ("url", "base", "authority"),
    [
        ("https://bbs.example.com", "/", "bbs.example.com"),
        ("https://bbs.example.com/forum.php", "/", "bbs.example.com"),
        ("http://example.com:8080/bbs/", "/bbs/", "example.com:8080"),
        ("http://example.com/bbs", "/bbs/", "example.com"),
        ("http://[::1]:8034/", "/", "[::1]:8034"),
    ],
)
def test_a_forum_address_is_its_folder(url: str, base: str, authority: str) -> None:
    origin = Origin.of(url)
    assert (origin.base, origin.authority) == (base, authority)


@pytest.mark.parametrize("url", ["ftp://example.com/", "bbs.example.com", "https:///x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an http address"):
        Origin.of(url)
