"""How a human reads a status: in their language, and whatever a forum has said."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from health_support import NOW, PATIENCE, actions, ago, backup, breaker, forum, house, lease, polled
from rich.console import Console

from modbot import i18n
from modbot.cli.status import forum_facts, headlines, table_of
from modbot.daemon.health import rules
from modbot.daemon.health.status import Status
from modbot.domain import ActionKind, OutboxState
from modbot.store.brake import Brake
from modbot.store.breakers import Breaker, BreakerState
from modbot.store.vitals import Settled, Waiting

ENGLISH, CHINESE = (i18n.catalogue(language) for language in i18n.LANGUAGES)
NASTY = "\x1b[2J\u202e[red]gone[/red]"


def judged(status: Status) -> Status:
    return replace(status, problems=rules.problems(status, patience=PATIENCE))


def facts(one, words=ENGLISH) -> dict[str, str]:
    return dict(forum_facts(one, words))


@pytest.mark.parametrize(
    ("changes", "label", "told"),
    [
        ({"poll": None}, "last good poll", "never"),
        ({"poll": None}, "last poll", "never"),
        ({"poll": polled(ended_at=None)}, "last poll", "since "),
        ({"breaker": None}, "breaker", "closed"),
        ({"breaker": breaker(BreakerState.OPEN)}, "breaker", "Forum city is closed just now"),
        ({"breaker": breaker(BreakerState.HALF_OPEN)}, "breaker", "trying since "),
        ({"breaker": breaker(BreakerState.STOPPED)}, "breaker", "stopped since "),
        ({"brake": Brake(True, NOW, "overturned")}, "brake", "too many recent hides were overturned"),
        ({"shown": Waiting(3, NOW)}, "queue", "3, the oldest since "),
        (
            {"actions": actions(queued=Waiting(2, NOW), unknown=Waiting(1, ago(hours=1)))},
            "actions waiting",
            "3",
        ),
        ({"actions": actions(dead=Waiting(1, NOW))}, "actions given up", "1, the oldest"),
        (
            {"last_action": Settled(ActionKind.RESTORE, OutboxState.GONE, NOW)},
            "last action",
            "restore: the post",
        ),
        ({"requests_made": 7, "requests_left": 3}, "requests today", "7, 3 left"),
    ],
)
def test_a_fact_is_told_in_words(changes, label, told):
    assert told in facts(forum(**changes))[label]


def test_every_state_of_everything_is_told_in_both_languages():
    for state in BreakerState:
        one = forum(breaker=breaker(state), brake=Brake(True, NOW, "distinct_texts"))
        for words in (ENGLISH, CHINESE):
            told = " ".join(facts(one, words).values())
            assert "health." not in told
            assert "{" not in told


def test_the_headlines_name_the_worst_first_and_the_house_after():
    status = house(
        forum(poll=polled(succeeded_at=ago(hours=1)), brake=Brake(True, NOW, "overturned")),
        chores=(backup(), backup(name="purge", problem="the disk is full")),
        model="new",
    )
    lines = list(headlines(judged(status), ENGLISH))
    assert lines[0] == "✗ modbot 1.0: does not do its work"
    assert lines[1].startswith("✗ city: No good poll since ")
    assert [line[0] for line in lines[2:4]] == ["!", "!"]
    assert "model: new (the last decision was made by baseline)" in lines
    assert any(line.startswith("chore backup: done ") for line in lines)
    assert any("the disk is full" in line for line in lines)


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_problem_is_a_whole_sentence(words):
    for code in rules.RULES:
        status = house(problems=(rules.problem(code, forum="city", since=NOW, number=2),))
        sentence = list(headlines(status, words))[1]
        assert "health." not in sentence
        assert "{" not in sentence


def test_the_table_has_a_column_for_each_forum():
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(table_of(house(forum(), forum(name="town", parked=7)), ENGLISH))
    lines = console.file.getvalue().splitlines()
    assert lines[0].split() == ["city", "town"]
    assert ["set", "aside", "0", "7"] in [line.split() for line in lines]


def test_what_a_forum_or_a_host_said_cannot_steer_the_terminal():
    refused = Breaker(BreakerState.OPEN, NOW, 5, NOW, "error.forum.refused", {"detail": NASTY})
    status = judged(house(forum(breaker=refused), owner=lease(host=NASTY), chores=(backup(problem=NASTY),)))
    out = io.StringIO()
    Console(file=out, width=300, color_system=None).print(table_of(status, ENGLISH))
    shown = out.getvalue() + "\n".join(headlines(status, ENGLISH))
    assert "[red]gone[/red]" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
