"""``train`` from files and verdicts: what is compared, what is promoted, what is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from modbot import i18n, settings
from modbot.daemon import retraining
from modbot.domain import Label
from modbot.errors import ModelError
from modbot.training import grammar, versions

WHO = ("物业", "楼下邻居", "公交公司", "三号窗口", "社区医院", "开发商", "学校", "居委会")
DID = ("昨天又停水了", "说要下周才处理", "一直没人接电话", "把路口封了", "涨了停车费", "换了新门禁")
THEN = ("大家还有别的办法吗", "我打算去现场问问", "群里也没通知", "去年就这样", "希望早点解决")


def rows(*, early: str = "ham") -> list[dict[str, object]]:
    """Sentences of our own: a forum's threads by month, fillers and adverts.

    The latest threads are what ``train`` holds out; ``early`` labels the older ones.
    """
    chance = random.Random(5)  # noqa: S311 - sentences, not secrets
    made: list[dict[str, object]] = []
    for at in range(3600):
        month = 1 + at // 360
        made.append(
            {
                "text": "，".join(chance.choice(words) for words in (WHO, DID, THEN)) + f"（{at}号）",
                "label": "ham" if month == 10 else early,
                "source": "verdicts",
                "thread": f"t{at // 6}",
                "time": f"2025-{month:02}-01 10:00",
            }
        )
    for label in (Label.LOW_EFFORT, Label.SPAM):
        texts = grammar.sentences(label, 120, seed=4)
        made += [{"text": text, "label": label.value, "source": label.value} for text in texts]
    return made


@pytest.fixture
def loaded(tmp_path: Path) -> settings.Loaded:
    file = tmp_path / "modbot.toml"
    file.write_text('[paths]\nmodels = "models"\n', "utf-8")
    return settings.load(file, environ={})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


def put(path: Path, items: list[dict[str, object]]) -> None:
    path.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n", "utf-8")


def train(loaded: settings.Loaded, *data: Path, promote: bool = True) -> retraining.Trained:
    return retraining.train(loaded, data, [], promote=promote, progress=lambda stage: None)


def test_a_better_version_is_put_to_use_and_the_stages_are_told(loaded: settings.Loaded, data: Path) -> None:
    put(data, rows())
    stages: list[str] = []
    trained = retraining.train(loaded, [data], [], promote=True, progress=stages.append)
    assert (trained.promoted, trained.reason) == (True, "train.reason.better")
    assert versions.in_use(loaded.models_dir) == trained.version
    for language in ("en", "zh"):
        words = i18n.catalogue(language)
        assert {f"train.stage.{stage}" for stage in stages} <= words.templates.keys()
        assert trained.reason in words.templates


def test_a_worse_version_is_made_and_not_put_to_use(loaded: settings.Loaded, data: Path) -> None:
    put(data, rows(early="spam"))
    trained = train(loaded, data)
    assert trained.promoted is False
    assert trained.reason in ("train.reason.worse", "train.reason.bolder")
    assert trained.champion is not None
    assert trained.challenger["log_loss"] > trained.champion["log_loss"]
    assert versions.in_use(loaded.models_dir) == "baseline"
    assert versions.verify(loaded.models_dir, trained.version).parent == "baseline"


def test_promotion_can_be_left_to_a_human(loaded: settings.Loaded, data: Path) -> None:
    put(data, rows())
    trained = train(loaded, data, promote=False)
    assert (trained.promoted, trained.reason) == (False, "train.reason.not_asked")
    assert versions.in_use(loaded.models_dir) == "baseline"


def test_a_folder_means_its_data_files_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("b.jsonl", "a.jsonl", "notes.txt"):
        (folder / name).touch()
    alone = tmp_path / "c.json"
    found = retraining.files_of([folder, alone])
    assert [path.name for path in found] == ["a.jsonl", "b.jsonl", "c.json"]


def test_a_verdict_of_the_store_becomes_an_example_with_its_context() -> None:
    item = {"text": "好", "label": "low_effort", "given_at": "2026-03-01T10:00:00+00:00", "title": "几点开门"}
    verdict = retraining._verdict(item, 1)
    assert (verdict.label, verdict.reply.thread_title, verdict.at.hour) == (Label.LOW_EFFORT, "几点开门", 10)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"text": "x", "label": "ham"}\n{not json', "2"),
        (b'\n\n{"label": "ham"}', "3"),
        (b'{"text": "x", "label": "nice"}', "nice"),
        (b'{"text": "x"}', "label"),
        (b'{"text": 5, "label": "ham"}', "no text"),
        (b'["x", "ham"]', "no text"),
        (b'{"text": "\xba\xc3", "label": "ham"}', "rows.jsonl"),
        (b'{"text": "x", "label": "ham"}', "too few"),
        (b"", "too few"),
    ],
)
def test_data_that_cannot_be_used_is_told_and_nothing_is_made(
    loaded: settings.Loaded, data: Path, content: bytes, told: str
) -> None:
    data.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        train(loaded, data)
    assert caught.value.exit_code == 1
    assert told in str(caught.value)
    assert list(loaded.models_dir.iterdir()) == []
