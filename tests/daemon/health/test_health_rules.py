"""What is called failing and degraded: the rules of docs/health.md as a table."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from health_support import NOW, PATIENCE, actions, ago, backup, breaker, forum, house, lease, polled

from modbot import i18n, settings
from modbot.daemon.health import rules
from modbot.daemon.health.reading import patience
from modbot.daemon.health.status import Health
from modbot.store.brake import Brake
from modbot.store.breakers import BreakerState
from modbot.store.vitals import Waiting

LATE = ago(minutes=16)
UNDER_WAY = polled(began_at=ago(hours=3), ended_at=None, succeeded_at=None)
TABLE = {
    "all is well": (house(), []),
    "no daemon was ever started": (house(owner=None), ["no_daemon"]),
    "the daemon ended in order": (house(owner=lease(released=True)), ["no_daemon"]),
    "the daemon renews its lease no more": (house(owner=lease(until=NOW)), ["daemon_lost"]),
    "another version migrated the database": (house(schema="9999"), ["other_schema"]),
    "the model is gone": (house(model=""), ["model_missing"]),
    "a chore failed": (house(chores=(backup(problem="disk full"), backup(name="purge"))), ["chore_failed"]),
    "a chore failed and was switched off": (
        house(chores=(backup(problem="disk full", began_at=ago(days=3)),)),
        [],
    ),
    "the last good poll is just in time": (
        house(forum(poll=polled(succeeded_at=NOW - PATIENCE))),
        [],
    ),
    "the last good poll is late": (house(forum(poll=polled(succeeded_at=LATE))), ["poll_late"]),
    "no poll was ever good": (house(forum(poll=polled(succeeded_at=None))), ["never_polled"]),
    "there never was a poll": (house(forum(poll=None)), ["never_polled"]),
    "the first poll takes hours and stores": (house(forum(poll=UNDER_WAY, read_at=ago(minutes=3))), []),
    "the first poll takes hours and stores nothing": (
        house(forum(poll=UNDER_WAY, read_at=None)),
        ["never_polled"],
    ),
    "a poll hangs": (house(forum(poll=UNDER_WAY, read_at=LATE)), ["poll_late"]),
    "what a failed poll stored is no good poll": (
        house(forum(poll=polled(succeeded_at=LATE), read_at=ago(minutes=1))),
        ["poll_late"],
    ),
    "the daemon has just been started after a night": (
        house(forum(poll=polled(succeeded_at=ago(hours=9))), owner=lease(since=ago(minutes=1))),
        [],
    ),
    "without a daemon nothing else is called late": (
        house(forum(poll=polled(succeeded_at=LATE), due_at=LATE), owner=None),
        ["no_daemon"],
    ),
    "the breaker is open": (house(forum(breaker=breaker(BreakerState.OPEN))), ["breaker_open"]),
    "the breaker tries again": (house(forum(breaker=breaker(BreakerState.HALF_OPEN))), ["breaker_open"]),
    "the forum wants a human": (house(forum(breaker=breaker(BreakerState.STOPPED))), ["breaker_stopped"]),
    "the forum was never tried": (house(forum(breaker=None)), []),
    "one request is left": (house(forum(requests_left=1)), []),
    "no request is left": (house(forum(requests_left=0)), ["budget_spent"]),
    "replies were just stored": (house(forum(unjudged=Waiting(200, ago(minutes=1)))), []),
    "nobody judges": (house(forum(unjudged=Waiting(200, LATE))), ["judging_late"]),
    "an action is due": (house(forum(due_at=ago(minutes=1))), []),
    "nobody acts": (house(forum(due_at=LATE)), ["actions_late"]),
    "the brake is on": (house(forum(brake=Brake(True, ago(hours=1), "overturned"))), ["brake_on"]),
    "an action was given up": (house(forum(actions=actions(dead=Waiting(1, LATE)))), ["dead_actions"]),
    "old actions wait for their time": (house(forum(actions=actions(queued=Waiting(9, LATE)))), []),
    "a reply cannot be judged": (house(forum(parked=1)), ["parked_replies"]),
    "a long queue is the moderators' own": (house(forum(shown=Waiting(500, ago(days=30)))), []),
}


@pytest.mark.parametrize(("status", "codes"), TABLE.values(), ids=TABLE)
def test_what_is_a_problem(status, codes):
    assert [problem.code for problem in rules.problems(status, patience=PATIENCE)] == codes


def test_the_table_holds_every_rule_that_looks_at_facts():
    told = {code for _, codes in TABLE.values() for code in codes}
    assert told == set(rules.RULES) - {"store_unreadable"}


def test_the_verdict_is_the_worst_and_the_worst_is_told_first():
    braked = forum(name="alpha", brake=Brake(True, LATE, "overturned"))
    late = forum(name="beta", poll=polled(succeeded_at=LATE))
    status = house(braked, late)
    problems = rules.problems(status, patience=PATIENCE)
    assert [(problem.forum, problem.code) for problem in problems] == [
        ("beta", "poll_late"),
        ("alpha", "brake_on"),
    ]
    assert house(problems=problems).verdict is Health.FAILING
    assert house(problems=problems[1:]).verdict is Health.DEGRADED
    assert house().verdict is Health.OK


def test_a_problem_tells_since_when_and_how_many():
    status = house(forum(unjudged=Waiting(7, LATE)))
    [problem] = rules.problems(status, patience=PATIENCE)
    assert (problem.since, problem.number, problem.forum) == (LATE, 7, "city")


def test_patience_is_the_longest_pause_times_the_factor(tmp_path):
    file = tmp_path / "modbot.toml"
    file.write_text("[polling]\nevery_seconds = 90\nquiet_every_seconds = 20\n[health]\nlate_factor = 4")
    assert patience(settings.load(file, environ={})) == timedelta(minutes=6)


@pytest.mark.parametrize("page", ["docs/health.md", "docs/health.zh-CN.md"])
def test_every_rule_is_documented_with_its_verdict(page):
    text = (settings.project_root() / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (failing|degraded) \|", text, re.MULTILINE)
    assert dict(rows) == {code: health.value for code, health in rules.RULES.items()}


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_rule_has_a_sentence(language):
    told = {code for code in i18n.catalogue(language).templates if code.startswith("health.problem.")}
    assert told == {f"health.problem.{code}" for code in rules.RULES}
