"""*Allow here*: the exception that it writes, where it holds, and taking it back."""

from __future__ import annotations

from typing import Any

import pytest
from store_desk import FORUM, START, Desk, decision, reply

from modbot.domain import ExceptionScope, FlagState, Reason, ThreadKind, VerdictKind
from modbot.errors import Conflict, StoreError
from modbot.store import audit, exceptions, labels
from modbot.store.exceptions import PolicyException, Where

BOARD, THREAD, KIND = ExceptionScope
SIGNIN = frozenset({ThreadKind.SIGNIN})


def allow(desk: Desk, post: int = 1, where: Where | None = exceptions.HERE, **fields: Any) -> int:
    flag_id = desk.flag(reply(post, **fields), decision(reason=Reason.LOW_EFFORT))
    desk.give(flag_id, VerdictKind.ALLOW_HERE, note="签到贴", where=where)
    return flag_id


def in_force(desk: Desk) -> list[PolicyException]:
    with desk.store.read() as rx:
        return exceptions.listing(rx, FORUM)


@pytest.mark.parametrize(
    ("where", "fields", "scope", "place"),
    [
        (Where(), {}, THREAD, (2, 7, None)),
        (Where(), {"thread_id": None}, BOARD, (2, None, None)),
        (Where(THREAD), {}, THREAD, (2, 7, None)),
        (Where(BOARD), {}, BOARD, (2, None, None)),
        (Where(KIND, ThreadKind.SIGNIN), {}, KIND, (None, None, ThreadKind.SIGNIN)),
    ],
)
def test_what_is_allowed_here_is_written_down_with_who_why_and_how_far(
    desk: Desk, where: Where, fields: dict[str, Any], scope: ExceptionScope, place: tuple[Any, ...]
) -> None:
    flag_id = allow(desk, where=where, **fields)
    [made] = in_force(desk)
    assert (made.scope, made.reason, made.who, made.note) == (scope, Reason.LOW_EFFORT, "ann", "签到贴")
    assert (made.board_id, made.thread_id, made.thread_kind) == place
    assert (made.made_at, made.revoked_at) == (START, None)
    assert desk.get(flag_id).state is FlagState.ALLOWED_HERE
    with desk.store.read() as rx:
        assert list(labels.export(rx)) == []
        assert "exception.made" in [entry.what for entry in audit.listing(rx, flag_id=flag_id)]


@pytest.mark.parametrize(
    ("where", "fields"),
    [
        (Where(), {"thread_id": None, "board_id": None}),
        (Where(THREAD), {"thread_id": None}),
        (Where(BOARD), {"board_id": None}),
        (Where(KIND), {}),
    ],
)
def test_nothing_is_allowed_in_a_place_that_is_not_known(
    desk: Desk, where: Where, fields: dict[str, Any]
) -> None:
    flag_id = desk.flag(reply(1, **fields))
    with pytest.raises(StoreError) as refused:
        desk.give(flag_id, VerdictKind.ALLOW_HERE, where=where)
    assert refused.value.code == "error.store.exception_nowhere"
    assert desk.get(flag_id).state is FlagState.PENDING, "the verdict is not half given"
    assert in_force(desk) == []


@pytest.mark.parametrize("kind", [kind for kind in VerdictKind if kind is not VerdictKind.ALLOW_HERE])
def test_no_other_verdict_makes_an_exception(desk: Desk, kind: VerdictKind) -> None:
    desk.give(desk.flag(reply(1)), kind)
    assert in_force(desk) == []


def test_a_flag_that_an_exception_covers_is_closed_without_another(desk: Desk) -> None:
    allow(desk)
    flag_id = allow(desk, 2, where=None)
    assert desk.get(flag_id).state is FlagState.ALLOWED_HERE
    assert len(in_force(desk)) == 1


@pytest.mark.parametrize(
    ("where", "board", "thread", "kinds", "covered"),
    [
        (Where(THREAD), 2, 7, (), True),
        (Where(THREAD), 2, 8, SIGNIN, False),
        (Where(THREAD), 9, 7, (), True),
        (Where(THREAD), 2, None, (), False),
        (Where(BOARD), 2, 8, (), True),
        (Where(BOARD), 3, 7, SIGNIN, False),
        (Where(BOARD), None, 7, (), False),
        (Where(KIND, ThreadKind.SIGNIN), 9, 9, SIGNIN, True),
        (Where(KIND, ThreadKind.SIGNIN), 2, 7, {ThreadKind.LOTTERY}, False),
    ],
)
def test_an_exception_holds_there_and_nowhere_else(
    desk: Desk,
    where: Where,
    board: int | None,
    thread: int | None,
    kinds: frozenset[ThreadKind],
    covered: bool,
) -> None:
    allow(desk, where=where)
    [made] = in_force(desk)
    assert made.covers(board_id=board, thread_id=thread, kinds=kinds) is covered


def test_undoing_the_verdict_revokes_its_exception_and_no_other(desk: Desk) -> None:
    first, second = allow(desk), allow(desk, 2)
    mine, others = in_force(desk)
    assert desk.undo(first).exception == mine.id
    assert in_force(desk) == [others]
    assert desk.get(first).state is FlagState.PENDING
    with desk.store.read() as rx:
        revoked = exceptions.get(rx, mine.id)
    assert (revoked.revoked_by, revoked.revoked_at) == ("ben", desk.now)
    desk.undo(second)
    assert in_force(desk) == []


def test_an_exception_is_revoked_once_and_the_second_is_told_who_was_first(desk: Desk) -> None:
    flag_id = allow(desk)
    [made] = in_force(desk)
    with desk.store.write() as tx:
        exceptions.revoke(tx, made.id, who="ann", at=desk.now)
    with pytest.raises(Conflict) as late, desk.store.write() as tx:
        exceptions.revoke(tx, made.id, who="ben", at=desk.now)
    assert late.value.params["who"] == "ann"
    assert desk.get(flag_id).state is FlagState.ALLOWED_HERE, "what was decided of the reply stays"
    assert desk.undo(flag_id).exception is None
    with desk.store.read() as rx:
        assert [one.id for one in exceptions.listing(rx, FORUM, revoked=True)] == [made.id]


def test_there_is_no_exception_of_an_unknown_number(desk: Desk) -> None:
    with pytest.raises(StoreError, match="queue exceptions list"), desk.store.write() as tx:
        exceptions.revoke(tx, 9, who="ann", at=desk.now)
