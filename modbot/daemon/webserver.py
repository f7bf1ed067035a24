"""Serve an application on one address, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp

from modbot.errors import SettingsError

STOPS_WITHIN = 1.0
BACKLOG = 64


class WebServer:
    """``with WebServer(app, listen="127.0.0.1:8320") as server:`` serves until the block ends.

    ``listen`` is HOST:PORT, an IPv6 address in brackets; port 0 takes a free one. ``key`` is
    the setting that says so, for the error when the address cannot be had. ``proxies`` are
    believed who the visitor is (X-Forwarded-For, X-Forwarded-Proto). One server starts once.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        listen: str,
        key: str = "health.listen",
        proxies: Sequence[str] = (),
        connections: int = BACKLOG,
    ) -> None:
        self._listen, self._key = listen, key
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            server_header=False,
            access_log=False,
            log_config=None,
            limit_concurrency=connections,
        )
        self._server = uvicorn.Server(config)
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name=key.partition(".")[0], daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, ending in a slash."""
        if self._socket is None:
            raise RuntimeError("the server is not running")
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    def start(self) -> None:
        """Serve from now on. Raises SettingsError when the address is taken or not ours."""
        self._socket = listening(self._listen, key=self._key)
        self._thread.start()

    def stop(self) -> None:
        """End at once, whoever is being answered: the daemon has few seconds to end in.
        Nothing happens when it was not started."""
        if self._socket is None:
            return
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(STOPS_WITHIN)
        self._socket.close()
        self._socket = None

    def __enter__(self) -> WebServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket] if self._socket else [])


def listening(listen: str, *, key: str) -> socket.socket:
    """A socket that listens on HOST:PORT. Raises SettingsError with the reason why not."""
    host, _, port = listen.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)[0]
        family, kind, protocol, _, (number, _, *scope) = found
        opened = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as problem:
        raise _unusable(listen, key, problem) from problem
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((number, int(port), *scope))
        opened.listen(BACKLOG)
    except (OSError, OverflowError) as problem:
        opened.close()
        raise _unusable(listen, key, problem) from problem
    return opened


def _unusable(listen: str, key: str, problem: Exception) -> SettingsError:
    detail = getattr(problem, "strerror", None) or str(problem)
    return SettingsError(code="error.web.listen", key=key, listen=listen, detail=detail)
