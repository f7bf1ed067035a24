"""Where notices go: addresses of Apprise, which hold secrets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from modbot.errors import SettingsError
from modbot.settings import Loaded


@dataclass(frozen=True, slots=True)
class Address:
    """``number`` counts from 1 as the settings list them; people are told it, never the URL."""

    number: int
    url: str = field(repr=False)

    @property
    def mark(self) -> str:
        """Names it in the store, whatever else the settings list later; tells nothing of it."""
        return hashlib.blake2b(self.url.encode(), digest_size=6).hexdigest()


def read(loaded: Loaded) -> tuple[Address, ...]:
    """The addresses of the settings, separated by white space; lines that begin with # are
    comments. Raises SettingsError when their file cannot be read."""
    text = loaded.secret(loaded.settings.notifications, "urls", key="notifications.urls")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    urls = dict.fromkeys(url for line in lines for url in line.split())
    return tuple(Address(number, url) for number, url in enumerate(urls, start=1))


def not_understood(loaded: Loaded, address: Address) -> SettingsError:
    """Names the key and the number of the address, and nothing of the address itself."""
    given = loaded.settings.notifications.urls.get_secret_value()
    key = "notifications.urls" if given else "notifications.urls_file"
    source = str(loaded.operator_file or "MODBOT_NOTIFICATIONS__*")
    return SettingsError(code="error.notify.address", source=source, key=key, number=address.number)
