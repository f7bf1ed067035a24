"""A forum on its bad days: faults drawn by a seed, played before any ASGI application.

The layer knows a forum's wire and nothing else, so that it may stand before the embedded
forum and before a proxy to a real Discuz! alike. What happens among a forum's people
(edits, merges, late approvals) is :mod:`modbot.demo.unrest`.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from random import Random
from types import MappingProxyType

from starlette.types import ASGIApp, Receive, Scope, Send

from modbot.demo import obstacles, spoiling
from modbot.demo.exchange import Answered, Asked, ask

_LONGEST_BURST = 5
_PAGES_KEPT = 300
_LARGEST_SKEW_MINUTES = 12
_HASH_SENT = re.compile(rb"(?<![\w])formhash=([0-9a-f]{8})(?![0-9a-f])")
_HASH_SHOWN = re.compile(rb'(formhash(?:" value="|=|":"))([0-9a-f]{8})(?![0-9a-f])')


class Kind(StrEnum):
    """What can go wrong between a forum and its reader."""

    SESSION_LOST = "session_lost"
    FORMHASH_ROLLED = "formhash_rolled"
    CC_RELOAD = "cc_reload"
    CC_TOO_FAST = "cc_too_fast"
    ANTITHEFT = "antitheft"
    CLOSED = "closed"
    HOLE = "hole"
    SLOW_DRIP = "slow_drip"
    TRUNCATED = "truncated"
    WRONG_BYTES = "wrong_bytes"
    WRONG_CHARSET = "wrong_charset"
    SERVER_ERRORS = "server_errors"
    COME_BACK_LATER = "come_back_later"
    CUT = "cut"
    EMPTY = "empty"
    BLIND_SUCCESS = "blind_success"
    EARLIER_PAGE = "earlier_page"
    DISORDER = "disorder"
    CLOCK_SKEW = "clock_skew"


WEIGHTS: Mapping[Kind, float] = MappingProxyType(
    {
        **dict.fromkeys(Kind, 1.0),
        Kind.SESSION_LOST: 0.4,
        Kind.CLOSED: 0.2,
        Kind.SERVER_ERRORS: 0.5,
        Kind.BLIND_SUCCESS: 8.0,
        Kind.FORMHASH_ROLLED: 4.0,
        Kind.ANTITHEFT: 1.5,
        Kind.HOLE: 1.5,
        Kind.DISORDER: 2.0,
        Kind.EARLIER_PAGE: 2.0,
    }
)
"""How often each is drawn, among those that a request allows: heavy are those that few allow."""


@dataclass(frozen=True, slots=True)
class Mischief:
    """``share`` of the answers are bad, drawn by ``seed`` and the number of the request from
    ``kinds`` (weights). ``drip_seconds``: how long a slow answer takes."""

    seed: int
    share: float = 0.3
    kinds: Mapping[Kind, float] = field(default_factory=lambda: WEIGHTS)
    drip_seconds: float = 90.0


@dataclass(slots=True)
class _Disguise:
    """Form hashes as shown while the forum's own stay the same: at each roll-over the
    client sees others, and those it was shown before are worth nothing."""

    era: int = 0
    real: dict[bytes, bytes] = field(default_factory=dict)

    def roll(self) -> None:
        self.era += 1
        self.real.clear()

    def put_on(self, body: bytes) -> bytes:
        return body if self.era == 0 else _HASH_SHOWN.sub(self._shown, body)

    def _shown(self, found: re.Match[bytes]) -> bytes:
        own = found.group(2)
        shown = hashlib.sha256(b"%d %s" % (self.era, own)).hexdigest()[:8].encode()
        self.real[shown] = own
        return found.group(1) + shown

    def take_off(self, body: bytes) -> bytes:
        if self.era == 0:
            return body
        return _HASH_SENT.sub(lambda found: b"formhash=" + self.real.get(found.group(1), b"00000000"), body)


class MischiefLayer:
    """An ASGI application before another. ``played`` counts by kind, ``requests`` all.

    ``charset`` is the forum's own. While ``paused`` everything passes untouched (but a
    session that was lost stays lost).
    """

    def __init__(
        self,
        app: ASGIApp,
        mischief: Mischief,
        *,
        charset: str = "utf-8",
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.played: Counter[Kind] = Counter()
        self.requests = 0
        self.paused = False
        self._app = app
        self._mischief = mischief
        self._charset = charset
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._burst = 0
        self._dead_sessions: set[str] = set()
        self._disguise = _Disguise()
        self._earlier: OrderedDict[str, Answered] = OrderedDict()
        self._instead: Mapping[Kind, _Instead] = {
            Kind.CC_RELOAD: _cc_defence(obstacles.RELOAD),
            Kind.CC_TOO_FAST: _cc_defence(obstacles.TOO_FAST),
            Kind.ANTITHEFT: obstacles.antitheft,
            Kind.CLOSED: lambda asked, _: obstacles.closed(asked),
            Kind.HOLE: lambda asked, chance: obstacles.hole(asked, to_page=chance.random() < 0.5),
            Kind.SERVER_ERRORS: lambda _, chance: obstacles.server_error(chance),
            Kind.COME_BACK_LATER: self._come_back_later,
            Kind.BLIND_SUCCESS: lambda asked, _: obstacles.blind_success(asked),
        }
        self._spoilt: Mapping[Kind, _Spoil] = {
            Kind.SLOW_DRIP: lambda answer, _: replace(answer, drip_seconds=mischief.drip_seconds),
            Kind.TRUNCATED: spoiling.truncated,
            Kind.CUT: spoiling.cut,
            Kind.EMPTY: lambda answer, _: replace(answer, body=b""),
            Kind.WRONG_BYTES: lambda answer, _: spoiling.in_another_charset(answer),
            Kind.WRONG_CHARSET: lambda answer, _: spoiling.misdeclared(answer),
            Kind.DISORDER: spoiling.disordered,
            Kind.CLOCK_SKEW: self._skewed,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = await Asked.read(scope, receive)
        kind, chance = self._draw(asked)
        await (await self._answer(scope, asked, kind, chance)).send(send)

    # -- drawing -----------------------------------------------------------------------

    def _draw(self, asked: Asked) -> tuple[Kind | None, Random]:
        with self._lock:
            self.requests += 1
            chance = Random(f"{self._mischief.seed}/{self.requests}")  # noqa: S311 - a game, played by seed
            kind = None if self.paused else self._drawn(asked, chance)
            if kind is not None:
                self.played[kind] += 1
            return kind, chance

    def _drawn(self, asked: Asked, chance: Random) -> Kind | None:
        if self._burst:
            self._burst -= 1
            return Kind.SERVER_ERRORS
        possible = {kind: weight for kind, weight in self._mischief.kinds.items() if self._fits(kind, asked)}
        if chance.random() >= self._mischief.share or not any(possible.values()):
            return None
        (kind,) = chance.choices(list(possible), list(possible.values()))
        if kind is Kind.SERVER_ERRORS:
            self._burst = chance.randrange(1, _LONGEST_BURST)
        return kind

    def _fits(self, kind: Kind, asked: Asked) -> bool:
        """Whether a kind means anything for a request."""
        a_page = asked.method == "GET" and not asked.wants_xml
        is_thread = asked.query.get("mod") == "viewthread"
        fitting = {
            Kind.SESSION_LOST: bool(asked.cookie("_auth")),
            Kind.FORMHASH_ROLLED: b"formhash=" in asked.body,
            Kind.ANTITHEFT: asked.method == "GET" and is_thread and asked.page == 1,
            Kind.HOLE: a_page and is_thread,
            Kind.BLIND_SUCCESS: asked.is_action,
            Kind.EARLIER_PAGE: a_page and self._earlier_page(asked) is not None,
            Kind.DISORDER: a_page and is_thread,
        }
        return fitting.get(kind, True)

    # -- playing -----------------------------------------------------------------------

    async def _answer(self, scope: Scope, asked: Asked, kind: Kind | None, chance: Random) -> Answered:
        if kind is not None and kind in self._instead:
            return self._instead[kind](asked, chance).recoded(self._charset)
        if kind is Kind.EARLIER_PAGE and (earlier := self._earlier_page(asked)):
            return earlier
        if kind is Kind.SESSION_LOST:
            self._dead_sessions.add(asked.cookie("_auth"))
        if kind is Kind.FORMHASH_ROLLED:
            self._disguise.roll()
        answer = await self._ask(scope, asked)
        spoil = self._spoilt.get(kind) if kind is not None else None
        return spoil(answer, chance) if spoil else answer

    async def _ask(self, scope: Scope, asked: Asked) -> Answered:
        """The forum's own answer, to somebody whose session may be over."""
        asked = replace(asked, body=self._disguise.take_off(asked.body))
        if asked.cookie("_auth") in self._dead_sessions:
            asked = asked.without_cookie("_auth")
        answer = await ask(self._app, scope, asked)
        answer = replace(answer, body=self._disguise.put_on(answer.body))
        if asked.method == "GET" and answer.is_page:
            self._keep(asked, answer)
        return answer

    def _come_back_later(self, _: Asked, chance: Random) -> Answered:
        moment = self._clock() + timedelta(seconds=chance.randint(0, 90))
        return obstacles.come_back_later(chance, date=format_datetime(moment.astimezone(UTC), usegmt=True))

    def _skewed(self, answer: Answered, chance: Random) -> Answered:
        minutes = chance.choice((-1, 1)) * chance.randint(2, _LARGEST_SKEW_MINUTES)
        return spoiling.skewed(answer, timedelta(minutes=minutes), now=self._clock())

    # -- earlier pages -------------------------------------------------------------------

    def _keep(self, asked: Asked, answer: Answered) -> None:
        with self._lock:
            self._earlier[_place(asked)] = answer
            self._earlier.move_to_end(_place(asked))
            while len(self._earlier) > _PAGES_KEPT:
                self._earlier.popitem(last=False)

    def _earlier_page(self, asked: Asked) -> Answered | None:
        """What the same reader was shown at this address before, or the page before it."""
        before = replace(asked, query={**asked.query, "page": str(asked.page - 1)})
        return self._earlier.get(_place(asked)) or self._earlier.get(_place(before))


_Instead = Callable[[Asked, Random], Answered]
_Spoil = Callable[[Answered, Random], Answered]


def _place(asked: Asked) -> str:
    """Whose view of what: a cache that mixed up its readers would only look like a guest's."""
    return f"{asked.cookie('_auth')} {asked.target}"


def _cc_defence(title: str) -> _Instead:
    return lambda asked, chance: obstacles.cc_defence(asked, title, entities=chance.random() < 0.5)
