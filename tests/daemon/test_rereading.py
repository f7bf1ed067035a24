"""Known replies are read again: in good order, within bounds, and what that finds is acted on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from executor_support import Bench

from modbot import settings
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.daemon.rereading import Rereader, RereadingRules, RereadReport
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import (
    ActionKind,
    Author,
    DecisionKind,
    FlagState,
    Mode,
    Reason,
    Removal,
    ReplyKey,
    VerdictKind,
    VerdictSource,
)
from modbot.errors import BudgetSpent, ForumRolledBack, LoggedOut, Refused, Retryable, Unreadable
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import brake, decisions, flags, inbox, misses, requests, verdicts
from modbot.store.carrying import Means

ADVERT = "低价代开各类发票，真实可查，加微信：fapiao8801"
DECENT = "物业说管道要到周三才能修好，停水期间可以去居委会门口接水。"
NEWCOMER = Author(id=700, name="新来的", posts=1, group_id=10)
REGULAR = Author(id=9, name="老李", posts=900)
POLICY = Policy(mode=Mode.ENFORCE, spam_hide=0.9, spam_queue=0.8, low_effort_queue=None)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(settings.project_root() / "models" / "baseline")


@dataclass
class House:
    """The daemon's parts over a scripted forum; ``rereader`` lives as long as the daemon."""

    bench: Bench
    detector: Detector
    metrics: Metrics = field(default_factory=Metrics)
    rules: RereadingRules = field(default_factory=RereadingRules)

    def __post_init__(self) -> None:
        self.start()
        index = DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=1000)
        rules = JudgingRules(
            book=PolicyBook(POLICY),
            brake=BrakeLimits(),
            budget=QueueBudget(),
            reasons={reason: f"说明 {reason.value}" for reason in Reason},
        )
        self.judge = Judge(
            forum="city",
            store=self.bench.store,
            detector=self.detector,
            duplicates=index,
            rules=rules,
            clock=self.bench.clock,
        )

    def start(self) -> None:
        self.rereader = Rereader(
            forum=self.bench.forum,
            store=self.bench.store,
            rules=self.rules,
            clock=self.bench.clock,
            metrics=self.metrics,
        )

    def poll(self) -> None:
        Poller(forum=self.bench.forum, store=self.bench.store, clock=self.bench.clock).poll()
        self.judge.judge_waiting()
        self.bench.executor().work()

    def reread(self, **later: float) -> RereadReport:
        self.bench.later(**later)
        report = self.rereader.round()
        self.judge.judge_waiting()
        self.bench.executor().work()
        return report

    def flag(self, post_id: int) -> flags.Flag:
        with self.bench.store.read() as rx:
            found = flags.find(rx, flags.Filter(states=()), order=flags.Order.NEWEST, limit=500)
        return next(flag for flag in found if flag.post_id == post_id)

    def verdict(self, post_id: int) -> verdicts.Verdict | None:
        with self.bench.store.read() as rx:
            return verdicts.standing(rx, self.flag(post_id).id)

    def stored(self, post_id: int) -> inbox.Stored:
        with self.bench.store.read() as rx:
            found = inbox.find(rx, ReplyKey("city", post_id))
        assert found is not None
        return found

    def counted(self, found: str) -> float:
        return self.metrics.registry.get_sample_value(
            "modbot_rereads_total", {"forum": "city", "found": found}
        )


@pytest.fixture
def house(bench: Bench, detector: Detector) -> House:
    return House(bench, detector)


# --- edits ----------------------------------------------------------------------------------


def test_a_decent_reply_that_becomes_an_advert_ten_minutes_later_is_caught_after_an_hour(
    house: House,
) -> None:
    """Judged and let pass; the account comes back and puts its contact in, where nobody looks."""
    house.bench.forum.write(1, "支持楼主", author=NEWCOMER)
    house.poll()
    with house.bench.store.read() as rx:
        assert decisions.current(rx, house.stored(1).reply_id).decision.kind is DecisionKind.ALLOW
    house.bench.later(minutes=10)
    house.bench.forum.posts[1] = replace(house.bench.forum.posts[1], text=ADVERT)  # no poll tells of it
    house.bench.later(minutes=40)
    house.poll()
    assert house.reread().read == 0, "not due yet"
    assert not house.bench.forum.posts[1].hidden

    report = house.reread(minutes=10)
    assert (report.read, report.changed) == (1, 1)
    assert house.bench.forum.posts[1].hidden
    assert (house.flag(1).state, house.flag(1).text) == (FlagState.HIDDEN, ADVERT)


def test_replies_of_new_authors_are_read_after_an_hour_a_day_and_three_days_and_no_others(
    house: House,
) -> None:
    house.bench.forum.write(1, DECENT, author=NEWCOMER)
    house.bench.forum.write(2, "我也觉得水管该换了，都用了二十年了。", author=REGULAR)
    house.poll()
    read = [hour for hour in range(1, 80) if house.reread(hours=1).read]
    assert read == [1, 24, 72]
    assert house.bench.asked("read") == [(1,)] * 3


def test_a_flagged_post_that_its_author_mends_is_let_go(house: House) -> None:
    with house.bench.store.write() as tx:
        brake.pull(tx, "city", "test", at=house.bench.now)
    house.bench.forum.write(1, ADVERT, author=NEWCOMER)
    house.poll()
    assert house.flag(1).state is FlagState.PENDING
    house.bench.forum.posts[1] = replace(house.bench.forum.posts[1], text=DECENT)
    house.reread(minutes=31)
    assert house.flag(1).state is FlagState.WITHDRAWN
    assert house.bench.forum.changes == {}


def test_an_author_who_mends_what_modbot_hides_gets_a_card_with_the_new_text(house: House) -> None:
    """Restored by itself it would tell evaders what passes; left alone it would punish who mends."""
    house.bench.forum.write(1, ADVERT, author=NEWCOMER)
    house.poll()
    first = house.flag(1)
    house.bench.forum.posts[1] = replace(house.bench.forum.posts[1], text=DECENT)
    house.reread(minutes=31)

    card = house.flag(1)
    assert (card.text, card.state, card.would_hide) == (DECENT, FlagState.HIDDEN, False)
    assert house.bench.forum.posts[1].hidden, "a human decides"
    with house.bench.store.read() as rx:
        listed = flags.find(rx, flags.Filter(states=(FlagState.PENDING,), shown=True))
        held = decisions.load(rx, [card.decision_id])[card.decision_id].decision.held_by
    assert [flag.id for flag in listed] == [card.id]
    assert held == ("edited_while_hidden",)
    assert first.id != card.id

    with house.bench.store.write() as tx:
        verdicts.give(
            tx, card.id, VerdictKind.DISMISS, source=VerdictSource.TERMINAL, who="郭", now=house.bench.now
        )
    house.bench.executor().work()
    assert not house.bench.forum.posts[1].hidden
    with house.bench.store.read() as rx:
        recent = brake.recent(rx, "city", now=house.bench.now)
    assert recent.overturned == 0, "the hide of the earlier text was no mistake"


def test_an_author_who_puts_another_advert_in_the_place_of_the_hidden_one_asks_nobody(house: House) -> None:
    house.bench.forum.write(1, ADVERT, author=NEWCOMER)
    house.poll()
    other = ADVERT.replace("发票", "证件")
    house.bench.forum.posts[1] = replace(house.bench.forum.posts[1], text=other)
    house.reread(minutes=31)
    assert (house.flag(1).text, house.flag(1).state) == (other, FlagState.HIDDEN)
    assert house.flag(1).would_hide
    assert house.bench.forum.changes[1, True] == 1


def test_a_thread_that_was_moved_or_split_is_followed(house: House) -> None:
    house.bench.forum.write(1, DECENT, author=NEWCOMER, thread_id=1)
    house.poll()
    moved = replace(house.bench.forum.posts[1], thread_id=8, board_id=3, thread_title="分出来的主题")
    house.bench.forum.posts[1] = moved
    assert house.reread(hours=1).moved == 1
    found = house.stored(1).reply
    assert (found.thread_id, found.board_id, found.thread_title) == (8, 3, "分出来的主题")


# --- what humans do on the forum --------------------------------------------------------------


def test_a_human_who_restores_what_modbot_hid_wins_whatever_comes(house: House) -> None:
    house.bench.forum.write(1, ADVERT, author=NEWCOMER)
    house.poll()
    house.bench.forum.conceal(1, hidden=False)
    house.reread(minutes=31)
    verdict = house.verdict(1)
    assert verdict is not None
    assert (house.flag(1).state, verdict.kind, verdict.who) == (
        FlagState.OVERTURNED,
        VerdictKind.DISMISS,
        "forum",
    )
    for _ in range(30):
        house.poll()
        house.reread(hours=1)
    assert house.bench.forum.changes == {(1, True): 1}
    assert not house.bench.forum.posts[1].hidden


def test_what_humans_do_is_found_within_half_an_hour_on_the_first_day_and_then_within_a_day(
    house: House,
) -> None:
    house.bench.forum.write(1, ADVERT, author=NEWCOMER)
    house.poll()
    assert all(house.reread(minutes=30).read for _ in range(48))
    assert [house.reread(hours=8).read for _ in range(9)] == [0, 0, 1] * 3
    assert [house.reread(days=days).read for days in (25, 1, 1)] == [1, 1, 0], "a month is over"
    assert house.flag(1).state is FlagState.HIDDEN


def test_a_human_who_brings_back_what_modbot_deleted_is_noticed_and_wins(house: House) -> None:
    flag_id = house.bench.flagged(1, author=REGULAR)
    with house.bench.store.write() as tx:
        delete = Means(how=Removal.DELETE, recycles=True)
        how = {"source": VerdictSource.CONSOLE, "who": "ann", "means": delete}
        verdicts.give(tx, flag_id, VerdictKind.UPHOLD, now=house.bench.now, **how)
    house.bench.executor().work()
    house.reread()
    house.reread(hours=2)
    assert house.verdict(1).who == "ann"
    house.bench.forum.by_hand(ActionKind.UNDELETE, 1)
    house.reread(minutes=30)
    found = house.verdict(1)
    assert (found.kind, found.source) == (VerdictKind.DISMISS, VerdictSource.FORUM)
    house.reread(days=2)
    assert 1 in house.bench.forum.posts


def test_what_modbot_let_pass_and_a_human_hides_is_missed(house: House) -> None:
    house.bench.forum.write(1, DECENT, author=NEWCOMER)
    house.bench.forum.write(2, "周三来修的话，周二晚上得先存点水。", author=NEWCOMER)
    house.poll()
    house.bench.forum.conceal(1)
    house.bench.forum.delete(2)
    report = house.reread(hours=1)
    assert (report.read, report.gone) == (2, 1)
    with house.bench.store.read() as rx:
        assert misses.count(rx, "city", house.bench.now - timedelta(days=1)) == (1, 1)


# --- bounds -----------------------------------------------------------------------------------


def flagged(house: House, *post_ids: int, **fields: object) -> None:
    for post_id in post_ids:
        house.bench.flagged(post_id, **fields)


def test_the_posts_of_one_thread_are_one_reading_and_a_round_is_bounded(house: House) -> None:
    house.rules = RereadingRules(posts=12)
    house.start()
    flagged(house, *range(1, 11), thread_id=1)
    house.bench.later(seconds=1)
    flagged(house, *range(11, 21), thread_id=2)
    house.reread(hours=1)
    assert house.bench.asked("read") == [tuple(range(1, 11)), (11, 12)]
    house.reread(minutes=5)
    assert house.bench.asked("read")[2:] == [tuple(range(13, 21))], "a backlog is worked off round by round"
    house.reread(minutes=5)
    assert len(house.bench.asked("read")) == 3


def test_a_poison_post_keeps_no_other_waiting(house: House) -> None:
    """It breaks the reading of its thread; its neighbours are read alone, it is put off."""
    flagged(house, 1, 2, 3, thread_id=1)
    flagged(house, 4, thread_id=2)

    def poison() -> None:
        if 2 in house.bench.forum.calls[-1].posts:
            raise ValueError("a defect of the engine")

    house.bench.forum.trouble["read"].extend([poison] * 100)
    report = house.reread(hours=1)
    assert (report.read, report.failed) == (3, 1)
    assert house.bench.asked("read") == [(1, 2, 3), (1,), (2,), (3,), (4,)]
    house.reread(minutes=5)
    assert len(house.bench.asked("read")) == 5, "not at once"
    house.bench.forum.trouble["read"].clear()
    house.reread(minutes=30)
    assert sorted(sum(house.bench.asked("read")[5:], ())) == [1, 2, 3, 4]


@pytest.mark.parametrize("problem", [Refused(forum="city"), Unreadable(forum="city")])
def test_a_thread_that_cannot_be_read_is_put_off_alone(house: House, problem: Exception) -> None:
    flagged(house, 1, thread_id=1)
    house.bench.later(seconds=1)
    flagged(house, 2, thread_id=2)
    house.bench.forum.trouble["read"].append(problem)
    house.bench.forum.conceal(2)
    report = house.reread(hours=1)
    assert (report.read, report.failed) == (1, 1)
    assert house.flag(2).state is FlagState.UPHELD


def test_a_forum_that_is_down_is_left_alone_and_nothing_is_forgotten(house: House) -> None:
    for post_id in range(1, 9):
        flagged(house, post_id, thread_id=post_id)
    down = Retryable(forum="city", detail="reset")
    house.bench.forum.trouble["read"].extend([down] * 2)
    report = house.reread(hours=1)
    assert (report.read, report.put_off, len(house.bench.asked("read"))) == (0, down.code, 2)
    house.reread(minutes=5)
    assert len(house.bench.asked("read")) == 2 + 6
    house.reread(minutes=30)
    assert sorted({post for posts in house.bench.asked("read")[2:] for post in posts}) == list(range(1, 9))


@pytest.mark.parametrize("problem", [LoggedOut(forum="city", detail="x"), ForumRolledBack(forum="city")])
def test_what_only_a_human_can_mend_ends_the_round(house: House, problem: Exception) -> None:
    flagged(house, 1)
    house.bench.forum.trouble["read"].append(problem)
    with pytest.raises(type(problem)):
        house.reread(hours=1)


def test_a_post_id_that_belongs_to_another_post_is_a_roll_back(house: House) -> None:
    flagged(house, 1)
    other = Author(id=4, name="别人")
    house.bench.forum.posts[1] = replace(
        house.bench.forum.posts[1], author=other, posted_at=house.bench.now + timedelta(hours=5)
    )
    with pytest.raises(ForumRolledBack):
        house.reread(hours=1)
    assert house.stored(1).reply.author != other


def test_the_days_requests_are_left_to_polls_while_they_are_ahead_of_the_clock(house: House) -> None:
    flagged(house, 1)
    house.bench.now = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    with house.bench.store.write() as tx:
        requests.spend(tx, "city", at=house.bench.now, number=2000)
    report = house.reread()
    assert (report.put_off, house.bench.asked("read")) == ("budget", [])
    assert house.reread(hours=4).read == 1, "two fifths of the day are over, and of the requests"


def test_a_spent_budget_ends_the_round(house: House) -> None:
    for post_id in (1, 2, 3):
        flagged(house, post_id, thread_id=post_id)
    house.bench.forum.trouble["read"].append(BudgetSpent(forum="city", limit=1))
    house.reread(hours=1)
    assert len(house.bench.asked("read")) == 1


def test_nothing_due_is_no_request_and_no_word(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.bench.forum.write(1, DECENT, author=NEWCOMER)
    house.poll()
    capsys.readouterr()
    house.reread()
    assert house.bench.asked("read") == []
    assert "rereads" not in capsys.readouterr().out


def test_what_was_read_is_counted_by_what_was_found_and_told_in_one_line(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    flagged(house, 1, 2, 3, 4)
    house.bench.forum.edit(2, DECENT)
    house.bench.forum.delete(3)
    house.bench.forum.veiled.add(4)
    house.reread(hours=1)
    found = {name: house.counted(name) for name in ("same", "changed", "gone", "unknown", "failed")}
    assert found == {"same": 1, "changed": 1, "gone": 1, "unknown": 1, "failed": 0}
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "rereads" in line]
    assert all(word in line for word in ("due=4", "read=4", "changed=1", "gone=1", "failed=0"))
