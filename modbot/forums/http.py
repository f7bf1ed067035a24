"""HTTP to one origin with hard bounds: time in total, bytes raw and inflated.

httpx by itself does not bound the whole of a response: its read timeout starts anew with
each byte, so that a slow drip (of the body or of the headers) holds a client for ever.
Its transport here therefore reads through a network backend that knows the deadline.
Redirects are never followed, and no cookie is kept: that is for the caller.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import certifi
import httpcore
import httpx

from modbot.errors import ModbotError

_KEEP_ALIVE_SECONDS = 15.0
_CONNECT_SECONDS = 15.0


class WireError(ModbotError):
    """The response did not come whole. ``sent`` tells whether the request may have arrived."""

    code = "error.forum.connection"

    def __init__(self, problem: str, *, sent: bool, repeatable: bool = True) -> None:
        super().__init__(forum="", detail=problem)
        self.problem = problem
        self.sent = sent
        self.repeatable = repeatable


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the forum lives; ``base`` is the path of its folder, ending in a slash."""

    scheme: str
    host: str
    port: int
    base: str

    @classmethod
    def of(cls, url: str) -> Origin:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"not an http address: {url}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        path = parts.path or "/"
        folder = path if path.endswith("/") else path.rsplit("/", 1)[0] + "/" if "." in path else path + "/"
        return cls(parts.scheme, parts.hostname, port, folder)

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.base}"


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Header names are lower case; ``set_cookies`` are the raw lines."""

    status: int
    headers: Mapping[str, str]
    set_cookies: tuple[str, ...]
    body: bytes


class _Line:
    """The one connection: when the request under way must be over (monotonic seconds), and
    how another thread ends it before."""

    def __init__(self) -> None:
        self.ends = float("inf")
        self.ended = False
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None

    def left(self, wanted: float | None) -> float:
        if self.ended:
            raise httpcore.ReadError("the owner has hung up")
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline of the whole response has passed")
        return left if wanted is None else min(left, wanted)

    def hold(self, connected: socket.socket) -> None:
        """Remember a connection by a handle of our own: TLS takes the socket itself away."""
        self.drop()
        with self._lock:
            self._handle = connected.dup()

    def drop(self) -> None:
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def end(self) -> None:
        """Whoever reads or writes fails at once; nobody connects any more."""
        with self._lock:
            self.ended = True
            if self._handle is not None:
                with suppress(OSError):  # the other side was faster
                    self._handle.shutdown(socket.SHUT_RDWR)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, line: _Line) -> None:
        self._inner = inner
        self._line = line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._line.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._line.left(timeout))

    def close(self) -> None:
        self._line.drop()
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        with ExitStack() as failing:
            failing.callback(self._line.drop)
            inner = self._inner.start_tls(ssl_context, server_hostname, self._line.left(timeout))
            failing.pop_all()
        return _Stream(inner, self._line)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, line: _Line) -> None:
        self._line = line
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = min(self._line.left(timeout), _CONNECT_SECONDS)
        stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        connected = stream.get_extra_info("socket")
        if isinstance(connected, socket.socket):
            self._line.hold(connected)
        return _Stream(stream, self._line)


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Transport(httpx.BaseTransport):
    """httpx's way to httpcore, with a network backend of our own."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class Wire:
    """One keep-alive connection to one origin. Not for use by two threads at once."""

    def __init__(self, origin: Origin, *, seconds: float, max_raw_bytes: int, max_decoded_bytes: int) -> None:
        self.origin = origin
        self._seconds = seconds
        self._max_raw = max_raw_bytes
        self._max_decoded = max_decoded_bytes
        self._line = _Line()
        pool = httpcore.ConnectionPool(
            ssl_context=_trust() if origin.scheme == "https" else None,
            max_connections=1,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            network_backend=_Backend(self._line),
        )
        self._root = httpx.URL(f"{origin.scheme}://{origin.authority}/")
        self._client = httpx.Client(
            transport=_Transport(pool),
            follow_redirects=False,
            trust_env=False,
            timeout=seconds,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Send one request to ``target`` (path and query) and read the whole answer.

        Raises :class:`WireError`; never follows a redirect.
        """
        if self._line.ended:
            raise WireError("the connection was ended for good", sent=False)
        self._line.ends = time.monotonic() + self._seconds
        url = self._root.copy_with(raw_path=target.encode("ascii"))
        content = body if body or method == "POST" else None
        request = self._client.build_request(
            method, url, headers={"Accept-Encoding": "gzip", **headers}, content=content
        )
        try:
            answer = self._client.send(request, stream=True)
            try:
                return self._read(answer)
            finally:
                answer.close()
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise WireError(f"no connection to {self.origin.authority}: {error}", sent=False) from error
        except httpcore.TimeoutException as error:
            raise WireError(f"no whole answer within {self._seconds:g} s", sent=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error, OSError) as error:
            raise WireError(f"the answer broke off: {error}", sent=True) from error

    def _read(self, answer: httpx.Response) -> Response:
        headers, cookies = _headers(answer.headers.raw)
        body = self._body(answer, headers.get("content-encoding", "").strip().lower())
        return Response(answer.status_code, headers, cookies, body)

    def _body(self, answer: httpx.Response, encoding: str) -> bytes:
        inflate = zlib.decompressobj(47) if encoding in {"gzip", "x-gzip", "deflate"} else None
        raw = 0
        body = bytearray()
        for chunk in answer.iter_raw():
            raw += len(chunk)
            self._bounded(raw, self._max_raw)
            room = self._max_decoded + 1 - len(body)
            body += inflate.decompress(chunk, room) if inflate else chunk
            self._bounded(len(body), self._max_decoded)
        if inflate and raw and not inflate.eof:
            raise WireError("the compressed answer broke off", sent=True)
        return bytes(body)

    def _bounded(self, size: int, limit: int) -> None:
        if size > limit:
            raise WireError(f"the answer is larger than {limit} bytes", sent=True, repeatable=False)

    def hang_up(self) -> None:
        """End the request under way, from any thread; every later one fails unsent."""
        self._line.end()

    def close(self) -> None:
        self._line.end()
        self._client.close()
        self._line.drop()


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], tuple[str, ...]]:
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "set-cookie":
            cookies.append(value)
        else:
            headers[name] = value
    return headers, tuple(cookies)


def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context
