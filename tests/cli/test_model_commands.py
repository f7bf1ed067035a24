"""``train`` and ``models``: a new version is measured, put to use if it is better, and verified."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shell_support import Shell

from modbot import settings
from modbot.domain import Label
from modbot.store import engine, labels
from modbot.training import grammar

BASELINE = settings.project_root() / "models" / "baseline"
WHO = ("物业", "楼下邻居", "公交公司", "三号窗口", "社区医院", "开发商", "学校", "居委会")
DID = ("昨天又停水了", "说要下周才处理", "一直没人接电话", "把路口封了", "涨了停车费", "换了新门禁")
THEN = ("大家还有别的办法吗", "我打算去现场问问", "群里也没通知", "去年就这样", "希望早点解决")


def rows() -> list[dict[str, object]]:
    """Sentences of our own: a forum's threads by month, fillers and adverts.

    The latest threads are what ``train`` holds out.
    """
    chance = random.Random(5)  # noqa: S311 - sentences, not secrets
    made: list[dict[str, object]] = []
    for at in range(3600):
        month = 1 + at // 360
        made.append(
            {
                "text": "，".join(chance.choice(words) for words in (WHO, DID, THEN)) + f"（{at}号）",
                "label": "ham",
                "source": "verdicts",
                "thread": f"t{at // 6}",
                "time": f"2027-{month:02}-01 10:00",
            }
        )
    for label in (Label.LOW_EFFORT, Label.SPAM):
        texts = grammar.sentences(label, 120, seed=4)
        made += [{"text": text, "label": label.value, "source": label.value} for text in texts]
    return made


def written(folder: Path, name: str, items: list[dict[str, object]]) -> str:
    path = folder / name
    path.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n", "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which ``train`` has been run, and what it said."""
    shell = Shell(tmp_path_factory.mktemp("trained"))
    (shell.folder / "modbot.toml").write_text('[paths]\nmodels = "elsewhere/models"\n', "utf-8")
    (shell.folder / "var").mkdir()
    taught = [
        labels.Imported(f"代办证件加微信 zheng88{number}", Label.SPAM, {"thread": number})
        for number in range(40)
    ]
    with closing(engine.open(shell.folder / "var" / "modbot.db")) as store, store.write() as tx:
        labels.add(tx, taught, source="import", who="郭", at=datetime.now(UTC))
    data = shell.folder / "data"
    data.mkdir()
    written(data, "one.jsonl", rows())
    (data / "notes.txt").write_text("not a data file", "utf-8")
    (answer,) = shell.objects("train", "--data", str(data), "--json", "--lang", "en")
    return shell, answer


def test_training_answers_with_one_line_of_who_was_compared_and_why(trained):
    _, answer = trained
    assert list(answer) == ["version", "promoted", "reason", "champion", "challenger"]
    assert answer["promoted"] is True
    assert answer["champion"]["version"] == "baseline"
    assert answer["challenger"]["version"] == answer["version"]
    assert answer["challenger"]["log_loss"] <= answer["champion"]["log_loss"]
    assert "held-out" in answer["reason"]


def test_the_new_version_is_in_use_in_its_own_folder_and_the_shipped_one_is_untouched(trained):
    shell, answer = trained
    models = shell.folder / "elsewhere" / "models"
    assert (models / "current").read_text("utf-8").strip() == answer["version"]
    assert not list(models.glob(".*"))
    listed = {entry["version"]: entry for entry in shell.objects("models", "list", "--json")}
    assert {name: entry["current"] for name, entry in listed.items()} == {
        answer["version"]: True,
        "baseline": False,
    }
    (judged,) = shell.objects("check", "代开发票加微信 fapiao8866")
    assert judged["model"] == answer["version"]
    (judged,) = shell.objects("check", "代开发票加微信 fapiao8866", "--model", "baseline")
    assert judged["model"] == "baseline"


def test_what_moderators_taught_is_learned_too_and_the_manifest_says_so(trained):
    shell, answer = trained
    (manifest,) = shell.objects("models", "show", "--json")
    assert manifest["version"] == answer["version"]
    assert manifest["parent"] == "baseline"
    assert manifest["training"]["files"] == ["one.jsonl"]
    assert manifest["training"]["sources"]["verdicts"]["ham"] > 150
    assert manifest["training"]["sources"]["verdicts"]["spam"] >= 5
    card = shell("models", "show").stdout
    assert answer["version"] in card
    assert "居委会" not in card


def test_versions_are_listed_for_people_and_verified(trained):
    shell, answer = trained
    listed = shell("models", "list").stdout.splitlines()
    assert f"* {answer['version']}" in "\n".join(listed)
    assert "  baseline" in "\n".join(listed)
    (verified,) = shell.objects("models", "verify", "--json")
    assert verified == {"version": answer["version"], "ok": True}
    assert "baseline" in shell("models", "verify", "baseline", "--lang", "zh").stdout


@pytest.fixture
def workshop(shell):
    """A folder with its own models, so that the shipped ones are left alone."""
    (shell.folder / "modbot.toml").write_text('[paths]\nmodels = "models"\n', "utf-8")
    return shell


def test_a_bad_line_of_the_data_is_named_and_nothing_is_made(workshop):
    path = workshop.folder / "bad.jsonl"
    path.write_text('{"text": "好的", "label": "ham"}\n{"text": "好", "label": "nice"}\n', "utf-8")
    done = workshop("train", "--data", str(path), "--lang", "zh")
    assert done.returncode == 1
    assert "bad.jsonl" in done.stderr
    assert "2" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((workshop.folder / "models").glob("*"))


def test_data_that_is_not_there_is_a_mistake_of_the_command_line(workshop):
    assert workshop("train", "--data", "nowhere.jsonl").returncode == 2


@pytest.fixture
def damaged(workshop):
    """A second version, one byte of whose weights has changed."""
    shell = workshop
    folder = shell.folder / "models" / "damaged"
    shutil.copytree(BASELINE, folder)
    weights = folder / "weights.npy"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    return shell


def test_a_damaged_version_is_refused_and_stops_modbot_when_it_is_in_use(damaged):
    shell = damaged
    done = shell("models", "verify", "damaged", "--lang", "en")
    assert done.returncode == 1
    assert "weights.npy" in done.stderr
    listed = {entry["version"]: entry for entry in shell.objects("models", "list", "--json")}
    assert "weights.npy" in listed["damaged"]["problem"]
    assert listed["baseline"]["problem"] is None
    (shell.folder / "models" / "current").write_text("damaged\n", "utf-8")
    done = shell("check", "你好", "--lang", "en")
    assert done.returncode == 1
    assert "weights.npy" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_version_that_is_not_there_is_told(workshop):
    done = workshop("models", "show", "../baseline", "--lang", "en")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
