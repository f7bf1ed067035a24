"""The server around the embedded forum: it comes, serves and goes without a trace."""

import socket
import threading

import httpx
import pytest

from modbot.demo import DemoServer


def serving() -> set[threading.Thread]:
    """Threads of demo servers: other tests' servers may be up, too."""
    return {thread for thread in threading.enumerate() if thread.name == "demo-forum"}


def test_it_serves_the_scene_and_stops_whole():
    before = serving()
    with DemoServer() as server:
        url = server.url
        assert "鹿城论坛" in httpx.get(f"{url}forum.php").text
        assert server.moderator.password
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert serving() <= before


def test_an_open_connection_does_not_keep_it_alive():
    before = serving()
    with httpx.Client() as client:
        with DemoServer() as server:
            client.get(f"{server.url}forum.php")
        assert serving() <= before


def test_a_port_that_is_taken_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        DemoServer(port=taken.getsockname()[1]).start()


def test_before_it_runs_it_has_no_address():
    server = DemoServer()
    with pytest.raises(RuntimeError):
        _ = server.url
    server.stop()


def test_a_forum_without_the_demos_moderator_says_so(forum):
    forum.member_named("modbot").name = "someone"
    with pytest.raises(LookupError):
        _ = DemoServer(forum=forum).moderator
