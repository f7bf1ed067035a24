"""``init``: ask a few questions, write modbot.toml, test the sign-in."""

from __future__ import annotations

import getpass
import os
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from modbot import settings
from modbot.accounts import passwords
from modbot.accounts.passwords import Passwords
from modbot.cli.base import Session, command, harmless, harmless_all, option
from modbot.daemon import house, installing, kinds, wiring
from modbot.daemon.kinds import Proposal
from modbot.domain import Role
from modbot.errors import Blocked, ForumError, UsageError
from modbot.forums.protocol import CheckStatus, Forum, SignsInByHand
from modbot.store import people, requests
from modbot.store.engine import Store

CAPTCHA_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    answers: installing.Answers
    file: Path


def register(root: click.Group) -> None:
    @command(root, "init", prints=False)
    @option("--url")
    @option("--name")
    @option("--force", is_flag=True)
    def init(session: Session, url: str | None, name: str | None, force: bool) -> None:
        file = (session.settings_file or Path.cwd() / settings.OPERATOR_FILE).resolve()
        if file.exists() and not force:
            raise UsageError(code="error.init.exists", path=str(file))
        asked = _Asked(_ask(session, url, name), file)
        installing.write(file, asked.answers, (), replace=force)
        session.say("init.written", path=str(file))
        boards = _try_out(session, asked)
        if boards is None:
            session.say("init.later")
            raise SystemExit(1)
        if boards:
            installing.write(file, asked.answers, boards, replace=True)
        _make_first_person(session, file)
        session.say("init.next")


def _make_first_person(session: Session, file: Path) -> None:
    """Whoever installs modbot is the first admin of its console."""
    with house.open_store(settings.load(file)) as store:
        with store.read() as rx:
            if people.count(rx):
                return
        name = click.prompt(session.words.text("init.ask.console_name"), default="", show_default=False)
        if not name.strip():
            return
        password = _agreed_password(session, name)
        kept, at = Passwords().kept(password) if password else None, house.utc_now()
        with store.write() as tx:
            people.add(tx, name, Role.ADMIN, at=at, made_by=getpass.getuser(), password_hash=kept)


def _agreed_password(session: Session, name: str) -> str:
    """Asks again for one that will not do."""
    while True:
        password = click.prompt(
            session.words.text("init.ask.console_password"),
            default="",
            show_default=False,
            hide_input=True,
            confirmation_prompt=True,
        )
        try:
            if password:
                passwords.accept(password, name=name)
        except UsageError as problem:
            click.echo(problem.message(session.language), err=True)
        else:
            return str(password)


def _ask(session: Session, url: str | None, name: str | None) -> installing.Answers:
    text = session.words.text
    url = url or click.prompt(text("init.ask.url"))
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise UsageError(code="error.init.url", url=url)
    name = name or click.prompt(text("init.ask.name"), default=installing.suggested_name(url))
    if click.confirm(text("init.ask.cookies"), default=False):
        return installing.Answers(
            name=name,
            url=url,
            auth_cookie=click.prompt(text("init.ask.auth"), hide_input=True),
            saltkey_cookie=click.prompt(text("init.ask.saltkey"), hide_input=True),
        )
    over_http = urlsplit(url).scheme == "http" and click.confirm(text("init.ask.http"), default=False)
    return installing.Answers(
        name=name,
        url=url,
        username=click.prompt(text("init.ask.username")),
        password=click.prompt(text("init.ask.password"), hide_input=True),
        password_over_http=over_http,
    )


def _try_out(session: Session, asked: _Asked) -> list[Proposal] | None:
    """Sign in, tell what the account may do, and agree on the boards' kinds; None when the
    forum could not be used."""
    loaded = settings.load(asked.file)
    stop = threading.Event()
    with house.open_store(loaded) as store, closing(_open(loaded, store, asked, stop)) as forum:
        try:
            _sign_in(session, forum, loaded.state_dir)
            for check in forum.check_access():
                mark = "✗" if check.status is CheckStatus.FAILED else "·"
                click.echo(f"{mark} {session.words.text(check.code, **harmless_all(check.facts))}")
            boards = forum.boards()
        except ForumError as problem:
            click.echo(harmless(problem.message(session.language)), err=True)
            return None
    return [proposal for proposal in kinds.proposals(boards) if _agrees(session, proposal)]


def _agrees(session: Session, proposal: Proposal) -> bool:
    board, kind = harmless(proposal.board.name), proposal.kind.value
    return click.confirm(session.words.text("init.ask.kind", board=board, kind=kind), default=True)


def _open(loaded: settings.Loaded, store: Store, asked: _Asked, stop: threading.Event) -> Forum:
    return wiring.open_forum(
        loaded, asked.answers.name, ledger=requests.Ledger(store), clock=house.utc_now, sleep=stop.wait
    )


def _sign_in(session: Session, forum: Forum, folder: Path) -> None:
    """Sign in; where a captcha stands, show its picture and ask."""
    try:
        forum.boards()
    except Blocked:
        if not isinstance(forum, SignsInByHand):
            raise
        _sign_in_by_hand(session, forum, folder)


def _sign_in_by_hand(session: Session, forum: SignsInByHand, folder: Path) -> None:
    for attempt in range(1, CAPTCHA_TRIES + 1):
        captcha = forum.captcha()
        path = installing.keep_picture(folder, captcha.image, captcha.content_type)
        session.say("init.captcha", path=path.as_uri())
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            click.launch(str(path))
        try:
            forum.answer_captcha(captcha, click.prompt(session.words.text("init.ask.captcha")))
        except Blocked as problem:
            if attempt == CAPTCHA_TRIES:
                raise
            click.echo(harmless(problem.message(session.language)), err=True)
        else:
            return
        finally:
            path.unlink(missing_ok=True)
