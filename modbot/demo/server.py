"""The embedded forum on a loopback port, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from modbot.demo import scene
from modbot.demo.community import Community
from modbot.demo.forum import create_app
from modbot.demo.mischief import Mischief, MischiefLayer
from modbot.demo.site import Options
from modbot.demo.state import Member

STOPS_WITHIN = 5.0


class DemoServer:
    """``with DemoServer() as server:`` serves the scene until the block ends.

    ``url`` ends in a slash. ``forum`` is what the members and moderators see and do;
    ``options`` may be changed while it runs. Without ``forum`` the scene is built. With
    ``mischief`` answers go wrong as it says; ``layer`` tells what was played.
    """

    def __init__(
        self,
        *,
        charset: str = "utf-8",
        port: int = 0,
        forum: Community | None = None,
        options: Options | None = None,
        clock: Callable[[], datetime] | None = None,
        mischief: Mischief | None = None,
    ) -> None:
        self.charset = charset
        self.layer: MischiefLayer | None = None
        self._mischief = mischief
        self._port = port
        self.restage(forum or scene.build(clock=clock), options)
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            http="h11",
            proxy_headers=False,
            ws="none",
            lifespan="off",
            date_header=False,
            log_config=None,
            # Where answers break off on purpose, each would be told as an error.
            log_level="critical" if mischief else "warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def restage(self, forum: Community, options: Options | None = None) -> None:
        """Serve another forum from now on. Sessions of the former one are over."""
        self.forum = forum
        self.options = options or Options()
        self._app: ASGIApp = create_app(forum, charset=self.charset, options=self.options)
        if self._mischief is not None:
            self._app = self.layer = MischiefLayer(
                self._app, self._mischief, charset=self.charset, clock=forum.clock
            )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    @property
    def url(self) -> str:
        if self._socket is None:
            raise RuntimeError("the demo forum is not running")
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    @property
    def moderator(self) -> Member:
        """The super moderator's account that modbot signs in with; its password is drawn anew."""
        member = self.forum.member_named(scene.MODERATOR)
        if member is None:
            raise LookupError(scene.MODERATOR)
        return member

    def start(self) -> None:
        """Serve from now on. Raises OSError when the port is taken."""
        self._socket = _listen(self._port)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="demo-forum", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOPS_WITHIN)
            self._thread = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> DemoServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    """Named as TCP, or asyncio leaves Nagle's algorithm on: 40 ms an answer."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    listening.listen(128)
    return listening
