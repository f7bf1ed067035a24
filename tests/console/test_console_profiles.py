"""The pages of an author and of a campaign: what they tell, to whom, and deciding about many."""

from __future__ import annotations

import pytest
from console_desk import ConsoleDesk
from moderation_room import CAMPAIGN, newcomer, regular

from modbot.domain import Author, FlagState, Role, Scope, VerdictKind

FILLER = newcomer(7)
SMALL = Scope({"city": frozenset({2})})
GUEST = Author(name="过客 & co")


def test_an_author_s_page_tells_who_they_are_and_what_they_wrote(desk: ConsoleDesk) -> None:
    desk.member(1, author=FILLER, text="好帖顶一下", region="德国")
    desk.passed(2, author=FILLER, text="好帖顶一下", thread_id=8, thread_title="修车去哪里")
    desk.passed(3, author=regular(9), text="别人的话")
    page = desk.person().get("/authors/city/7").text
    for told in (
        "newcomer7",
        "without standing",
        "好帖顶一下",
        "德国",
        "修车去哪里",
        "2 times in 2 thread(s)",
    ):
        assert told in page
    assert "别人的话" not in page


def test_a_member_with_standing_is_told_so(desk: ConsoleDesk) -> None:
    desk.passed(1, author=regular(9))
    assert "has standing" in desk.person().get("/authors/city/9").text


def test_a_guest_is_found_by_name(desk: ConsoleDesk) -> None:
    desk.passed(1, author=GUEST, text="路过说一句")
    page = desk.person().get("/authors/city/guest", params={"name": GUEST.name}).text
    assert "路过说一句" in page
    assert "过客 &amp; co" in page


@pytest.mark.parametrize(
    "address",
    [
        "/authors/city/404",
        "/authors/village/7",
        "/authors/city/me",
        "/authors/city/99999999999999999999",
        "/authors/city/guest?name=nobody",
        "/campaigns/city/c404",
        "/campaigns/village/c0123456789abcdef",
        "/flags/404",
        "/standing/404",
    ],
)
def test_what_was_never_seen_has_no_page(desk: ConsoleDesk, address: str) -> None:
    desk.member(1, author=FILLER)
    assert desk.person().get(address).status_code == 404


def test_of_an_author_only_the_own_boards_are_told(desk: ConsoleDesk) -> None:
    desk.member(1, author=FILLER, text="这里的话")
    desk.member(2, author=FILLER, text="别处的话", board_id=9)
    desk.member(3, author=newcomer(8), text="只在别处", board_id=9)
    ben = desk.person("ben", scope=SMALL)
    page = ben.get("/authors/city/7").text
    assert "这里的话" in page
    assert "别处的话" not in page
    assert ben.get("/authors/city/8").status_code == 404


def test_a_decision_for_many_says_first_how_many(desk: ConsoleDesk) -> None:
    flags = [desk.member(post, author=FILLER, campaign=f"c{post:016x}") for post in (1, 2)]
    desk.passed(3, author=FILLER)
    ann = desk.person()
    wish = {"kind": "uphold", "days": 0}
    page = ann.get("/authors/city/7/decide", params=wish).text
    assert "2 in all" in page
    assert "Left out: 1 that passed." in page
    answer = ann.post("/authors/city/7/decide", **wish, shown=2)
    assert (answer.status_code, answer.headers["location"]) == (303, "/authors/city/7")
    assert [desk.get(flag).state for flag in flags] == [FlagState.UPHELD, FlagState.UPHELD]
    assert "2 decided" in ann.get("/authors/city/7").text


def test_a_decision_for_another_number_than_was_shown_does_nothing(desk: ConsoleDesk) -> None:
    flag = desk.member(1, author=FILLER)
    answer = desk.person().post("/authors/city/7/decide", kind="uphold", shown=2)
    assert answer.status_code == 409
    assert "about 1 replies, not 2" in answer.text
    assert desk.get(flag).is_open


def test_a_decision_for_many_stays_within_the_own_boards(desk: ConsoleDesk) -> None:
    here = desk.member(1, author=FILLER, campaign="c1")
    there = desk.member(2, author=FILLER, campaign="c2", board_id=9)
    ben = desk.person("ben", scope=SMALL)
    ben.post("/authors/city/7/decide", kind="uphold", shown=1)
    assert desk.get(here).state is FlagState.UPHELD
    assert desk.get(there).is_open


def test_a_viewer_decides_nothing(desk: ConsoleDesk) -> None:
    desk.member(1, author=FILLER)
    viewer = desk.person("vic", Role.VIEWER)
    assert "decide" not in viewer.get("/authors/city/7").text
    assert viewer.post("/authors/city/7/decide", kind="uphold", shown=1).status_code == 403


def test_a_campaign_s_page_shows_all_its_posts_and_their_differences(desk: ConsoleDesk) -> None:
    desk.member(1, author=newcomer(1), text="加我微信看资料")
    desk.member(2, author=newcomer(2), text="加我微信看资科", thread_id=8, thread_title="另一个主题")
    page = desk.person().get(f"/campaigns/city/{CAMPAIGN}").text
    for told in ("newcomer1", "newcomer2", "另一个主题", '<mark class="differs">科</mark>'):
        assert told in page


def test_of_a_campaign_only_the_own_boards_are_told(desk: ConsoleDesk) -> None:
    desk.member(1, author=newcomer(1), text="这里的话")
    desk.member(2, author=newcomer(2), text="别处的话", board_id=9)
    desk.member(3, campaign="celsewhere", author=newcomer(3), board_id=9)
    ben = desk.person("ben", scope=SMALL)
    page = ben.get(f"/campaigns/city/{CAMPAIGN}").text
    assert "这里的话" in page
    assert "newcomer2" not in page
    assert "别处的话" not in page
    assert ben.get("/campaigns/city/celsewhere").status_code == 404


def test_verdicts_on_an_author_are_told_where_they_were_given(desk: ConsoleDesk) -> None:
    desk.give(desk.member(1, author=FILLER), VerdictKind.UPHOLD, who="ben")
    desk.give(desk.member(2, author=FILLER, board_id=9), VerdictKind.UPHOLD, who="zed")
    page = desk.person("ann", scope=SMALL).get("/authors/city/7").text
    assert "ben" in page
    assert "zed" not in page
