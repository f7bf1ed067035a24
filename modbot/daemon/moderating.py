"""A moderator's decisions from a terminal: verdicts, undo, and seeing them through.

The verdict is recorded at once. Its action on the forum is executed by the daemon when
one runs here, else by this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from modbot import i18n
from modbot.daemon import house, lock, wiring
from modbot.daemon.executor import NeedsHuman
from modbot.daemon.serving import ownership
from modbot.domain import OutboxState, Reason, VerdictKind, VerdictSource
from modbot.settings import Loaded
from modbot.store import breakers, flags, outbox, requests, verdicts
from modbot.store.breakers import Breaker, BreakerState
from modbot.store.engine import Store

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who decides, over which store, under which settings."""

    loaded: Loaded
    store: Store
    who: str
    clock: house.Clock = house.utc_now

    def give(self, flag_id: int, kind: VerdictKind, *, note: str = "") -> verdicts.Verdict:
        """Record a verdict. Raises Conflict when somebody was first."""
        settings = self.loaded.settings.actions
        runs = self._daemon_runs()
        with self.store.write(lasting=True) as tx:
            flag = flags.get(tx, flag_id)
            removes = kind in (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)
            return verdicts.give(
                tx,
                flag_id,
                kind,
                source=VerdictSource.TERMINAL,
                who=self.who,
                now=self.clock(),
                undo_window=timedelta(seconds=settings.undo_seconds if runs else 0),
                note=note,
                reason=self._reason(flag, removes=removes),
                notify=self._notifies(flag, removes=removes),
            )

    def undo(self, flag_id: int) -> verdicts.Undone:
        """Take the last verdict (or modbot's own hide) back. Raises Conflict when there is none."""
        with self.store.write(lasting=True) as tx:
            return verdicts.undo(
                tx,
                flag_id,
                who=self.who,
                now=self.clock(),
                reason=self._words().text("notice.restore"),
                notify=self.loaded.settings.actions.notify_restores,
            )

    def see_through(
        self, forum: str, action_ids: Sequence[int], *, wait: Callable[[float], None] = time.sleep
    ) -> list[outbox.Action]:
        """Wait until the actions are settled (or WAIT_SECONDS are over, or the account needs a
        human, or the forum is left alone); answers them as they are, with what went wrong with
        them in ``detail``."""
        deadline = self.clock() + timedelta(seconds=WAIT_SECONDS)
        while True:
            try:
                self._work_if_alone(forum)
            except NeedsHuman:
                deadline = self.clock()  # no use in waiting: the actions were given back
            with self.store.read() as rx:
                actions = [outbox.get(rx, action_id) for action_id in action_ids]
            waiting = [action for action in actions if action.state in outbox.UNSETTLED]
            if not waiting or self.clock() >= deadline or self.trouble(forum) is not None:
                return actions
            wait(LOOK_SECONDS)

    def trouble(self, forum: str) -> Breaker | None:
        """Why the daemon leaves ``forum`` alone at present, if it does."""
        if not self._daemon_runs():
            return None
        with self.store.read() as rx:
            found = breakers.load(rx, forum)
        return None if found is None or found.state is BreakerState.CLOSED else found

    def _work_if_alone(self, forum: str) -> None:
        try:
            with ownership.owning(self.store, self.loaded.state_dir) as owned:
                self._work(forum, self.store.guarded(owned.guard))
        except lock.AlreadyRunning:
            return

    def _work(self, forum: str, store: Store) -> None:
        ledger = requests.Ledger(store)
        with closing(
            wiring.open_forum(self.loaded, forum, ledger=ledger, clock=self.clock, sleep=house.sleep)
        ) as engine:
            house.executor_for(self.loaded, store, engine, self.clock).work()

    def _daemon_runs(self) -> bool:
        return ownership.owner(self.store, self.loaded.state_dir) is not None

    def _reason(self, flag: flags.Flag, *, removes: bool) -> str:
        code = f"notice.{flag.reason.value}" if removes else "notice.restore"
        return self._words().text(code)

    def _notifies(self, flag: flags.Flag, *, removes: bool) -> bool:
        actions = self.loaded.settings.actions
        if not removes:
            return actions.notify_restores
        if flag.reason is Reason.REPEATED:
            return actions.notify_campaigns
        if flag.reason is Reason.RULE:
            return actions.notify_rules
        return actions.notify_low_effort and flag.reason in (Reason.LOW_EFFORT, Reason.TITLE_ECHO)

    def _words(self) -> i18n.Catalogue:
        return i18n.catalogue(house.forum_language(self.loaded))


def is_settled(action: outbox.Action) -> bool:
    return action.state not in (*outbox.UNSETTLED, OutboxState.DEAD)
