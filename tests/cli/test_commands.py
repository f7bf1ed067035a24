"""Every command as a real process: what it prints, how it exits."""

from __future__ import annotations

import json
import re
import signal
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from modbot import i18n, settings
from modbot.cli import build
from modbot.daemon import ownership
from modbot.demo.state import Fate
from modbot.store import brake as brakes
from modbot.store import breakers
from modbot.store import engine as store_engine


def commands(group, prefix=()):
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*prefix, name))
        else:
            yield (*prefix, name), command


ALL = dict(commands(build()))


def test_every_command_is_listed_and_every_listed_module_registers_what_it_is_listed_for():
    root = build()
    listed = set(root.list_commands(None))
    assert all(root.get_command(None, name) is not None for name in listed)
    assert set(root.commands) == listed
    assert root.get_command(None, "nonsense") is None


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_and_option_is_in_the_readme(readme, words):
    text = (settings.project_root() / readme).read_text(encoding="utf-8")
    assert words[-1] in text
    for parameter in ALL[words].params:
        if parameter.param_type_name == "option" and parameter.name not in {"verbose", "who", "note"}:
            assert any(name in text for name in (*parameter.opts, *parameter.secondary_opts)), parameter.name


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_and_option_has_a_help_text_in_both_languages(words, language):
    templates = i18n.catalogue(language).templates
    assert ".".join(["help", *words]) in templates
    for parameter in ALL[words].params:
        if parameter.param_type_name == "option":
            assert f"option.{parameter.name}" in templates, parameter.name


def test_while_the_forum_is_left_alone_a_verdict_waits_and_says_why_at_once(city):
    city.everybody_writes()
    city.shell.objects("poll", "--once", "--json")
    zan = next(flag for flag in city.shell.objects("queue", "list", "--json") if "赞赞" in flag["text"])
    folder = city.shell.folder / "var"
    now = datetime.now(UTC)
    stopped = breakers.Breaker(
        breakers.BreakerState.STOPPED,
        now,
        code="error.forum.logged_out",
        facts={"forum": "city", "detail": "captcha"},
    )
    with closing(store_engine.open(folder / "modbot.db")) as store, ownership.owning(store, folder):
        with store.write() as tx:
            breakers.save(tx, "city", stopped)
        began = time.monotonic()
        told = city.shell("queue", "uphold", str(zan["id"]), "--lang", "en")
    assert time.monotonic() - began < 20
    assert told.returncode == 1
    assert "the daemon will do it" in told.stderr
    assert "the account is signed out: captcha" in told.stderr


def test_what_does_not_reload_ends_with_its_terminal(city):
    polling = city.shell.begin("poll", "--json")
    assert polling.stdout.readline()
    polling.send_signal(signal.SIGHUP)
    polling.communicate(timeout=20)
    assert polling.returncode == -signal.SIGHUP


def test_help_is_printed_in_the_readers_language(shell):
    english = shell("queue", "undo", "--lang", "en", "--help")
    chinese = shell("queue", "undo", "--lang", "zh", "--help")
    assert "Take the last verdict back" in english.stdout
    assert "撤销上一次裁定" in chinese.stdout
    assert "论坛管理机器人" in shell("--lang", "zh", "--help").stdout
    assert "在终端里处理疑似帖队列" in shell("--lang", "zh", "queue", "--help").stdout
    assert "没有编号为 7" in shell("--lang", "zh", "queue", "show", "7").stderr


def test_a_mistake_in_the_settings_ends_with_2_and_one_sentence(shell):
    (shell.folder / "modbot.toml").write_text("[polcy]\nmode = 'queue'", "utf-8")
    done = shell("serve", "--lang", "en")
    assert done.returncode == 2
    assert "Did you mean policy" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_forum_and_a_missing_secret_end_with_2(shell):
    assert shell("serve", "--lang", "en").returncode == 2
    (shell.folder / "modbot.toml").write_text("[forums.a]\nurl='http://127.0.0.1:9/'\nusername='m'", "utf-8")
    done = shell("poll", "--once", "--lang", "en")
    assert done.returncode == 2
    assert "MODBOT_FORUMS__A__PASSWORD" in done.stderr


def test_a_forum_that_does_not_answer_is_a_failure_not_a_crash(shell):
    (shell.folder / "modbot.toml").write_text(
        "[forums.a]\nurl='http://127.0.0.1:9/'\nusername='m'\npassword_over_http=true", "utf-8"
    )
    shell.environ["MODBOT_FORUMS__A__PASSWORD"] = "secret-word"
    done = shell("doctor", "--json", "--lang", "en")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stdout + done.stderr


def test_a_moderator_works_the_queue_from_the_terminal(city):
    shell = city.shell
    city.everybody_writes()
    dry = shell.objects("poll", "--once", "--dry-run", "--json")
    assert {item["would"] for item in dry} == {"allow", "queue", "hide"}
    assert not any(post.hidden for post in city.scene.forum.content.posts.values())

    (polled,) = shell.objects("poll", "--once", "--json")
    assert polled["new"] == polled["read"] > 80
    spam = city.scene.forum.fated(Fate.SPAM)[0]
    assert spam.hidden

    waiting = shell.objects("queue", "list", "--json")
    assert {flag["state"] for flag in waiting} == {"pending"}
    zan = next(flag for flag in waiting if "赞赞" in flag["text"])
    hidden = shell.objects("queue", "list", "--state", "hidden", "--json")
    flag = next(flag for flag in hidden if flag["post_id"] == spam.id)

    (card,) = shell.objects("queue", "show", str(flag["id"]), "--json", "--lang", "zh")
    assert card["reasons"]
    assert card["trail"]
    assert "广告" in shell("queue", "show", str(flag["id"]), "--lang", "zh").stdout

    copied = next(flag for flag in hidden if flag["reason"] == "repeated" and flag["nearest"])
    assert {limit["name"].split(".")[0] for limit in copied["limits"]} == {"repeated"}
    assert all(near["author"] and near["thread_title"] and near["text"] for near in copied["nearest"])
    shown = shell("queue", "show", str(copied["id"]), "--lang", "zh").stdout
    assert "最相近的旧帖" in shown
    assert copied["nearest"][0]["author"] in shown

    (done,) = shell.objects("queue", "uphold", str(zan["id"]), "--json", "--who", "郭")
    assert (done["ok"], done["action"]) == (True, "done")
    assert city.scene.forum.content.posts[zan["post_id"]].hidden

    (undone,) = shell.objects("queue", "undo", str(zan["id"]), "--json")
    assert (undone["ok"], undone["action"]) == (True, "done")
    assert not city.scene.forum.content.posts[zan["post_id"]].hidden

    (restored,) = shell.objects("queue", "dismiss", str(flag["id"]), "--json")
    assert restored["action"] == "done"
    assert not spam.hidden

    late = shell("queue", "uphold", str(flag["id"]), "--lang", "en")
    assert late.returncode == 1
    assert str(flag["id"]) in late.stderr
    assert shell("queue", "show", "999999").returncode == 1
    listed = shell("queue", "list", "--all", "--lang", "zh")
    assert "重复发帖" in listed.stdout


def test_the_brake_is_shown_and_lifted_by_a_human(city):
    shell = city.shell
    assert shell.objects("brake", "--json")[0]["on"] is False
    with closing(store_engine.open(shell.folder / "var" / "modbot.db")) as store, store.write() as tx:
        brakes.pull(tx, "city", "overturned", at=datetime.now(UTC))
    assert "paused" in shell("brake", "--lang", "en").stdout
    assert "误判" in shell("brake", "--lang", "zh").stdout
    assert any(check["check"] == "doctor.brake_on" for check in shell.objects("doctor", "--json"))
    assert shell.objects("brake", "--lift", "--who", "郭", "--json")[0]["on"] is False


def test_the_doctor_proves_that_it_can_hide_without_hiding(city):
    checks = city.shell.objects("doctor", "--json", "--lang", "en")
    found = {check["check"]: check["status"] for check in checks}
    assert found["check.forum.can_hide"] == "ok"
    assert found["doctor.model"] == "ok"
    assert "failed" not in found.values()
    assert not any(post.hidden for post in city.scene.forum.content.posts.values())
    assert city.shell("doctor", "--lang", "zh").returncode == 0


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_serve_works_until_it_is_told_to_stop_and_runs_once_only(city):
    shell = city.shell
    process = shell.begin("serve", "--lang", "en")
    try:
        assert "enforce" in process.stdout.readline()
        second = shell("serve", "--lang", "en")
        assert second.returncode == 1
        assert str(process.pid) in second.stderr
        city.everybody_writes()
        spam = city.scene.forum.fated(Fate.SPAM)[0]
        until(lambda: spam.hidden)

        flags = shell.objects("queue", "list", "--state", "hidden", "--json")
        flag = next(flag for flag in flags if flag["post_id"] == spam.id)
        (undone,) = shell.objects("queue", "undo", str(flag["id"]), "--json")
        assert undone["action"] == "done"
        assert not spam.hidden
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Stopped." in out
    assert city.server.moderator.password not in out + err
    events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert {"poll", "decision", "action"} <= {event["event"] for event in events}
    told = json.dumps(events, ensure_ascii=False)
    words = {arrival.text for arrival in city.scene.arrivals if len(arrival.text) > 3}
    words |= {thread.title for thread in city.scene.forum.content.threads.values()}
    assert not [text for text in words if text in told], "ids instead of text"
    for kept in (shell.folder / "var").glob("*.json"):
        for secret in re.findall(r'"[^"]*(?:auth|saltkey)": "([^"]+)"', kept.read_text("utf-8")):
            assert secret not in out + err


def test_the_demo_ends_by_itself_with_one_json_line(shell):
    done = shell("demo", "--seconds", "30", "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    summary = json.loads(line)
    assert list(summary) == ["polled", "allowed", "queued", "hidden", "genuine_hidden", "campaigns"]
    assert summary["genuine_hidden"] == 0
    assert summary["hidden"] >= 5
    assert summary["campaigns"] >= 1


def test_the_demo_ends_cleanly_when_it_is_interrupted(shell):
    process = shell.begin("demo", "--lang", "en")
    assert "http://127.0.0.1" in process.stdout.readline()
    assert "enforce" in process.stdout.readline()
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "replies read" in out


def test_models_are_listed_shown_and_verified(shell):
    listed = shell.objects("models", "list", "--json")
    assert [entry["version"] for entry in listed if entry["current"]] == ["baseline"]
    (manifest,) = shell.objects("models", "show", "--json")
    assert manifest["labels"] == ["ham", "low_effort", "spam"]
    assert "baseline" in shell("models", "verify", "--lang", "en").stdout


def test_init_writes_settings_that_work(city):
    shell = city.shell
    (shell.folder / "modbot.toml").unlink()
    shell.environ.clear()
    shell.environ["MODBOT_FORUMS__TOWN__REQUESTS_PER_SECOND"] = "20"
    answers = ["town", "n", "y", city.server.moderator.name, city.server.moderator.password, "y", "y"]
    answers += ["包哥", "short", "short", "four words that differ", "four words that differ", ""]
    done = shell("init", "--url", city.server.url, "--lang", "en", stdin="\n".join(answers))
    assert done.returncode == 0, done.stderr
    assert "at least 10 characters" in done.stderr
    assert "four words" not in done.stdout + done.stderr
    [first] = shell.objects("users", "list", "--json")
    assert (first["name"], first["role"], first["has_password"]) == ("包哥", "admin", True)
    loaded = settings.load(shell.folder / "modbot.toml", environ={})
    kinds = [(entry.id, entry.kind) for entry in loaded.settings.boards]
    assert kinds == [({37}, "chatter"), ({38}, "trade")]
    assert loaded.settings.policy.mode == "shadow"
    assert city.server.moderator.password not in (shell.folder / "modbot.toml").read_text("utf-8")
    assert shell("init", "--url", city.server.url).returncode == 2
