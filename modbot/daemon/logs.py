"""Logs: one canonical line per event; pretty on a terminal, JSON elsewhere.

Ids instead of text, and never a secret: what is logged is named field by field. Behind
that stands a second line of defence: whatever is logged here, by modbot or by a library,
passes the redactor, and has no character in it that could forge a line or move a terminal.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

from modbot.daemon.redaction import GONE, Redactor, is_secret

Format = Literal["auto", "pretty", "json"]

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_BREAKS = re.compile("[\t\n]")
_MULTILINE = frozenset({"exception", "stack"})


def configure(*, level: str = "INFO", form: Format = "auto", secrets: Iterable[str] = ()) -> None:
    """Set up the process's logging, on stderr: structlog's, that of libraries (from WARNING),
    Python's warnings, and what nobody caught."""
    pretty = form == "pretty" or (form == "auto" and sys.stderr.isatty())
    sink = _Sink(sys.stderr)
    # Loggers that were bound before hold this very list: they must learn of new secrets, too.
    processors = structlog.get_config()["processors"]
    processors[:] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Never the renderer's own way to show exceptions: that one prints local variables.
        structlog.processors.format_exc_info,
        _Cleaner(Redactor(secrets), pretty=pretty),
        _pretty(colors=sys.stderr.isatty())
        if pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: sink,
        cache_logger_on_first_use=False,
    )
    _take_over_libraries(_Handler(sink, processors))
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


class _Sink:
    """Writes whole lines. Where they cannot go there is nobody to tell, and work goes on."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def msg(self, line: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._file.write(line + "\n")
            self._file.flush()

    log = debug = info = warn = warning = error = err = critical = fatal = failure = exception = msg


class _Cleaner:
    """Makes an event plain (text, numbers, lists, tables), without secrets and unsafe characters."""

    def __init__(self, redact: Redactor, *, pretty: bool) -> None:
        self._redact = redact
        self._pretty = pretty

    def __call__(
        self, _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        return {
            self._text(name): self._named(name, value, one_line=self._pretty and name not in _MULTILINE)
            for name, value in event.items()
        }

    def _named(self, name: str, value: object, *, one_line: bool) -> Any:
        return GONE if value and is_secret(name) else self._plain(value, one_line=one_line)

    def _plain(self, value: object, *, one_line: bool) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            texts = {str(key): each for key, each in value.items()}
            return {self._text(key): self._named(key, each, one_line=one_line) for key, each in texts.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(each, one_line=one_line) for each in value]
        text = self._text(str(value))
        return _BREAKS.sub(_escaped, text) if one_line else text

    def _text(self, text: str) -> str:
        return _UNSAFE.sub(_escaped, self._redact(text))


class _Handler(logging.Handler):
    """What libraries log, as events of the same form."""

    def __init__(self, sink: _Sink, processors: Iterable[structlog.typing.Processor]) -> None:
        super().__init__(logging.WARNING)
        self._sink = sink
        self._processors = processors

    def emit(self, record: logging.LogRecord) -> None:
        try:
            told = record.getMessage()
        except (TypeError, ValueError, LookupError):
            told = str(record.msg)  # its arguments do not fit; better than nothing
        event: Any = {"event": told, "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        method = record.levelname.lower()
        for processor in self._processors:
            event = processor(None, method, event)
        self._sink.msg(event)


def _pretty(*, colors: bool) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )


def _take_over_libraries(handler: logging.Handler) -> None:
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("crash").critical("crashed", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread else ""
    exc_info = (args.exc_type, args.exc_value, args.exc_traceback)
    structlog.get_logger("crash").critical("thread_crashed", thread=name, exc_info=exc_info)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
