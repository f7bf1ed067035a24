"""Seeing a moderator's decisions through: their actions on the forum are executed by the
daemon when one runs here, else by this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from modbot.daemon import house, inhouse, lock, ownership, wiring
from modbot.daemon.executor import NeedsHuman
from modbot.domain import OutboxState
from modbot.store import breakers, outbox, requests
from modbot.store.breakers import Breaker, BreakerState
from modbot.store.engine import Store

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Moderator(inhouse.Moderator):
    """A moderator beside the daemon, or without one."""

    def undo_window(self) -> timedelta:
        """None at all where no daemon runs: nobody would be there to act at its end."""
        return super().undo_window() if self._daemon_runs() else timedelta(0)

    def see_through(
        self,
        forum: str,
        action_ids: Sequence[int],
        *,
        wait: Callable[[float], None] = time.sleep,
        patience: float = WAIT_SECONDS,
    ) -> list[outbox.Action]:
        """Wait until the actions are settled (or ``patience`` seconds are over, or the account
        needs a human, or the forum is left alone); answers them as they are, with what went
        wrong with them in ``detail``."""
        deadline = self.clock() + timedelta(seconds=patience)
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


def is_settled(action: outbox.Action) -> bool:
    return action.state not in (*outbox.UNSETTLED, OutboxState.DEAD)
