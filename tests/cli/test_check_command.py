"""``check``: JSON lines in, JSON lines out, in order, streaming."""

from __future__ import annotations

import json

import pytest

CONTRACT = ("id", "decision", "label", "probabilities", "repeated", "reasons", "model")


def test_text_on_the_command_line_is_judged(shell):
    (answer,) = shell.objects("check", "赞赞赞赞赞赞赞赞赞赞", "--json")
    assert set(answer) - {"threshold", "margin", "limits", "held_by"} == set(CONTRACT)
    assert all({"code", "message", "evidence"} <= set(reason) for reason in answer["reasons"])
    assert (answer["label"], answer["decision"]) == ("low_effort", "queue")
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert set(answer["probabilities"]) == {"ham", "low_effort", "spam"}


def test_answers_come_in_input_order_with_the_callers_ids(shell):
    lines = [{"id": f"n{number}", "text": f"第{number}次去那家店，味道还是老样子"} for number in range(700)]
    answers = shell.objects("check", "--input", "-", stdin="\n".join(map(json.dumps, lines)))
    assert [answer["id"] for answer in answers] == [line["id"] for line in lines]


def test_later_lines_see_the_earlier_unless_told_not_to(shell):
    sentence = "我们这座城市的夜景真是一年比一年漂亮了"
    stdin = "\n".join(
        json.dumps({"text": sentence, "author": f"甲{number}", "thread": f"t{number}", "author_posts": 1})
        for number in range(4)
    )
    repeated = [answer["repeated"] for answer in shell.objects("check", "--input", "-", stdin=stdin)]
    assert repeated[0] is None
    assert [entry["size"] for entry in repeated[1:]] == [2, 3, 4]
    assert repeated[3]["authors"] == 4
    assert repeated[3]["similarity"] == 1.0
    assert len({entry["campaign"] for entry in repeated[1:]}) == 1
    alone = shell.objects("check", "--input", "-", "--no-repeats", stdin=stdin)
    assert {answer["repeated"] for answer in alone} == {None}


def test_a_broken_line_is_told_on_stderr_and_the_others_are_answered(shell, tmp_path):
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'{"text": "\xe5\xa5\xbd"}\n{"text": \n\n{"text": "\xff"}\n{"id": 9, "text": "ok"}')
    done = shell("check", "--input", str(file), "--lang", "en")
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 9]
    errors = [json.loads(line) for line in done.stderr.splitlines()]
    assert [error["line"] for error in errors] == [2, 4]
    assert "not JSON" in errors[0]["error"]


def test_a_line_that_is_written_is_answered_before_the_next_is(shell):
    with shell.begin("check", "--input", "-") as process:
        for number in range(3):
            process.stdin.write(json.dumps({"text": f"第{number}个问题是什么"}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number + 1
        process.stdin.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


def test_reasons_come_in_the_language_asked_for(shell):
    advert = "长期收购旧手机，价高上门，加微信：abc778899 联系，QQ群：1234567"
    english = shell.objects("check", advert, "--json", "--lang", "en")[0]
    chinese = shell.objects("check", advert, "--json", "--lang", "zh")[0]
    assert english["label"] == chinese["label"] == "spam"
    assert [reason["code"] for reason in english["reasons"]] == [
        reason["code"] for reason in chinese["reasons"]
    ]
    assert all(reason["message"].isascii() or reason["evidence"] for reason in english["reasons"])
    assert all(any("一" <= char <= "鿿" for char in reason["message"]) for reason in chinese["reasons"])


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "a" * 1_000_000, "<b>" * 100_000, "\u202e" * 5000, "\u200b" * 5000, "\ud83d"],
    ids=["empty", "nul", "megabyte", "nested", "bidi", "zero-width", "lone surrogate"],
)
def test_no_text_breaks_it(shell, text):
    done = shell("check", "--input", "-", stdin=json.dumps({"text": text}))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["decision"] in {"allow", "queue", "hide"}


def test_an_input_that_is_not_there_is_used_wrongly(shell):
    done = shell("check", "--input", "nowhere.jsonl")
    assert done.returncode == 2
    assert "nowhere.jsonl" in done.stderr


def test_an_unknown_model_is_told(shell):
    done = shell("check", "好", "--model", "2020-nothing", "--lang", "en")
    assert done.returncode == 1
    assert "modbot models list" in done.stderr
