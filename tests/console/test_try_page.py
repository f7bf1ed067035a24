"""Try it: the full assessment of a text or a post, of which nothing comes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from console_desk import ConsoleDesk, Person
from store_desk import reply

from modbot.console.turns import PER_MINUTE
from modbot.daemon import models, wiring
from modbot.daemon.boards import BoardNames
from modbot.daemon.house import ForumDesk, executor_for, judging_rules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.daemon.rereading import Rereader, RereadingRules
from modbot.daemon.shelf import Shelf
from modbot.detection import Detector, observation
from modbot.domain import Author, Role, Scope
from modbot.errors import Blocked
from modbot.forums.discuz import addresses
from modbot.forums.protocol import ReplyRef
from modbot.store import breakers
from modbot.store.breakers import Breaker, BreakerState
from modbot.testing import ScriptedForum

ADVERT = "加薇信 abc12345 领取红包，日赚三百"


@dataclass
class Desks:
    """The desk of one scripted forum, as the daemon's crew would lend it."""

    detector: Detector
    found: dict[str, ForumDesk] = field(default_factory=dict)

    def desk(self, forum: str) -> ForumDesk | None:
        return self.found.get(forum)


@pytest.fixture
def forum(desk: ConsoleDesk) -> ScriptedForum:
    return ScriptedForum("city", clock=lambda: desk.now)


@pytest.fixture
def at_work(desk: ConsoleDesk, forum: ScriptedForum) -> ForumDesk:
    """The console of a daemon that works on the scripted forum."""
    opened = desk_of(desk, forum)
    lent = Desks(models.load_detector(desk.loaded()), {"city": opened})
    desk.restart(replace(desk.house(), desks=lent))
    return opened


def desk_of(desk: ConsoleDesk, forum: ScriptedForum) -> ForumDesk:
    loaded, store = desk.loaded(), desk.store
    detector, index = models.load_detector(loaded), wiring.duplicate_index(loaded.settings)
    book = wiring.policy_book(loaded, detector.manifest.thresholds)

    def clock() -> datetime:
        return desk.now

    return ForumDesk(
        "city",
        forum,
        store,
        Poller(forum=forum, store=store, clock=clock),
        Judge(
            forum="city",
            store=store,
            detector=detector,
            duplicates=index,
            rules=judging_rules(loaded, book),
            clock=clock,
        ),
        executor_for(loaded, store, forum, clock),
        clock,
        Shelf(desk.folder / "duplicates.npz", index, store, "city", clock),
        BoardNames(forum=forum, store=store, settings=loaded.settings, clock=clock),
        Rereader(forum=forum, store=store, rules=RereadingRules(), clock=clock),
    )


def judged(person: Person, **fields: Any) -> dict[str, Any]:
    answer = person.http.post("/api/try", json=fields, headers={"x-csrf-token": person.csrf})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(person: Person, **fields: Any) -> str:
    answer = person.http.post("/api/try", json=fields, headers={"x-csrf-token": person.csrf})
    assert answer.status_code >= 400
    return str(answer.json().get("error"))


def test_a_pasted_text_is_judged_with_everything_that_is_known_of_it(desk: ConsoleDesk) -> None:
    ann = desk.person()
    shown = ann.post("/try", text=ADVERT, title="周末去哪里吃", forum="city", author="新人", author_posts="1")
    assert shown.status_code == 200
    assert '<mark class="found">' in shown.text
    assert "Probabilities" in shown.text
    assert "<code>spam.queue</code>" in shown.text
    assert "In enforce" in shown.text or "queue" in shown.text
    found = judged(ann, text=ADVERT, forum="city", author_posts=1)
    assert found["label"] == "spam"
    assert found["probabilities"]["spam"] > 0.5
    assert [one["name"] for one in found["thresholds"]] == ["spam.hide", "spam.queue", "low_effort.queue"]
    above = found["thresholds"][1]
    assert above["margin"] == pytest.approx(above["value"] - above["limit"])
    assert any(one["spans"] for one in found["reasons"])


def test_what_is_pasted_is_escaped(desk: ConsoleDesk) -> None:
    shown = desk.person().post(
        "/try", text="<script>alert(1)</script> 加薇信 abc12345", title='"><img src=x>'
    )
    assert "<script>alert" not in shown.text
    assert "<img src=x>" not in shown.text


def test_the_place_decides_what_would_be_done(desk: ConsoleDesk) -> None:
    ann = desk.person()
    there, elsewhere = (judged(ann, text="签到签到", forum="city", board=board) for board in (9, 2))
    assert there["reason"] != "low_effort", "board 9 is for signing in"
    assert elsewhere["probabilities"] == there["probabilities"]


def test_nothing_comes_of_a_try(desk: ConsoleDesk, at_work: ForumDesk) -> None:
    ann, before = desk.person(), at_work.shelf.index.size
    for _ in range(4):
        found = judged(ann, text=ADVERT, forum="city", author_posts=1)
    assert (found["knows_repeats"], found["duplicates"]) == (True, []), "it never repeats itself"
    assert at_work.shelf.index.size == before
    assert not any(desk.rows("replies", "revisions", "decisions", "flags", "outbox", "labels").values())


def test_near_duplicates_are_those_of_the_forum_within_ones_own_boards(
    desk: ConsoleDesk, at_work: ForumDesk
) -> None:
    detector = models.load_detector(desk.loaded())
    for post, board in ((11, 2), (12, 5)):
        one = reply(post, ADVERT, board_id=board, thread_id=post, posted_at=desk.now - timedelta(hours=1))
        desk.record(one)
        [assessed] = detector.assess([one], duplicates=None, now=desk.now)
        at_work.shelf.index.insert([observation(one, assessed, established=False, at=desk.now)])
    whole = judged(desk.person("ann"), text=ADVERT, forum="city")
    part = judged(desk.person("bob", scope=Scope({"city": frozenset({5})})), text=ADVERT, forum="city")
    assert {one["post_id"] for one in whole["duplicates"]} == {11, 12}
    assert [one["post_id"] for one in part["duplicates"]] == [12]


def test_a_post_is_read_from_the_forum_now(
    desk: ConsoleDesk, forum: ScriptedForum, at_work: ForumDesk
) -> None:
    forum.write(21, ADVERT, author=Author(id=9, name="新人", posts=1))
    found = judged(desk.person(), where="21", forum="city")
    assert (found["text"], found["is_live"]) == (ADVERT, True)
    forum.conceal(21)
    assert judged(desk.person(), where="21", forum="city")["decision"] == found["decision"] != "allow"
    assert "Read from the forum just now" in desk.person().post("/try", where="21", forum="city").text
    assert not desk.rows("replies")["replies"], "reading it stores nothing"
    assert refused(desk.person(), where="99", forum="city") == "error.try.gone"
    assert at_work.shelf.index.size == 0


def test_what_the_forum_refuses_is_told_in_words(
    desk: ConsoleDesk, forum: ScriptedForum, at_work: ForumDesk
) -> None:
    forum.trouble["read"].append(Blocked(code="error.forum.blocked", forum="city", detail="captcha"))
    shown = desk.person().post("/try", where="21", forum="city")
    assert (shown.status_code, "city" in shown.text, 'role="alert"' in shown.text) == (422, True, True)
    assert at_work.forum is forum


@pytest.mark.parametrize("stopped", [False, True])
def test_without_the_forum_a_post_is_taken_as_it_was_read_last(
    desk: ConsoleDesk, request: pytest.FixtureRequest, stopped: bool
) -> None:
    if stopped:
        request.getfixturevalue("at_work")
        halted = Breaker(BreakerState.STOPPED, desk.now, code="error.forum.blocked", facts={})
        with desk.store.write() as tx:
            breakers.save(tx, "city", halted)
    desk.record(reply(21, ADVERT))
    found = judged(desk.person(), where="21", forum="city")
    assert (found["text"], found["is_live"]) == (ADVERT, False)
    code = "error.try.forum_left_alone" if stopped else "error.try.not_read"
    assert refused(desk.person(), where="22", forum="city") == code


def test_a_post_beyond_ones_own_boards_is_not_shown(desk: ConsoleDesk) -> None:
    desk.record(reply(21, ADVERT, board_id=2))
    bob = desk.person("bob", scope=Scope({"city": frozenset({5})}))
    answer = bob.post("/try", where="21", forum="city")
    assert (answer.status_code, ADVERT in answer.text) == (403, False)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "error.try.nothing"),
        ({"where": "https://elsewhere.example.com/thread-1-1-1.html#pid5"}, "error.try.which_forum"),
        ({"where": "5"}, "error.try.which_forum"),
        ({"where": "http://bbs.example.com/", "forum": "city"}, "error.try.no_post"),
    ],
)
def test_what_names_nothing_is_told_with_the_way_out(
    desk: ConsoleDesk, fields: dict[str, str], code: str
) -> None:
    assert refused(desk.person(), **fields) == code


def test_fields_of_the_wrong_kind_are_told_and_not_a_crash(desk: ConsoleDesk) -> None:
    answer = desk.person().post("/try", text="x", board="seven")
    assert (answer.status_code, "whole and not negative" in answer.text) == (422, True)


def test_tries_are_bounded(desk: ConsoleDesk) -> None:
    ann = desk.person()
    answers = [ann.post("/try", text="好").status_code for _ in range(PER_MINUTE + 1)]
    assert answers == [200] * PER_MINUTE + [422]


def test_a_viewer_tries_nothing(desk: ConsoleDesk) -> None:
    assert desk.person("vic", Role.VIEWER).get("/try").status_code == 403


SITE = "https://bbs.example.com/"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (SITE + "forum.php?mod=viewthread&tid=7&pid=21&page=1#pid21", ReplyRef(21, 7)),
        (SITE + "forum.php?mod=redirect&goto=findpost&ptid=7&pid=21", ReplyRef(21, 7)),
        (SITE + "forum.php?mod=redirect&goto=findpost&pid=21", ReplyRef(21, None)),
        (SITE + "thread-7-2-1.html#pid21", ReplyRef(21, 7)),
        (SITE + "bbs/thread-7-1-1.html#post_21", ReplyRef(21, 7)),
        (SITE + "thread-7-1-1.html", None),
        (SITE + "forum.php?pid=abc", None),
        (SITE + "forum.php?pid=２１", None),
        (SITE + "forum.php?pid=" + "9" * 40, None),
        ("", None),
    ],
)
def test_a_discuz_address_names_a_post(url: str, found: ReplyRef | None) -> None:
    assert addresses.post_of(url) == found
