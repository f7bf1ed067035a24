"""Tells people outside of troubles: opens and closes notices, and sends what is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from modbot import i18n
from modbot.daemon.notices import compose, digest, watch
from modbot.daemon.notices.addresses import Address
from modbot.daemon.notices.courier import Courier
from modbot.daemon.notices.hours import Hours
from modbot.daemon.notices.watch import Limits, Trouble, Watched
from modbot.store import notices
from modbot.store.engine import Store
from modbot.store.notices import Notice

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is watched, who is told, in which words and at which hours. ``redact`` takes out
    what an error's own words may hold of secrets."""

    forums: tuple[Watched, ...]
    limits: Limits
    addresses: tuple[Address, ...]
    words: i18n.Catalogue
    hours: Hours
    redact: Callable[[str], str]


class Notifier:
    """``tick`` does all of its work; whatever it must remember is in the store.

    A message is sent outside any transaction, and its attempt is written down before: a
    crash while it is sent means that it may come twice, and never that it does not come.
    """

    def __init__(self, store: Store, plan: Plan, courier: Courier) -> None:
        self._store = store
        self._plan = plan
        self._courier = courier
        self._log = structlog.get_logger("notices")

    def tick(self, now: datetime) -> Mapping[str, object]:
        """Look at the store, and send what is due at ``now``. Answers how many notices were
        ``opened``, ``closed`` and ``told``, and how many wait to be told."""
        opened, closed = self._look(now)
        self._open_digest(now)
        told = waiting = 0
        if self._plan.addresses:
            with self._store.read() as rx:
                due = notices.due(rx, now=now)
            told = 0 if self._plan.hours.is_quiet(now) else self._tell(due, now)
            waiting = len(due) - told
        return {"opened": opened, "closed": closed, "told": told, "waiting": waiting}

    def _look(self, now: datetime) -> tuple[int, int]:
        plan = self._plan
        with self._store.read() as rx:
            holding = watch.troubles(rx, plan.forums, plan.limits, now=now)
            lasting = {notice.key: notice for notice in notices.lasting(rx)}
        keys = {trouble.key for trouble in holding}
        news = [trouble for trouble in holding if _is_news(trouble, lasting.get(trouble.key))]
        over = [notice for key, notice in lasting.items() if key not in keys and notice.code != digest.CODE]
        if not news and not over:
            return 0, 0
        with self._store.write() as tx:
            opened = [
                trouble
                for trouble in news
                if notices.open(
                    tx, trouble.key, trouble.code, forum=trouble.forum, details=trouble.facts, at=now
                )
            ]
            for notice in over:
                notices.close(tx, notice.key, at=now, silently=notice.code in watch.SILENT_ENDS)
        for trouble in opened:
            self._log.warning("trouble", code=trouble.code, forum=trouble.forum, key=trouble.key)
        for notice in over:
            self._log.info("trouble_over", code=notice.code, forum=notice.forum, key=notice.key)
        return len(opened), len(over)

    def _open_digest(self, now: datetime) -> None:
        """Once a day: the row is what remembers it, also of a day that had nothing to tell."""
        day = self._plan.hours.digest_day(now)
        if day is None or not self._plan.addresses:
            return
        key = digest.key(day)
        with self._store.read() as rx:
            if notices.is_known(rx, key):
                return
            names = [forum.name for forum in self._plan.forums]
            facts = digest.facts(rx, names, day, self._plan.hours, now=now)
        with self._store.write() as tx:
            notices.open(tx, key, digest.CODE, details=facts, at=now)
            if not facts["forums"]:
                notices.close(tx, key, at=now, silently=True)

    def _tell(self, due: Sequence[Notice], now: datetime) -> int:
        """Send each address what it lacks, all of it as one message; answers how many notices
        every address has now. What an address has is written down before the next is tried."""
        if not due:
            return 0
        with self._store.write() as tx:
            for notice in due:
                notices.trying(tx, notice, not_before=now + retry_after(notice.attempts))
        have = {notice.id: set(notice.reached) for notice in due}
        for address in self._plan.addresses:
            lacking = [notice for notice in due if address.mark not in have[notice.id]]
            if lacking and self._send(lacking, address, now):
                with self._store.write() as tx:
                    for notice in lacking:
                        have[notice.id].add(address.mark)
                        notices.reached(tx, notice, have[notice.id])
        everybody = {address.mark for address in self._plan.addresses}
        told = [notice for notice in due if have[notice.id] >= everybody]
        with self._store.write() as tx:
            for notice in told:
                notices.told(tx, notice, at=now, ends=notice.code == digest.CODE)
        return len(told)

    def _send(self, content: Sequence[Notice], address: Address, now: datetime) -> bool:
        message = compose.message(content, self._plan.words, self._plan.hours, now=now)
        clean = replace(message, title=self._plan.redact(message.title), body=self._plan.redact(message.body))
        delivery = self._courier.send(clean, address)
        log = self._log.bind(address=address.number, service=delivery.service)
        about = [notice.key for notice in content]
        if delivery.ok:
            log.info("notice_sent", about=about)
        else:
            log.warning("notice_failed", about=about, problem=delivery.problem)
        return delivery.ok


def retry_after(attempts: int) -> timedelta:
    """How long to wait after an attempt that ``attempts`` others went before."""
    return min(FIRST_RETRY * (1 << min(attempts, 10)), LONGEST_RETRY)


def _is_news(trouble: Trouble, known: Notice | None) -> bool:
    return known is None or (known.told_at is None and dict(known.details) != dict(trouble.facts))
