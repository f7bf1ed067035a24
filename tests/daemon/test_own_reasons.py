"""A forum's own reasons are asked for once a day, and used until it says otherwise."""

from __future__ import annotations

from datetime import timedelta

from executor_support import Bench

from modbot import settings
from modbot.daemon import own_reasons
from modbot.daemon.house import judging_rules
from modbot.daemon.moderating import Moderator
from modbot.domain import Reason, Reply, ThreadKind
from modbot.errors import Refused
from modbot.policy import Policy, PolicyBook
from modbot.store import presets

SETTINGS = """
[forums.city]
url = "http://bbs.example.com/"
username = "modbot"
[forums.city.boards.9]
kind = "signin"
"""


def kept(bench: Bench) -> tuple[str, ...]:
    with bench.store.read() as rx:
        return presets.load(rx, "city")


def refresh(bench: Bench) -> bool:
    return own_reasons.refresh(bench.forum, bench.store, now=bench.clock())


def test_they_are_read_once_a_day(bench: Bench) -> None:
    bench.forum.reasons = ("广告/SPAM", "恶意灌水")
    assert refresh(bench)
    assert kept(bench) == ("广告/SPAM", "恶意灌水")
    bench.forum.reasons = ("违规内容",)
    assert not refresh(bench)
    bench.now += timedelta(days=1)
    assert refresh(bench)
    assert kept(bench) == ("违规内容",)


def test_a_forum_that_refuses_keeps_what_it_said_and_is_asked_the_next_day(bench: Bench) -> None:
    bench.forum.reasons = ("广告/SPAM",)
    refresh(bench)
    bench.now += timedelta(days=1)
    bench.forum.trouble["preset_reasons"].append(Refused(forum="city", detail="no right"))
    assert refresh(bench)
    assert kept(bench) == ("广告/SPAM",)
    assert not refresh(bench), "not asked again and again"


def test_unasked_hides_say_the_forums_own_reason_where_one_fits(tmp_path) -> None:
    rules = judging_rules(loaded(tmp_path), PolicyBook(Policy()), ("广告/SPAM",))
    assert rules.reasons[Reason.SPAM] == "广告/SPAM"
    assert "多篇回帖相同" in rules.reasons[Reason.REPEATED]


def test_a_moderator_at_the_terminal_knows_kinds_by_settings_and_titles(bench: Bench, tmp_path) -> None:
    moderator = Moderator(loaded(tmp_path), bench.store, "ann", bench.clock)
    place = {"thread_id": 1, "board_id": 9, "thread_title": "新年抽奖"}
    kinds = moderator.kinds_of(Reply("city", 1, "顶", **place))
    assert {ThreadKind.SIGNIN, ThreadKind.LOTTERY} <= set(kinds)


def loaded(folder) -> settings.Loaded:
    file = folder / "modbot.toml"
    file.write_text(SETTINGS, "utf-8")
    return settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})
