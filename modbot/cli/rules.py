"""``rules``: the operator's own rules, what they did, and what they would do."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import BinaryIO

import click

from modbot.cli.base import Group, Session, command, harmless, local_time, option
from modbot.daemon import exchange, models, rulebook, ruletesting, wiring
from modbot.daemon.house import open_store, utc_now
from modbot.daemon.ruletesting import Tried
from modbot.store import rulehits

DAYS = 30
BATCH = 512


def register(root: click.Group) -> None:
    @root.group("rules", cls=Group)
    def rules() -> None:
        pass

    _register_list(rules)
    _register_test(rules)


def _register_list(rules: click.Group) -> None:
    @command(rules, "list")
    @option("--forum")
    def list_rules(session: Session, forum: str | None) -> None:
        loaded = session.loaded
        found = rulebook.load_rules(loaded)
        forums = wiring.forum_names(loaded, forum) if forum else tuple(loaded.settings.forums)
        with open_store(loaded) as store, store.read() as rx:
            since = utc_now() - timedelta(days=DAYS)
            counted = rulehits.since(rx, since, forums=forums)
        for rule in found.rules:
            hits = counted.get(rule.name)
            last = hits.last if hits else None
            facts = {"name": rule.name, "then": rule.then.value, "hits": hits.replies if hits else 0}
            if session.as_json:
                session.answer({**facts, "days": DAYS, "last_hit": last.isoformat() if last else None})
            else:
                told = local_time(last) if last else session.words.text("rules.never")
                then = session.words.text(f"then.{rule.then.value}")
                session.say("rules.listed", **(facts | {"then": then, "days": DAYS, "last": told}))
        if not found.rules and not session.as_json:
            session.say("rules.none")


def _register_test(rules: click.Group) -> None:
    @command(rules, "test")
    @click.argument("texts", nargs=-1)
    @option("--input", "input_file", type=click.File("rb"))
    @option("--forum")
    def test(
        session: Session, texts: tuple[str, ...], input_file: BinaryIO | None, forum: str | None
    ) -> None:
        loaded = session.loaded
        if forum is not None:
            wiring.forum_names(loaded, forum)
        detector = models.load_detector(loaded)
        book = wiring.policy_book(loaded, detector.manifest.thresholds)
        own = rulebook.with_standing(rulebook.load_rules(loaded), book)
        given = _given(texts, input_file)
        lines = [line for line in given if isinstance(line, exchange.Line)]
        broken = [line for line in given if isinstance(line, exchange.BrokenLine)]
        for first in range(0, len(lines), BATCH):
            chosen = lines[first : first + BATCH]
            for tried in ruletesting.try_rules(own, detector, chosen, forum=forum, now=utc_now()):
                _tell(session, tried)
        for line in broken:
            problem = {"line": line.number, "error": line.problem.message(session.language)}
            click.echo(json.dumps(problem, ensure_ascii=False), err=True)
        if broken:
            raise SystemExit(1)


def _given(texts: Sequence[str], file: BinaryIO | None) -> list[exchange.Line | exchange.BrokenLine]:
    if texts:
        return [exchange.of_text(text, number) for number, text in enumerate(texts, 1)]
    return list(exchange.read_lines(file or sys.stdin.buffer))


def _tell(session: Session, tried: Tried) -> None:
    if session.as_json or not sys.stdout.isatty():
        click.echo(json.dumps(tried.as_object(), ensure_ascii=False))
        return
    words = session.words
    click.echo(harmless(tried.line.reply.text))
    for hit in tried.hits:
        evidence = " · ".join(harmless(piece) for piece in hit.pieces)
        session.say(
            "rules.fires", name=hit.name, then=words.text(f"then.{hit.then.value}"), evidence=evidence
        )
    for hit in tried.below:
        session.say("rules.not_reached", name=hit.name)
    for found in tried.undecided:
        lacks = ", ".join(words.text(f"asks.{ruletesting.lacking(question)}") for question in found.lacks)
        session.say("rules.undecided", name=found.rule.name, lacks=lacks)
    if not (tried.hits or tried.undecided):
        session.say("rules.nothing")
