"""A moderator in the daemon's own process: what they decide, the daemon carries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from modbot.daemon import house, wiring
from modbot.domain import Reply, ThreadKind
from modbot.moderation import deciding
from modbot.policy import PolicyBook
from modbot.store import boards


@dataclass(frozen=True)
class Moderator(deciding.Moderator):
    """Knows what threads are by the policy book, too."""

    clock: house.Clock = house.utc_now

    def kinds_of(self, reply: Reply) -> Sequence[ThreadKind]:
        return self._book.knowing(reply.forum, self._names(reply.forum)).kinds_of(reply)

    @cached_property
    def _book(self) -> PolicyBook:
        return wiring.policy_book(self.loaded, {})

    def _names(self, forum: str) -> dict[int, str]:
        if not self._book.asks_names:
            return {}
        with self.store.read() as rx:
            return boards.names(rx, forum)
