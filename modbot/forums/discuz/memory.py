"""What one forum's engine remembers between starts: its session and the passwords refused.

One JSON file, readable by its owner alone, written whole or not at all. A password is
never in it: a refused one is kept as a salted scrypt fingerprint, so that it is known
again after a restart and not tried a second time (five failures lock an address out).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

_VERSION = 1


@dataclass(slots=True)
class Remembered:
    """``refused`` maps a door (``sign-in``, ``panel``) to ``salt:digest``; ``locked_until``
    is an ISO time before which no password may be tried."""

    account: str = ""
    cookie_prefix: str = ""
    charset: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    locked_until: str = ""


class Memory:
    """The file of one forum under ``state_dir``."""

    def __init__(self, state_dir: Path, forum: str, url: str) -> None:
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in forum)
        self.path = state_dir / f"discuz-{safe}.json"
        self._url = url
        self.now = self._load()

    def _load(self) -> Remembered:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return Remembered()
        if not isinstance(found, dict) or found.get("version") != _VERSION or found.get("url") != self._url:
            return Remembered()
        return Remembered(
            account=_text(found, "account"),
            cookie_prefix=_text(found, "cookie_prefix"),
            charset=_text(found, "charset"),
            cookies=_texts(found, "cookies"),
            refused=_texts(found, "refused"),
            locked_until=_text(found, "locked_until"),
        )

    def save(self) -> None:
        """Write the file anew (0600), atomically."""
        now = self.now
        content = {
            "version": _VERSION,
            "url": self._url,
            "account": now.account,
            "cookie_prefix": now.cookie_prefix,
            "charset": now.charset,
            "cookies": now.cookies,
            "refused": now.refused,
            "locked_until": now.locked_until,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".discuz-")  # 0600 by itself
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path)

    def remember_refused(self, door: str, secret: str) -> None:
        salt = secrets.token_hex(16)
        self.now.refused[door] = f"{salt}:{_fingerprint(salt, secret)}"
        self.save()

    def is_refused(self, door: str, secret: str) -> bool:
        salt, separator, digest = self.now.refused.get(door, "").partition(":")
        return bool(separator) and hmac.compare_digest(digest, _fingerprint(salt, secret))

    def lock_until(self, moment: datetime) -> None:
        self.now.locked_until = moment.isoformat()
        self.save()

    def seconds_locked(self, now: datetime) -> float:
        """How long passwords must still not be tried; 0 when they may."""
        if not self.now.locked_until:
            return 0.0
        return max((datetime.fromisoformat(self.now.locked_until) - now).total_seconds(), 0.0)


def account_of(parts: tuple[str, ...]) -> str:
    """A name for an account that tells nothing of its secrets."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _fingerprint(salt: str, secret: str) -> str:
    return hashlib.scrypt(secret.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=32).hex()


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key, "")
    return value if isinstance(value, str) else ""


def _texts(found: Mapping[str, Any], key: str) -> dict[str, str]:
    value = found.get(key)
    if not isinstance(value, dict):
        return {}
    return {str(name): text for name, text in value.items() if isinstance(text, str)}
