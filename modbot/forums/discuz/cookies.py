"""The few cookies of one forum, kept for that forum's host alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_MAX_COOKIES = 100
_MAX_LENGTH = 4096


@dataclass(slots=True)
class Cookies:
    """Name → value. A jar of the standard library would use the machine's own clock and
    domains; here everything belongs to the one origin that the transport speaks to."""

    values: dict[str, str] = field(default_factory=dict)

    def take(self, lines: Iterable[str], *, host: str) -> frozenset[str]:
        """Apply ``Set-Cookie`` lines; answers the names that were set (not the deleted)."""
        kept: set[str] = set()
        for line in lines:
            pair, *attributes = line.split(";")
            name, separator, value = pair.strip().partition("=")
            if not separator or not name or not _belongs(attributes, host):
                continue
            if value == "deleted" or _expires_now(attributes):
                self.values.pop(name, None)
            elif name in self.values or len(self.values) < _MAX_COOKIES:
                self.values[name] = value[:_MAX_LENGTH]
                kept.add(name)
        return frozenset(kept)

    def header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.values.items())

    def replace(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)


def _attribute(attributes: Iterable[str], wanted: str) -> str | None:
    for attribute in attributes:
        name, _, value = attribute.strip().partition("=")
        if name.lower() == wanted:
            return value.strip()
    return None


def _belongs(attributes: Iterable[str], host: str) -> bool:
    domain = (_attribute(attributes, "domain") or "").lstrip(".").lower()
    return not domain or host.lower() == domain or host.lower().endswith("." + domain)


def _expires_now(attributes: Iterable[str]) -> bool:
    age = _attribute(attributes, "max-age")
    return age is not None and (age == "0" or age.startswith("-"))
