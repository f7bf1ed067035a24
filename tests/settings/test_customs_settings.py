"""``[[boards]]``, ``[[threads]]`` and ``[policy.night]`` as operators write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modbot import settings
from modbot.daemon import wiring
from modbot.detection import Threshold
from modbot.domain import Author, Mode, Reason, Reply, ThreadKind
from modbot.errors import SettingsError
from modbot.policy import PolicyBook
from modbot.settings.customs import NIGHT_KEYS
from modbot.settings.schema import AuthorPolicy

FORUMS = '[forums.city]\nurl = "https://bbs.example.com/"\n[forums.town]\nurl = "https://town.example.com/"\n'
THRESHOLDS = {"spam.queue": Threshold(0.6, 1000, 3, 0.01, 500, 0.9, 0.6, "a test")}
BOARD = "[[boards]]\n"
THREAD = "[[threads]]\n"


@pytest.fixture
def book_of(tmp_path: Path) -> Callable[..., PolicyBook]:
    def read(text: str, **environ: str) -> PolicyBook:
        (tmp_path / "modbot.toml").write_text(FORUMS + text, encoding="utf-8")
        loaded = settings.load(tmp_path / "modbot.toml", environ=environ)
        return wiring.policy_book(loaded, THRESHOLDS)

    return read


def reply(**fields: object) -> Reply:
    facts: dict[str, object] = {"board_id": 7, "thread_id": 70, "thread_title": "转让婴儿车"} | fields
    return Reply("city", 1, "好", author=Author(id=1), **facts)  # type: ignore[arg-type]


SALE, NORMAL = ThreadKind.TRADE, ThreadKind.NORMAL


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", [NORMAL, SALE]),
        (THREAD + 'id = 70\nkind = "normal"', [NORMAL, NORMAL]),
        (THREAD + 'id = [69, 70]\nkind = "chatter"', [NORMAL, ThreadKind.CHATTER]),
        (THREAD + 'id = 71\nkind = "chatter"', [NORMAL, SALE]),
        (THREAD + 'title = "^转让"\nkind = "normal"', [NORMAL, NORMAL]),
        (THREAD + 'title = "^出售"\nkind = "normal"', [NORMAL, SALE]),
        (THREAD + 'title = "婴儿"\nforum = "town"\nkind = "normal"', [NORMAL, SALE]),
        (THREAD + 'title = "婴儿"\nforum = "city"\nkind = "normal"', [NORMAL, NORMAL]),
        (BOARD + 'id = 7\nkind = "chatter"', [NORMAL, SALE, ThreadKind.CHATTER]),
        (BOARD + 'name = "茶馆|水区"\nkind = "chatter"', [NORMAL, SALE, ThreadKind.CHATTER]),
        (BOARD + 'name = "茶馆"\nforum = "town"\nkind = "chatter"', [NORMAL, SALE]),
        (
            BOARD + 'id = 7\nkind = "normal"\n' + BOARD + 'name = "茶馆"\nkind = "chatter"',
            [NORMAL, SALE, NORMAL],
        ),
        (
            BOARD + 'name = "茶馆"\nkind = "chatter"\n' + BOARD + 'id = 7\nkind = "ads"',
            [NORMAL, SALE, ThreadKind.CHATTER],
        ),
        (
            '[forums.city.boards.7]\nkind = "signin"\n' + BOARD + 'id = 7\nkind = "ads"',
            [NORMAL, SALE, ThreadKind.SIGNIN],
        ),
    ],
)
def test_the_first_entry_that_matches_decides(book_of, text: str, kinds: list[ThreadKind]) -> None:
    book = book_of(text).knowing("city", {7: "老街茶馆"})
    assert book.kinds_of(reply()) == kinds


def test_a_pattern_by_name_waits_for_the_name(book_of) -> None:
    book = book_of(BOARD + 'name = "茶馆"\nkind = "chatter"')
    assert book.asks_names
    assert not book_of(BOARD + 'id = 7\nkind = "chatter"').asks_names
    assert ThreadKind.CHATTER not in book.kinds_of(reply())
    assert ThreadKind.CHATTER in book.knowing("city", {7: "老街茶馆"}).kinds_of(reply())


def test_an_entrys_policy_lies_between_the_forums_and_the_boards_own(book_of) -> None:
    text = (
        "[policy]\nstanding_posts = 10\n[forums.city.policy]\nstanding_posts = 20\nmode = 'queue'\n"
        "[forums.city.boards.8.policy]\nstanding_posts = 40\n"
        + BOARD
        + 'name = "茶馆"\npolicy = { standing_posts = 30, spam = { queue = 0.7 } }\n'
    )
    book = book_of(text).knowing("city", {7: "茶馆", 8: "新茶馆", 9: "城市"})
    found = {board: book.of_board("city", board) for board in (7, 8, 9)}
    assert [(one.standing_posts, one.spam_queue) for one in found.values()] == [
        (30, 0.7),
        (40, 0.7),
        (20, 0.6),
    ]
    assert {one.mode for one in found.values()} == {Mode.QUEUE}
    assert book.of_board("town", 7).standing_posts == 10


def test_in_trade_spam_must_be_surer_and_is_never_hidden(book_of) -> None:
    book = book_of("[policy.spam]\nhide = 0.9\n[kinds]\ntrade_spam = 0.97\n")
    sale, other = book.for_reply(reply()), book.for_reply(reply(thread_title="随便"))
    assert (sale.spam_hide, sale.spam_queue) == (None, 0.97)
    assert (other.spam_hide, other.spam_queue) == (0.9, 0.6)
    strict = book_of("[policy.spam]\nqueue = 0.999\n").for_reply(reply())
    never = book_of('[policy.spam]\nqueue = "never"\n').for_reply(reply())
    assert (strict.spam_queue, never.spam_queue) == (0.999, None)


def test_a_thread_that_asks_for_adverts_has_them(book_of) -> None:
    book = book_of("")
    asked = reply(thread_title="广告请发此帖内")
    assert book.for_reply(asked).reasons == {Reason.RULE}
    own = reply(thread_title="广告请发此帖内", is_thread_author=True)
    assert Reason.SPAM in book.for_reply(own).reasons


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (THREAD + 'id = 70\nkind = "trad"', ("threads[1] (id = 70).kind", "Did you mean trade")),
        (THREAD + 'id = 70\nkind = "poll"', ("threads[1] (id = 70).kind", "one of 'normal'")),
        (THREAD + 'id = "7o"\nkind = "trade"', ('threads[1] (id = "7o").id', "whole number")),
        (THREAD + 'id = 0\nkind = "trade"', ("threads[1]", "less than 1")),
        (THREAD + 'titel = "a"\nkind = "trade"', ("threads[1].titel", "Did you mean title")),
        (THREAD + 'name = "a"\nkind = "trade"', ('threads[1] (name = "a").name', "Did you mean title")),
        (BOARD + 'title = "a"\nkind = "trade"', ("boards[1]", "Did you mean name")),
        (BOARD + 'id = 7\nkidn = "trade"', ("boards[1] (id = 7).kidn", "Did you mean kind")),
        (THREAD + "id = 70", ("threads[1] (id = 70).kind", "missing")),
        (BOARD + 'kind = "trade"', ("boards[1]", 'name = "a pattern"')),
        (THREAD + 'kind = "trade"', ("threads[1]", 'title = "a pattern"')),
        (BOARD + 'id = 7\nname = "二手"\nkind = "trade"', ('(name = "二手")', "not by both")),
        (BOARD + "id = 7", ("boards[1] (id = 7)", "Give it a kind or a policy")),
        (BOARD + 'id = 7\nkind = "ads"\nforum = "citty"', ("no forum citty", "Did you mean city")),
        (
            BOARD + 'id = 6\nkind = "ads"\n' + BOARD + 'name = "[二手"\nkind = "trade"',
            ('boards[2] (name = "[二手")', "RE2"),
        ),
        (THREAD + 'title = ".*"\nkind = "trade"', ("threads[1]", "found in every name")),
        (THREAD + 'title = "(a)?"\nkind = "trade"', ("threads[1]", "found in every name")),
        (THREAD + "title = '(a)\\1'\nkind = \"trade\"", ("threads[1]", "RE2")),
        (
            BOARD + "id = 7\npolicy = { mod = 'queue' }",
            ("boards[1] (id = 7).policy.mod", "mean mode"),
        ),
        (BOARD + "id = 7\npolicy = { spam = { queue = 7 } }", ("policy.spam.queue", "more than 1")),
        (BOARD + "id = 7\n[boards.policy.night]\nfrom = '25:00'\nuntil = '06:00'", ("policy.night.from",)),
        ("[policy.night]\nfrom = '22:00'", ("policy.night.until", "missing")),
        ("[policy.night]\nuntil = '06:00'", ("policy.night.from", "missing")),
        ("[policy.night]\nfrom = '22:00'\nuntil = '6'", ("policy.night.until", "right form")),
        (
            "[policy.night]\nfrom = '22:00'\nuntil = '06:00'\nmod = 'queue'",
            ("policy.night.mod", "Did you mean mode"),
        ),
        ("[policy.night]\nspam = { queue = 2 }", ("policy.night.spam.queue", "more than 1")),
        ("[policy.night]\nutil = '06:00'", ("policy.night.util", "Did you mean until")),
        ("[policy.night.night]\nfrom = '22:00'", ("policy.night.night", "no setting")),
        (
            "[policy.night]\nfrom = '22:00'\nuntil = '06:00'\ntimezone = 'Asia/Beijing'",
            ("policy.night.timezone", "Asia/Beijing"),
        ),
        (
            "[forums.city.policy.night]\nfrom = '22:00'\nuntil = '06:00'\nmode = 'silent'",
            ("forums.city.policy.night.mode", "one of 'shadow'"),
        ),
    ],
)
def test_a_mistake_is_told_with_file_entry_and_way_out(book_of, tmp_path: Path, text, told) -> None:
    with pytest.raises(SettingsError) as caught:
        book_of(text)
    message = str(caught.value)
    assert str(tmp_path / "modbot.toml") in message
    assert all(part in message for part in told), message
    assert not set(caught.value.message("zh")) <= set(map(chr, range(128)))


# --- nights ---------------------------------------------------------------------------------------

NIGHT = "[policy.night]\nfrom = '23:00'\nuntil = '06:30'\ntimezone = 'Asia/Shanghai'\nmode = 'enforce'\n"


@pytest.mark.parametrize(
    ("hour", "mode"),
    [
        (datetime(2026, 3, 1, 14, 59, tzinfo=UTC), Mode.SHADOW),
        (datetime(2026, 3, 1, 15, 0, tzinfo=UTC), Mode.ENFORCE),
        (datetime(2026, 3, 1, 19, 0, tzinfo=UTC), Mode.ENFORCE),
        (datetime(2026, 3, 1, 22, 29, tzinfo=UTC), Mode.ENFORCE),
        (datetime(2026, 3, 1, 22, 30, tzinfo=UTC), Mode.SHADOW),
        (None, Mode.SHADOW),
    ],
)
def test_the_hour_of_posting_decides_whether_it_is_night(book_of, hour, mode) -> None:
    assert book_of(NIGHT).for_reply(reply(posted_at=hour)).mode is mode


def test_a_night_within_a_day_ends_before_midnight(book_of) -> None:
    noon = "[policy.night]\nfrom = '12:00'\nuntil = '14:00'\ntimezone = 'UTC'\nmode = 'queue'\n"
    modes = [
        book_of(noon).for_reply(reply(posted_at=datetime(2026, 3, 1, hour, tzinfo=UTC))).mode
        for hour in (11, 12, 13, 14, 23)
    ]
    assert modes == [Mode.SHADOW, Mode.QUEUE, Mode.QUEUE, Mode.SHADOW, Mode.SHADOW]


LATE = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)


def test_the_night_has_the_time_zone_of_notifications_unless_it_has_its_own(book_of) -> None:
    text = "[notifications]\ntimezone = 'America/New_York'\n" + NIGHT
    shanghai, new_york = book_of(text), book_of(text.replace("timezone = 'Asia/Shanghai'\n", ""))
    assert shanghai.for_reply(reply(posted_at=LATE)).mode is Mode.ENFORCE
    assert new_york.for_reply(reply(posted_at=LATE)).mode is Mode.SHADOW


def test_a_forum_may_have_a_night_of_its_own(book_of) -> None:
    book = book_of(NIGHT + "[forums.city.policy.night]\nmode = 'queue'\nlow_effort = { queue = 'never' }\n")
    city = book.of_board("city", 7, at=LATE)
    assert (city.mode, city.low_effort_queue) == (Mode.QUEUE, None)
    assert book.of_board("town", 7, at=LATE).mode is Mode.ENFORCE
    assert book.of_board("city", 7).mode is Mode.SHADOW


def test_another_night_is_another_version_and_the_same_rules_are_not(book_of) -> None:
    book = book_of(NIGHT)
    assert book.of_board("city", 7, at=LATE).version != book.of_board("city", 7).version
    idle = book_of("[policy.night]\nfrom = '23:00'\nuntil = '06:30'\ntimezone = 'Asia/Shanghai'\n")
    assert idle.of_board("city", 7, at=LATE).version == idle.of_board("city", 7).version


def test_the_environment_may_set_the_night(book_of) -> None:
    book = book_of(
        "",
        MODBOT_POLICY__NIGHT__FROM="23:00",
        MODBOT_POLICY__NIGHT__UNTIL="06:30",
        MODBOT_POLICY__NIGHT__TIMEZONE="Asia/Shanghai",
        MODBOT_POLICY__NIGHT__MODE="queue",
    )
    assert book.of_board("city", 7, at=LATE).mode is Mode.QUEUE


# --- documentation --------------------------------------------------------------------------------

PAGES = ("docs/kinds.md", "docs/kinds.zh-CN.md")


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_the_documentation_are_taken(book_of, page: str) -> None:
    text = (settings.project_root() / page).read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    book = book_of("\n".join(examples)).knowing("city", {5: "老街茶馆"})
    assert (len(book.custom_boards), len(book.custom_threads)) == (2, 1)
    assert book.kinds_of(reply(board_id=5, thread_title="[公告] 二手出售须知")) == [
        NORMAL,
        NORMAL,
        ThreadKind.CHATTER,
    ]
    assert book.of_board("town", 1, at=LATE).low_effort_queue is None


@pytest.mark.parametrize("page", [*PAGES, "settings.toml"])
def test_every_kind_and_key_of_an_entry_is_documented(page: str) -> None:
    text = (settings.project_root() / page).read_text(encoding="utf-8")
    keys = {"id", "name", "title", "forum", "kind", "policy", *AuthorPolicy.model_fields, *NIGHT_KEYS}
    kinds = {kind.value for kind in ThreadKind}
    assert not {word for word in keys | kinds if word not in text}


def test_the_commented_entries_of_the_reference_file_are_taken(book_of) -> None:
    text = (settings.project_root() / "settings.toml").read_text(encoding="utf-8")
    lines = text[text.index("# [[boards]]") : text.index("# Rules of your own")].splitlines()
    book = book_of("\n".join(line.removeprefix("# ") for line in lines))
    assert [entry.kind for entry in (*book.custom_boards, *book.custom_threads)] == [ThreadKind.TRADE] * 2
