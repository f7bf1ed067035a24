"""Campaigns that became one: members, flags and the former name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from store_desk import FORUM, Desk, decision, repetition, reply

from modbot.domain import Author, DecisionKind, ReplyKey
from modbot.store import aliases, archive, campaigns, flags, retention, schema

FIRST = ReplyKey(FORUM, 1)
OF_AUTHORS = "a0123456789abcdef"
ALLOWED = decision(DecisionKind.ALLOW)


def write(desk: Desk, post: int, campaign: str, *told: str, author: int = 100, flag: bool = True) -> None:
    repeated = replace(repetition(campaign, FIRST), aliases=told)
    written = replace(reply(post), author=Author(id=author, name=f"m{author}"))
    if flag:
        desk.flag(written, decision(DecisionKind.QUEUE), repeated=repeated)
    else:
        [recorded] = desk.record(written)
        desk.judge(recorded, ALLOWED, repeated=repeated)


def members(desk: Desk, campaign: str) -> list[int]:
    with desk.store.read() as rx:
        return [member.key.post_id for member in campaigns.members(rx, FORUM, campaign)]


def flagged(desk: Desk, campaign: str) -> list[int]:
    with desk.store.read() as rx:
        return sorted(flag.post_id for flag in flags.find(rx, flags.Filter(forum=FORUM, campaign=campaign)))


def test_the_members_and_flags_of_the_absorbed_campaign_belong_to_the_one_that_is_left(desk: Desk) -> None:
    write(desk, 1, "c1")
    write(desk, 2, "c2")
    write(desk, 3, "c2", flag=False)
    write(desk, 4, "c1", "c2")
    assert members(desk, "c1") == [1, 2, 3, 4]
    assert flagged(desk, "c1") == [1, 2, 4]
    with desk.store.read() as rx:
        assert [row.id for row in campaigns.listing(rx, FORUM)] == ["c1"]
        assert set(rx.scalars(select(schema.decisions.c.campaign))) == {"c1"}


def test_the_former_name_finds_the_campaign_that_is_left(desk: Desk) -> None:
    write(desk, 1, "c3")
    write(desk, 2, "c2", "c3")
    write(desk, 3, "c1", "c2")
    for name in ("c1", "c2", "c3"):
        assert members(desk, name) == [1, 2, 3]
        assert flagged(desk, name) == [1, 2, 3]
        with desk.store.read() as rx:
            found = campaigns.get(rx, FORUM, name)
            assert found is not None
            assert (found.id, found.size) == ("c1", 3)
            assert aliases.resolve(rx, FORUM, name) == "c1"
            assert aliases.resolve(rx, "sea", name) == name


def test_the_one_that_is_left_began_when_the_first_of_both_did(desk: Desk) -> None:
    write(desk, 1, "c2")
    with desk.store.write() as tx:
        begun = campaigns.get(tx, FORUM, "c2").first_seen - timedelta(days=3)  # type: ignore[union-attr]
        tx.execute(schema.campaigns.update().values(first_seen=begun))
    write(desk, 2, "c1", "c2")
    with desk.store.read() as rx:
        assert campaigns.get(rx, FORUM, "c1").first_seen == begun  # type: ignore[union-attr]


def test_a_campaign_of_few_authors_takes_only_what_they_wrote(desk: Desk) -> None:
    write(desk, 1, "c1", author=7)
    write(desk, 2, "c1", author=8)
    write(desk, 3, "c2", author=7)
    write(desk, 4, OF_AUTHORS, "c1", "c2", author=7)
    assert members(desk, OF_AUTHORS) == [1, 3, 4]
    assert flagged(desk, OF_AUTHORS) == [1, 3, 4]
    assert members(desk, "c1") == [2]
    assert members(desk, "c2") == [1, 3, 4], "nothing is left of it, so its name finds the authors'"


def test_a_name_that_nothing_bore_is_its_own_again_when_others_write_the_text(desk: Desk) -> None:
    write(desk, 1, "c1", author=7)
    write(desk, 2, OF_AUTHORS, "c1", author=7)
    write(desk, 3, "c1", author=9)
    assert members(desk, "c1") == [3]
    assert members(desk, OF_AUTHORS) == [1, 2]


def test_two_campaigns_of_few_authors_become_one_whole(desk: Desk) -> None:
    younger = "a00000000000000ff"
    write(desk, 1, younger, author=7)
    write(desk, 2, younger, author=8)
    write(desk, 3, OF_AUTHORS, younger, author=9)
    assert members(desk, younger) == members(desk, OF_AUTHORS) == [1, 2, 3]


def test_an_author_without_a_number_is_told_by_name(desk: Desk) -> None:
    for post, name in ((1, "甲"), (2, "乙")):
        [recorded] = desk.record(replace(reply(post), author=Author(name=name)))
        desk.judge(recorded, ALLOWED, repeated=repetition("c1", FIRST))
    [recorded] = desk.record(replace(reply(3), author=Author(name="甲")))
    desk.judge(recorded, ALLOWED, repeated=replace(repetition(OF_AUTHORS, FIRST), aliases=("c1",)))
    assert members(desk, OF_AUTHORS) == [1, 3]


def test_telling_it_twice_changes_nothing(desk: Desk) -> None:
    write(desk, 1, "c2")
    write(desk, 2, "c1", "c2")
    write(desk, 3, "c1", "c2")
    assert members(desk, "c2") == [1, 2, 3]


def test_former_names_are_forgotten_with_their_campaign_and_set_aside_with_their_forum(desk: Desk) -> None:
    write(desk, 1, "c2", flag=False)
    write(desk, 2, "c1", "c2", flag=False)
    with desk.store.write() as tx:
        kept = archive.set_aside(tx, FORUM, who="ann", at=desk.now)
        assert aliases.resolve(tx, FORUM, "c2") == "c2"
        assert aliases.resolve(tx, kept, "c2") == "c1"
    limits = retention.Limits(*[desk.now + timedelta(days=1)] * 3)
    forgetting = next(step for step in retention.STEPS if step.name == "campaigns")
    with desk.store.write() as tx:
        keys = forgetting.find(tx, limits, None, 10)
        assert forgetting.forget(tx, limits, keys) == 1
        assert tx.execute(select(schema.campaign_aliases)).all() == []
