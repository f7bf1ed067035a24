"""The queue page without scripts: what a card shows, and what its form does."""

from __future__ import annotations

import re

from console_desk import ConsoleDesk, Person
from moderation_room import newcomer
from store_desk import FORUM, decision, reply

from modbot.domain import DecisionKind, FlagState, Label, Reason
from modbot.store import boards, notes


def fields_of(page: str, flag: int) -> dict[str, str]:
    """The hidden fields of a single flag's card."""
    article = page[page.index(f'id="flag-{flag}"') :]
    article = article[: article.index("</article>")]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', article))


def queued(desk: ConsoleDesk, post: int, **fields: object) -> int:
    decided = decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT, 0.7)
    fields.setdefault("author", newcomer(post))
    return desk.flag(reply(post, **fields), decided)


def decide(person: Person, flag: int, do: str, **more: str):
    page = person.get("/queue").text
    return person.post("/decisions", **{**fields_of(page, flag), "do": do, **more})


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
        "hides the post",
        "nothing changes on the forum",
    ):
        assert shown in page, shown


def test_upholding_by_form_hides_after_the_undo_window_and_leads_to_the_next_card(desk: ConsoleDesk) -> None:
    first, second = queued(desk, 1), queued(desk, 2)
    ann = desk.person()
    answer = decide(ann, first, "uphold")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/queue?flag=")
    assert desk.get(first).state is FlagState.UPHELD
    [action] = desk.actions()
    assert (action.kind.value, (action.not_before - desk.now).total_seconds()) == ("hide", 10)
    page = ann.get(answer.headers["location"]).text
    assert f'id="flag-{second}"' in page
    assert f'id="flag-{first}"' not in page
    assert 'id="undoable"' in page


def test_the_notice_after_a_decision_takes_it_back(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    ann = desk.person()
    page = ann.get(decide(ann, flag, "uphold").headers["location"]).text
    undo = dict(re.findall(r'<input type="hidden" name="(flag|verdict)" value="([\d:]+)"', page))
    assert ann.post("/decisions/undo", **undo).headers["location"] == "/queue"
    assert desk.get(flag).state is FlagState.PENDING
    assert [action.state.value for action in desk.actions()] == ["cancelled"]
