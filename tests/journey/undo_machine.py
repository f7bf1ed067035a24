"""Undo is whole, whatever happens in between: members, moderators, humans on the forum,
failures and restarts in any order, against a model in plain dicts.

MODBOT_UNDO_EXAMPLES=2000 tries many more histories than the few that every run does, other
ones each time; with MODBOT_UNDO_SEED=7 they are those of that seed. A history that fails is
printed with what reproduces it alone.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select
from undo_examination import complaints, leftovers
from undo_model import REMOVES, Model
from undo_town import AUTHORS, FIRST_POST, FORUM, POSTS, STAFF, TEXTS, WAITING, Town

from modbot.domain import ActionKind, FlagState, Mode, OutboxState, Removal, VerdictKind, VerdictSource
from modbot.errors import Conflict
from modbot.moderation import bulk, selecting
from modbot.moderation.bulk import Ending
from modbot.moderation.deciding import Choice
from modbot.moderation.selecting import Selection
from modbot.store import exceptions, flags, identities, outbox, schema, standing, verdicts
from modbot.store.carrying import Kept, Means

EXAMPLES = int(os.environ.get("MODBOT_UNDO_EXAMPLES", "25"))
SEED = os.environ.get("MODBOT_UNDO_SEED")
MODERATORS = ("ann", "ben")
LASTING = ("standing_decisions", "policy_exceptions")
PAUSES = (timedelta(seconds=4), timedelta(seconds=11), timedelta(minutes=4), timedelta(hours=2))
FATES = ("lost before", "lost after", "death before", "death after")
BY_HAND = {
    "shown": (ActionKind.HIDE, ActionKind.DELETE),
    "hidden": (ActionKind.RESTORE, ActionKind.DELETE),
    "waiting": (ActionKind.APPROVE,),
    "deleted": (ActionKind.UNDELETE,),
}
MEANS = {
    "as usual": Means(),
    "delete": Means(how=Removal.DELETE, recycles=True),
    "mute": Means(mute_days=3),
}
MEANS_OF_THREAD = {
    "as usual": Means(how=Removal.RECYCLE, recycles=True),
    "delete": Means(how=Removal.RECYCLE, recycles=True),
    "mute": Means(how=Removal.MOVE, staff_board=STAFF, mute_days=3),
}
"""What the same words mean where the first post of a thread is to be taken away."""


class UndoIsWhole(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.town = Town()
        self.model = Model()
        self.seen_actions = 0
        self.unasked: set[int] = set()
        self.bulks: list[str] = []

    @initialize(texts=st.tuples(*[st.sampled_from(sorted(TEXTS))] * 3))
    def a_town_wakes_up(self, texts: tuple[str, str, str]) -> None:
        for post, text in zip((1, 2, WAITING[0]), texts, strict=True):
            self.write(post, text)
        self.write(FIRST_POST, "advert")
        self.poll_and_judge()

    # --- members --------------------------------------------------------------------------

    @rule(post=st.sampled_from(POSTS), text=st.sampled_from(sorted(TEXTS)))
    def write(self, post: int, text: str) -> None:
        if post not in self.model.posts:
            self.town.write(post, text)
            self.model.written(post, "waiting" if post in WAITING else "shown")

    @rule(post=st.sampled_from(POSTS), text=st.sampled_from(sorted(TEXTS)))
    def edit(self, post: int, text: str) -> None:
        if post not in self.town.forum.posts or self.town.forum.posts[post].text == TEXTS[text]:
            return
        self._interrupt(post)
        self.town.forum.edit(post, TEXTS[text])

    @rule(post=st.sampled_from(POSTS))
    def delete_own(self, post: int) -> None:
        if post in self.town.forum.posts and post != FIRST_POST:
            self._interrupt(post)
            self.town.forum.delete(post)
            self.model.acted_on_forum(post, "gone")

    # --- modbot ---------------------------------------------------------------------------

    @rule()
    def poll_and_judge(self) -> None:
        self.town.poll()
        self.town.judge()
        self._notice_unasked()

    @rule()
    def a_round(self) -> None:
        """What the daemon does while nobody disturbs it, once the undo window is over."""
        self.town.later(timedelta(seconds=11))
        self.poll_and_judge()
        self.work()
        self.town.reread()

    @rule()
    def poll_only(self) -> None:
        self.town.poll()

    @rule()
    def work(self) -> None:
        self.town.work()
        self._notice_unasked()

    @rule()
    def reread(self) -> None:
        self.town.reread()

    @rule(fate=st.sampled_from(FATES))
    def work_goes_wrong(self, fate: str) -> None:
        self.town.forum.fate.append(fate)
        self.work()
        self.town.forum.fate.clear()

    @rule()
    def restart(self) -> None:
        self.town.begin_a_life()

    @rule(mode=st.sampled_from(Mode))
    def other_settings(self, mode: Mode) -> None:
        self.town.follow(mode)

    @rule(pause=st.sampled_from(PAUSES))
    def time_passes(self, pause: timedelta) -> None:
        self.town.later(pause)

    # --- moderators -----------------------------------------------------------------------

    @rule(
        number=st.integers(0, 3),
        kind=st.sampled_from(VerdictKind),
        who=st.sampled_from(MODERATORS),
        how=st.sampled_from(sorted(MEANS)),
        stands=st.sampled_from([None, True]),
        in_peace=st.booleans(),
    )
    def decide(
        self, number: int, kind: VerdictKind, who: str, how: str, stands: bool | None, in_peace: bool
    ) -> None:
        """``in_peace``: nothing else happens until the forum was changed."""
        flag = self._flag(number)
        if flag is None:
            return
        means = (MEANS_OF_THREAD if flag.post_id == FIRST_POST else MEANS)[how]
        self._contest_if_unseen(flag.post_id)
        choice = Choice(means=means, stands=stands)
        [result] = bulk.give_flags(self.town.moderator(who), [flag.id], kind, choice).results
        self._gave(replace(result, post_id=flag.post_id), kind, means)
        if in_peace:
            self.a_round()

    @rule(
        author=st.sampled_from(AUTHORS),
        kind=st.sampled_from(VerdictKind),
        who=st.sampled_from(MODERATORS),
        how=st.sampled_from(sorted(MEANS)),
    )
    def decide_about_author(self, author: int, kind: VerdictKind, who: str, how: str) -> None:
        """About everything that the author wrote, what had passed included."""
        moderator = self.town.moderator(who)
        with self.town.store.read() as rx:
            found = identities.find(rx, str(author), FORUM)
            if not found:
                return
            selection = Selection(FORUM, author=found[0], passed=True, everyone=True)
            plan = selecting.plan(rx, self.town.loaded, kind, selection)
        if not plan.items or (MEANS[how].mute_days and kind not in REMOVES):
            return
        for item in plan.items:
            self._contest_if_unseen(item.post_id)
        given = bulk.give(moderator, plan, Choice(means=MEANS[how]))
        if given.bulk is not None and given.count(Ending.DONE):
            self.bulks.append(given.bulk)
        for result in given.results:
            self._gave(result, kind, MEANS[how])

    def _gave(self, result: bulk.Result, kind: VerdictKind, means: Means) -> None:
        if result.ending is not Ending.DONE:
            assert result.problem is not None
            return
        with self.town.store.read() as rx:
            flag = flags.get(rx, result.flag_id or 0)
        acts, is_same = result.action_id is not None, self._is_same(flag)
        self.model.gave(flag.id, flag.post_id, kind, means.how, acts=acts, is_same=is_same)

    @precondition(lambda self: self.model.said)
    @rule(number=st.integers(0, 3), who=st.sampled_from(MODERATORS), in_peace=st.booleans())
    def undo(self, number: int, who: str, in_peace: bool) -> None:
        flag = self._flag(number)
        if flag is not None:
            self._undo(flag, who)
        if in_peace:
            self.a_round()

    def _undo(self, flag: flags.Flag, who: str) -> None:
        self._contest_if_unseen(flag.post_id)
        try:
            self._undid(self.town.moderator(who).undo(flag.id))
        except Conflict:
            return

    @precondition(lambda self: self.bulks)
    @rule(number=st.integers(0, 3), who=st.sampled_from(MODERATORS))
    def undo_many(self, number: int, who: str) -> None:
        name = self.bulks[number % len(self.bulks)]
        with self.town.store.read() as rx:
            for verdict in verdicts.of_bulk(rx, name):
                self._contest_if_unseen(flags.get(rx, verdict.flag_id).post_id)
        for undone in bulk.undo(self.town.moderator(who), name).undone:
            self._undid(undone)

    def _undid(self, undone: verdicts.Undone) -> None:
        if undone.verdict is not None:
            self.model.counted_undo()
        if undone.verdict is not None and undone.verdict.source is VerdictSource.FORUM:
            self.model.given.pop(undone.flag_id, None)
            return
        with self.town.store.read() as rx:
            flag = flags.get(rx, undone.flag_id)
        self.model.undid(
            flag.id if undone.verdict is not None else None,
            flag.post_id,
            published=Kept.PUBLISHED in undone.kept,
            stays=Kept.UNPUBLISHED in undone.kept,
            is_same=self._is_same(flag),
        )

    @precondition(lambda self: self.model.said)
    @rule(number=st.integers(0, 3), who=st.sampled_from(MODERATORS), what=st.sampled_from(LASTING))
    def revoke(self, number: int, who: str, what: str) -> None:
        """A moderator ends a standing decision or an exception; what it did stays."""
        table = schema.metadata.tables[what]
        in_force = select(table.c.id).where(table.c.revoked_at.is_(None)).order_by(table.c.id)
        with self.town.store.write() as tx:
            found = tx.scalars(in_force).all()
            if found and what == "standing_decisions":
                standing.revoke(tx, found[number % len(found)], who=who, now=self.town.now)
            elif found:
                exceptions.revoke(tx, found[number % len(found)], who=who, at=self.town.now)

    # --- humans on the forum --------------------------------------------------------------

    @rule(post=st.sampled_from(POSTS), number=st.integers(0, 1))
    def act_on_forum(self, post: int, number: int) -> None:
        if post not in self.model.posts or post == FIRST_POST:
            return
        possible = BY_HAND.get(self.town.shows(post), ())
        if not possible:
            return
        self._interrupt(post)
        was_seen = self.town.has_seen(post)
        self.town.touch(possible[number % len(possible)], post)
        if was_seen or not self.town.has_seen(post):
            self.model.acted_on_forum(post, self.town.shows(post), was_seen=was_seen)
        else:
            self.model.acted_and_took_it_back(post, self.town.shows(post))

    # --- what must be true ----------------------------------------------------------------

    @precondition(lambda self: len(self.model.posts) > 2)
    @rule()
    def all_rest(self) -> None:
        self._settle()

    def teardown(self) -> None:
        try:
            if self.model.posts:
                self.undo_everything()
        finally:
            self.town.close()

    def undo_everything(self) -> None:
        """The end of every history: nothing may be left of what was undone."""
        self._settle()
        with self.town.store.read() as rx:
            found = flags.find(rx, flags.Filter(states=tuple(FlagState)), limit=1000)
        for flag in sorted(found, key=lambda one: -one.id):
            self._undo(flag, "ann")
        self._settle()
        left = leftovers(self.town)
        assert not left, "\n".join(left)

    def _settle(self) -> None:
        self.town.settle()
        self._notice_unasked()
        problems = complaints(self.town, self.model)
        assert not problems, "\n".join(problems)
        self._adopt()

    def _adopt(self) -> None:
        """What was contested is as it is now: known to all, and nobody's race any more."""
        for number, post in self.model.posts.items():
            if post.contested:
                self.model.posts[number] = self.town.as_it_is(number)

    # --- inside ---------------------------------------------------------------------------

    def _flag(self, number: int) -> flags.Flag | None:
        with self.town.store.read() as rx:
            found = flags.find(
                rx, flags.Filter(states=tuple(FlagState)), order=flags.Order.NEWEST, limit=1000
            )
        return found[number % len(found)] if found else None

    def _is_same(self, flag: flags.Flag) -> bool:
        reply = self.town.forum.posts.get(flag.post_id)
        return reply is None or reply.text == flag.text

    def _interrupt(self, post: int) -> None:
        """Somebody does something to a post while something of modbot's is under way with it."""
        if any(action.post_id == post for action in self.town.unsettled()):
            self.model.contest(post)

    def _contest_if_unseen(self, post: int) -> None:
        """What is decided before modbot has seen what was done on the forum is a race; so is
        what is decided while an approval that nobody asked for is on its way. No look at a post
        that waits shows what it says now: only a poll does."""
        waiting = [action for action in self.town.unsettled() if action.post_id == post]
        is_approved = any(action.kind is ActionKind.APPROVE for action in waiting)
        is_edited = self.town.shows(post) == "waiting" and not self.town.has_read(post)
        if is_approved or is_edited or not self.town.has_seen(post):
            self.model.contest(post)

    def _is_hiding(self, post: int) -> bool:
        """Whether another hide of the post is under way or in effect."""
        under_way = [one for one in self.town.unsettled() if one.post_id == post and one.removes]
        return bool(under_way) or self.town.shows(post) != "shown"

    def _is_approving(self, post: int) -> bool:
        under_way = [one for one in self.town.unsettled() if one.post_id == post]
        return any(one.kind is ActionKind.APPROVE for one in under_way) or self.town.shows(post) != "waiting"

    def _notice_unasked(self) -> None:
        with self.town.store.read() as rx:
            new = outbox.listing(rx, forum=FORUM, limit=10_000)
        for action in [one for one in new if one.id > self.seen_actions and one.unasked]:
            if not self.town.has_seen(action.post_id):
                self.model.contest(action.post_id)
            self.unasked.add(action.id)
            if action.kind is ActionKind.HIDE:
                self.model.hidden_unasked(action.post_id)
            else:
                self.model.approved_unasked(action.post_id)
        for action in new:
            if action.id in self.unasked and action.state is OutboxState.CANCELLED:
                self.unasked.discard(action.id)
                self._given_up(action)
        self.seen_actions = max([self.seen_actions, *(one.id for one in new)])

    def _given_up(self, action: outbox.Action) -> None:
        """Its mode lets it not any more, say, or its text is another one: before it was done."""
        post = action.post_id
        if action.kind is ActionKind.HIDE and not self._is_hiding(post):
            self.model.left_alone(post)
        elif action.kind is ActionKind.APPROVE and not self._is_approving(post):
            self.model.left_waiting(post)


TestUndoIsWhole = UndoIsWhole.TestCase
TestUndoIsWhole.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    derandomize="MODBOT_UNDO_EXAMPLES" not in os.environ and SEED is None,
    database=None,
    print_blob=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
if SEED is not None:
    seed(int(SEED))(UndoIsWhole)
