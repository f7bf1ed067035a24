"""Where links really lead: the host that a browser would ask, not the one that is shown first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SCHEME = re.compile(r"^(?:https?:/*|[a-z][a-z0-9+.\-]*:/+|//)")
_AUTHORITY = re.compile(r"[^/?#\\]*")


@dataclass(frozen=True, slots=True)
class Below:
    """Domains, each with everything below it."""

    domains: tuple[str, ...]

    def some(self, hosts: Iterable[str]) -> bool:
        return any(self._holds(host) for host in hosts)

    def some_other(self, hosts: Iterable[str]) -> bool:
        return any(not self._holds(host) for host in hosts)

    def _holds(self, host: str) -> bool:
        return any(host == domain or host.endswith("." + domain) for domain in self.domains)


def hosts(addresses: Sequence[str]) -> tuple[str, ...]:
    """The different hosts of addresses, in order; what has no host is left out."""
    return tuple(dict.fromkeys(found for found in map(host, addresses) if found))


def host(address: str) -> str:
    """The host of one address as DNS spells it: lower case, no user, port or last dot, other
    scripts in ASCII; empty when there is none. ``http://a.com@b.com:80/`` leads to ``b.com``."""
    plain = unicodedata.normalize("NFKC", address).strip().lower()
    authority = _AUTHORITY.match(_SCHEME.sub("", plain, count=1))
    name = authority[0].rpartition("@")[2].partition(":")[0].strip(".") if authority else ""
    return _in_ascii(name)


def _in_ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name
