"""The queue as scripts and programs work on it: decisions, undo, claims, skips, collisions."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import httpx
import pytest
from console_desk import ConsoleDesk, Person
from moderation_room import newcomer
from queue_support import cards, flags_shown, given, queued, seen, send
from store_desk import FORUM

from modbot.domain import ActionOutcome, Author, FlagState, Role, Scope, ThreadKind
from modbot.store import claims, exceptions, notes, tokens

BOARD_9 = Scope({FORUM: frozenset({9})})


def test_a_decision_answers_what_was_done_and_how_to_take_it_back(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    answer = given(desk, desk.person(), flag)
    assert (answer["done"], answer["seconds"]) == (1, 10)
    assert answer["undo"] == {"bulk": None, "flag": flag, "verdict": 1}
    assert answer["message"]
    assert desk.get(flag).state is FlagState.UPHELD
    assert desk.claim() == [], "the forum is changed after the undo window"
    desk.later(seconds=11)
    assert [action.kind.value for action in desk.claim()] == ["hide"]


def test_undo_within_the_window_leaves_the_forum_alone(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    back = send(ann, "/api/undo", given(desk, ann, flag)["undo"])
    assert (back.status_code, back.json()["done"]) == (200, 1)
    desk.later(seconds=60)
    assert desk.claim() == []
    assert flags_shown(ann) == [flag]


def test_undo_of_what_the_forum_did_waits_for_it_and_says_what_it_keeps(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    undo = given(desk, ann, flag)["undo"]
    desk.later(seconds=11)
    desk.carry_out()
    back = send(ann, "/api/undo", undo).json()
    [waiting] = back["actions"]
    [action] = ann.get("/api/actions", params={"id": waiting}).json()
    assert (action["settled"], action["well"]) == (False, True)
    assert back["messages"], "a forum counts the violation and has sent its notice"
    desk.carry_out()
    [action] = ann.get("/api/actions", params={"id": waiting}).json()
    assert (action["state"], action["settled"], action["well"]) == ("done", True, True)


def test_an_undo_that_the_forum_refuses_is_told(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    undo = given(desk, ann, flag)["undo"]
    desk.later(seconds=11)
    desk.carry_out()
    [waiting] = send(ann, "/api/undo", undo).json()["actions"]
    [claimed] = desk.claim()
    desk.settle(claimed, ActionOutcome.REFUSED, detail="没有权限")
    [action] = ann.get("/api/actions", params={"id": waiting}).json()
    assert (action["settled"], action["well"]) == (True, False)
    assert "没有权限" in action["message"]
    assert "没有权限" in ann.get("/history").text


def test_many_are_decided_at_once_and_taken_back_at_once(desk: ConsoleDesk) -> None:
    flags = [desk.member(post, author=newcomer(post), text=f"同一句话{post}") for post in (1, 2, 3)]
    ann = desk.person()
    answer = given(desk, ann, *flags, kind="dismiss")
    assert (answer["done"], answer["undo"]["flag"]) == (3, None)
    assert send(ann, "/api/undo", answer["undo"]).json()["done"] == 3
    assert {desk.get(flag).state for flag in flags} == {FlagState.PENDING}


def test_who_comes_late_is_told_who_decided_what(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann, ben = desk.person(), desk.person("ben")
    late = seen(desk, flag)
    given(desk, ann, flag, kind="dismiss")
    answer = send(ben, "/api/decisions", {"flags": late, "kind": "uphold"})
    assert answer.status_code == 409
    assert "ann" in answer.text
    assert desk.get(flag).state is FlagState.DISMISSED
    assert desk.actions() == []


def test_of_many_what_somebody_was_first_with_is_told_and_the_rest_is_done(desk: ConsoleDesk) -> None:
    flags = [desk.member(post, author=newcomer(post), text=f"同一句话{post}") for post in (1, 2)]
    late = seen(desk, *flags)
    given(desk, desk.person(), flags[0], kind="dismiss")
    answer = send(desk.person("ben"), "/api/decisions", {"flags": late, "kind": "uphold"}).json()
    [first, second] = answer["results"]
    assert (first["ending"], second["ending"], answer["done"]) == ("conflict", "done", 1)
    assert "ann" in first["message"]


def test_what_changed_since_it_was_shown_is_not_decided(desk: ConsoleDesk) -> None:
    """Judged again while it was looked at: its version is another."""
    flag = queued(desk, 1)
    old = seen(desk, flag)
    queued(desk, 1, score=0.99)
    answer = send(desk.person(), "/api/decisions", {"flags": old, "kind": "uphold"})
    assert answer.status_code == 409
    assert desk.get(flag).state is FlagState.PENDING


def test_nothing_is_undone_twice(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    undo = given(desk, ann, flag)["undo"]
    assert send(ann, "/api/undo", undo).status_code == 200
    assert send(ann, "/api/undo", undo).status_code == 409


@pytest.mark.parametrize("wanted", [{}, {"bulk": "x", "flag": 1}])
def test_undo_must_say_what(desk: ConsoleDesk, wanted: dict[str, Any]) -> None:
    assert send(desk.person(), "/api/undo", wanted).status_code == 422


@pytest.mark.parametrize("wanted", [{"bulk": "nobody's"}, {"flag": 77}])
def test_what_nobody_decided_is_not_there_to_undo(desk: ConsoleDesk, wanted: dict[str, Any]) -> None:
    assert send(desk.person(), "/api/undo", wanted).status_code == 404


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"where": "thread"}, "thread"),
        ({"where": "board", "confirmed": True}, "board"),
        ({"where": "kind", "confirmed": True}, "kind"),
    ],
)
def test_an_exception_holds_where_it_is_said(desk: ConsoleDesk, more: dict[str, Any], kept: str) -> None:
    flag = queued(desk, 1, thread_kind=ThreadKind.LOTTERY)
    ann = desk.person()
    undo = given(desk, ann, flag, kind="allow_here", **more)["undo"]
    with desk.store.read() as rx:
        [made] = exceptions.listing(rx)
    assert made.scope.value == kept
    told = send(ann, "/api/undo", undo).json()["messages"]
    assert any(str(made.id) in message for message in told), told


def test_the_rest_of_a_card_is_decided_only_while_it_is_no_more_than_was_told(desk: ConsoleDesk) -> None:
    flags = [desk.member(post, author=newcomer(post), text=f"同一句话{post}") for post in range(1, 5)]
    ann = desk.person()
    body = {"flags": seen(desk, flags[0]), "kind": "uphold", "rest": {"number": 2, "listed": [flags[0]]}}
    assert send(ann, "/api/decisions", body).status_code == 409
    assert {desk.get(flag).state for flag in flags} == {FlagState.PENDING}
    assert send(ann, "/api/decisions", {**body, "rest": {"number": 3, "listed": []}}).json()["done"] == 4


def claim(person: Person, card: dict[str, Any]) -> httpx.Response:
    return send(person, "/api/claims", {"forum": card["forum"], "card": card["card"]})


def held(desk: ConsoleDesk, person: Person) -> str | None:
    [card] = cards(person)
    name: str | None = card["claimed_by"]
    return name


def test_a_card_that_somebody_is_at_says_so_and_lets_nobody_else_claim_it(desk: ConsoleDesk) -> None:
    queued(desk, 1)
    ann, ben = desk.person(), desk.person("ben")
    [card] = cards(ann)
    assert claim(ann, card).status_code == 200
    assert held(desk, ben) == "ann"
    assert held(desk, ann) is None
    refused = claim(ben, card)
    assert refused.status_code == 409
    assert "ann" in refused.text


def test_a_claim_ends_by_itself(desk: ConsoleDesk) -> None:
    queued(desk, 1)
    ann, ben = desk.person(), desk.person("ben")
    [card] = cards(ann)
    claim(ann, card)
    desk.later(seconds=desk.loaded().settings.console.claim_seconds + 1)
    assert held(desk, ben) is None
    assert claim(ben, card).status_code == 200
    assert claim(ann, card).status_code == 409, "it is the other's now"


def test_a_claim_asked_for_again_lasts_longer(desk: ConsoleDesk) -> None:
    queued(desk, 1)
    ann, ben = desk.person(), desk.person("ben")
    [card] = cards(ann)
    seconds = desk.loaded().settings.console.claim_seconds
    claim(ann, card)
    desk.later(seconds=seconds - 1)
    claim(ann, card)
    desk.later(seconds=seconds - 1)
    assert held(desk, ben) == "ann"


def _decide(desk: ConsoleDesk, ann: Person) -> None:
    given(desk, ann, desk.member(9, author=newcomer(9)))


def _leave(_: ConsoleDesk, ann: Person) -> None:
    assert ann.post("/claims/release").status_code == 204


def _let_go(_: ConsoleDesk, ann: Person) -> None:
    assert send(ann, "/api/claims", None, "DELETE").status_code == 204


def _sign_out(_: ConsoleDesk, ann: Person) -> None:
    assert ann.post("/sign-out").status_code == 303


def _skip(desk: ConsoleDesk, ann: Person) -> None:
    assert send(ann, "/api/skips", {"flags": [1]}).status_code == 200


def _open_the_next(desk: ConsoleDesk, ann: Person) -> None:
    queued(desk, 77)
    claim(ann, {"forum": FORUM, "card": "author:77"})


@pytest.mark.parametrize("leave", [_decide, _leave, _let_go, _sign_out, _skip, _open_the_next])
def test_a_claim_ends_on_every_way_out(desk: ConsoleDesk, leave: Any) -> None:
    queued(desk, 1)
    ann, ben = desk.person(), desk.person("ben")
    [card] = cards(ann)
    claim(ann, card)
    assert held(desk, ben) == "ann"
    leave(desk, ann)
    with desk.store.read() as rx:
        held_by_ann = [one.card for one in claims.listing(rx, now=desk.now)]
    assert card["card"] not in held_by_ann


def test_a_guest_s_card_is_claimed_by_their_name(desk: ConsoleDesk) -> None:
    guest = Author(id=None, name="路人 <甲>")
    flags = [queued(desk, post, author=guest, text=f"路过{post}") for post in (1, 2)]
    ann, ben = desk.person(), desk.person("ben")
    [card] = cards(ann)
    assert claim(ann, card).status_code == 200
    assert held(desk, ben) == "ann"
    shown = [f"{flag}:1" for flag in flags]
    assert [one["by"] for one in ben.get("/api/watch", params={"flag": shown}).json()["held"]] == ["ann"] * 2


def test_the_page_claims_its_first_free_card(desk: ConsoleDesk) -> None:
    queued(desk, 1)
    ben = desk.person("ben")
    desk.person().get("/queue")
    assert held(desk, ben) == "ann"
    assert "ann is at it" in ben.get("/queue").text


@pytest.mark.parametrize("card", ["author:../x", "thread:1", "", "campaign:" + "x" * 65])
def test_what_is_no_card_cannot_be_claimed(desk: ConsoleDesk, card: str) -> None:
    assert claim(desk.person(), {"forum": FORUM, "card": card}).status_code == 404


def test_a_page_that_stays_open_is_told_what_became_of_its_cards(desk: ConsoleDesk) -> None:
    decided, taken, free = queued(desk, 1), queued(desk, 2), queued(desk, 3)
    ann, ben = desk.person(), desk.person("ben")
    shown = [f"{flag}:{desk.get(flag).version}" for flag in (decided, taken, free)]
    given(desk, ben, decided, kind="dismiss")
    claim(ben, next(card for card in cards(ben) if card["members"][0]["flag"] == taken))
    changes = ann.get("/api/watch", params={"flag": shown}).json()
    assert [one["flag"] for one in changes["closed"]] == [decided]
    assert "ben" in changes["closed"][0]["message"]
    assert changes["held"] == [{"flag": taken, "by": "ben"}]


def test_a_skip_is_taken_back(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    send(ann, "/api/skips", {"flags": [flag]})
    assert flags_shown(ann) == []
    assert send(ann, "/api/skips", {"flags": [flag]}, "DELETE").json() == {"number": 1}
    assert flags_shown(ann) == [flag]


def test_a_note_is_kept(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    noted = send(desk.person(), "/api/notes", {"flag": flag, "text": "昨天也来过"}).json()
    assert (noted["who"], noted["text"]) == ("ann", "昨天也来过")
    with desk.store.read() as rx:
        assert [one.text for one in notes.of_flags(rx, [flag])[flag]] == ["昨天也来过"]


OUTSIDE: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/decisions", {"flags": [{"id": 1, "version": 1}], "kind": "uphold"}),
    ("POST", "/api/undo", {"flag": 1}),
    ("POST", "/api/skips", {"flags": [1]}),
    ("POST", "/api/notes", {"flag": 1, "text": "x"}),
    ("POST", "/api/claims", {"forum": "elsewhere", "card": "author:1"}),
    ("GET", "/api/flags/1", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), OUTSIDE)
def test_what_lies_outside_a_person_s_places_is_not_there(
    desk: ConsoleDesk, method: str, path: str, body: dict[str, Any]
) -> None:
    flag = queued(desk, 1)
    ben = desk.person("ben", scope=BOARD_9)
    assert send(ben, path, body, method).status_code == 404
    assert desk.get(flag).state is FlagState.PENDING


def test_a_decision_on_many_is_undone_only_by_who_may_see_them_all(desk: ConsoleDesk) -> None:
    flags = [desk.member(1, author=newcomer(1)), desk.member(2, author=newcomer(2), board_id=9)]
    undo = given(desk, desk.person(), *flags)["undo"]
    assert send(desk.person("ben", scope=BOARD_9), "/api/undo", undo).status_code == 404
    assert desk.get(flags[1]).state is FlagState.UPHELD


def test_neither_queue_nor_watch_tells_of_other_places(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ben = desk.person("ben", scope=BOARD_9)
    given(desk, desk.person(), flag)
    assert cards(ben) == []
    watched = ben.get("/api/watch", params={"flag": f"{flag}:1"}).json()
    assert watched == {"closed": [], "held": []}
    [action] = desk.actions()
    assert ben.get("/api/actions", params={"id": action.id}).status_code == 404


CHANGES = ["/api/decisions", "/api/undo", "/api/claims", "/api/skips", "/api/notes"]


@pytest.mark.parametrize("path", CHANGES)
def test_nothing_is_changed_without_the_mark_of_the_console_s_own_pages(desk: ConsoleDesk, path: str) -> None:
    queued(desk, 1)
    assert desk.person().http.post(path, json={}).status_code == 403


@pytest.mark.parametrize("path", CHANGES)
def test_a_viewer_changes_nothing(desk: ConsoleDesk, path: str) -> None:
    queued(desk, 1)
    assert send(desk.person("vic", Role.VIEWER), path, {}).status_code == 403


def test_a_program_works_with_a_token(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    with desk.store.write() as tx:
        tokens.make(tx, ann.user, "script", "a-secret-of-a-program", at=desk.now)
    with closing(desk.visitor()) as http:
        http.headers["authorization"] = "Bearer a-secret-of-a-program"
        [card] = http.get("/api/queue").json()["cards"]
        [member] = card["members"]
        body = {"flags": [{"id": member["flag"], "version": member["version"]}], "kind": "dismiss"}
        assert http.post("/api/decisions", json=body).json()["done"] == 1
    assert desk.get(flag).state is FlagState.DISMISSED


def test_the_description_of_the_api_names_all_of_it(desk: ConsoleDesk) -> None:
    paths = desk.person().get("/api/openapi.json").json()["paths"]
    for path in ("/api/queue", "/api/flags/{flag_id}", "/live", *CHANGES, "/api/watch", "/api/actions"):
        assert path in paths
    assert "409" in paths["/api/decisions"]["post"]["responses"]
