"""How often rules fired is counted from the decisions that are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from store_desk import FORUM, START, decision, reply

from modbot.domain import Signal
from modbot.store import rulehits
from modbot.store.rulehits import Hits


def hit(name: str) -> Signal:
    return Signal("rule", 1.0, {"name": name, "then": "queue", "evidence": "x"})


def fired(desk, post_id: int, *names: str, forum: str = FORUM):
    [recorded] = desk.record(reply(post_id, forum=forum))
    desk.judge(recorded, replace(decision(), signals=tuple(hit(name) for name in names)))
    return recorded


def counted(desk, since=START, forums=(FORUM,)):
    with desk.store.read() as rx:
        return rulehits.since(rx, since, forums=forums)


def test_a_rule_counts_the_replies_that_it_fired_on_and_knows_the_last(desk):
    fired(desk, 1, "gamble")
    desk.later(days=1)
    fired(desk, 2, "label", "gamble")
    desk.later(days=1)
    fired(desk, 3)
    day = timedelta(days=1)
    assert counted(desk) == {"gamble": Hits(2, START + day), "label": Hits(1, START + day)}
    assert counted(desk, since=START + day) == {"gamble": Hits(1, START + day), "label": Hits(1, START + day)}
    assert counted(desk, since=START + 2 * day) == {}


def test_a_reply_that_was_judged_again_counts_once_and_last(desk):
    recorded = fired(desk, 1, "gamble")
    desk.later(hours=1)
    desk.judge(recorded, replace(decision(), signals=(hit("gamble"),)))
    assert counted(desk) == {"gamble": Hits(1, desk.now)}


def test_forums_are_counted_apart_or_together(desk):
    fired(desk, 1, "gamble")
    fired(desk, 1, "gamble", forum="town")
    assert counted(desk)["gamble"].replies == 1
    assert counted(desk, forums=(FORUM, "town"))["gamble"].replies == 2
    assert counted(desk, forums=()) == {}


def test_what_a_text_says_is_not_taken_for_a_rule(desk):
    [recorded] = desk.record(reply(1))
    quoted = Signal("contact", 1.0, {"evidence": '["rule", 1.0, {"name": "gamble"}]'})
    desk.judge(recorded, replace(decision(), signals=(quoted,)))
    assert counted(desk) == {}
