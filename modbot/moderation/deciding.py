"""The door of a moderator's decision, whoever gives it and wherever.

A verdict, what it queues for the forum, its label, the exception that it makes and its
audit are one transaction. The forum is changed after the undo window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from modbot.domain import ExceptionScope, Reply, ThreadKind, VerdictKind, VerdictSource
from modbot.errors import UsageError
from modbot.moderation import exceptions as exception_rules
from modbot.moderation import notices
from modbot.settings import Loaded
from modbot.store import boards, flags, presets, verdicts
from modbot.store.carrying import Means
from modbot.store.engine import Store
from modbot.store.exceptions import HERE, Where

BY_PLACE = Means()
REMOVES = frozenset({VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a moderator chooses beside the verdict. None: as the settings say.

    ``means`` is how a removal is carried out; ``stands``: whether the verdict decides about
    the next copies, too. ``where`` is how far *allow here* reaches (None: an exception in
    force covers the flag); ``sentence`` and ``notify`` are for the author; ``confirmed``: they
    were asked whether a whole board (or kind of thread) is to be open to adverts, and said so.
    """

    note: str = ""
    means: Means = BY_PLACE
    stands: bool | None = None
    where: Where | None = HERE
    sentence: str | None = None
    notify: bool | None = None
    confirmed: bool = False


USUAL = Choice()


@dataclass(frozen=True)
class Moderator:
    """Who decides, over which store, under which settings, from where."""

    loaded: Loaded
    store: Store
    who: str
    clock: Callable[[], datetime]
    source: VerdictSource = VerdictSource.TERMINAL

    def undo_window(self) -> timedelta:
        """How long a decision waits before the forum is changed."""
        return timedelta(seconds=self.loaded.settings.actions.undo_seconds)

    def kinds_of(self, reply: Reply) -> Sequence[ThreadKind]:
        """All that the reply's thread is. Whoever knows the policy book knows more."""
        return (reply.thread_kind,)

    def give(
        self,
        flag_id: int,
        kind: VerdictKind,
        choice: Choice = USUAL,
        *,
        version: int | None = None,
        bulk: str | None = None,
    ) -> verdicts.Verdict:
        """Record a verdict on a flag, which must be of ``version`` still, if that is given.

        Raises Conflict, saying who decided what, when somebody was first; UsageError when the
        exception needs to be confirmed or the thread is of no kind; StoreError when there is
        no such flag.
        """
        window = self.undo_window()
        with self.store.write(lasting=True) as tx:
            return self.give_in(tx, flag_id, kind, choice, version=version, bulk=bulk, window=window)

    def give_in(
        self,
        tx: Connection,
        flag_id: int,
        kind: VerdictKind,
        choice: Choice,
        *,
        window: timedelta,
        version: int | None = None,
        bulk: str | None = None,
    ) -> verdicts.Verdict:
        """The same as part of a transaction that does more."""
        flag = flags.get(tx, flag_id)
        if kind is VerdictKind.ALLOW_HERE:
            choice = self._with_place(tx, flag, choice)
        notice = notices.of_verdict(
            self.loaded.settings,
            flag.reason,
            removes=kind in REMOVES,
            presets=presets.load(tx, flag.forum),
            sentence=choice.sentence,
            notify=choice.notify,
        )
        return verdicts.give(
            tx,
            flag_id,
            kind,
            source=self.source,
            who=self.who,
            now=self.clock(),
            undo_window=window,
            note=choice.note,
            reason=notice.sentence,
            notify=notice.notify,
            means=self.means(tx, flag, choice),
            version=version,
            stands=choice.stands,
            bulk=bulk,
            where=choice.where,
        )

    def undo(
        self, flag_id: int, *, version: int | None = None, verdict_id: int | None = None
    ) -> verdicts.Undone:
        """Take the last verdict (or modbot's own hide) back. Raises Conflict when there is none,
        or it is not the one that is meant."""
        with self.store.write(lasting=True) as tx:
            return self.undo_in(tx, flag_id, version=version, verdict_id=verdict_id)

    def undo_in(
        self, tx: Connection, flag_id: int, *, version: int | None = None, verdict_id: int | None = None
    ) -> verdicts.Undone:
        """The same as part of a transaction that does more."""
        settings = self.loaded.settings
        return verdicts.undo(
            tx,
            flag_id,
            who=self.who,
            now=self.clock(),
            reason=notices.of_restore(settings),
            notify=settings.actions.notify_restores,
            version=version,
            verdict_id=verdict_id,
        )

    def means(self, rx: Connection, flag: flags.Flag, choice: Choice) -> Means:
        """How a removal is carried out where the flag stands: as chosen, else as the settings say."""
        return self.means_where(choice, recycles=boards.recycles(rx, flag.forum, flag.board_id))

    def means_where(self, choice: Choice, *, recycles: bool | None) -> Means:
        """The same for who knows whether the board has a recycle bin."""
        means, actions = choice.means, self.loaded.settings.actions
        return replace(
            means,
            recycles=recycles,
            staff_board=means.staff_board or actions.staff_board or None,
            deletes_pending=means.deletes_pending or actions.uphold_pending == "delete",
        )

    def _with_place(self, tx: Connection, flag: flags.Flag, choice: Choice) -> Choice:
        if choice.where is None:
            return choice
        where = exception_rules.resolved(tx, flag, choice.where, self.kinds_of)
        if where.scope is ExceptionScope.KIND and where.kind is None:
            raise UsageError(code="error.moderation.no_kind", flag=flag.id)
        scope = where.scope or (ExceptionScope.BOARD if flag.thread_id is None else ExceptionScope.THREAD)
        if exception_rules.is_broad(flag.reason, scope) and not choice.confirmed:
            raise UsageError(code="error.moderation.broad_exception", flag=flag.id, scope=scope.value)
        return replace(choice, where=where)
