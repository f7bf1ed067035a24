"""What is told of an author: only what stands out, and the rest only beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modbot import i18n
from modbot.detection import authors
from modbot.detection.authors import AuthorFacts, Pace, contacts_in_names, place, with_signals
from modbot.domain import Assessment, Author, Probabilities, Repetition, Reply, ReplyKey, Signal
from modbot.moderation import wording
from modbot.settings import PolicySettings

QUIET = Assessment(ReplyKey("city", 1), Probabilities(0.9, 0.05, 0.05), (), None, "text", "m")
NOTED = replace(QUIET, signals=(Signal("link", 0.5),))
MEMBER = Reply("city", 1, "text", author=Author(id=7, name="老王", posts=200))


def repeating(texts: int) -> Assessment:
    first = ReplyKey("city", 1)
    counts = {"size": 3, "authors": 1, "newcomers": 1, "threads": 3, "author_posts": 3, "author_threads": 3}
    found = Repetition(
        "c1", similarity=1.0, canonical_length=12, is_first_author=True, author_texts=texts, slip=None,
        first_post=first, first_seen=None, last_seen=None, **counts,
    )  # fmt: skip
    return replace(QUIET, repetition=found, signals=(Signal("repeated", 1.0),))


def codes(reply: Reply, assessment: Assessment, **facts: object) -> list[str]:
    return [signal.code for signal in with_signals(reply, assessment, AuthorFacts(**facts)).signals]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, []),
        ({"pace": Pace(9, 3)}, []),
        ({"pace": Pace(10, 1)}, ["author_pace"]),
        ({"pace": Pace(4, 4)}, ["author_pace"]),
        ({"has_standing": True}, []),
        ({"at_night": True}, []),
        ({"is_first_seen": True}, []),
        ({"pace": Pace(40, 1), "at_night": True}, ["author_pace", "night"]),
        ({"pace": Pace(40, 1), "has_standing": True}, ["author_pace", "author_standing"]),
    ],
)
def test_only_what_stands_out_is_told_of_who_said_nothing_else(facts, told) -> None:
    assert codes(MEMBER, QUIET, **facts) == told


@pytest.mark.parametrize(
    ("posts", "facts", "told"),
    [
        (200, {"has_standing": True, "at_night": True}, ["author_standing", "night"]),
        (1, {}, ["author_first_post"]),
        (0, {}, ["author_first_post"]),
        (2, {}, []),
        (2, {"is_first_seen": True}, []),
        (None, {"is_first_seen": True}, ["author_first_post"]),
        (None, {}, []),
    ],
)
def test_beside_another_signal_more_is_told(posts, facts, told) -> None:
    reply = replace(MEMBER, author=Author(id=7, name="老王", posts=posts))
    assert codes(reply, NOTED, **facts) == ["link", *told]


@pytest.mark.parametrize(("texts", "told"), [(2, []), (3, ["author_texts"]), (9, ["author_texts"])])
def test_an_author_of_several_repeated_texts_is_told(texts, told) -> None:
    assert codes(MEMBER, repeating(texts))[1:] == told


@pytest.mark.parametrize(
    ("region", "earlier", "usual"),
    [
        ("德国", {"中国福建厦门": 2, "福建省": 1}, "福建"),
        ("四川成都", {"福建厦门": 3}, "福建"),
        ("福建泉州", {"福建厦门": 3}, None),
        ("德国", {"福建厦门": 2}, None),
        ("德国", {"福建厦门": 9, "德国": 1}, None),
        ("", {"福建厦门": 9}, None),
        ("未知", {"福建厦门": 9}, None),
        ("德国", {"未知": 9}, None),
        ("德国 柏林", {"日本": 5, "福建": 4}, "日本"),
    ],
)
def test_a_region_is_told_where_it_is_another_than_the_usual(region, earlier, usual) -> None:
    reply, facts = replace(MEMBER, region=region), AuthorFacts(regions=earlier)
    found = with_signals(reply, NOTED, facts).signals[1:]
    assert [signal.details["usual"] for signal in found] == ([usual] if usual else [])
    assert with_signals(reply, QUIET, facts).signals == ()


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("中国福建厦门", "福建"),
        ("中国 广西南宁", "广西"),
        ("内蒙古包头", "内蒙古"),
        ("黑龙江省哈尔滨", "黑龙江"),
        ("香港", "香港"),
        ("来自 德国", "德国"),
        ("来自 中国河南", "河南"),
        ("中国", ""),
        ("  美国 加州", "美国"),
        ("局域网", ""),
    ],
)
def test_a_place_is_a_province_or_a_country(written, known) -> None:
    assert place(written) == known


WITH_CONTACT = "加VX abc12345|加薇信abc8812345|ⓥⓧ abc12345|QQ群12345678|+VX abc1234|Telegram @shop888"
WITHOUT = "wx_abcdef12|qq12345678|13812345678|鹿城小张|群主2023|V先生19881212|阿伟vlog2023|VIP会员|路人甲|"


@pytest.mark.parametrize("name", WITH_CONTACT.split("|"))
def test_a_contact_in_a_name_is_found(name) -> None:
    assert contacts_in_names([name, "路人甲"]).keys() == {name}


@pytest.mark.parametrize("name", WITHOUT.split("|"))
def test_a_name_that_is_an_account_by_itself_calls_nobody(name) -> None:
    assert contacts_in_names([name]) == {}


def test_policys_own_limits_lie_above_what_is_noted() -> None:
    limits = PolicySettings.model_json_schema()["$defs"]["AuthorPolicy"]["properties"]
    assert limits["replies_per_hour"]["minimum"] == authors.REPLIES_AN_HOUR
    assert limits["threads_per_ten_minutes"]["minimum"] == authors.THREADS_IN_TEN_MINUTES


ALL = AuthorFacts(
    pace=Pace(40, 5),
    regions={"福建": 3},
    contacts=contacts_in_names(["加VX abc12345"])["加VX abc12345"],
    has_standing=True,
    at_night=True,
)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("posts", [1, None])
def test_each_has_a_sentence_in_both_languages(language, posts) -> None:
    reply = replace(MEMBER, region="德国", author=Author(id=7, name="加VX abc12345", posts=posts))
    found = with_signals(reply, repeating(4), replace(ALL, is_first_seen=True)).signals[1:]
    assert [signal.code for signal in found] == [
        "author_texts", "author_pace", "author_name", "author_region", "author_standing",
        "author_first_post", "night",
    ]  # fmt: skip
    for sentence in (wording.signal(signal, i18n.catalogue(language)) for signal in found):
        assert sentence
        assert "{" not in sentence
        assert "None" not in sentence
