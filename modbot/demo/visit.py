"""One request and its answer, as values; charsets are dealt with here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, unquote, urlsplit

from modbot.demo.state import Member

HTML = "text/html"
XML = "text/xml"
JSON = "application/json"
TAINTS = "\"<>'()"


@dataclass(frozen=True, slots=True)
class Cookie:
    """``value`` None tells the browser to forget the cookie."""

    name: str
    value: str | None
    max_age: int | None = None
    http_only: bool = False

    def header(self) -> str:
        parts = [f"{self.name}={'deleted' if self.value is None else self.value}"]
        if self.value is None:
            parts += ["expires=Thu, 01-Jan-1970 00:00:01 GMT", "Max-Age=0"]
        elif self.max_age is not None:
            parts.append(f"Max-Age={self.max_age}")
        parts.append("path=/")
        if self.http_only:
            parts.append("HttpOnly")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    media_type: str = HTML
    status: int = 200
    location: str | None = None
    cookies: tuple[Cookie, ...] = ()
    names_charset: bool = True

    def body(self, charset: str) -> bytes:
        """Characters that the charset lacks travel as entities, as browsers send them."""
        return self.text.encode(charset, errors="xmlcharrefreplace")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: a member or a guest, and what ties the form hash to them."""

    member: Member | None
    saltkey: str
    sid: str
    formhash: str
    new_cookies: tuple[Cookie, ...] = ()

    @property
    def uid(self) -> int:
        return self.member.id if self.member else 0


@dataclass(frozen=True, slots=True)
class Request:
    """``query`` and ``form`` hold lists; names may end in ``[]`` as the forum's do."""

    method: str
    path: str
    target: str
    host: str
    ip: str
    referer: str
    cookies: Mapping[str, str]
    query: Mapping[str, list[str]]
    form: Mapping[str, list[str]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """A parameter of the body, else of the address."""
        values = self.form.get(name) or self.query.get(name)
        return values[-1] if values else default

    def number(self, name: str, default: int = 0) -> int:
        """Digits at the front count, as in PHP; anything else is ``default``."""
        text = self.get(name).strip()
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        return int(digits[:12]) if digits else default

    def numbers(self, name: str) -> list[int]:
        values = self.form.get(f"{name}[]", []) + self.query.get(f"{name}[]", [])
        return [int(value) for value in values if value.isascii() and value.isdigit()]

    @property
    def inajax(self) -> bool:
        return self.get("inajax") not in {"", "0"}

    @property
    def is_foreign(self) -> bool:
        """Sent from a page of another host (no referer at all is fine)."""
        return bool(self.referer) and urlsplit(self.referer).netloc != self.host

    def is_tainted(self, formhash: str) -> bool:
        """The forum's guard: a wrong form hash, or without one markup in address or form."""
        sent = self.get("formhash")
        if sent:
            return sent != formhash
        text = unquote(unquote(self.target))
        for name, values in self.form.items():
            text += name + "".join(values)
        return any(sign in text for sign in TAINTS)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with who made it and when."""

    request: Request
    viewer: Viewer
    now: datetime


def parse_request(
    *, method: str, target: str, headers: Mapping[str, str], body: bytes, ip: str, charset: str
) -> Request:
    address = urlsplit(target)
    kind = headers.get("content-type", "")
    form = body.decode("latin-1") if kind.startswith("application/x-www-form-urlencoded") else ""
    cookies: SimpleCookie = SimpleCookie()
    cookies.load(headers.get("cookie", ""))
    return Request(
        method=method,
        path=address.path,
        target=target,
        host=headers.get("host", ""),
        ip=ip,
        referer=headers.get("referer", ""),
        cookies={name: morsel.value for name, morsel in cookies.items()},
        query=_fields(address.query, charset),
        form=_fields(form, charset),
    )


def _fields(text: str, charset: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True, encoding=charset, errors="replace", max_num_fields=2000)
