"""``users``: who may use the console, from the terminal of its machine."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from shell_support import RUN, Shell

from modbot.store import audit, people
from modbot.store import engine as store_engine

PASSWORD = "a ladder in the rain"
LINK = r"^http://127\.0\.0\.1:8321/link/[\w-]{43}$"


def test_somebody_is_added_listed_disabled_and_let_in_again(city) -> None:
    shell: Shell = city.shell
    added = shell("users", "add", "ann", "--place", "city:2,37", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    assert PASSWORD not in added.stdout + added.stderr
    [ann] = shell.objects("users", "list", "--json")
    assert (ann["name"], ann["role"], ann["scope"]) == ("ann", "moderator", {"city": [2, 37]})
    assert (ann["has_password"], ann["disabled_at"]) == (True, None)
    shell.objects("users", "disable", "ann", "--json")
    assert "disabled" in shell("users", "list", "--lang", "en").stdout
    assert shell("users", "link", "ann", "--lang", "en").returncode == 2
    shell.objects("users", "disable", "ann", "--undo", "--json")
    assert "has a password" in shell("users", "list", "--lang", "en").stdout


def test_a_link_is_printed_once_and_kept_as_a_digest_only(city) -> None:
    shell: Shell = city.shell
    shell.environ["MODBOT_CONSOLE__LISTEN"] = "127.0.0.1:8321"
    added = shell("users", "add", "bob", "--role", "admin", "--link", "--lang", "en")
    assert added.returncode == 0, added.stderr
    assert re.search(LINK, added.stdout, re.MULTILINE)
    again = shell.objects("users", "link", "bob", "--json")
    secret = again[0]["link"].rpartition("/")[2]
    for kept in (shell.folder / "var").rglob("*"):
        assert kept.is_dir() or secret.encode() not in kept.read_bytes(), kept


@pytest.mark.parametrize(
    ("words", "stdin", "told"),
    [
        (("add", "ann", "--password-stdin"), "short\n", "at least 10 characters"),
        (("add", "ann", "--password-stdin"), "1234567890\n", "Everybody tries this password first"),
        (("add", "ann", "--password-stdin"), "", "at least 10 characters"),
        (("add", "ann", "--link", "--place", "village"), None, "There is no forum village"),
        (("add", "ann", "--link", "--place", "city:x"), None, "city:x is no place"),
        (("passwd", "nobody", "--password-stdin"), f"{PASSWORD}\n", "There is nobody called nobody"),
        (("link", "nobody"), None, "There is nobody called nobody"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(city, words, stdin, told) -> None:
    done = city.shell("users", *words, "--lang", "en", stdin=stdin)
    assert done.returncode in {1, 2}
    assert told in done.stderr
    assert city.shell.objects("users", "list", "--json") == []


def test_the_last_admin_stays(city) -> None:
    shell: Shell = city.shell
    shell("users", "add", "bob", "--role", "admin", "--link")
    refused = shell("users", "disable", "bob", "--lang", "en")
    assert (refused.returncode, "only admin left" in refused.stderr) == (1, True)


def test_a_password_is_typed_unseen_and_twice(city) -> None:
    shell: Shell = city.shell
    terminal = Terminal(shell, "users", "add", "ann", "--role", "admin", "--lang", "en")
    terminal.expect("Password")
    terminal.type(PASSWORD)
    terminal.expect("Repeat")
    terminal.type(PASSWORD)
    terminal.ended()
    assert PASSWORD not in terminal.seen
    shell.objects("users", "passwd", "ann", "--password-stdin", "--json", stdin="another ladder\n")
    with closing(store_engine.open(shell.folder / "var" / "modbot.db")) as store, store.read() as rx:
        ann = people.find(rx, "ann")
        assert ann is not None
        assert (people.password_hash(rx, ann.id) or "").startswith("$argon2id$")
        assert [entry.what for entry in audit.listing(rx)] == ["user.added", "user.password"]


def test_the_first_serve_prints_a_link_to_the_terminal_and_to_no_log(city) -> None:
    shell: Shell = city.shell
    shell.environ["MODBOT_CONSOLE__LISTEN"] = "127.0.0.1:0"
    terminal = Terminal(shell, "serve", "--lang", "en")
    terminal.expect("/link/")
    link = re.search(r"http://127\.0\.0\.1:\d+/link/([\w-]{43})", terminal.seen)
    assert link
    terminal.interrupt()
    assert terminal.seen.count(link[1]) == 1
    again = Terminal(shell, "serve", "--lang", "en")
    again.expect("/link/")
    again.interrupt()
    assert link[1] not in again.seen, "unused, so there is a new one"
    assert [user["name"] for user in shell.objects("users", "list", "--json")] == ["admin"]
    shell("users", "passwd", "admin", "--password-stdin", stdin=f"{PASSWORD}\n")
    known = Terminal(shell, "serve", "--lang", "en")
    known.expect("The console is at")
    known.interrupt()
    assert "/link/" not in known.seen


def test_where_nobody_sits_the_first_serve_says_how_to_come_in(city) -> None:
    shell: Shell = city.shell
    shell.environ["MODBOT_CONSOLE__LISTEN"] = "127.0.0.1:0"
    serving = shell.begin("serve", "--lang", "en")
    assert serving.stdout
    said = ""
    while "modbot users link admin" not in said:
        line = serving.stdout.readline()
        assert line, said
        said += line
    serving.terminate()
    rest, _ = serving.communicate(timeout=60)
    assert "/link/" not in said + rest


class Terminal:
    """A command with a terminal of its own: what it prints, stderr too, is ``seen``."""

    def __init__(self, shell: Shell, *words: str) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, RUN, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=Path(shell.folder),
            env=dict(shell.env),
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def expect(self, words: str, *, within: float = 60) -> None:
        deadline = time.monotonic() + within
        while words not in self.seen or not self._settled():
            assert self._read(), self.seen
            assert time.monotonic() < deadline, self.seen

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def interrupt(self) -> None:
        self._process.terminate()
        self.ended()

    def ended(self) -> None:
        while self._read():
            pass
        self._process.wait(60)
        os.close(self._master)
        assert self._process.returncode == 0, self.seen

    def _settled(self) -> bool:
        """Nothing more is being printed at the moment."""
        ready, _, _ = select.select([self._master], [], [], 0.3)
        return not ready

    def _read(self) -> bool:
        try:
            self.seen += os.read(self._master, 65536).decode()
        except OSError:  # the other end is closed: so Linux says
            return False
        return True
