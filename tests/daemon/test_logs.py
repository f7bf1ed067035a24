"""Whatever is logged, by whomever: whole lines, that parse, without secrets."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.daemon import logs

SECRET = "pässwort 密码 \"'\\ %41"
NASTY = 'evil\x1b[31m\r\nname\u2028\u2029\x85\u202e\x00\ud800{"event": "forged"}\t'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    kept = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], level, sys.excepthook, threading.excepthook = kept
    root.setLevel(level)


@pytest.fixture
def told(capsys) -> Callable[[], list[str]]:
    """The lines on stderr since the last time."""
    return lambda: capsys.readouterr().err.removesuffix("\n").split("\n")


def objects(lines: list[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines]


def test_an_event_is_one_json_line_with_its_level_and_time(told):
    logs.configure(form="json")
    structlog.get_logger("poll").bind(forum="城市").info("poll", read=3, held_by=("a", "b"), score=0.5)
    (line,) = objects(told())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "poll",
        "level": "info",
        "forum": "城市",
        "read": 3,
        "held_by": ["a", "b"],
        "score": 0.5,
    }


@pytest.mark.parametrize(("level", "kept"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1)])
def test_only_the_chosen_level_and_above_are_told(told, level, kept):
    logs.configure(level=level, form="json")
    log = structlog.get_logger("x")
    for tell in (log.debug, log.info, log.warning, log.error):
        tell("event")
    assert len(told()) == kept


@pytest.mark.parametrize(("file", "pretty"), [(Terminal, True), (io.StringIO, False)])
def test_a_terminal_gets_it_pretty_and_everything_else_as_json(monkeypatch, file, pretty):
    monkeypatch.setattr(sys, "stderr", file())
    logs.configure(form="auto")
    structlog.get_logger("x").info("event")
    assert sys.stderr.getvalue().startswith("{") is not pretty


def test_what_a_forum_puts_into_a_name_neither_breaks_nor_forges_a_line(told):
    logs.configure(form="json")
    structlog.get_logger("x").info("event", name=NASTY, names=[NASTY], table={NASTY: NASTY})
    written = told()
    assert len(written) == len("\n".join(written).splitlines()) == 1
    assert objects(written)[0]["name"].endswith('{"event": "forged"}\t')


def test_a_terminal_is_not_moved_by_a_name(told):
    logs.configure(form="pretty")
    structlog.get_logger("x").info("event", name=NASTY, names=[NASTY])
    (line,) = told()
    assert line.isprintable()


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), st.text() | st.lists(st.text()) | st.integers() | st.none(), max_size=4))
def test_every_event_is_one_line_that_parses(facts):
    for form in ("json", "pretty"):
        written = io.StringIO()
        real, sys.stderr = sys.stderr, written
        try:
            logs.configure(form=form)
            structlog.get_logger("x").info("event", facts=facts)
        finally:
            sys.stderr = real
        lines = written.getvalue().splitlines()
        assert len(lines) == 1
        if form == "json":
            assert json.loads(lines[0])["event"] == "event"


def fail_with(secret: str) -> None:
    hidden = secret  # a local variable, which no traceback may show
    raise ValueError(f"cannot use {hidden}")


def test_what_bears_the_name_of_a_secret_is_not_told(told):
    logs.configure(form="json")
    structlog.get_logger("x").info("event", formhash="abcd1234", form={"Cookie": "a=b", "page": 3}, token="")
    (line,) = objects(told())
    assert (line["formhash"], line["form"], line["token"]) == ("***", {"Cookie": "***", "page": 3}, "")


def test_a_logger_from_before_new_settings_keeps_their_secrets_too(told):
    logs.configure(form="json", secrets=["the old one"])
    log = structlog.get_logger("x").bind(forum="city")
    logs.configure(form="json", secrets=[SECRET])
    log.info("event", word=SECRET)
    assert objects(told())[0]["word"] == "***"


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_exceptions_are_told_without_secrets_and_without_local_variables(told, form):
    logs.configure(form=form, secrets=[SECRET])
    try:
        try:
            fail_with(SECRET)
        except ValueError as cause:
            raise LookupError({"password": SECRET}) from cause
    except LookupError:
        structlog.get_logger("x").exception("failed", word=SECRET)
    written = "\n".join(told())
    assert "fail_with" in written, "the traceback is there"
    assert "LookupError" in written
    assert "pässwort" not in written
    assert "locals" not in written
    assert "hidden =" not in written.replace("hidden = secret", "")


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_libraries_are_told_from_warning_on_in_the_same_form(told, form):
    logs.configure(level="DEBUG", form=form, secrets=[SECRET])
    for name in ("httpx", "apscheduler", "uvicorn", "sqlalchemy", "alembic", "apprise", "urllib3"):
        logging.getLogger(name).info("GET https://bbs.example.com/?formhash=abcd1234")
        logging.getLogger(name).warning("failed: %s at %s", SECRET, "https://h/?token=abcd1234&x=1")
    written = told()
    assert len(written) == 7
    assert all("abcd1234" not in line and "pässwort" not in line for line in written)
    if form == "json":
        assert {line["level"] for line in objects(written)} == {"warning"}
        assert objects(written)[0]["logger"] == "httpx"


def test_a_librarys_message_that_does_not_fit_its_arguments_is_told_all_the_same(told):
    logs.configure(form="json")
    logging.getLogger("library").error("%d", "x")
    assert objects(told())[0]["event"] == "%d"


def test_warnings_and_what_nobody_caught_come_the_same_way(told):
    logs.configure(form="json", secrets=[SECRET])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"old way to say {SECRET}", stacklevel=1)
    thread = threading.Thread(target=fail_with, args=(SECRET,), name="worker")
    thread.start()
    thread.join()
    try:
        fail_with(SECRET)
    except ValueError as problem:
        sys.excepthook(type(problem), problem, problem.__traceback__)
    warned, crashed_thread, crashed = objects(told())
    assert warned["logger"] == "py.warnings"
    assert (crashed_thread["event"], crashed_thread["thread"]) == ("thread_crashed", "worker")
    assert crashed["event"] == "crashed"
    assert all("pässwort" not in str(line) for line in (warned, crashed_thread, crashed))


def test_where_the_log_cannot_be_written_the_work_goes_on(monkeypatch):
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    logs.configure(form="json")
    structlog.get_logger("x").error("event")


def test_many_threads_write_whole_lines(told):
    logs.configure(form="json")
    log = structlog.get_logger("x")

    def tell() -> None:
        for number in range(50):
            log.info("event", number=number, filler="f" * 500)
            logging.getLogger("library").warning("w" * 500)

    threads = [threading.Thread(target=tell) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(objects(told())) == 600
