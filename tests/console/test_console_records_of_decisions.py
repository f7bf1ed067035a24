"""The page of a flag, standing decisions and exceptions, spot checks: what they tell and do."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from console_desk import ConsoleDesk, Person
from moderation_room import CAMPAIGN, newcomer, regular
from sqlalchemy import event
from store_desk import decision, reply

from modbot.domain import ActionKind, FlagState, Label, Scope, Signal, VerdictKind
from modbot.moderation.deciding import Choice
from modbot.store import exceptions, notes, outbox, spot_checks, standing
from modbot.store.exceptions import HERE

BOARD_2 = Scope({"city": frozenset({2})})
BOARD_9 = Scope({"city": frozenset({9})})
FOUND = replace(
    decision(),
    signals=(Signal("contact", 0.9, {"kind": "wechat", "spans": (2, 8), "pieces": ("abc123",)}),),
)


def condemned(desk: ConsoleDesk) -> int:
    """A standing decision that was made of a campaign's flag."""
    flag = desk.member(1, author=newcomer(1), text="同一句话")
    desk.give(flag, VerdictKind.UPHOLD, stands=True)
    with desk.store.read() as rx:
        return standing.listing(rx)[0].id


def drawn(desk: ConsoleDesk, *posts: int, **fields: object) -> list[int]:
    """Spot checks of replies that passed."""
    for post in posts:
        desk.passed(post, author=regular(post), text=f"路过看看{post}", **fields)
    desk.later(minutes=1)
    with desk.store.write() as tx:
        spot_checks.draw(tx, "city", number=9, now=desk.now, choose=random.SystemRandom().sample)
        return [check.id for check in spot_checks.listing(tx)]


def test_a_flag_s_page_tells_the_whole_story(desk: ConsoleDesk) -> None:
    flag = desk.flag(reply(1, text="加 abc123 看资料", author=newcomer(1), region="德国"), FOUND)
    desk.give(flag, who="ben", note="老面孔")
    desk.undo(flag, who="cleo")
    with desk.store.write() as tx:
        notes.add(tx, flag, "先别急", who="dora", at=desk.now)
    page = desk.person().get(f"/flags/{flag}").text
    told = (
        '<mark class="found">abc123</mark>',
        "WeChat",
        "德国",
        "ben",
        "老面孔",
        "Undone by cleo",
        "先别急",
    )
    assert [one for one in told if one not in page] == []


def test_an_edited_reply_shows_what_it_said_before(desk: ConsoleDesk) -> None:
    flag = desk.flag(reply(1, text="先写的话"), FOUND)
    desk.record(reply(1, text="后写的话"))
    page = desk.person().get(f"/flags/{flag}").text
    assert "先写的话" in page
    assert '<mark class="differs">后</mark>写的话' in page


def test_a_flag_elsewhere_is_nobody_s_business(desk: ConsoleDesk) -> None:
    flag = desk.flag(reply(1), FOUND)
    assert desk.person("ben", scope=BOARD_9).get(f"/flags/{flag}").status_code == 404
    assert desk.person("ann", scope=BOARD_2).get(f"/flags/{flag}").status_code == 200


def test_the_page_of_a_flag_shows_no_copy_from_elsewhere(desk: ConsoleDesk) -> None:
    flag = desk.member(1, author=newcomer(1))
    desk.member(2, author=newcomer(2), text="别处的话", board_id=9)
    page = desk.person(scope=BOARD_2).get(f"/flags/{flag}").text
    assert "newcomer1" in page
    assert "别处的话" not in page


def test_standing_decisions_are_listed_with_their_texts(desk: ConsoleDesk) -> None:
    made = condemned(desk)
    page = desk.person().get("/standing").text
    assert f"/standing/{made}" in page
    assert "同一句话" in page


def test_a_standing_decision_is_revoked_and_can_be_looked_at_then(desk: ConsoleDesk) -> None:
    made = condemned(desk)
    ann = desk.person()
    assert "Revoke; what is hidden stays hidden" in ann.get(f"/standing/{made}").text
    assert ann.post(f"/standing/{made}/revoke").status_code == 303
    assert f"/standing/{made}" not in ann.get("/standing").text
    assert f"/standing/{made}" in ann.get("/standing?ended=true").text


def test_revoking_can_show_again_what_the_decision_hid(desk: ConsoleDesk) -> None:
    made = condemned(desk)
    copy = reply(8, author=newcomer(8))
    flag = desk.flag(copy, replace(FOUND, standing=made))
    [recorded] = desk.record(copy)
    with desk.store.write() as tx:
        outbox.enqueue(
            tx,
            forum="city",
            kind=ActionKind.HIDE,
            reply_id=recorded.reply_id,
            revision_id=recorded.revision_id,
            at=desk.now,
            unasked=True,
            flag_id=flag,
            standing=made,
        )
    desk.later(minutes=1)
    desk.carry_out()
    ann = desk.person()
    assert "Revoke and show 1 post(s) again" in ann.get(f"/standing/{made}").text
    answer = ann.post(f"/standing/{made}/revoke", restore="true")
    assert answer.status_code == 303
    assert "1 post(s) are being shown again, 0 could not be" in ann.get(answer.headers["location"]).text
    desk.later(minutes=1)
    assert [action.kind for action in desk.carry_out()] == [ActionKind.RESTORE]
    assert not desk.get(flag).hidden_by_us


def test_whoever_has_only_boards_sees_no_decision_of_the_forum(desk: ConsoleDesk) -> None:
    made = condemned(desk)
    ben = desk.person("ben", scope=BOARD_2)
    assert f"/standing/{made}" not in ben.get("/standing").text
    assert ben.get(f"/standing/{made}").status_code == 404
    assert ben.post(f"/standing/{made}/revoke").status_code == 404


def excepted(desk: ConsoleDesk) -> int:
    flag = desk.flag(reply(3, author=newcomer(3)), decision(reason=decision().reason))
    desk.moderator().give(flag, VerdictKind.ALLOW_HERE, Choice(where=HERE))
    with desk.store.read() as rx:
        return exceptions.listing(rx)[0].id


def test_an_exception_is_revoked_once(desk: ConsoleDesk) -> None:
    made = excepted(desk)
    ann = desk.person()
    assert f"/exceptions/{made}/revoke" in ann.get("/standing").text
    assert ann.post(f"/exceptions/{made}/revoke").status_code == 303
    assert f"/exceptions/{made}/revoke" not in ann.get("/standing").text
    assert ann.post(f"/exceptions/{made}/revoke").status_code == 409


def test_an_exception_elsewhere_is_nobody_s_business(desk: ConsoleDesk) -> None:
    made = excepted(desk)
    ben = desk.person("ben", scope=BOARD_9)
    assert "/exceptions/" not in ben.get("/standing").text
    assert ben.post(f"/exceptions/{made}/revoke").status_code == 404


def test_spot_checks_are_judged_and_taken_back(desk: ConsoleDesk) -> None:
    [check] = drawn(desk, 5)
    ann = desk.person()
    assert "路过看看5" in ann.get("/spot-checks").text
    assert ann.post(f"/spot-checks/{check}", label="ham").status_code == 303
    assert f'action="/spot-checks/{check}"' not in ann.get("/spot-checks").text
    assert ann.post(f"/spot-checks/{check}", label="spam").status_code == 409
    assert ann.post(f"/spot-checks/{check}/undo").status_code == 303
    assert f'action="/spot-checks/{check}"' in ann.get("/spot-checks").text


def test_a_spot_check_that_is_bad_is_hidden_where_that_is_asked_for(desk: ConsoleDesk) -> None:
    [check] = drawn(desk, 5)
    assert desk.person().post(f"/spot-checks/{check}", label="spam", uphold="true").status_code == 303
    with desk.store.read() as rx:
        found = spot_checks.get(rx, check)
    assert found.label is Label.SPAM
    assert found.flag_id is not None
    assert desk.get(found.flag_id).state is FlagState.UPHELD


def test_spot_checks_elsewhere_are_nobody_s_business(desk: ConsoleDesk) -> None:
    [check] = drawn(desk, 5)
    ben = desk.person("ben", scope=BOARD_9)
    assert "路过看看" not in ben.get("/spot-checks").text
    assert ben.post(f"/spot-checks/{check}", label="ham").status_code == 404


@contextmanager
def statements(desk: ConsoleDesk) -> Iterator[list[str]]:
    """What the store is asked while inside."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if re.match(r"\s*(select|with)", statement, re.IGNORECASE):
            asked.append(statement)

    event.listen(desk.store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(desk.store.engine, "before_cursor_execute", note)


def number_of(desk: ConsoleDesk, person: Person, address: str) -> int:
    with statements(desk) as asked:
        assert person.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize(
    "address", ["/flags/1", "/authors/city/1", f"/campaigns/city/{CAMPAIGN}", "/standing", "/spot-checks"]
)
def test_a_page_asks_the_store_no_more_when_there_is_more(desk: ConsoleDesk, address: str) -> None:
    def more(first: int) -> None:
        for post in range(first, first + 8):
            desk.member(post, author=newcomer(1 if post % 2 else post), text=f"同一句话{post}")
            flag = desk.member(post + 100, author=newcomer(1), campaign=f"c{post}", text=f"另一句话{post}")
            desk.give(flag, stands=True)
        drawn(desk, *range(first + 200, first + 204))

    more(1)
    ann = desk.person()
    few = number_of(desk, ann, address)
    desk.later(days=1)
    more(11)
    assert number_of(desk, ann, address) == few
