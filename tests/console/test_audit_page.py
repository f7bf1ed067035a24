"""The audit page, its API and its files: who sees what, and that a file runs nowhere."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from console_desk import ConsoleDesk
from store_desk import FORUM, START, reply

import modbot
from modbot import i18n
from modbot.console import exporting
from modbot.domain import ActionOutcome, Role, Scope, VerdictKind
from modbot.store import audit
from modbot.store.audit import Entry
from modbot.store.forum_acts import Act

PARTS: dict[str, type[StrEnum]] = {"action": ActionOutcome, "forum": Act, "verdict": VerdictKind}
CODE = re.compile(r"[a-z_]+\.[a-z_]+")
OTHERS = {"console", "error", "people"}


def note(desk: ConsoleDesk, *entries: Entry) -> None:
    with desk.store.write() as tx:
        audit.add(tx, *entries)


def listed(desk: ConsoleDesk, who: str = "ann", role: Role = Role.ADMIN, **asked: object) -> list[str]:
    answer = desk.person(who, role).get("/api/audit", params=asked)
    assert answer.status_code == 200, answer.text
    return [one["what"] for one in answer.json()["entries"]]


def codes_of(function: ast.FunctionDef) -> Iterator[str]:
    """What a function that writes to the audit names it: constants, and parts with an enum behind."""
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            if node.value.partition(".")[0] not in OTHERS:
                yield node.value
        elif isinstance(node, ast.JoinedStr):
            first = node.values[0]
            if isinstance(first, ast.Constant) and len(node.values) == 2:
                part = str(first.value).removesuffix(".")
                yield from (f"{part}.{one}" for one in PARTS.get(part, ()))


def written() -> set[str]:
    found: set[str] = set()
    for file in Path(modbot.__file__).parent.rglob("*.py"):
        text = file.read_text("utf-8")
        if "audit" not in text and "actions.note(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and writes(node):
                found |= set(codes_of(node))
    return found


def writes(function: ast.FunctionDef) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    return bool(names & {"Entry", "note", "_note", "_entry"})


def test_everything_that_is_recorded_has_a_sentence_and_a_kind_in_both_languages() -> None:
    codes = written()
    assert {
        "verdict.uphold",
        "action.done",
        "action.queued",
        "forum.hid",
        "brake.pulled",
        "flag.opened",
    } <= codes
    for language in i18n.LANGUAGES:
        known = i18n.catalogue(language).templates
        assert {code for code in codes if f"audit.{code}" not in known} == set(), language
        assert {
            code.partition(".")[0] for code in codes if f"audit.kind.{code.partition('.')[0]}" not in known
        } == set()


def test_the_page_tells_in_words_the_latest_first(desk: ConsoleDesk) -> None:
    note(desk, Entry(START, "modbot", "brake.pulled", FORUM, details={"why": "overturned"}))
    note(desk, Entry(START + timedelta(minutes=1), "ben", "brake.lifted", FORUM))
    page = desk.person().get("/audit").text
    assert page.index("Unasked hiding goes on.") < page.index("Unasked hiding was paused.")
    page = desk.person().get("/audit", headers={"accept-language": "zh-CN"}).text
    assert "自动屏蔽已暂停。" in page


def test_filters_say_who_what_where_and_when(desk: ConsoleDesk) -> None:
    day = timedelta(days=1)
    note(
        desk,
        Entry(START - 2 * day, "cem", "brake.pulled", FORUM),
        Entry(START - day, "modbot", "brake.lifted", FORUM),
        Entry(START, "cem", "flag.moved", "village", flag_id=7),
    )
    assert listed(desk, what="brake") == ["brake.lifted", "brake.pulled"]
    assert listed(desk, what="brake.pulled") == ["brake.pulled"]
    assert listed(desk, what="bra") == []
    assert listed(desk, forum="village") == ["flag.moved"]
    assert listed(desk, flag="7") == ["flag.moved"]
    assert listed(desk, until="2026-02-27") == ["brake.pulled"]
    assert listed(desk, since="2026-02-28", until="2026-02-28") == ["brake.lifted"]
    answer = desk.person().get("/api/audit", params={"who": "cem"}).json()
    assert [one["what"] for one in answer["entries"]] == ["flag.moved", "brake.pulled"]


def test_pages_follow_each_other_without_a_gap_also_within_one_moment(desk: ConsoleDesk) -> None:
    note(desk, *(Entry(START, "cem", "flag.moved", FORUM, flag_id=number) for number in range(1, 8)))
    ann, seen, after = desk.person(), [], ""
    while after is not None:
        answer = ann.get("/api/audit", params={"who": "cem", "limit": 3, "after": after}).json()
        seen += [one["flag"] for one in answer["entries"]]
        after = answer["after"]
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert ann.get("/api/audit", params={"after": "x"}).status_code == 422
    assert ann.get("/audit", params={"since": "x"}).status_code == 422


def test_everybody_reads_of_their_own_places_only(desk: ConsoleDesk) -> None:
    for post, board in ((1, 2), (2, 3)):
        desk.flag(reply(post, board_id=board))
    note(
        desk, Entry(START, "modbot", "brake.pulled", FORUM), Entry(START, "modbot", "brake.pulled", "village")
    )
    boards = desk.person("ben", Role.ADMIN, scope=Scope({FORUM: frozenset({3})}))
    told = boards.get("/api/audit").json()["entries"]
    assert {(one["what"], one["flag"]) for one in told} == {("flag.opened", 2)}
    forum = desk.person("cem", scope=Scope({"village": None})).get("/api/audit").json()["entries"]
    assert [(one["what"], one["forum"]) for one in forum] == [("brake.pulled", "village")]
    for path in ("/audit.csv", "/audit.json"):
        assert "flag.opened" not in desk.person("cem").get(path, params={"forum": FORUM}).text


def test_what_concerns_the_people_of_the_console_is_for_admins(desk: ConsoleDesk) -> None:
    desk.person("vera", Role.MODERATOR)
    assert "user.added" in listed(desk)
    assert "user.added" not in listed(desk, "vera", Role.MODERATOR)


NAMES = ("=1+1", "+49", "-3", "@me", "\tx", "\rx", 'plain, with "quotes"', "晨光")


def test_a_spreadsheet_takes_no_cell_for_a_formula(desk: ConsoleDesk) -> None:
    note(desk, *(Entry(START, name, "brake.lifted", FORUM) for name in NAMES))
    answer = desk.person("ann", Role.ADMIN).get("/audit.csv", params={"forum": FORUM})
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    told = [row["who"] for row in reversed(rows)]
    assert told == [f"'{name}" if name[0] in "=+-@\t\r" else name for name in NAMES]
    assert {row["sentence"] for row in rows} == {"Unasked hiding goes on."}


def test_the_json_file_holds_every_entry_however_many(
    desk: ConsoleDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modbot.console.pages.audit.FILE_PAGE", 3)
    note(desk, *(Entry(START, "cem", "flag.moved", FORUM, flag_id=number) for number in range(1, 9)))
    told = desk.person().get("/audit.json", params={"who": "cem"}).json()
    assert [one["flag"] for one in told] == list(range(8, 0, -1))
    assert desk.person().get("/audit.json", params={"who": "nobody"}).json() == []


def test_a_file_of_nothing_has_its_heading() -> None:
    assert list(exporting.as_csv(["a", "b"], [])) == ["\ufeffa,b\r\n"]


def test_a_name_in_an_entry_is_text(desk: ConsoleDesk) -> None:
    note(desk, Entry(START, "<script>x</script>", "made.up", FORUM, details={"why": "<b>y</b>"}))
    page = desk.person().get("/audit").text
    assert "<script>x" not in page
    assert "<b>y" not in page
    assert "made.up" in page
