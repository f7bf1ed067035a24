"""What is changed from outside of one's places: nothing, as if there were nothing to change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from console_desk import ConsoleDesk, Person
from endpoint_walk import endpoints
from moderation_room import ALLOWED, CAMPAIGN, newcomer
from store_desk import FORUM, reply

from modbot.domain import ExceptionScope, Label, Role, Scope, VerdictKind
from modbot.moderation import spot_checks as judging
from modbot.moderation.deciding import Choice
from modbot.moderation.exceptions import Where
from modbot.store import spot_checks

BOARD = 2
OPEN, DECIDED, PASSED = 1, 2, 4
NAMES = {"forum": FORUM, "who": "107", "judged_id": "2"}
"""What addresses name in the town. Other numbers are 1."""
OF_NO_PLACE = (
    "/account",
    "/api/models",
    "/api/people",
    "/api/settings",
    "/api/try",
    "/link",
    "/looks",
    "/models",
    "/people",
    "/settings",
    "/sign",
    "/try",
)
"""Endpoints about oneself, or that have tests of their own about places."""
OF_ONESELF = {"DELETE /api/claims", "DELETE /api/skips", "POST /claims/release"}
OF_ADMINS = {"POST /api/autonomy", "POST /quality/autonomy"}
"""Tried by whoever may: a moderator of the place may not."""
KEPT = (
    "claims",
    "flag_notes",
    "flags",
    "labels",
    "outbox",
    "policy_exceptions",
    "skips",
    "spot_checks",
    "standing_decisions",
    "verdicts",
)


@dataclass(frozen=True)
class Change:
    """A request that changes something of the town: a form's fields, or JSON."""

    endpoint: str
    form: dict[str, str] | None = None
    json: dict[str, Any] | None = field(default=None)

    def __str__(self) -> str:
        return self.endpoint

    def sent_by(self, person: Person, **more: str) -> httpx.Response:
        method, path = self.endpoint.split(" ", 1)
        headers = {"x-csrf-token": person.csrf, "accept": "application/json"}
        path = re.sub(r"\{(\w+)\}", lambda found: NAMES.get(found[1], "1"), path)
        form = None if self.form is None else {**self.form, **more}
        return person.http.request(method, path, headers=headers, data=form, json=self.json)


CHANGES = [
    Change("POST /api/claims", json={"forum": FORUM, "card": "author:107"}),
    Change("POST /api/decisions", json={"flags": [{"id": OPEN, "version": 1}], "kind": "dismiss"}),
    Change("POST /api/flags", json={"reply": PASSED, "revision": PASSED, "reason": "spam"}),
    Change("POST /api/notes", json={"flag": OPEN, "text": "seen before"}),
    Change("POST /api/skips", json={"flags": [OPEN]}),
    Change("POST /api/undo", json={"flag": DECIDED}),
    Change("POST /authors/{forum}/{who}/decide", form={"kind": "uphold", "shown": "1"}),
    Change("POST /decisions", form={"flag": f"{OPEN}:1", "do": "dismiss"}),
    Change("POST /decisions/undo", form={"flag": f"{DECIDED}:0"}),
    Change("POST /exceptions/{exception_id}/revoke", form={}),
    Change("POST /search/flag", form={"reply": str(PASSED), "revision": str(PASSED), "reason": "spam"}),
    Change("POST /spot-checks/{check_id}", form={"label": "ham"}),
    Change("POST /spot-checks/{judged_id}/undo", form={}),
    Change("POST /standing/{standing_id}/revoke", form={}),
]


@pytest.fixture
def town(desk: ConsoleDesk) -> ConsoleDesk:
    """An open flag of member 107, one that was upheld for the next copies, too, one that was
    allowed in its thread, and replies that passed: both were drawn, one was judged."""
    desk.flag(reply(1, author=newcomer(107), board_id=BOARD))
    moderator = desk.moderator()
    upheld = desk.member(2, author=newcomer(108), board_id=BOARD, campaign=CAMPAIGN)
    moderator.give(upheld, VerdictKind.UPHOLD, Choice(stands=True))
    allowed = desk.flag(reply(3, author=newcomer(109), board_id=BOARD))
    moderator.give(allowed, VerdictKind.ALLOW_HERE, Choice(where=Where(ExceptionScope.THREAD)))
    for post in (4, 5):
        desk.judged(post, ALLOWED, author=newcomer(110), board_id=BOARD)
    with desk.store.write() as tx:
        spot_checks.draw(tx, FORUM, number=2, now=desk.now, choose=lambda ids, number: ids[:number])
    judging.answer(moderator, 2, Label.HAM, uphold=False)
    return desk


def test_every_change_of_a_place_is_tried_here() -> None:
    tried = {one.endpoint.replace("judged", "check") for one in CHANGES}
    there = {
        str(one) for one in endpoints() if one.changes_something and not one.path.startswith(OF_NO_PLACE)
    }
    assert there - OF_ONESELF - OF_ADMINS == tried


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("places", [{"village": None}, {FORUM: frozenset({37})}], ids=["forum", "board"])
def test_whoever_works_elsewhere_changes_nothing(
    town: ConsoleDesk, change: Change, places: dict[str, frozenset[int] | None]
) -> None:
    stranger = town.person("stranger", Role.ADMIN, scope=Scope(places))
    before = town.rows(*KEPT)
    answer = change.sent_by(stranger)
    assert answer.status_code == 404, answer.text
    assert town.rows(*KEPT) == before


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_whoever_works_there_changes_something_and_is_led_nowhere_else(
    town: ConsoleDesk, change: Change
) -> None:
    local = town.person("local", Role.MODERATOR, scope=Scope({FORUM: None}))
    before = town.rows(*KEPT)
    answer = change.sent_by(local, back="//evil.example/")
    assert answer.status_code < 400, answer.text
    assert town.rows(*KEPT) != before
    assert re.match(r"/(?![/\\])", answer.headers.get("location", "/"))
