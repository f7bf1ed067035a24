"""Cookies, form hashes, wrong passwords and the moderator panel's own sign-in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from modbot.demo.community import Community
from modbot.demo.state import Member
from modbot.demo.visit import Cookie, Request, Viewer

STRIKES = 5
LOCKED_FOR = timedelta(minutes=15)
PANEL_IDLE = timedelta(hours=1)
FORMHASH_PERIOD = 10**7
MONTH = 2_592_000
DAY = 86_400


class SignIn(StrEnum):
    OK = "ok"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(slots=True)
class Strikes:
    count: int = 0
    since: datetime | None = None

    def left(self, now: datetime) -> int:
        if self.since is None or now - self.since >= LOCKED_FOR:
            self.count, self.since = 0, now
        return STRIKES - self.count

    def add(self, now: datetime) -> None:
        self.count, self.since = self.count + 1, now


@dataclass(slots=True)
class PanelSession:
    """``found`` keeps the post ids of the last search per board asked for (0: all)."""

    last_used: datetime
    found: dict[int, list[int]] = field(default_factory=dict)


class Sessions:
    """``prefix`` starts every cookie's name. Signing in leaves nothing on the server:
    the ``auth`` cookie is good while the password and the ``saltkey`` cookie are."""

    def __init__(self, community: Community, *, prefix: str = "mBdm_2132_") -> None:
        self.community = community
        self.prefix = prefix
        self.panels: dict[int, PanelSession] = {}
        self._secret = secrets.token_bytes(16)
        self._strikes: dict[str, Strikes] = {}

    def viewer(self, request: Request, now: datetime) -> Viewer:
        cookies: list[Cookie] = []
        saltkey = request.cookies.get(f"{self.prefix}saltkey", "")
        if not saltkey:
            saltkey = secrets.token_hex(4)
            cookies.append(Cookie(f"{self.prefix}saltkey", saltkey, MONTH, http_only=True))
        sid = request.cookies.get(f"{self.prefix}sid", "")
        if not sid:
            sid = secrets.token_hex(3)
            cookies.append(Cookie(f"{self.prefix}sid", sid, DAY))
        member = self._member(request.cookies.get(f"{self.prefix}auth", ""), saltkey)
        return Viewer(member, saltkey, sid, self.formhash(member, saltkey, now), tuple(cookies))

    def formhash(self, member: Member | None, saltkey: str, now: datetime) -> str:
        """The same for a whole sign-in; changes for everybody every 116 days."""
        period = int(now.timestamp()) // FORMHASH_PERIOD
        text = f"{period}|{member.id if member else 0}|{saltkey}"
        return self._mac(text)[:8]

    def _mac(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def _token(self, member: Member, saltkey: str) -> str:
        return f"{member.id}%2B{self._mac(f'{member.id}|{member.password}|{saltkey}')[:40]}"

    def _member(self, auth: str, saltkey: str) -> Member | None:
        uid = auth.partition("%2B")[0]
        member = self.community.content.members.get(int(uid)) if uid.isdigit() else None
        if member is None or not hmac.compare_digest(auth.encode(), self._token(member, saltkey).encode()):
            return None
        return member

    # -- signing in ----------------------------------------------------------------

    def sign_in(self, request: Request, now: datetime) -> tuple[SignIn, Member | None, int]:
        """Answers what happened, who, and how many tries are left."""
        name = request.get("username")
        counters = [self._strikes.setdefault(key, Strikes()) for key in (f"ip {request.ip}", f"name {name}")]
        left = min(counter.left(now) for counter in counters)
        if left <= 0:
            return SignIn.LOCKED, None, 0
        member = self.community.member_named(name)
        if member and member.password and _same(member.password, request.get("password")):
            return SignIn.OK, member, left
        for counter in counters:
            counter.add(now)
        return (SignIn.WRONG if left > 1 else SignIn.LOCKED), None, left - 1

    def auth_cookies(self, member: Member, viewer: Viewer, *, remember: bool) -> tuple[Cookie, ...]:
        age = MONTH if remember else None
        token = self._token(member, viewer.saltkey)
        return (Cookie(f"{self.prefix}auth", token, age, http_only=True),)

    def forget_cookies(self) -> tuple[Cookie, ...]:
        return tuple(Cookie(f"{self.prefix}{name}", None) for name in ("auth", "saltkey", "sid"))

    # -- the moderator panel -----------------------------------------------------------

    def open_panel(self, member: Member, password: str, now: datetime) -> SignIn:
        strikes = self._strikes.setdefault(f"panel {member.id}", Strikes())
        if strikes.left(now) <= 0:
            return SignIn.LOCKED
        if not _same(member.password, password):
            strikes.add(now)
            return SignIn.WRONG
        self.panels[member.id] = PanelSession(now)
        return SignIn.OK

    def panel(self, member: Member, now: datetime) -> PanelSession | None:
        """The open panel of a member; each use keeps it open for another hour."""
        session = self.panels.get(member.id)
        if session is None or now - session.last_used > PANEL_IDLE:
            return None
        session.last_used = now
        return session


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
