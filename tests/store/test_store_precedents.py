"""A reply meets the decisions about its campaign by every name that the campaign bears or bore."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_desk import FORUM, START, Desk, decision, repetition, reply

from modbot.daemon.precedents import Precedents
from modbot.domain import (
    Assessment,
    DecisionKind,
    Mode,
    Probabilities,
    Reason,
    Repetition,
    ReplyKey,
    StandingKind,
    VerdictKind,
)
from modbot.policy import Circumstances, Policy, StandingMatch, decide
from modbot.store import aliases, inbox

FEW, OTHER_FEW = "a" + "1" * 16, "a" + "2" * 16
TEXT, OTHER_TEXT = "c" + "1" * 16, "c" + "2" * 16
SAID = "一句谁也没有说过的话，只为看看它属于哪一批"


def decided(desk: Desk, post: int, campaign: str, kind: VerdictKind) -> None:
    """A verdict on a flag of this campaign, whose text is nothing like ``SAID``."""
    flagged = reply(post)
    told = repetition(campaign, flagged.key)
    queued = decision(DecisionKind.QUEUE, Reason.REPEATED)
    desk.give(desk.flag(flagged, queued, repeated=told, canonical=f"第{post}批的原话不在此列"), kind)


def belonging(campaign: str, *former: str) -> Repetition:
    return replace(repetition(campaign, ReplyKey(FORUM, 1)), aliases=former)


def met(desk: Desk, repeated: Repetition) -> tuple[StandingMatch, ...]:
    assessment = Assessment(ReplyKey(FORUM, 9), Probabilities(0.9, 0.05, 0.05), (), repeated, SAID, "m")
    [recorded] = desk.record(reply(9, SAID))
    known = Precedents(FORUM, lasting=timedelta(days=90))
    with desk.store.read() as rx:
        [stored] = inbox.load(rx, [recorded.reply_id]).values()
        found = known.met_by(rx, [stored], [assessment], now=START)
    return found.get(recorded.reply_id, ())


@pytest.mark.parametrize("name", [FEW, TEXT])
def test_a_member_of_a_condemned_campaign_is_a_copy_whatever_it_says(desk: Desk, name: str) -> None:
    decided(desk, 1, name, VerdictKind.UPHOLD)
    [match] = met(desk, belonging(name))
    assert (match.kind, match.in_campaign, match.similarity) == (StandingKind.CONDEMNED, True, 0.0)


@pytest.mark.parametrize("told_now", [True, False], ids=["as the reply tells", "as the store knows"])
@pytest.mark.parametrize(("kept", "lost"), [(FEW, OTHER_FEW), (TEXT, OTHER_TEXT)])
def test_a_condemned_and_a_customary_campaign_that_become_one_ask_a_human(
    desk: Desk, kept: str, lost: str, told_now: bool
) -> None:
    decided(desk, 1, kept, VerdictKind.UPHOLD)
    decided(desk, 2, lost, VerdictKind.DISMISS)
    if not told_now:
        with desk.store.write() as tx:
            aliases.unite(tx, [(ReplyKey(FORUM, 1), belonging(kept, lost))], at=START)
    matches = met(desk, belonging(kept, lost) if told_now else belonging(kept))
    assert {match.kind for match in matches} == set(StandingKind)
    assessment = Assessment(ReplyKey(FORUM, 9), Probabilities(0.9, 0.05, 0.05), (), None, SAID, "m")
    found = decide(reply(9, SAID), assessment, Policy(mode=Mode.ENFORCE), Circumstances(precedents=matches))
    assert (found.kind, found.held_by) == (DecisionKind.QUEUE, ("standing_conflict",))


def test_what_was_decided_of_a_text_is_not_decided_of_all_that_its_authors_repeat(desk: Desk) -> None:
    decided(desk, 1, TEXT, VerdictKind.UPHOLD)
    assert met(desk, belonging(FEW, TEXT)) == ()


def test_a_campaign_that_nobody_decided_about_is_met_by_nothing(desk: Desk) -> None:
    decided(desk, 1, TEXT, VerdictKind.UPHOLD)
    assert met(desk, belonging(OTHER_TEXT)) == ()
