"""The search page and its API: what is found, who sees it, and flagging from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from console_desk import ConsoleDesk
from moderation_room import ALLOWED
from store_desk import FORUM, START, reply

from modbot.detection import canonical
from modbot.domain import FlagState, Role, Scope
from modbot.store import search, search_index


def passed(desk: ConsoleDesk, post: int, text: str, **fields: object) -> None:
    [recorded] = desk.record(reply(post, text, **fields))

    [plain] = canonical.canonicalise([text])
    desk.judge(recorded, ALLOWED, canonical=plain)


def posts(desk: ConsoleDesk, name: str = "ann", scope: Scope | None = None, **asked: object) -> list[int]:
    person = desk.person(name, scope=scope) if scope else desk.person(name)
    answer = person.get("/api/search", params=asked)
    assert answer.status_code == 200, answer.text
    return [one["post_id"] for one in answer.json()["replies"]]


def test_the_page_shows_what_was_found_with_the_words_marked(desk: ConsoleDesk) -> None:
    passed(desk, 1, "有事加薇伩聊")
    page = desk.person(role=Role.VIEWER).get("/search", params={"q": "微信"})
    assert page.status_code == 200
    assert '<mark class="found">薇伩</mark>' in page.text


def test_markup_in_a_reply_is_text(desk: ConsoleDesk) -> None:
    passed(desk, 1, "<script>alert(1)</script>微信", thread_title="<b>题</b>")
    page = desk.person().get("/search", params={"q": "微信", "author": '"><i>'})
    assert "<i>" not in page.text
    page = desk.person().get("/search", params={"q": "微信"})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "<b>题" not in page.text


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "❤"},
        {"q": "微信", "board": "x"},
        {"q": "微信", "since": "gestern"},
        {"q": "微信", "author": "nobody"},
    ],
)
def test_a_wrong_question_is_explained_beside_the_form(desk: ConsoleDesk, asked: dict[str, str]) -> None:
    page = desk.person().get("/search", params=asked)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert desk.person().get("/api/search", params=asked).status_code == 422


def test_the_filters_of_the_form_are_those_of_the_api(desk: ConsoleDesk) -> None:
    passed(desk, 1, "微信一", board_id=2, posted_at=START - timedelta(days=3))
    passed(desk, 2, "微信二", board_id=3)
    desk.flag(reply(3, "微信三", board_id=3), canonical="微信三")
    assert posts(desk, q="微信") == [3, 2, 1]
    assert posts(desk, q="微信", board="3", flagged="no") == [2]
    assert posts(desk, q="微信", flagged="yes") == [3]
    assert posts(desk, q="微信", author="101") == [1]
    assert posts(desk, q="微信", author="member2") == [2]
    assert posts(desk, q="微信", until="2026-02-27") == [1]
    assert posts(desk, q="微信", since="2026-03-01", forum=FORUM) == [3, 2]
    assert posts(desk, q="微信", visibility="hidden") == []


def test_whoever_works_on_one_board_finds_nothing_of_another(desk: ConsoleDesk) -> None:
    passed(desk, 1, "微信一", board_id=2)
    passed(desk, 2, "微信二", board_id=3)
    here = Scope({FORUM: frozenset({3})})
    assert posts(desk, "ben", here, q="微信") == [2]
    assert posts(desk, "cem", Scope({"village": None}), q="微信") == []
    assert posts(desk, "cem", Scope({"village": None}), q="微信", forum=FORUM) == []


def test_older_ones_come_with_the_next_page(desk: ConsoleDesk) -> None:
    for post in range(1, 5):
        passed(desk, post, f"微信{post}")
    with desk.store.write() as tx:
        search_index.advance(tx, limit=2)
    ann = desk.person()
    first = ann.get("/api/search", params={"q": "微信", "limit": 3}).json()
    assert first["unindexed"] == 2
    assert [one["post_id"] for one in first["replies"]] == [4, 3, 2]
    rest = ann.get("/api/search", params={"q": "微信", "limit": 3, "after": first["after"]}).json()
    assert [one["post_id"] for one in rest["replies"]] == [1]
    assert rest["after"] is None


def test_a_passed_reply_is_flagged_by_hand_and_its_page_opens(desk: ConsoleDesk) -> None:
    passed(desk, 1, "微信一", board_id=2)
    ann = desk.person()
    [found] = ann.get("/api/search", params={"q": "微信"}).json()["replies"]
    answer = ann.post("/search/flag", reply=found["reply"], revision=found["revision"], reason="spam")
    assert (answer.status_code, answer.headers["location"]) == (303, "/flags/1")
    assert desk.get(1).state is FlagState.PENDING
    [again] = ann.get("/api/search", params={"q": "微信"}).json()["replies"]
    assert (again["flag"], again["reason"]) == (1, "spam")


def test_only_moderators_flag_and_only_where_they_work(desk: ConsoleDesk) -> None:
    passed(desk, 1, "微信一", board_id=2)
    viewer = desk.person("vera", Role.VIEWER)
    assert "/search/flag" not in viewer.get("/search", params={"q": "微信"}).text
    wish = {"reply": 1, "revision": 1, "reason": "spam"}
    assert viewer.post("/search/flag", **wish).status_code == 403
    stranger = desk.person("ben", scope=Scope({FORUM: frozenset({3})}))
    assert stranger.post("/search/flag", **wish).status_code == 404
    ann = desk.person()
    assert ann.http.post("/search/flag", data=wish).status_code == 403, "without the form's mark"
    made = ann.http.post("/api/flags", json=wish, headers={"X-CSRF-Token": ann.csrf})
    assert (made.status_code, made.json()) == (200, {"flag": 1})


def test_a_reply_that_was_edited_meanwhile_is_not_flagged_unread(desk: ConsoleDesk) -> None:
    passed(desk, 1, "微信一")
    passed(desk, 1, "好话")
    answer = desk.person().post("/search/flag", reply=1, revision=1, reason="spam")
    assert answer.status_code == 409


def test_an_index_that_is_being_built_is_told(desk: ConsoleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_UNINDEXED", 0)
    passed(desk, 1, "微信一")
    page = desk.person().get("/search", params={"q": "微信"})
    assert "No reply says that." in page.text
