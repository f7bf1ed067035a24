"""``notify test``: whether notices reach the people that they are for."""

from __future__ import annotations

import click

from modbot.cli.base import Session, command, harmless
from modbot.daemon.notices import assembly, compose
from modbot.daemon.notices.courier import Courier, Delivery
from modbot.errors import UsageError


def register(root: click.Group) -> None:
    @root.group("notify")
    def notify() -> None:
        pass

    @command(notify, "test")
    def test(session: Session) -> None:
        plan = assembly.plan(session.loaded)
        if not plan.addresses:
            raise UsageError(code="error.notify.no_addresses")
        courier, message = Courier(), compose.trial(plan.words)
        deliveries = [courier.send(message, address) for address in plan.addresses]
        for delivery in deliveries:
            _tell(session, delivery, plan.redact(delivery.problem))
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
