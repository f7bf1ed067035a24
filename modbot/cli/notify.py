"""``notify test``: whether notices reach the people that they are for."""

from __future__ import annotations

import click

from modbot import i18n
from modbot.cli.base import Session, command, harmless
from modbot.daemon import redaction
from modbot.daemon.house import forum_language
from modbot.daemon.notices import assembly, compose
from modbot.daemon.notices.courier import Courier, Delivery
from modbot.errors import UsageError


def register(root: click.Group) -> None:
    @root.group("notify")
    def notify() -> None:
        pass

    @command(notify, "test")
    def test(session: Session) -> None:
        courier = Courier()
        plan = assembly.plan(session.loaded, assembly.checked(session.loaded, courier))
        if not plan.addresses:
            raise UsageError(code="error.notify.no_addresses")
        message = compose.trial(i18n.catalogue(forum_language(session.loaded)))
        redact = redaction.Redactor(redaction.known(session.loaded))
        deliveries = courier.send(message, plan.addresses)
        for delivery in deliveries:
            _tell(session, delivery, redact(delivery.problem))
        if not all(delivery.ok for delivery in deliveries):
            raise SystemExit(1)


def _tell(session: Session, delivery: Delivery, problem: str) -> None:
    facts: dict[str, object] = {
        "number": delivery.address.number,
        "service": delivery.service,
        "problem": harmless(problem),
    }
    if session.as_json:
        session.answer({**facts, "ok": delivery.ok})
    else:
        session.say("notify.sent" if delivery.ok else "notify.not_sent", **facts)
