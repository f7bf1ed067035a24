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

from modbot.domain import ActionKind, ActionOutcome, Reply, Visibility
from modbot.errors import Blocked, BudgetSpent, Conflict, ForumError, Gone, LoggedOut, Refused, Retryable
from modbot.forums.protocol import ActionResult, Forum, ReplyRef
from modbot.store import brake, inbox, outbox
from modbot.store.engine import Store

CLAIM = 20
FIRST_BACKOFF = timedelta(seconds=15)
LONGEST_BACKOFF = timedelta(hours=1)
UNCERTAIN = (ActionKind.HIDE, ActionKind.RESTORE)


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
    """Executes one forum's outbox. ``owner`` names this process in the leases."""

    def __init__(
        self,
        *,
        forum: Forum,
        store: Store,
        owner: str,
        limits: ExecutorLimits,
        clock: Callable[[], datetime],
    ) -> None:
        self._forum = forum
        self._store = store
        self._owner = owner
        self._limits = limits
        self._clock = clock
        self._log = structlog.get_logger("outbox").bind(forum=forum.name)

    def work(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Carry out everything that is due; answers how many actions were settled.

        Raises NeedsHuman when the account is signed out or blocked.
        """
        settled = 0
        while not stopping():
            actions = self._claim()
            if not actions:
                return settled
            for group in _groups(actions):
                settled += self._carry_out(group)
        return settled

    def _claim(self) -> list[outbox.Action]:
        with self._store.write() as tx:
            return outbox.claim(
                tx,
                self._forum.name,
                self._owner,
                now=self._clock(),
                lease=self._limits.lease,
                limit=CLAIM,
                hold_unasked=brake.state(tx, self._forum.name).pulled,
            )

    def _carry_out(self, group: Sequence[outbox.Action]) -> int:
        try:
            ready, results = self._looked_at(group)
            results |= self._act(ready)
        except (LoggedOut, Blocked) as problem:
            self._give_back(group, problem, counted=False)
            raise NeedsHuman(problem) from problem
        except Refused as problem:
            return self._settle(group, _all(group, ActionOutcome.REFUSED, str(problem)))
        except Gone as problem:
            return self._settle(group, _all(group, ActionOutcome.GONE, str(problem)))
        except ForumError as problem:
            self._give_back(group, problem, counted=True)
            return 0
        return self._settle(group, results)

    def _looked_at(
        self, group: Sequence[outbox.Action]
    ) -> tuple[list[outbox.Action], dict[int, ActionResult]]:
        """Read the replies first: a text that has changed is not the one decided about."""
        checked = [action for action in group if action.kind is ActionKind.HIDE or action.uncertain]
        if not checked:
            return list(group), {}
        seen = self._forum.read([_ref(action) for action in checked])
        now = self._clock()
        fresh = [reply for reply in seen.values() if isinstance(reply, Reply)]
        with self._store.write() as tx:
            inbox.record(tx, fresh, at=now)
        ready: list[outbox.Action] = [action for action in group if action not in checked]
        results: dict[int, ActionResult] = {}
        for action in checked:
            outcome = self._before_acting(action, seen.get(action.post_id, Visibility.UNKNOWN))
            if outcome is None:
                ready.append(action)
            elif isinstance(outcome, ActionResult):
                results[action.id] = outcome
        return ready, results

    def _before_acting(self, action: outbox.Action, seen: Reply | Visibility) -> ActionResult | str | None:
        """What the look settles already: a result, ``abandoned``, or None to go on."""
        if seen is Visibility.GONE:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE)
        hidden = isinstance(seen, Reply) and seen.hidden
        took_effect = hidden == (action.kind is ActionKind.HIDE)
        if action.uncertain and action.kind in UNCERTAIN and isinstance(seen, Reply) and took_effect:
            visibility = Visibility.HIDDEN if hidden else Visibility.VISIBLE
            return ActionResult(ActionOutcome.DONE, visibility, "an earlier attempt took effect")
        with self._store.write() as tx:
            current = outbox.get(tx, action.id)
            if current.is_stale and action.kind is ActionKind.HIDE:
                outbox.abandon(tx, action.id, self._owner, why="the text has changed", at=self._clock())
                return "abandoned"
            if not current.wanted:
                outbox.abandon(tx, action.id, self._owner, why="undone before it began", at=self._clock())
                return "abandoned"
        return None

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
            answered = {ref.post_id: self._forum.act(kind, ref, reason, notify=notify) for ref in refs}
        missing = ActionResult(ActionOutcome.UNKNOWN, Visibility.UNKNOWN)
        return {action.id: answered.get(action.post_id, missing) for action in actions}

    def _settle(self, group: Sequence[outbox.Action], results: dict[int, ActionResult]) -> int:
        for action in group:
            result = results.get(action.id)
            if result is not None:
                self._settle_one(action, result)
        return len(results)

    def _settle_one(self, action: outbox.Action, result: ActionResult) -> None:
        now = self._clock()
        given_up = result.outcome is ActionOutcome.UNKNOWN and action.attempts >= self._limits.attempts
        try:
            with self._store.write() as tx:
                if given_up:
                    outbox.bury(tx, action.id, self._owner, error=result.detail or "unknown", at=now)
                else:
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
            return
        self._log.info(
            "action",
            action=action.id,
            kind=action.kind.value,
            post=action.post_id,
            outcome=result.outcome.value,
            visibility=result.visibility.value,
        )

    def _give_back(self, group: Sequence[outbox.Action], problem: ForumError, *, counted: bool) -> None:
        now = self._clock()
        after = problem.retry_after if isinstance(problem, Retryable) else None
        spent = isinstance(problem, BudgetSpent)
        with self._store.write() as tx:
            for action in group:
                try:
                    held = outbox.get(tx, action.id)
                    if held.owner != self._owner:
                        continue
                    if counted and not spent and action.attempts >= self._limits.attempts:
                        outbox.bury(tx, action.id, self._owner, error=str(problem), at=now)
                        continue
                    wait = timedelta(seconds=after) if after else backoff(action.attempts)
                    outbox.retry(
                        tx,
                        action.id,
                        self._owner,
                        not_before=now + wait,
                        error=str(problem),
                        at=now,
                        uncertain=True,
                        counted=counted,
                    )
                except Conflict as lost:
                    self._log.warning("claim_lost", action=action.id, detail=str(lost))
        self._log.warning("actions_put_off", actions=[action.id for action in group], problem=problem.code)


def backoff(attempts: int) -> timedelta:
    """Exponential with full jitter (Brooker, AWS Architecture Blog, 2015), never under a fifth."""
    ceiling = min(FIRST_BACKOFF * (1 << min(attempts, 16)), LONGEST_BACKOFF)
    return ceiling * random.uniform(0.2, 1.0)  # noqa: S311 - spreads load, guards nothing


def _groups(actions: Iterable[outbox.Action]) -> list[list[outbox.Action]]:
    """Actions that one request may carry: of one kind and thread, with one reason."""

    def key(action: outbox.Action) -> tuple[str, int, str, bool]:
        # What failed once in company fails alone the next time, and stalls nobody.
        alone = action.thread_id is None or action.attempts > 1
        return (
            action.kind.value,
            -action.id if alone else action.thread_id or 0,
            action.reason,
            action.notify,
        )

    ordered = sorted(actions, key=lambda action: (action.kind is not ActionKind.RESTORE, *key(action)))
    return [list(group) for _, group in groupby(ordered, key)]


def _ref(action: outbox.Action) -> ReplyRef:
    return ReplyRef(action.post_id, action.thread_id, action.board_id)


def _all(group: Sequence[outbox.Action], outcome: ActionOutcome, detail: str) -> dict[int, ActionResult]:
    visibility = Visibility.GONE if outcome is ActionOutcome.GONE else Visibility.UNKNOWN
    return {action.id: ActionResult(outcome, visibility, detail) for action in group}
