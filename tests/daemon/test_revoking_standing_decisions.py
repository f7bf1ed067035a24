"""Ending a standing decision, and putting back what it hid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from executor_support import Bench
from precedent_support import Bar, newcomer, on, shipped_detector

from modbot.domain import FlagState, OutboxState
from modbot.errors import StoreError
from modbot.moderation import standing
from modbot.moderation.standing import Revoked
from modbot.store import outbox, verdicts
from modbot.store.verdicts import Undone

SENTENCE = "这个楼盘的样板间我上周去看过，采光和层高都比宣传册上写的好很多，值得去一趟"
LASTING = timedelta(days=90)


@dataclass(frozen=True)
class Ben:
    """A moderator who takes hides back."""

    bar: Bar

    def undo(self, flag_id: int) -> Undone:
        with self.bar.bench.store.write() as tx:
            return verdicts.undo(tx, flag_id, who="ben", now=self.bar.bench.now)


@pytest.fixture
def bar(bench: Bench) -> Bar:
    """A campaign that was upheld in December, and four copies in January."""
    bar = Bar(bench, shipped_detector())
    for post in (1, 2, 3):
        bar.at(on(12, 5 * post))
        bar.says(post, SENTENCE, newcomer(post))
    bar.decide(3)
    bar.at(on(1, 28, year=2026))
    for post in (4, 5, 6, 7):
        bar.says(post, SENTENCE, newcomer(post))
    return bar


def revoke(bar: Bar) -> Revoked:
    return standing.revoke(bar.bench.store, bar.standing()[0].id, who="ben", now=bar.bench.now)


def posts(revoked: Revoked) -> list[int]:
    return [hidden.post_id for hidden in revoked.hidden]


def test_it_is_listed_with_its_hits_its_last_copy_and_its_end(bar: Bar) -> None:
    with bar.bench.store.read() as rx:
        [entry] = standing.listing(rx, forum="city", now=bar.bench.now, lasting=LASTING)
        card = standing.show(rx, entry.decision.id, now=bar.bench.now, lasting=LASTING)
    assert (entry.decision.hits, entry.decision.who, entry.in_force) == (4, "ann", True)
    assert entry.until == on(1, 28, year=2026) + LASTING
    assert card.effects.hidden == 4
    assert [hidden.post_id for hidden in card.hidden] == [4, 5, 6, 7]


def test_what_is_over_is_listed_only_when_asked_for(bar: Bar) -> None:
    def listed(*, everything: bool) -> int:
        bar.at(on(1, 28, year=2026) + LASTING + timedelta(days=1))
        with bar.bench.store.read() as rx:
            found = standing.listing(
                rx, forum="city", now=bar.bench.now, lasting=LASTING, everything=everything
            )
        return len(found)

    assert (listed(everything=False), listed(everything=True)) == (0, 1)


def test_revoking_leaves_what_it_hid_and_says_how_much_that_is(bar: Bar) -> None:
    revoked = revoke(bar)
    assert posts(revoked) == [4, 5, 6, 7]
    assert {4, 5, 6, 7} <= bar.hidden()
    assert bar.standing() == []
    assert not revoke_again(bar, revoked).was_in_force


def revoke_again(bar: Bar, before: Revoked) -> Revoked:
    return standing.revoke(bar.bench.store, before.decision.id, who="eve", now=bar.bench.now)


def test_restoring_puts_back_all_of_it_and_their_flags_wait_for_a_human(bar: Bar) -> None:
    revoked = revoke(bar)
    done = standing.restore(Ben(bar), revoked.hidden)
    bar.bench.executor().work()
    assert all(one.problem is None and one.action_id is not None for one in done)
    assert not {4, 5, 6, 7} & bar.hidden()
    assert {bar.flags()[post].state for post in (4, 5, 6, 7)} == {FlagState.PENDING}
    bar.says(8, SENTENCE, newcomer(8))
    assert bar.decision(8).standing is None
    assert not {4, 5, 6, 7} & bar.hidden(), "nor does another rule hide again what a human restored"


def test_what_a_human_decided_about_meanwhile_is_not_its_to_undo(bar: Bar) -> None:
    bar.decide(5)
    bar.bench.forum.delete(6)
    assert posts(revoke(bar)) == [4, 6, 7]


def test_one_that_cannot_be_undone_spoils_no_other(bar: Bar) -> None:
    revoked = revoke(bar)
    bar.decide(5)
    bar.undo(5)
    done = standing.restore(Ben(bar), revoked.hidden)
    bar.bench.executor().work()
    assert [one.problem is not None for one in done] == [False, True, False, False]
    assert not {4, 5, 6, 7} & bar.hidden()


def test_hides_that_had_not_begun_are_cancelled(bar: Bar) -> None:
    bar.write(8, SENTENCE, newcomer(8))
    bar.poll()
    bar.judge.judge_waiting()
    assert revoke(bar).cancelled == 1
    with bar.bench.store.read() as rx:
        assert outbox.listing(rx, forum="city", states=[OutboxState.QUEUED]) == []


def test_there_is_none_of_that_number(bar: Bar) -> None:
    with bar.bench.store.read() as rx, pytest.raises(StoreError) as raised:
        standing.preview(rx, 99)
    assert raised.value.code == "error.store.standing_unknown"
