"""Why a reply was decided so, on a terminal: harmless, marked where it shows, in numbers with --json."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from math import log

import pytest
from shell_support import RUN

from modbot import i18n
from modbot.cli import explanation, highlight
from modbot.daemon.exchange import Copy, Earlier
from modbot.domain import Duplicate, ReplyKey
from modbot.store.nearest import Nearest

ADVERT = "长期收购旧手机，价高上门，加ⓥ❤️：abc778899"
WORDS = i18n.catalogue("zh")
MARK, END = "\x1b[33m\x1b[1m", "\x1b[0m"
NASTY = "坏\x1b[31m蛋\u202e\n二"
NEAR = Duplicate(ReplyKey("city", 3), 0.914, 7, 5, datetime(2026, 3, 1, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "spans", "shown"),
    [
        ("加微信 abc", [(1, 3)], f"加{MARK}微信{END} abc"),
        ("加微信 abc", [(4, 7), (0, 2), (1, 3)], f"{MARK}加微信{END} {MARK}abc{END}"),
        ("  加 \n 微", [(0, 7)], f"{MARK} 加 微{END}"),
        ("无事", [], "无事"),
        (NASTY, [(0, 2)], f"{MARK}坏\\u001b{END}[31m蛋\\u202e 二"),
    ],
)
def test_marks_stand_where_the_spans_of_the_original_say(text, spans, shown):
    assert highlight.highlighted(text, spans, colour=True) == shown


def test_without_colour_nothing_is_marked():
    assert highlight.highlighted(NASTY, [(0, 2)], colour=False) == "坏\\u001b[31m蛋\\u202e 二"


def on_a_terminal(*words: str, **environ: str) -> str:
    leader, follower = pty.openpty()
    env = {**os.environ, "COLUMNS": "400", **environ}
    process = subprocess.Popen([sys.executable, RUN, *words], stdout=follower, env=env)
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # how a pseudo-terminal says that the other side has closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(leader)
    assert process.wait(60) == 0
    return shown.decode()


def test_check_marks_the_evidence_on_a_terminal_and_says_why():
    shown = on_a_terminal("check", "--lang", "zh", ADVERT)
    assert f"{MARK}加ⓥ❤️：abc778899{END}" in shown.replace("\r", "")
    assert "“加ⓥ❤️：abc778899”（读作“加v❤:abc778899”）" in shown
    assert "含微信号（" in shown
    assert "人工处理线" in shown
    assert "高出" in shown


def test_no_colour_is_heeded():
    assert "\x1b" not in on_a_terminal("check", "--lang", "en", ADVERT, NO_COLOR="1")


def test_check_tells_programs_the_same_in_numbers(shell):
    (answer,) = shell.objects("check", ADVERT, "--json")
    assert answer["margin"] == pytest.approx(answer["probabilities"]["spam"] - answer["threshold"], abs=1e-5)
    assert [limit["name"] for limit in answer["limits"]] == ["spam.queue"]
    for reason in answer["reasons"]:
        pieces = [ADVERT[start:end] for start, end in reason["spans"]]
        assert reason["evidence"] == pieces
        assert reason["toward"] == "spam"
    total = answer["reasons"][0]["weights"]["total"]
    likely = answer["probabilities"]
    assert total == pytest.approx(log(likely["spam"] / likely["ham"]), abs=0.05)


def test_an_earlier_post_is_told_with_who_when_and_where():
    found = Nearest(NEAR, author_name=NASTY, thread_title="夜景", board="生活", text="小城真美啊")
    line = explanation.of_nearest(found, "小城真美", WORDS, colour=True)
    assert "相似 91%" in line
    assert "《夜景》（生活）" in line
    assert "坏\\u001b[31m蛋" in line
    assert f"小城真美{MARK}啊{END}" in line
    unknown = explanation.of_nearest(Nearest(NEAR), "小城真美", WORDS, colour=False)
    assert "作者不明" in unknown
    assert "原文已不再保存" in unknown


def test_an_earlier_line_is_told_too():
    copy = Copy(NEAR, Earlier(id=3, author="甲", thread="夜景", text="小城真美啊"))
    assert "甲" in explanation.of_copy(copy, "小城真美", WORDS, colour=False)
    assert "原文已不再保存" in explanation.of_copy(Copy(NEAR, None), "小城真美", WORDS, colour=False)


def test_check_names_the_earlier_lines_that_a_line_is_like(shell):
    said = ["我们这座城市的夜景真是一年比一年漂亮了", "我们这座城市的夜景真是一年比一年漂亮啦"]
    stdin = "\n".join(
        json.dumps({"id": f"n{at}", "text": text, "author": f"甲{at}", "thread": f"t{at}", "title": "夜景"})
        for at, text in enumerate(said)
    )
    first, second = shell.objects("check", "--input", "-", stdin=stdin)
    assert first["repeated"] is None
    assert {"campaign", "size", "authors", "similarity", "texts", "duplicates"} == set(second["repeated"])
    assert second["repeated"]["duplicates"]
    for near in second["repeated"]["duplicates"]:
        assert (near["line"], near["id"], near["author"], near["thread"]) == (1, "n0", "甲0", "夜景")
        assert [near["text"][start:end] for start, end in near["differences"]] == ["了"]
