"""The doctor tells what was given up, and what to do about it, without touching anything."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modbot import i18n, settings
from modbot.daemon import doctoring, ownership
from modbot.domain import ActionKind, Author, Reply
from modbot.forums.protocol import CheckStatus
from modbot.store import boards, engine, inbox, outbox, unreadable

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def loaded(tmp_path):
    """A forum that the password must not travel to, so that nothing is asked of it."""
    file = tmp_path / "modbot.toml"
    file.write_text('[forums.city]\nurl = "http://127.0.0.1:9/"\nusername = "m"', "utf-8")
    return settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})


def checks_of(loaded) -> dict:
    return {check.code: check for _, check in doctoring.examine(loaded)}


def test_an_untouched_installation_has_nothing_given_up(loaded):
    found = checks_of(loaded)
    assert {"doctor.settings", "doctor.database", "doctor.never_polled", "doctor.mode.shadow"} <= set(found)
    assert not {"doctor.parked", "doctor.dead", "doctor.unreadable"} & set(found)
    assert CheckStatus.FAILED in {check.status for check in found.values()}


def test_what_was_given_up_is_counted(loaded):
    store = engine.open(loaded.store_url)
    with store.write() as tx:
        reply = Reply("city", 7, "文字", author=Author(id=1, name="甲"), posted_at=NOW)
        (row,) = inbox.record(tx, [reply], at=NOW).rows
        inbox.park(tx, row.reply_id, row.revision_id, "ValueError: x")
        unreadable.keep(tx, "city", [("forum.php", "no_author", "<table>")], at=NOW)
        outbox.enqueue(
            tx, forum="city", kind=ActionKind.HIDE, reply_id=row.reply_id, revision_id=row.revision_id, at=NOW
        )
        (action,) = outbox.claim(tx, "city", "me", now=NOW, lease=timedelta(minutes=3))
        outbox.bury(tx, action.id, "me", error="refused for ever", at=NOW)
    store.close()
    found = checks_of(loaded)
    for code in ("doctor.parked", "doctor.dead", "doctor.unreadable"):
        assert found[code].status is CheckStatus.WARNING
        assert "1" in i18n.catalogue("zh").text(code, **found[code].facts)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("", "doctor.spam_hide_unproved"),
        ("[policy]\nprecision_target = 0.5", "doctor.spam_hide_proved"),
        ("[policy.spam]\nhide = 0.95", "doctor.spam_hide_chosen"),
    ],
)
def test_it_says_whether_the_evidence_lets_spam_be_hidden_unasked(loaded, policy, code):
    file = loaded.operator_file
    file.write_text(policy + "\n" + file.read_text("utf-8"), "utf-8")
    again = settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})
    assert code in checks_of(again)


@pytest.mark.parametrize(
    ("policy", "found"),
    [("", False), ('[policy]\npending_allow = "approve"', True)],
)
def test_it_says_that_nothing_is_approved_unasked_while_the_model_proves_too_little(loaded, policy, found):
    file = loaded.operator_file
    file.write_text(policy + "\n" + file.read_text("utf-8"), "utf-8")
    again = settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})
    checks = checks_of(again)
    assert ("doctor.approval_unproved" in checks) is found
    assert "doctor.approval_proved" not in checks


def test_a_damaged_model_is_told_and_the_rest_goes_on(loaded, tmp_path):
    broken = tmp_path / "models" / "v1"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{", "utf-8")
    (tmp_path / "models" / "current").write_text("v1", "utf-8")
    found = checks_of(loaded)
    assert any(code.startswith("model.") for code in found)
    assert "doctor.database" in found


def test_a_database_that_cannot_be_opened_is_told(loaded, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "modbot.db").write_bytes(b"this is no database, but long enough to look at" * 40)
    found = checks_of(loaded)
    assert any(code.startswith("error.store") for code in found)


RULES = """
[[rules]]
name = "proved"
when = { contains = "广告" }
then = "queue"
examples = { match = ["看广告"] }
[[rules]]
name = "bare"
when = { link = true }
then = "queue"
"""


def test_rules_are_counted_and_those_without_examples_or_hits_named(loaded):
    file = loaded.operator_file
    file.write_text(file.read_text("utf-8") + RULES, "utf-8")
    again = settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})
    found = checks_of(again)
    assert found["doctor.rules"].facts == {"number": 2}
    assert found["doctor.rules_unproved"].facts == {"names": "bare"}
    assert "doctor.rules_idle" not in found, "the forum was not watched long enough to say"
    store = engine.open(loaded.store_url)
    with store.write() as tx:
        reply = Reply("city", 7, "文字", author=Author(id=1, name="甲"), posted_at=NOW)
        inbox.record(tx, [reply], at=datetime.now(UTC) - timedelta(days=40))
    store.close()
    assert checks_of(again)["doctor.rules_idle"].facts == {"names": "proved, bare", "days": 30}


def test_a_board_that_the_forum_does_not_show_is_told_once_its_boards_are_known(loaded, tmp_path):
    with (tmp_path / "modbot.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[boards]]\nid = 73\nkind = "trade"\n')
    found = settings.load(tmp_path / "modbot.toml", environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})
    before = checks_of(found)
    assert before["doctor.kinds"].facts == {"number": 1}
    assert "doctor.strange_board" not in before
    store = engine.open(found.store_url)
    with store.write() as tx:
        boards.save(tx, "city", [(37, "二手市场", None)], at=NOW)
    store.close()
    told = checks_of(found)["doctor.strange_board"]
    assert told.status is CheckStatus.WARNING
    assert told.facts == {"entry": "boards[1] (id = 73)", "board": 73, "nearest": "37 (二手市场)"}


def test_a_pattern_that_cannot_be_used_is_told(loaded, tmp_path):
    with (tmp_path / "modbot.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[threads]]\ntitle = "[转让"\nkind = "trade"\n')
    wrong = settings.load(tmp_path / "modbot.toml", environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})
    assert checks_of(wrong)["error.settings.entry.pattern"].status is CheckStatus.FAILED


def test_a_wrong_rule_is_told_and_the_rest_goes_on(loaded):
    file = loaded.operator_file
    file.write_text(file.read_text("utf-8") + RULES.replace("看广告", "看风景"), "utf-8")
    found = checks_of(settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"}))
    assert found["error.rules.example_missed"].status is CheckStatus.FAILED
    assert "doctor.database" in found


# --- the console ----------------------------------------------------------------------------------


def with_console(loaded, **chosen):
    console = loaded.settings.console.model_copy(update=chosen)
    return replace(loaded, settings=loaded.settings.model_copy(update={"console": console}))


def test_an_address_that_is_taken_is_told_before_serve_fails_there(loaded):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        found = checks_of(with_console(loaded, listen=listen))
        assert found["error.web.listen"].status is CheckStatus.FAILED
        assert found["error.web.listen"].facts["listen"] == listen
    assert "error.web.listen" not in checks_of(with_console(loaded, listen=listen))


def test_the_address_of_a_daemon_at_work_is_no_finding(loaded):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with closing(engine.open(loaded.store_url)) as store, ownership.owning(store, loaded.state_dir):
            assert "error.web.listen" not in checks_of(with_console(loaded, listen=listen))


@pytest.mark.parametrize(
    ("name", "is_wrong"), [("https://mod.example.com/", True), ("mod.example.com", False)]
)
def test_what_is_no_name_among_the_hosts_is_told(loaded, name, is_wrong):
    found = checks_of(with_console(loaded, listen="127.0.0.1:0", hosts=(name,)))
    assert ("doctor.console_host" in found) is is_wrong


def test_a_change_of_the_console_that_is_left_out_is_told(loaded):
    unusable = settings.usable_over(loaded, {"policy.gone": 1})
    assert checks_of(unusable)["doctor.change_left_out"].facts == {"key": "policy.gone"}
