"""The queue page without scripts: what a card shows, and what its form does."""

from __future__ import annotations

import re

import pytest
from console_desk import ConsoleDesk
from moderation_room import CAMPAIGN, newcomer
from queue_support import articles, decide, fields_of, flags_shown, queued
from store_desk import FORUM, decision, reply

from modbot.console.queueing import LISTED
from modbot.domain import Author, DecisionKind, FlagState, Label, Reason, Role, Scope, ThreadKind
from modbot.store import boards, notes

BOARD_9 = Scope({FORUM: frozenset({9})})


def test_a_card_shows_without_a_click_what_is_needed_to_judge_it(desk: ConsoleDesk) -> None:
    with desk.store.write() as tx:
        boards.save(tx, FORUM, [(2, "美食", None)], at=desk.now)
    desk.record(
        reply(1, "楼主推荐的面馆在哪", author=newcomer(50)),
        reply(3, "明天去试试", author=newcomer(51)),
        reply(90, "别的帖子里说过的话", author=newcomer(2), thread_id=70),
    )
    flag = queued(
        desk, 2, text="加我微信详聊", quoted="大家周末都吃什么", opening="求推荐周末吃饭的地方", region="德国"
    )
    with desk.store.write() as tx:
        notes.add(tx, flag, "昨天也来过", who="ben", at=desk.now)
    page = desk.person().get("/queue").text
    for shown in (
        "加我微信详聊",
        "周末去哪里吃",
        "美食",
        "大家周末都吃什么",
        "求推荐周末吃饭的地方",
        "楼主推荐的面馆在哪",
        "明天去试试",
        "别的帖子里说过的话",
        "昨天也来过",
        "from 德国",
        "newcomer2",
        "limit 80.0%",
        "mode: ",
        "hides the post",
        "nothing changes on the forum",
    ):
        assert shown in page, shown


def test_a_campaign_an_author_s_texts_and_a_single_post_are_a_card_each(desk: ConsoleDesk) -> None:
    for post in (1, 2, 3):
        desk.member(post, author=newcomer(post), text="同一句话" + "啊" * (post == 3))
    several = [queued(desk, post, author=newcomer(50), text=f"灌水{post}") for post in (11, 12)]
    single = queued(desk, 21)
    page = desk.person().get("/queue").text
    shown = articles(page)
    assert len(shown) == 3
    [campaign] = [card for card in shown.values() if f'data-card="campaign:{CAMPAIGN}"' in card]
    assert "3 of the same wait · 3 account(s)" in campaign
    assert campaign.count('type="checkbox" name="flag"') == 3
    assert '<mark class="differs">啊</mark>' in campaign, "what differs is marked"
    author = next(card for flag, card in shown.items() if flag in several)
    assert "2 posts of one author wait" in author
    assert 'type="checkbox" name="flag"' not in shown[single]


def test_upholding_by_form_hides_after_the_undo_window_and_leads_to_the_next_card(desk: ConsoleDesk) -> None:
    first, second = queued(desk, 1), queued(desk, 2)
    ann = desk.person()
    answer = decide(ann, first, "uphold")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/queue?per=50&flag={first}&verdict=1"
    assert desk.get(first).state is FlagState.UPHELD
    [action] = desk.actions()
    assert (action.kind.value, (action.not_before - desk.now).total_seconds()) == ("hide", 10)
    page = ann.get(answer.headers["location"]).text
    assert list(articles(page)) == [second]
    assert 'id="undoable"' in page


def test_the_notice_after_a_decision_takes_it_back(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    page = ann.get(decide(ann, flag, "uphold").headers["location"]).text
    undo = dict(re.findall(r'<input type="hidden" name="(flag|verdict)" value="([\d:]+)"', page))
    assert ann.post("/decisions/undo", **undo).headers["location"] == "/queue"
    assert desk.get(flag).state is FlagState.PENDING
    assert [action.state.value for action in desk.actions()] == ["cancelled"]


@pytest.mark.parametrize(
    ("do", "state", "actions"),
    [
        ("uphold", FlagState.UPHELD, ["hide"]),
        ("dismiss", FlagState.DISMISSED, []),
        ("remove_dont_learn", FlagState.UPHELD, ["hide"]),
        ("allow_thread", FlagState.ALLOWED_HERE, []),
        ("mute", FlagState.UPHELD, ["hide", "mute"]),
        ("skip", FlagState.PENDING, []),
    ],
)
def test_each_button_does_what_it_says(
    desk: ConsoleDesk, do: str, state: FlagState, actions: list[str]
) -> None:
    flag = queued(desk, 1)
    assert decide(desk.person(), flag, do, days="7").status_code == 303
    assert desk.get(flag).state is state
    assert sorted(action.kind.value for action in desk.actions()) == actions


def test_only_what_can_be_done_is_offered(desk: ConsoleDesk) -> None:
    plain = queued(desk, 1)
    lottery = queued(desk, 2, thread_id=70, thread_kind=ThreadKind.LOTTERY)
    guest = queued(desk, 3, author=Author(id=None, name="路人"))
    opener = queued(desk, 4, floor=1)
    shown = articles(desk.person().get("/queue").text)
    offered = {flag: set(re.findall(r'name="do" value="(\w+)"', card)) for flag, card in shown.items()}
    usual = {"uphold", "dismiss", "skip", "remove_dont_learn", "allow_thread", "allow_board", "note"}
    assert offered == {
        plain: {*usual, "delete", "mute"},
        lottery: {*usual, "delete", "mute", "allow_kind"},
        guest: {*usual, "delete"},
        opener: {*usual, "mute", "recycle", "move"},
    }


def test_a_decision_is_about_the_ticked_posts_alone(desk: ConsoleDesk) -> None:
    flags = [desk.member(post, author=newcomer(post), text=f"同一句话{post}") for post in (1, 2, 3)]
    ann = desk.person()
    fields = fields_of(ann.get("/queue").text, flags[0])
    fields["flag"] = fields["flag"][:2]
    ann.post("/decisions", **fields, do="uphold")
    states = [desk.get(flag).state for flag in flags]
    assert states == [FlagState.UPHELD, FlagState.UPHELD, FlagState.PENDING]


def test_one_key_decides_about_a_whole_campaign_also_what_is_not_listed(desk: ConsoleDesk) -> None:
    flags = [desk.member(post, author=newcomer(post), text="同一句话") for post in range(1, LISTED + 6)]
    ann = desk.person()
    page = ann.get("/queue").text
    assert page.count('type="checkbox" name="flag"') == LISTED
    assert "also the other 5" in page
    decide(ann, flags[0], "uphold")
    assert {desk.get(flag).state for flag in flags} == {FlagState.UPHELD}


def test_a_card_by_itself_lists_all_its_posts(desk: ConsoleDesk) -> None:
    flags = [desk.member(post, author=newcomer(post), text="同一句话") for post in range(1, LISTED + 6)]
    page = desk.person().get(f"/queue/flags/{flags[3]}").text
    assert page.count('type="checkbox" name="flag"') == len(flags)


def test_of_an_author_s_posts_those_that_nobody_saw_stay(desk: ConsoleDesk) -> None:
    flags = [queued(desk, post, author=newcomer(50), text=f"各说各的{post}") for post in range(1, LISTED + 6)]
    decide(desk.person(), flags[0], "dismiss")
    assert [desk.get(flag).state for flag in flags].count(FlagState.PENDING) == 5


def test_what_nothing_brings_back_is_asked_for_in_words(desk: ConsoleDesk) -> None:
    """Nobody knows whether the board has a recycle bin."""
    flag = queued(desk, 1)
    ann = desk.person()
    asked = decide(ann, flag, "delete")
    assert asked.status_code == 200
    assert 'name="typed"' in asked.text
    assert desk.get(flag).state is FlagState.PENDING
    fields = fields_of(ann.get("/queue").text, flag)
    wrong = ann.post("/decisions", **fields, do="delete", typed="yes")
    assert 'name="typed"' in wrong.text
    assert desk.actions() == []
    assert ann.post("/decisions", **fields, do="delete", typed="delete").status_code == 303
    assert [action.kind.value for action in desk.actions()] == ["delete"]


def test_to_open_a_board_to_adverts_is_asked_twice(desk: ConsoleDesk) -> None:
    flag = desk.flag(reply(1, author=newcomer(1)), decision(DecisionKind.QUEUE, Reason.SPAM, Label.SPAM))
    ann = desk.person()
    asked = decide(ann, flag, "allow_board")
    assert (asked.status_code, desk.get(flag).state) == (200, FlagState.PENDING)
    assert 'name="confirmed" value="1"' in asked.text
    decide(ann, flag, "allow_board", confirmed="1")
    assert desk.get(flag).state is FlagState.ALLOWED_HERE


def test_what_somebody_skipped_is_still_asked_of_everybody_else(desk: ConsoleDesk) -> None:
    flag, other = queued(desk, 1), queued(desk, 2)
    ann, ben = desk.person(), desk.person("ben")
    decide(ann, flag, "skip")
    assert flags_shown(ann) == [other]
    assert sorted(flags_shown(ben)) == [flag, other]
    again = desk.person("ann")
    assert flags_shown(again) == [other], "in another browser, too"


def test_a_note_stays_with_the_flag_and_decides_nothing(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    decide(desk.person(), flag, "note", note="先看看他还发什么")
    page = desk.person("ben").get("/queue").text
    assert "先看看他还发什么" in articles(page)[flag]


FILTERED = [
    ("reason=low_effort", {"low"}),
    ("reason=spam", {"spam"}),
    ("label=spam", {"spam", "campaign"}),
    ("author=newcomer1", {"low"}),
    ("author=1", {"low"}),
    ("least=80", {"spam", "campaign"}),
    ("most=75", {"low"}),
    ("least=80&most=87", {"spam"}),
    ("board=9", {"spam"}),
    (f"campaign={CAMPAIGN}", {"campaign"}),
    ("older=1d", {"campaign"}),
    ("newer=1d&reason=spam", {"spam"}),
    (f"forum={FORUM}&label=low_effort", {"low"}),
    ("forum=elsewhere", set()),
]


@pytest.mark.parametrize(("query", "expected"), FILTERED)
def test_the_address_says_what_is_asked_for(desk: ConsoleDesk, query: str, expected: set[str]) -> None:
    flags = {"campaign": desk.member(3, author=newcomer(3), text="同一句话" * 3)}
    desk.later(days=2)
    flags["low"] = queued(desk, 1)
    spam = decision(DecisionKind.QUEUE, Reason.SPAM, Label.SPAM, 0.85)
    flags["spam"] = desk.flag(reply(2, author=newcomer(2), board_id=9), spam)
    page = desk.person().get(f"/queue?{query}").text
    assert set(articles(page)) == {flags[name] for name in expected}


@pytest.mark.parametrize("query", ["least=many", "older=soon", "order=worst", "reason=mood", "page=0"])
def test_what_nothing_can_be_asked_by_is_refused(desk: ConsoleDesk, query: str) -> None:
    assert desk.person().get(f"/queue?{query}").status_code == 422


@pytest.mark.parametrize(
    ("order", "expected"), [("best", [1, 2, 0]), ("oldest", [0, 1, 2]), ("teaches", [2, 1, 0])]
)
def test_three_orders(desk: ConsoleDesk, order: str, expected: list[int]) -> None:
    """Best: the surest first. Teaches: those nearest to the threshold of 0.8 first."""
    flags = []
    for post, score in enumerate((0.1, 0.99, 0.81), 1):
        flags.append(queued(desk, post, score=score))
        desk.later(hours=1)
    assert flags_shown(desk.person(), order=order) == [flags[at] for at in expected]


def test_what_the_budget_keeps_back_is_counted_and_can_be_shown(desk: ConsoleDesk) -> None:
    shown, kept = queued(desk, 1), queued(desk, 2, shown=False)
    ann = desk.person()
    page = ann.get("/queue").text
    assert list(articles(page)) == [shown]
    assert "1 more are kept back" in page
    assert set(articles(ann.get("/queue?all=1").text)) == {shown, kept}


def test_pages_without_scripts_go_on_where_the_last_one_ended(desk: ConsoleDesk) -> None:
    flags = [queued(desk, post, score=0.9 - post / 100) for post in range(1, 6)]
    ann = desk.person()
    assert flags_shown(ann, per=2, page=2) == flags[2:4]
    assert 'href="/queue?page=3&amp;per=2"' in ann.get("/queue?per=2&page=2").text


def test_a_viewer_sees_and_decides_nothing(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1, text="看得到的话")
    vic = desk.person("vic", Role.VIEWER)
    page = vic.get("/queue").text
    assert "看得到的话" in page
    assert 'name="do"' not in page
    assert vic.post("/decisions", flag=f"{flag}:1", do="uphold").status_code == 403


@pytest.mark.parametrize(
    "address", ["/queue/flags/{flag}", "/queue/cards/{flag}", "/api/flags/{flag}"], ids=lambda one: one[1:10]
)
def test_what_lies_elsewhere_is_not_there(desk: ConsoleDesk, address: str) -> None:
    flag = queued(desk, 1, text="别处的话")
    ben = desk.person("ben", scope=BOARD_9)
    assert "别处的话" not in ben.get("/queue").text
    assert ben.get(address.format(flag=flag)).status_code == 404


@pytest.mark.parametrize("do", ["uphold", "dismiss", "skip", "note", "allow_thread"])
def test_what_lies_elsewhere_cannot_be_decided(desk: ConsoleDesk, do: str) -> None:
    flag = queued(desk, 1)
    ben = desk.person("ben", scope=BOARD_9)
    assert ben.post("/decisions", flag=f"{flag}:1", do=do, note="x").status_code == 404
    assert desk.get(flag).state is FlagState.PENDING


@pytest.mark.parametrize(
    "form", [{}, {"do": "uphold"}, {"do": "burn", "flag": "1:1"}, {"do": "uphold", "flag": "x"}]
)
def test_a_form_that_is_none_of_ours_is_refused(desk: ConsoleDesk, form: dict[str, str]) -> None:
    flag = queued(desk, 1)
    assert desk.person().post("/decisions", **form).status_code == 422
    assert desk.get(flag).state is FlagState.PENDING


def test_an_answer_leads_to_no_other_site(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    answer = decide(desk.person(), flag, "dismiss", back="//evil.example.com/")
    assert answer.headers["location"].startswith("/queue")


def test_history_takes_a_decision_back_long_after(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1, text="很久以前的话")
    ann = desk.person()
    decide(ann, flag, "uphold")
    desk.later(seconds=11)
    desk.carry_out()
    desk.later(days=20)
    page = ann.get("/history").text
    assert "很久以前的话" in page
    undo = dict(re.findall(r'<input type="hidden" name="(flag|verdict)" value="([\d:]+)"', page))
    assert ann.post("/decisions/undo", **undo, back="/history").headers["location"] == "/history"
    assert desk.get(flag).state is FlagState.PENDING
    assert desk.states()[-1] == "restore queued" or "restore queued" in desk.states()
    assert "taken back" in ann.get("/history").text


def test_history_is_one_s_own(desk: ConsoleDesk) -> None:
    decide(desk.person(), queued(desk, 1, text="安的决定"), "dismiss")
    assert "安的决定" not in desk.person("ben").get("/history").text
