"""Carry out what waits in the outbox: claim, look again, act, read back, settle.

One poison reply stalls nothing: an action that keeps failing is parked with its reason.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import Connection

from modbot.daemon import sightings
from modbot.daemon.health.metrics import PUT_OFF, Metrics
from modbot.domain import ActionKind, ActionOutcome, OutboxState, Reply, Visibility
from modbot.errors import (
    DEFECTS,
    Blocked,
    BudgetSpent,
    Conflict,
    ForumError,
    ForumRolledBack,
    Gone,
    LoggedOut,
    Refused,
    Retryable,
    Unreadable,
)
from modbot.forums.protocol import ActionResult, Forum, Priority, ReplyRef
from modbot.store import brake, inbox, outbox
from modbot.store.engine import Store

CLAIM = 20
FIRST_BACKOFF = timedelta(seconds=15)
LONGEST_BACKOFF = timedelta(hours=1)
READ_FIRST = frozenset(
    {ActionKind.HIDE, ActionKind.DELETE, ActionKind.RECYCLE_THREAD, ActionKind.MOVE_THREAD}
)
"""They take a text away from its readers: not the one that was changed since the decision,
also where that undoes what had brought it back."""
HIDING = frozenset({ActionKind.HIDE, ActionKind.RESTORE})
PUTS_BACK = frozenset({ActionKind.RESTORE, ActionKind.UNDELETE, ActionKind.RESTORE_THREAD, ActionKind.UNMUTE})
OUTAGE_PATIENCE = 10
"""How many times more attempts an unreachable forum gets: with the longest backoff of an
hour, two days of outage bury nothing."""
TOOK_EFFECT = "an earlier attempt took effect"
SITE_SAYS_LATER = frozenset({"error.forum.closed", "error.forum.sign_in_locked"})
"""Nothing of one reply's: a forum closed for a night must not bury what waits."""


@dataclass(frozen=True, slots=True)
class ExecutorLimits:
    attempts: int = 6
    lease: timedelta = timedelta(seconds=180)


class NeedsHuman(Exception):
    """The forum will take no action until a human acts; the claims were given back."""

    def __init__(self, cause: ForumError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Executor:
    """Executes one forum's outbox. ``owner`` names this process in the leases; ``lets`` says of
    what nobody asked for whether it may be done still."""

    def __init__(
        self,
        *,
        forum: Forum,
        store: Store,
        owner: str,
        limits: ExecutorLimits,
        clock: Callable[[], datetime],
        lets: Callable[[Connection, outbox.Action], bool] = lambda _rx, _action: True,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = (metrics or Metrics()).of(forum.name)
        self._lets = lets
        self._forum = forum
        self._store = store
        self._owner = owner
        self._limits = limits
        self._clock = clock
        self._log = structlog.get_logger("outbox").bind(forum=forum.name)

    def work(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Carry out everything that is due; answers how many actions were ended.

        Raises NeedsHuman when the account is signed out or blocked, or the forum is not
        any more the one that the actions were meant for.
        """
        ended = 0
        while not stopping():
            actions = self._claim()
            if not actions:
                break
            ended += self._work_through(_groups(actions), stopping)
        return ended

    def _work_through(self, groups: list[list[outbox.Action]], stopping: Callable[[], bool]) -> int:
        ended = 0
        for at, group in enumerate(groups):
            if stopping():
                self._release(groups[at:])
                break
            try:
                ended += self._carry_out(group, stopping)
            except NeedsHuman:
                self._release(groups[at + 1 :])
                raise
        return ended

    def _claim(self) -> list[outbox.Action]:
        # Lasting: without its claim, an action that took effect would be taken for another's.
        with self._store.write(lasting=True) as tx:
            claimed = outbox.claim(
                tx,
                self._forum.name,
                self._owner,
                now=self._clock(),
                lease=self._limits.lease,
                limit=CLAIM,
                hold_unasked=brake.state(tx, self._forum.name).pulled,
            )
            return [action for action in claimed if not self._is_deadly(tx, action)]

    def _is_deadly(self, tx: Connection, action: outbox.Action) -> bool:
        """Bury what so many attempts began and none ended: it kills whoever tries it."""
        if action.attempts <= self._limits.attempts * OUTAGE_PATIENCE:
            return False
        why = "every attempt ended with the death of modbot"
        outbox.bury(tx, action.id, self._owner, error=why, at=self._clock(), uncertain=True)
        return True

    def _carry_out(self, group: list[outbox.Action], stopping: Callable[[], bool]) -> int:
        """Look, act, settle. What fails while looking had no effect; what fails later may have."""
        began, ended, rest = False, 0, group
        try:
            rest, results = self._looked_at(group)
            ended = self._settle(group, results)
            began = True
            return ended + self._settle(rest, self._act(rest))
        except (LoggedOut, Blocked, ForumRolledBack) as problem:
            self._put_off(rest, problem, counted=False, uncertain=began)
            raise NeedsHuman(problem) from problem
        except (Refused, Gone) as problem:
            return ended + self._turned_away(rest, problem, began=began)
        except ForumError as problem:
            elsewhere = isinstance(problem, BudgetSpent) or problem.code in SITE_SAYS_LATER
            counted = not elsewhere and not stopping()
            self._put_off(rest, problem, counted=counted, uncertain=began)
        except DEFECTS as problem:
            self._log.exception("engine_failed", actions=[action.id for action in rest])
            self._put_off(
                rest, _unreadable(self._forum.name, type(problem).__name__), counted=True, uncertain=began
            )
        return ended

    def _turned_away(self, rest: list[outbox.Action], problem: Refused | Gone, *, began: bool) -> int:
        """The engine refused as a whole: believed of one reply alone, and not of one whose
        earlier attempt may have taken effect unseen."""
        looked = began and rest[0].kind in HIDING
        if len(rest) > 1 or (rest[0].uncertain and not looked):
            self._put_off(rest, problem, counted=True, uncertain=False)
            return 0
        outcome = ActionOutcome.GONE if isinstance(problem, Gone) else ActionOutcome.REFUSED
        visibility = Visibility.GONE if isinstance(problem, Gone) else Visibility.UNKNOWN
        return self._settle(rest, {rest[0].id: ActionResult(outcome, visibility, str(problem))})

    def _looked_at(
        self, group: Sequence[outbox.Action]
    ) -> tuple[list[outbox.Action], dict[int, ActionResult]]:
        """Read the replies first: a text that has changed is not the one decided about.

        Answers what is to be done still, and what the look ended already. Raises
        ForumRolledBack when a post id belongs to another post now.
        """
        checked = [action for action in group if _is_read_first(action)]
        others = [action for action in group if action not in checked]
        ready = [action for action in others if action.kind in HIDING or not self._is_abandoned(action, None)]
        if not checked:
            return ready, {}
        priority = Priority.RESTORE if checked[0].kind in PUTS_BACK else Priority.HIDE
        since = self._clock()
        seen = self._forum.read([_ref(action) for action in checked], priority=priority)
        fresh = [reply for reply in seen.values() if isinstance(reply, Reply)]
        with self._store.write() as tx:
            sightings.record(tx, self._forum.name, fresh, since=since, at=self._clock())
        results: dict[int, ActionResult] = {}
        for action in checked:
            found = seen.get(action.post_id, Visibility.UNKNOWN)
            result = _ended_by(action, found)
            if result is not None:
                results[action.id] = result
            elif self._is_abandoned(action, found):
                continue
            elif found is Visibility.UNKNOWN:
                problem = _unreadable(self._forum.name, f"post {action.post_id}")
                self._put_off([action], problem, counted=True, uncertain=False)
            else:
                ready.append(action)
        return ready, results

    def _is_abandoned(self, action: outbox.Action, seen: Reply | Visibility | None) -> bool:
        """Abandon what is not wanted any more, if it is sure that it had no effect."""
        shows_effect = isinstance(seen, Reply) and action.kind is not ActionKind.MOVE_THREAD
        if action.uncertain and not shows_effect:
            return False
        with self._store.write() as tx:
            current = outbox.get(tx, action.id)
            if current.owner != self._owner:
                return True  # another worker took it over, and will look itself
            if current.is_stale and (action.removes or action.unasked):
                why = "the text has changed"
            elif not current.wanted:
                why = "undone before it began"
            elif current.unasked and not self._lets(tx, current):
                why = "not to be done unasked any more"
            else:
                return False
            outbox.abandon(tx, action.id, self._owner, why=why, at=self._clock())
        self._metrics.attempted(action, OutboxState.CANCELLED, at=self._clock())
        return True

    def _act(self, actions: Sequence[outbox.Action]) -> dict[int, ActionResult]:
        if not actions:
            return {}
        refs = [_ref(action) for action in actions]
        kind, reason, notify = actions[0].kind, actions[0].reason, actions[0].notify
        if kind is ActionKind.HIDE:
            answered = self._forum.hide(refs, reason, notify=notify)
        elif kind is ActionKind.RESTORE:
            answered = self._forum.restore(refs, reason, notify=notify)
        else:
            answered = {
                ref.post_id: self._forum.act(kind, ref, reason, notify=notify, details=action.details)
                for ref, action in zip(refs, actions, strict=True)
            }
        missing = ActionResult(ActionOutcome.UNKNOWN, Visibility.UNKNOWN)
        return {action.id: _proved(action, answered.get(action.post_id, missing)) for action in actions}

    def _settle(self, group: Sequence[outbox.Action], results: dict[int, ActionResult]) -> int:
        return sum(self._settle_one(action, results[action.id]) for action in group if action.id in results)

    def _settle_one(self, action: outbox.Action, result: ActionResult) -> bool:
        """Write the result down; answers whether it ended the action."""
        now = self._clock()
        unknown = result.outcome is ActionOutcome.UNKNOWN
        ended = OutboxState(result.outcome)
        try:
            with self._store.write() as tx:
                if unknown and action.attempts >= self._limits.attempts:
                    why = result.detail or "the forum does not show it"
                    outbox.bury(tx, action.id, self._owner, error=why, at=now, uncertain=True)
                    unknown, ended = False, OutboxState.DEAD
                else:
                    if result.visibility is Visibility.GONE:
                        inbox.saw(tx, {action.reply_id: Visibility.GONE}, at=now)
                    outbox.settle(
                        tx,
                        action.id,
                        self._owner,
                        outcome=result.outcome,
                        visibility=result.visibility,
                        at=now,
                        detail=result.detail,
                        retry_at=now + backoff(action.attempts),
                    )
        except Conflict as lost:
            # Another worker took over when our lease ran out; it reads the forum first.
            self._log.warning("claim_lost", action=action.id, detail=str(lost))
            return False
        self._metrics.attempted(action, ended, at=now)
        self._log.info(
            "action",
            action=action.id,
            kind=action.kind.value,
            post=action.post_id,
            outcome=result.outcome.value,
            visibility=result.visibility.value,
        )
        return not unknown

    def _put_off(
        self, group: Sequence[outbox.Action], problem: ForumError, *, counted: bool, uncertain: bool
    ) -> None:
        """Give claims back to be tried again later, or bury what was tried often enough.

        ``counted`` False: it failed for a reason of the account's, and costs no attempt.
        """
        now = self._clock()
        after = problem.retry_after if isinstance(problem, Retryable) else None
        allowed = self._limits.attempts * (OUTAGE_PATIENCE if isinstance(problem, Retryable) else 1)
        with self._store.write() as tx:
            for action in self._still_ours(tx, group):
                buried = counted and action.attempts >= allowed
                self._metrics.attempted(action, OutboxState.DEAD if buried else PUT_OFF, at=now)
                if buried:
                    outbox.bury(tx, action.id, self._owner, error=str(problem), at=now, uncertain=uncertain)
                    continue
                wait = timedelta(seconds=after) if after else backoff(action.attempts)
                outbox.retry(
                    tx,
                    action.id,
                    self._owner,
                    not_before=now + wait,
                    error=str(problem),
                    at=now,
                    uncertain=uncertain,
                    counted=counted,
                )
        self._log.warning("actions_put_off", actions=[action.id for action in group], problem=problem.code)

    def _release(self, groups: Sequence[Sequence[outbox.Action]]) -> None:
        """Give back what was claimed and not begun, as if it had not been claimed."""
        now = self._clock()
        with self._store.write() as tx:
            for action in self._still_ours(tx, [action for group in groups for action in group]):
                outbox.retry(
                    tx,
                    action.id,
                    self._owner,
                    not_before=action.not_before,
                    error=action.detail,
                    at=now,
                    uncertain=False,
                    counted=False,
                )

    def _still_ours(self, tx: Connection, group: Iterable[outbox.Action]) -> list[outbox.Action]:
        """Without those that another worker took over when our lease ran out."""
        return [action for action in group if outbox.get(tx, action.id).owner == self._owner]


def backoff(attempts: int) -> timedelta:
    """Exponential with full jitter (Brooker, AWS Architecture Blog, 2015), never under a fifth."""
    ceiling = min(FIRST_BACKOFF * (1 << min(attempts, 16)), LONGEST_BACKOFF)
    return ceiling * random.uniform(0.2, 1.0)  # noqa: S311 - spreads load, guards nothing


def _groups(actions: Iterable[outbox.Action]) -> list[list[outbox.Action]]:
    """Actions that one request may carry: of one kind and thread, with one reason."""

    def key(action: outbox.Action) -> tuple[str, int, str, bool]:
        # What failed once in company fails alone the next time, and stalls nobody.
        alone = action.thread_id is None or action.attempts > 1 or action.kind not in HIDING
        return (
            action.kind.value,
            -action.id if alone else action.thread_id or 0,
            action.reason,
            action.notify,
        )

    ordered = sorted(actions, key=lambda action: (action.kind is not ActionKind.RESTORE, *key(action)))
    return [list(group) for _, group in groupby(ordered, key)]


def _is_read_first(action: outbox.Action) -> bool:
    """What engines do beside hiding they prove themselves, by more than a look at the reply."""
    takes_text_away = action.kind in READ_FIRST and action.removes
    return takes_text_away or (action.kind in HIDING and action.uncertain)


def _ended_by(action: outbox.Action, seen: Reply | Visibility) -> ActionResult | None:
    """What looking at the reply settles already."""
    if action.kind not in HIDING:
        return None
    if seen is Visibility.GONE:
        return ActionResult(ActionOutcome.GONE, Visibility.GONE)
    if not action.uncertain or not isinstance(seen, Reply):
        return None
    if seen.hidden is not (action.kind is ActionKind.HIDE):
        return None
    visibility = Visibility.HIDDEN if seen.hidden else Visibility.VISIBLE
    return ActionResult(ActionOutcome.DONE, visibility, TOOK_EFFECT)


def _proved(action: outbox.Action, result: ActionResult) -> ActionResult:
    """What an attempt that broke off wanted and the engine finds done is taken for ours."""
    again = action.uncertain and action.kind not in HIDING  # of those a look told before
    if again and result.outcome is ActionOutcome.ALREADY:
        return ActionResult(ActionOutcome.DONE, result.visibility, TOOK_EFFECT)
    return result


def _unreadable(forum: str, detail: object) -> Unreadable:
    return Unreadable(forum=forum, detail=detail)


def _ref(action: outbox.Action) -> ReplyRef:
    return ReplyRef(action.post_id, action.thread_id, action.board_id, action.author_id)
