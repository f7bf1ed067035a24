"""Any interleaving of judging, hiding, crashing, verdicts, undo and the forum's own
moderators, against a forum of one post that is simulated here."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from store_desk import FORUM, LEASE, Desk, decision, reply

import modbot.store
from modbot.domain import (
    ActionKind,
    ActionOutcome,
    DecisionKind,
    FlagState,
    OutboxState,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.errors import Conflict
from modbot.store import flags, inbox, labels, outbox, verdicts

REMOVING = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)


@cache
def new_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        modbot.store.open(path).close()
        return path.read_bytes()


class OnePost(RuleBasedStateMachine):
    """The forum is two facts: is the post hidden, and by whom. The executor here does
    what the real one promises: look first, act, read back."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "modbot.db"
        path.write_bytes(new_database())
        self.store = modbot.store.open(path)
        self.desk = Desk(self.store)
        self.hidden_by: str | None = None
        self.effective = 0
        self.edits = 0
        self.kept = -1
        self.claimed: outbox.Action | None = None
        self.flag_id = self.desk.flag(reply(1, "0"), decision(DecisionKind.QUEUE))

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    # What the journey does

    @rule(hide=st.booleans())
    def judge_again(self, *, hide: bool) -> None:
        decided = decision(DecisionKind.HIDE if hide else DecisionKind.QUEUE)
        [recorded] = self.desk.record(reply(1, str(self.edits)))
        judged = self.desk.judge(recorded, decided)
        with self.store.write() as tx:
            flag_id = self.desk.open(tx, recorded, judged, decided)
            if flag_id is None:
                return
            self.flag_id = flag_id
            if hide:
                queued = self.desk.enqueue(tx, recorded, flag_id)
                assert queued is None or self.kept != self.edits

    @rule()
    def the_author_edits(self) -> None:
        self.edits += 1
        self.desk.record(reply(1, str(self.edits)))

    # What the executor does

    @precondition(lambda self: self.claimed is None)
    @rule()
    def claim(self) -> None:
        self.desk.later(seconds=1)
        claimed = self.desk.claim(limit=1)
        self.claimed = claimed[0] if claimed else None

    @precondition(lambda self: self.claimed is not None)
    @rule()
    def act_and_settle(self) -> None:
        action = self.claimed
        assert action is not None
        outcome = self._act(action)
        self.desk.settle(action, outcome)
        self.claimed = None

    @precondition(lambda self: self.claimed is not None)
    @rule(after_effect=st.booleans())
    def crash(self, *, after_effect: bool) -> None:
        action = self.claimed
        assert action is not None
        if after_effect:
            self._act(action)
        self.claimed = None
        self.desk.later(seconds=LEASE.total_seconds())

    @precondition(lambda self: self.claimed is not None)
    @rule()
    def a_request_times_out(self) -> None:
        action = self.claimed
        assert action is not None
        with self.store.write() as tx:
            soon = self.desk.now + timedelta(seconds=1)
            outbox.retry(
                tx,
                action.id,
                "worker",
                not_before=soon,
                error="timeout",
                at=self.desk.now,
                uncertain=True,
            )
        self.claimed = None

    def _act(self, action: outbox.Action) -> ActionOutcome:
        hides = action.kind is ActionKind.HIDE
        if hides and self.hidden_by is not None:
            found_own = action.uncertain and self.hidden_by == f"action {action.id}"
            return ActionOutcome.DONE if found_own else ActionOutcome.ALREADY
        if not hides and self.hidden_by is None:
            return ActionOutcome.DONE if action.uncertain else ActionOutcome.ALREADY
        # Whether an uncertain restore finds our hide or a human's, no forum tells.
        assert self.hidden_by != "human" or action.uncertain
        self.hidden_by = f"action {action.id}" if hides else None
        self.effective += hides
        return ActionOutcome.DONE

    # What people do

    @rule(kind=st.sampled_from(VerdictKind))
    def a_moderator_decides(self, kind: VerdictKind) -> None:
        flag = self.desk.get(self.flag_id)
        try:
            self.desk.give(self.flag_id, kind)
        except Conflict:
            assert not flag.is_open
        else:
            assert flag.is_open
            self._remember(flag, kept=kind not in REMOVING)

    @rule()
    def a_moderator_undoes(self) -> None:
        flag = self.desk.get(self.flag_id)
        with self.store.read() as rx:
            verdict = verdicts.standing(rx, self.flag_id)
        try:
            self.desk.undo(self.flag_id)
        except Conflict:
            assert verdict is None
            assert flag.state is not FlagState.HIDDEN
        else:
            if verdict is None or verdict.kind in REMOVING:
                self._remember(flag, kept=True)

    @precondition(lambda self: self.hidden_by is not None and self.claimed is None)
    @rule()
    def a_moderator_restores_on_the_forum(self) -> None:
        flag = self.desk.get(self.flag_id)
        if flag.is_open:
            self.hidden_by = None
            with self.store.write() as tx:
                inbox.saw(tx, {flag.reply_id: Visibility.VISIBLE}, at=self.desk.now)
            if self.desk.get(self.flag_id).is_open:  # what an action of ours may explain tells nothing
                self.desk.give(self.flag_id, VerdictKind.DISMISS, source=VerdictSource.FORUM, who="forum")
            self._remember(flag, kept=True)

    @precondition(lambda self: self.hidden_by is None)
    @rule()
    def a_human_hides_on_the_forum_unnoticed(self) -> None:
        self.hidden_by = "human"

    def _remember(self, flag: flags.Flag, *, kept: bool) -> None:
        if not flag.is_edited:
            self.kept = self.edits if kept else -1

    # What must hold at any moment

    @invariant()
    def forum_flags_labels_and_outbox_agree(self) -> None:
        with self.store.read() as rx:
            known = flags.find(rx, flags.Filter(states=()))
            actions = outbox.listing(rx, forum=FORUM)
            given = [verdicts.standing(rx, flag.id) for flag in known]
            taught = sorted(example["label"] for example in labels.export(rx))
            recorded = sum(outbox.effective_hides(rx, FORUM).values())
        assert taught == sorted(verdict.taught for verdict in given if verdict and verdict.taught)
        self._one_flag_at_most_is_open_and_tells_whether_we_hide_the_post(known, actions)
        waiting = [action for action in actions if action.state in outbox.UNSETTLED]
        assert sum(action.state is OutboxState.CLAIMED for action in waiting) <= 1
        if not waiting:
            assert recorded == self.effective
            self._the_last_word_is_carried_out(next(flag for flag in known if flag.id == self.flag_id))

    def _one_flag_at_most_is_open_and_tells_whether_we_hide_the_post(
        self, known: list[flags.Flag], actions: list[outbox.Action]
    ) -> None:
        still_open = [flag for flag in known if flag.is_open]
        assert len(still_open) <= 1
        restoring = any(
            action.kind is ActionKind.RESTORE and action.state in outbox.UNSETTLED for action in actions
        )
        for flag in still_open:
            assert (flag.state is FlagState.HIDDEN) == (flag.hidden_by_us and not restoring)

    def _the_last_word_is_carried_out(self, flag: flags.Flag) -> None:
        """With nothing left to do, the forum is as the store says and the verdict wants."""
        ours = self.hidden_by is not None and self.hidden_by != "human"
        assert flag.hidden_by_us == ours
        if flag.state in (FlagState.DISMISSED, FlagState.OVERTURNED, FlagState.ALLOWED_HERE):
            assert not ours
        if flag.state is FlagState.UPHELD:
            assert self.hidden_by is not None


TestOnePost = OnePost.TestCase
TestOnePost.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
