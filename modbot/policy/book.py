"""Every board's policy, and which reasons still flag in each kind of thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from modbot.domain import Reason, Reply, ThreadKind
from modbot.policy import customs
from modbot.policy.customs import Custom
from modbot.policy.deciding import ALL_REASONS, Policy

Board = tuple[str, int | None]
"""A forum and one of its boards; None is every board."""
Place = tuple[str, int | None, int]
"""The same, with the number of the board's entry in ``custom_boards``."""


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Every board's policy, and which reasons still flag in each kind of thread.

    A board's kind, the thread's own mark and what its entry or the words of its title tell are
    all heeded: a reason flags only where each of them lets it. ``board_kinds`` go before
    ``custom_boards``, which ``names`` (of boards, as far as they are known) may decide;
    ``custom_threads`` before ``titles``. ``custom_policies`` are those of entries that have one.
    """

    default: Policy
    boards: Mapping[Board, Policy] = field(default_factory=dict)
    board_kinds: Mapping[Board, ThreadKind] = field(default_factory=dict)
    kinds: Mapping[ThreadKind, frozenset[Reason]] = field(default_factory=dict)
    titles: Sequence[tuple[str, ThreadKind]] = ()
    custom_boards: Sequence[Custom] = ()
    custom_threads: Sequence[Custom] = ()
    custom_policies: Mapping[Place, Policy] = field(default_factory=dict)
    names: Mapping[Board, str] = field(default_factory=dict)
    trade_spam: float = 0.0
    """What spam must reach in trade, where everybody leaves a contact: a human's question there."""

    @property
    def asks_names(self) -> bool:
        """Whether anything here goes by the name of a board."""
        return any(custom.matches is not None for custom in self.custom_boards)

    def knowing(self, forum: str, names: Mapping[int, str]) -> PolicyBook:
        """With the names of the forum's boards."""
        return replace(self, names={**self.names, **{(forum, board): name for board, name in names.items()}})

    def of_board(self, forum: str, board_id: int | None, *, at: datetime | None = None) -> Policy:
        """The policy of a board for what was posted ``at`` that time; by day where it is not known."""
        found = self._custom_policy(forum, board_id) if self.custom_policies else None
        found = found or self.boards.get((forum, board_id)) or self.boards.get((forum, None))
        return (found or self.default).at(at)

    def for_reply(self, reply: Reply, *, board_kind: ThreadKind | None = None) -> Policy:
        """``board_kind`` replaces the configured kind of the reply's board."""
        policy = self.of_board(reply.forum, reply.board_id, at=reply.posted_at)
        kinds = self.kinds_of(reply, board_kind=board_kind)
        if ThreadKind.TRADE in kinds and policy.spam_queue is not None:
            policy = replace(policy, spam_hide=None, spam_queue=max(policy.spam_queue, self.trade_spam))
        reasons = policy.reasons
        for kind in kinds:
            reasons = reasons & self.kinds.get(kind, ALL_REASONS)
        return policy if reasons == policy.reasons else replace(policy, reasons=reasons)

    def kinds_of(self, reply: Reply, *, board_kind: ThreadKind | None = None) -> list[ThreadKind]:
        """Everything that the reply's place is for."""
        kind = board_kind or self._kind_of_board(reply.forum, reply.board_id)
        kinds = [reply.thread_kind, *self._kinds_of_thread(reply)]
        return kinds if kind is None else [*kinds, kind]

    def _kinds_of_thread(self, reply: Reply) -> Sequence[ThreadKind]:
        entry = customs.first(self.custom_threads, reply.forum, reply.thread_id, reply.thread_title)
        if entry is None:
            return customs.told_by_title(reply.thread_title, self.titles, own=reply.is_thread_author)
        kind = self.custom_threads[entry].kind
        return [] if kind is None else [kind]

    def _kind_of_board(self, forum: str, board_id: int | None) -> ThreadKind | None:
        named = self.board_kinds.get((forum, board_id))
        entry = None if named else self._entry(forum, board_id)
        return named if entry is None else self.custom_boards[entry].kind

    def _custom_policy(self, forum: str, board_id: int | None) -> Policy | None:
        entry = self._entry(forum, board_id)
        if entry is None:
            return None
        found = self.custom_policies.get((forum, board_id, entry))
        return found or self.custom_policies.get((forum, None, entry))

    def _entry(self, forum: str, board_id: int | None) -> int | None:
        return customs.first(self.custom_boards, forum, board_id, self.names.get((forum, board_id), ""))
