"""Sends one message to addresses of Apprise: a process of its own, for the length of that.

It reads one JSON object from stdin (``urls``, ``title``, ``body``, ``tone``, or ``urls``
alone, to look whether Apprise understands them) and prints one JSON line per address, as
soon as it is known. It needs nothing of modbot, so that starting it is quick.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import apprise

PROBLEM_CHARACTERS = 500


class LastWords(logging.Handler):
    """What Apprise warned of last."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._words = ""

    def emit(self, record: logging.LogRecord) -> None:
        self._words = record.getMessage()

    def take(self) -> str:
        words, self._words = self._words, ""
        return words[:PROBLEM_CHARACTERS]


def understood(url: str) -> apprise.NotifyBase | None:
    """The receiver that ``url`` names; None when it is none, or has nobody to write to."""
    asset = apprise.AppriseAsset(
        app_id="modbot", app_desc="modbot", storage_mode=apprise.PersistentStoreMode.MEMORY
    )
    found = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if not isinstance(found, apprise.NotifyBase) or not len(found):
        return None
    return found


def service(found: apprise.NotifyBase) -> str:
    return str(found.service_name or found.protocol or found.secure_protocol or "")


def send(found: apprise.NotifyBase, order: dict[str, Any]) -> bool:
    one = apprise.Apprise()
    one.add(found)
    sent = one.notify(
        title=order["title"],
        body=order["body"],
        notify_type=order["tone"],
        body_format=apprise.NotifyFormat.TEXT,
    )
    return bool(sent)


def main() -> None:
    order = json.load(sys.stdin)
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a plugin prints is no answer
    said = LastWords()
    logger = logging.getLogger("apprise")
    logger.addHandler(said)
    logger.propagate = False
    for url in order["urls"]:
        found = understood(url)
        ok = found is not None and ("body" not in order or send(found, order))
        problem = said.take()
        told = {"ok": ok, "service": service(found) if found else "", "problem": "" if ok else problem}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
