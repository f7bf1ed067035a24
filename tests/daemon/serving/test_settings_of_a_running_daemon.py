"""What the console changes comes into force in a daemon that runs, and in the next one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from serve_process import Box

from modbot.store import open as open_store
from modbot.store import overlay
from modbot.store.overlay import Wish


@pytest.fixture
def box(tmp_path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.clear()


def change(box: Box, **values: object) -> None:
    """As the console of another process would."""
    wishes = {key.replace("__", "."): Wish(value, None) for key, value in values.items()}
    with closing(open_store(box.folder / "var" / "modbot.db")) as store, store.write() as tx:
        overlay.change(tx, wishes, who="eve", at=datetime.now(UTC))


def end(process) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_change_is_taken_up_without_a_signal_and_outlives_reload_and_restart(box: Box) -> None:
    process = box.command("serve")
    box.hear("STATUS=city: shadow")
    change(box, policy__mode="queue")
    box.hear("STATUS=city: queue")
    polls = len(box.events("poll"))
    box.until(lambda: len(box.events("poll")) > polls)

    box.told = ""
    box.configure("[queue]\nper_day = 7\n")
    process.send_signal(signal.SIGHUP)
    box.hear("STATUS=city: queue")
    end(process)

    box.told = ""
    process = box.command("serve")
    box.hear("STATUS=city: queue")
    end(process)


def test_a_half_written_file_keeps_no_change_back(box: Box) -> None:
    process = box.command("serve")
    box.hear("STATUS=city: shadow")
    box.file.write_text("[policy]\nmode = ", "utf-8")
    change(box, policy__mode="queue")
    box.hear("STATUS=city: queue")
    end(process)


def test_what_cannot_be_used_any_more_is_told_and_keeps_nothing_from_starting(box: Box) -> None:
    change(box, policy__mode="queue", policy__gone=1, forums__gone__policy__mode="enforce")
    process = box.command("serve")
    box.hear("STATUS=city: queue")
    told = {line["key"] for line in box.events("change_left_out")}
    assert told == {"policy.gone", "forums.gone.policy.mode"}
    assert not box.events("reload_refused")
    end(process)
