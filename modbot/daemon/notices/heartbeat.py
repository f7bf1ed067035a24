"""Calls an address while all is well, so that somebody notices when the calls stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog

from modbot.errors import SettingsError
from modbot.forums.http import Origin, Wire, WireError
from modbot.settings import Loaded

SECONDS = 10.0
MOST_BYTES = 1 << 20


class Heartbeat:
    """``healthy`` is asked before each call. The address is a secret: whoever knows it can
    make a dead daemon look alive."""

    def __init__(self, url: str, *, healthy: Callable[[], bool], seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._origin = Origin.of(url)
        self._healthy = healthy
        self._seconds = seconds
        self._log = structlog.get_logger("heartbeat")

    def beat(self) -> Mapping[str, object]:
        """Call once, unless something is wrong here. A call that fails is logged: the one who
        waits for it notices by itself."""
        if not self._healthy():
            self._log.warning("heartbeat_withheld")
            return {"beat": False, "healthy": False}
        wire = Wire(
            self._origin, seconds=self._seconds, max_raw_bytes=MOST_BYTES, max_decoded_bytes=MOST_BYTES
        )
        try:
            answer = wire.send("GET", self._target, {"User-Agent": "modbot"})
        except WireError as problem:
            self._log.warning("heartbeat_failed", problem=problem.problem)
            return {"beat": False, "healthy": True}
        finally:
            wire.close()
        if not 200 <= answer.status < 300:
            self._log.warning("heartbeat_failed", status=answer.status)
        return {"beat": 200 <= answer.status < 300, "healthy": True}


def of(loaded: Loaded, *, healthy: Callable[[], bool]) -> Heartbeat | None:
    """None when the settings name no address. Raises SettingsError when it is no web address."""
    url = loaded.secret(loaded.settings.notifications, "heartbeat_url", key="notifications.heartbeat_url")
    if not url:
        return None
    try:
        url.encode("ascii")
        return Heartbeat(url, healthy=healthy)
    except ValueError:
        source = str(loaded.operator_file or "MODBOT_NOTIFICATIONS__*")
        raise SettingsError(
            code="error.notify.heartbeat_url", source=source, key="notifications.heartbeat_url"
        ) from None
