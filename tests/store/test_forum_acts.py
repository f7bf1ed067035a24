"""What humans do on the forum becomes truth when it is read; what modbot did is not mistaken for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from store_desk import FORUM, LEASE, START, Desk, repetition, reply

from modbot.domain import (
    ActionKind,
    ActionOutcome,
    Decision,
    DecisionKind,
    FlagState,
    Label,
    ReplyKey,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.store import Store, audit, brake, inbox, labels, misses, outbox, standing, verdicts
from modbot.store.misses import Missed

SEEN = {"visible": {"hidden": False, "pending": False}, "hidden": {"hidden": True, "pending": False}}


def allowed(*held_by: str) -> Decision:
    return Decision(
        kind=DecisionKind.ALLOW,
        would_be=DecisionKind.ALLOW,
        reason=None,
        label=Label.HAM,
        score=0.1,
        threshold=None,
        signals=(),
        held_by=held_by,
        policy="p1",
        model="m1",
    )


@dataclass
class Town(Desk):
    """A desk whose forum shows its one reply as it is told to. ``flag_id`` is the reply's last."""

    flag_id: int = 0
    text: str = "这家店的面很好吃"
    fields: dict[str, object] = field(default_factory=dict)

    def shows(self, seen: str, *, since: float = 0.0) -> None:
        """The forum is read: it shows the reply so. ``since``: begun so many seconds ago."""
        self.later(minutes=1)
        begun = self.now - timedelta(seconds=since)
        with self.store.write() as tx:
            if seen == "gone":
                inbox.saw(tx, {1: Visibility.GONE}, at=self.now, since=begun)
            else:
                post = reply(1, self.text, **{**self.fields, **SEEN[seen]})
                inbox.record(tx, [post], at=self.now, since=begun)

    def passed(self, *held_by: str, **fields: object) -> None:
        """modbot let the reply pass."""
        [recorded] = self.record(reply(1, self.text, **fields))
        self.judge(recorded, allowed(*held_by))

    def opened(self, **fields: object) -> None:
        self.fields = fields
        self.flag_id = self.flag(reply(1, self.text, **fields))

    def hidden(self) -> None:
        self.flag_id = self.hidden_flag(text=self.text)

    @property
    def state(self) -> str:
        return self.get(self.flag_id).state.value if self.flag_id else "none"

    @property
    def given(self) -> list[str]:
        """The standing verdicts, as ``who kind source``."""
        with self.store.read() as rx:
            found = verdicts.standing(rx, self.flag_id) if self.flag_id else None
        return [f"{found.who} {found.kind} {found.source}"] if found else []

    @property
    def taught(self) -> list[str]:
        with self.store.read() as rx:
            return [example["label"] for example in labels.export(rx)]

    @property
    def missed(self) -> Missed:
        with self.store.read() as rx:
            return misses.count(rx, FORUM, START - timedelta(days=1))

    @property
    def trail(self) -> list[str]:
        with self.store.read() as rx:
            return [entry.what for entry in audit.listing(rx, reply_id=1) if entry.who == "forum"]

    @property
    def stored(self) -> inbox.Stored:
        with self.store.read() as rx:
            found = inbox.find(rx, ReplyKey(FORUM, 1))
        assert found is not None
        return found


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store)


def pending_flag(town: Town) -> None:
    town.opened()


def hidden_by_us(town: Town) -> None:
    town.hidden()


def hide_is_queued(town: Town) -> None:
    town.flag_id = town.flag(reply(1, town.text), hide=True)


def upheld_and_hidden(town: Town) -> None:
    town.opened()
    town.give(town.flag_id)
    town.carry_out()


def upheld_just_now(town: Town) -> None:
    town.opened()
    town.give(town.flag_id)


def dismissed(town: Town) -> None:
    town.opened()
    town.give(town.flag_id, VerdictKind.DISMISS)


def dismissed_just_now(town: Town) -> None:
    town.hidden()
    town.give(town.flag_id, VerdictKind.DISMISS)


def allowed_here(town: Town) -> None:
    town.opened()
    town.give(town.flag_id, VerdictKind.ALLOW_HERE)


def deleted_by_us(town: Town) -> None:
    town.hidden()
    with town.store.write() as tx:
        flag = town.get(town.flag_id)
        outbox.enqueue(
            tx,
            forum=FORUM,
            kind=ActionKind.DELETE,
            reply_id=1,
            revision_id=flag.revision_id,
            at=town.now,
            flag_id=town.flag_id,
        )
    [action] = town.claim()
    with town.store.write() as tx:
        done = {"outcome": ActionOutcome.DONE, "visibility": Visibility.GONE, "at": town.now}
        outbox.settle(tx, action.id, "worker", **done)


def waits_for_approval(town: Town) -> None:
    town.opened(pending=True)


def let_pass(town: Town) -> None:
    town.passed()


def let_pass_and_waits(town: Town) -> None:
    town.passed(pending=True)


def moved_away_by_us(town: Town) -> None:
    town.opened(board_id=2)
    with town.store.write() as tx:
        flag = town.get(town.flag_id)
        outbox.enqueue(
            tx,
            forum=FORUM,
            kind=ActionKind.MOVE_THREAD,
            reply_id=1,
            revision_id=flag.revision_id,
            at=town.now,
            flag_id=town.flag_id,
            details={"board": 9, "from": 2},
        )
    [action] = town.claim()
    with town.store.write() as tx:
        done = {"outcome": ActionOutcome.DONE, "visibility": Visibility.VISIBLE, "at": town.now}
        outbox.settle(tx, action.id, "worker", **done)
    town.fields = {"board_id": 9}


def moved_back_by_a_human(town: Town) -> None:
    moved_away_by_us(town)
    town.fields = {"board_id": 2}


FORUM_UPHOLDS, FORUM_DISMISSES = "forum uphold forum", "forum dismiss forum"
FORUM_REMOVES = "forum remove_dont_learn forum"

TRUTH = [
    # before, the forum shows, flag, verdict, labels, missed, what the forum's trail tells
    (pending_flag, "hidden", "upheld", FORUM_UPHOLDS, ["spam"], (0, 0), ["forum.hid", "verdict.uphold"]),
    (
        hide_is_queued,
        "hidden",
        "upheld",
        FORUM_UPHOLDS,
        ["spam"],
        (0, 0),
        ["forum.hid", "action.cancelled", "verdict.uphold"],
    ),
    (hidden_by_us, "hidden", "hidden", None, [], (0, 0), []),
    (
        hidden_by_us,
        "visible",
        "overturned",
        FORUM_DISMISSES,
        ["ham"],
        (0, 0),
        ["forum.restored", "verdict.dismiss"],
    ),
    (
        pending_flag,
        "gone",
        "upheld",
        FORUM_REMOVES,
        [],
        (0, 0),
        ["forum.gone", "verdict.remove_dont_learn"],
    ),
    (
        hidden_by_us,
        "gone",
        "upheld",
        FORUM_REMOVES,
        [],
        (0, 0),
        ["forum.gone", "verdict.remove_dont_learn"],
    ),
    (
        waits_for_approval,
        "visible",
        "dismissed",
        FORUM_DISMISSES,
        ["ham"],
        (0, 0),
        ["forum.approved", "verdict.dismiss"],
    ),
    (
        waits_for_approval,
        "gone",
        "upheld",
        FORUM_REMOVES,
        [],
        (0, 0),
        ["forum.gone", "verdict.remove_dont_learn"],
    ),
    (let_pass, "hidden", "none", None, [], (1, 0), ["forum.hid"]),
    (let_pass, "gone", "none", None, [], (0, 1), ["forum.gone"]),
    (let_pass_and_waits, "visible", "none", None, [], (0, 0), ["forum.approved"]),
    (let_pass_and_waits, "gone", "none", None, [], (0, 1), ["forum.gone"]),
    # What modbot's moderators decided gives way to the human on the forum; both are in the audit.
    (
        upheld_and_hidden,
        "visible",
        "overturned",
        FORUM_DISMISSES,
        ["ham"],
        (0, 0),
        ["forum.restored", "verdict.undone", "verdict.dismiss"],
    ),
    (upheld_and_hidden, "hidden", "upheld", "ann uphold terminal", ["spam"], (0, 0), []),
    (upheld_and_hidden, "gone", "upheld", "ann uphold terminal", ["spam"], (0, 0), ["forum.gone"]),
    (upheld_just_now, "visible", "upheld", "ann uphold terminal", ["spam"], (0, 0), []),
    (upheld_just_now, "hidden", "upheld", "ann uphold terminal", ["spam"], (0, 0), ["forum.hid"]),
    (
        dismissed,
        "hidden",
        "upheld",
        FORUM_UPHOLDS,
        ["spam"],
        (0, 0),
        ["forum.hid", "verdict.undone", "verdict.uphold"],
    ),
    (dismissed, "visible", "dismissed", "ann dismiss terminal", ["ham"], (0, 0), []),
    (dismissed, "gone", "dismissed", "ann dismiss terminal", ["ham"], (0, 0), ["forum.gone"]),
    (
        dismissed_just_now,
        "visible",
        "overturned",
        "ann dismiss terminal",
        ["ham"],
        (0, 0),
        ["forum.restored"],
    ),
    (allowed_here, "hidden", "allowed_here", "ann allow_here terminal", [], (0, 0), ["forum.hid"]),
    (deleted_by_us, "gone", "hidden", None, [], (0, 0), []),
    (moved_away_by_us, "visible", "pending", None, [], (0, 0), []),
    (
        moved_back_by_a_human,
        "visible",
        "dismissed",
        FORUM_DISMISSES,
        ["ham"],
        (0, 0),
        ["forum.restored", "verdict.dismiss"],
    ),
    (deleted_by_us, "hidden", "hidden", None, [], (0, 0), ["forum.back"]),
    (
        deleted_by_us,
        "visible",
        "overturned",
        FORUM_DISMISSES,
        ["ham"],
        (0, 0),
        ["forum.restored", "verdict.dismiss"],
    ),
]


@pytest.mark.parametrize(
    ("before", "seen", "state", "given", "taught", "missed", "trail"),
    TRUTH,
    ids=[f"{before.__name__}-{seen}" for before, seen, *_ in TRUTH],
)
def test_what_the_forum_shows_becomes_truth(
    town: Town,
    before: object,
    seen: str,
    state: str,
    given: str | None,
    taught: list[str],
    missed: tuple[int, int],
    trail: list[str],
) -> None:
    before(town)  # type: ignore[operator]
    town.shows(seen)
    found = (town.state, town.given, town.taught, tuple(town.missed), town.trail)
    assert found == (state, [given] if given else [], taught, missed, trail)
    town.shows(seen)
    again = (town.state, town.given, town.taught, tuple(town.missed), town.trail)
    assert again == found, "what is read twice is not done twice"


def test_what_a_human_restored_is_kept_counted_by_the_brake_and_never_hidden_again(town: Town) -> None:
    town.hidden()
    town.shows("visible")
    assert (town.stored.is_kept, town.stored.hidden_by_us) == (True, False)
    with town.store.read() as rx:
        assert brake.recent(rx, FORUM, now=town.now).overturned == 1
    [recorded] = town.record(reply(1, town.text))
    with town.store.write() as tx:
        assert town.enqueue(tx, recorded, town.flag_id) is None
    assert town.states() == ["hide done"]


def test_an_upheld_campaign_of_the_forum_decides_about_its_next_copies(town: Town) -> None:
    town.flag_id = town.flag(reply(1, town.text), repeated=repetition("c1", ReplyKey(FORUM, 1)))
    town.shows("hidden")
    with town.store.read() as rx:
        assert [made.who for made in standing.listing(rx, forum=FORUM)] == ["forum"]
    town.shows("visible")
    with town.store.read() as rx:
        assert [made.kind.value for made in standing.listing(rx, forum=FORUM)] == ["customary"]


# --- what modbot did, or may have done -------------------------------------------------------


def hide_under_way(town: Town) -> None:
    hide_is_queued(town)
    town.claim()


def hide_timed_out(town: Town) -> None:
    hide_is_queued(town)
    [action] = town.claim()
    with town.store.write() as tx:
        later = town.now + timedelta(hours=1)
        outbox.retry(tx, action.id, "worker", not_before=later, error="?", at=town.now, uncertain=True)


def hide_crashed(town: Town) -> None:
    hide_under_way(town)
    town.later(seconds=LEASE.total_seconds())


def hide_given_up(town: Town) -> None:
    hide_is_queued(town)
    [action] = town.claim()
    town.later(seconds=1)
    with town.store.write() as tx:
        outbox.bury(tx, action.id, "worker", error="?", at=town.now, uncertain=True)


def hide_given_up_and_dropped(town: Town) -> None:
    hide_given_up(town)
    with town.store.write() as tx:
        outbox.drop(tx, 1, who="ann", at=town.now)


@pytest.mark.parametrize(
    "before", [hide_under_way, hide_timed_out, hide_crashed, hide_given_up, hide_given_up_and_dropped]
)
def test_a_hide_that_may_be_ours_is_nobodys_verdict(town: Town, before: object) -> None:
    before(town)  # type: ignore[operator]
    town.shows("hidden")
    assert (town.state, town.given, town.trail) == ("pending", [], [])


@pytest.mark.parametrize("before", [hide_given_up, hide_given_up_and_dropped])
def test_a_hide_that_was_given_up_and_proved_in_vain_explains_nothing_later(
    town: Town, before: object
) -> None:
    before(town)  # type: ignore[operator]
    town.shows("visible")
    town.shows("hidden")
    assert town.given == [FORUM_UPHOLDS]


def test_a_hide_that_finds_somebody_elses_is_upheld_by_the_next_reading(town: Town) -> None:
    hide_is_queued(town)
    [action] = town.claim()
    town.shows("hidden")
    town.settle(action, ActionOutcome.ALREADY)
    assert town.given == []
    town.shows("hidden")
    assert town.given == [FORUM_UPHOLDS]


def test_a_human_who_restores_between_our_attempts_is_not_fought(town: Town) -> None:
    hide_timed_out(town)
    town.shows("hidden")
    town.shows("visible")
    assert (town.state, town.given) == ("dismissed", [FORUM_DISMISSES])
    assert "restore queued" in town.states(), "takes the attempt back, should it have its effect yet"
    assert not outbox_wanted(town)


def outbox_wanted(town: Town) -> bool:
    """Whether the hide that timed out is wanted still."""
    return next(action.wanted for action in town.actions() if action.kind is ActionKind.HIDE)


def restore_under_way(town: Town) -> None:
    dismissed_just_now(town)
    town.claim()


def restore_timed_out(town: Town) -> None:
    dismissed_just_now(town)
    [action] = town.claim()
    with town.store.write() as tx:
        later = town.now + timedelta(hours=1)
        outbox.retry(tx, action.id, "worker", not_before=later, error="?", at=town.now, uncertain=True)


@pytest.mark.parametrize("before", [restore_under_way, restore_timed_out])
def test_a_restore_that_may_be_ours_is_nobodys_act(town: Town, before: object) -> None:
    before(town)  # type: ignore[operator]
    town.shows("visible")
    assert (town.trail, town.given) == ([], ["ann dismiss terminal"])
    assert town.stored.hidden_by_us, "until it is proved"


def test_an_undone_hide_that_a_human_restores_meanwhile_is_dismissed_and_asked_no_more(town: Town) -> None:
    town.hidden()
    town.undo(town.flag_id)
    town.shows("visible")
    assert (town.given, town.states()) == ([FORUM_DISMISSES], ["hide done", "restore cancelled"])


@pytest.mark.parametrize(
    ("before", "stale"),
    [(hidden_by_us, "visible"), (upheld_and_hidden, "visible")],
)
def test_a_page_that_was_read_before_our_hide_tells_nothing_of_it(
    town: Town, before: object, stale: str
) -> None:
    """A poll that reads for long hands over what it saw minutes ago."""
    before(town)  # type: ignore[operator]
    town.shows(stale, since=600)
    assert (town.trail, town.stored.visibility) == ([], Visibility.HIDDEN)
    town.shows("hidden")
    assert town.trail == []


def test_a_page_that_was_read_before_our_restore_tells_nothing_of_it(town: Town) -> None:
    dismissed_just_now(town)
    town.carry_out()
    town.shows("hidden", since=600)
    assert (town.trail, town.state, town.stored.visibility) == ([], "overturned", Visibility.VISIBLE)
    town.shows("visible")
    assert town.trail == []


def test_what_was_deleted_with_its_thread_by_us_is_no_miss(town: Town) -> None:
    first = reply(2, "开业大酬宾", floor=1)
    flag_id = town.flag(first)
    recorded = town.record(reply(3, "在哪条街？"))[0]
    town.judge(recorded, allowed())
    with town.store.write() as tx:
        flag = town.get(flag_id)
        outbox.enqueue(
            tx,
            forum=FORUM,
            kind=ActionKind.RECYCLE_THREAD,
            reply_id=flag.reply_id,
            revision_id=flag.revision_id,
            at=town.now,
            flag_id=flag_id,
        )
    [action] = town.claim()
    town.later(seconds=1)
    with town.store.write() as tx:
        done = {"outcome": ActionOutcome.DONE, "visibility": Visibility.GONE, "at": town.now}
        outbox.settle(tx, action.id, "worker", **done)
        town.later(minutes=1)
        inbox.saw(tx, {recorded.reply_id: Visibility.GONE}, at=town.now)
    assert town.missed == Missed(0, 0)


# --- misses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "why", ["exempt_group", "hidden_by_others", "restored_by_human", "before_first_start"]
)
def test_what_modbot_did_not_judge_it_did_not_miss(town: Town, why: str) -> None:
    town.passed(why)
    town.shows("hidden")
    assert town.missed == Missed(0, 0)


def test_what_was_hidden_before_modbot_saw_it_first_is_no_act_and_its_restore_is_kept(town: Town) -> None:
    town.passed("hidden_by_others", hidden=True)
    town.shows("hidden")
    assert town.trail == []
    town.shows("visible")
    assert (town.trail, town.stored.is_kept) == (["forum.restored"], True)
    town.shows("hidden")
    assert town.missed == Missed(0, 0)


@pytest.mark.parametrize("seen", ["hidden", "gone"])
def test_a_miss_is_taken_back_when_the_forum_shows_the_reply_again(town: Town, seen: str) -> None:
    town.passed()
    town.shows(seen)
    town.shows("visible")
    assert town.missed == Missed(0, 0)
    town.shows("hidden")
    assert town.missed == Missed(1, 0), "the last act counts"


def test_what_is_hidden_first_and_deleted_later_counts_once_and_as_hidden(town: Town) -> None:
    town.passed()
    town.shows("hidden")
    town.shows("gone")
    assert town.missed == Missed(1, 0)


# --- gone, and back -----------------------------------------------------------------------


def test_what_comes_back_is_asked_about_again(town: Town) -> None:
    """It may have come from a recycle bin, or never have been away: nobody's verdict is in it."""
    town.opened()
    town.shows("gone")
    town.shows("visible")
    assert (town.state, town.given, town.taught) == ("pending", [], [])
    assert town.trail[-2:] == ["forum.back", "verdict.undone"]


# --- edits --------------------------------------------------------------------------------


def test_what_is_hidden_with_another_text_than_the_flagged_one_teaches_nothing(town: Town) -> None:
    town.opened()
    town.text = "改成了别的话"
    town.shows("hidden")
    assert (town.state, town.given, town.taught) == ("upheld", [FORUM_REMOVES], [])


def test_what_is_restored_with_another_text_than_the_hidden_one_is_let_go_and_kept(town: Town) -> None:
    town.hidden()
    town.text = "改成了别的话"
    town.shows("visible")
    assert (town.state, town.given, town.taught) == ("withdrawn", [], [])
    assert (town.stored.is_kept, town.stored.hidden_by_us) == (True, False)
    with town.store.read() as rx:
        assert brake.recent(rx, FORUM, now=town.now).overturned == 0


# --- two installations --------------------------------------------------------------------


def test_two_installations_follow_the_forum_and_never_fight(town: Town) -> None:
    """Another modbot's hide looks like a human's; neither hides again what the other restored."""
    town.opened()  # ours only asks; the other one hides, and its moderators restore
    town.shows("hidden")
    assert town.given == [FORUM_UPHOLDS]
    town.shows("visible")
    assert (town.state, town.given) == ("dismissed", [FORUM_DISMISSES])
    town.shows("hidden")
    assert (town.state, town.given) == ("upheld", [FORUM_UPHOLDS])
    assert town.states() == [], "whatever they do, nothing is done from here"


def test_a_verdict_of_the_forum_is_given_by_the_forum_and_can_be_undone(town: Town) -> None:
    town.hidden()
    town.shows("visible")
    with town.store.read() as rx:
        verdict = verdicts.standing(rx, town.flag_id)
    assert verdict is not None
    assert (verdict.source, verdict.who) == (VerdictSource.FORUM, "forum")
    undone = town.undo(town.flag_id)
    assert (undone.forgotten, undone.action_id) == (1, None)
    assert town.get(town.flag_id).state is FlagState.PENDING
    assert town.stored.visibility is Visibility.VISIBLE
