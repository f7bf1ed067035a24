"""``benchmarks/replay.py``: a forum's history through the real store and judge, day by day."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from modbot import settings

FILLER = "这个公园修得真不错，周末带孩子去玩了一整天，强烈推荐大家都去"
DECENT = (
    "物业说管道要到周三才能修好",
    "居委会门口可以接水",
    "三号楼已经来水了",
    "谢谢告知，那我明天再洗衣服",
)


@pytest.fixture
def replay() -> ModuleType:
    path = settings.project_root() / "benchmarks" / "replay.py"
    found = importlib.util.spec_from_file_location("replay_of_a_history", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def history(file: Path) -> Path:
    """Two quiet days, and four new accounts that leave one sentence in four threads."""
    rows = [
        {
            "text": text,
            "author": f"u{number}",
            "time": f"2026-3-{1 + number % 2} 10:0{number}",
            "thread": "水管",
            "label": "ham",
        }
        for number, text in enumerate(DECENT)
    ]
    rows += [
        {
            "text": FILLER,
            "author": f"n{number}",
            "time": f"2026-3-2 11:{10 * number:02}",
            "thread": f"帖{number}",
            "label": "low_effort",
        }
        for number in range(4)
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in reversed(rows)]
    file.write_text("\n".join([*lines, '{"text": "没有时间"}', "nonsense"]) + "\n", encoding="utf-8")
    return file


def run(
    replay: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> dict[str, object]:
    data, hidden = history(tmp_path / "posts.jsonl"), tmp_path / "hidden.jsonl"
    replay.main(["--data", str(data), "--mode", mode, "--hidden", str(hidden)])
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_what_enforce_would_have_hidden_is_counted_and_listed(
    replay: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(replay, tmp_path, capsys, "enforce")
    assert (told["posts"], told["days"], told["unusable_lines"]) == (8, 2, 2)
    counted = told["by_reason"]["repeated"]["low_effort"]  # type: ignore[index]
    assert counted == {"hidden": 3, "queued": 1}, "the first author of a text is a human's matter"
    rows = [json.loads(line) for line in (tmp_path / "hidden.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["label"], row["reason"]) for row in rows] == [
        (FILLER, "low_effort", "repeated")
    ] * 3


def test_shadow_hides_nothing(replay: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(replay, tmp_path, capsys, "shadow")
    assert told["total"]["hidden"] == 0  # type: ignore[index]
    assert (tmp_path / "hidden.jsonl").read_text(encoding="utf-8") == ""


def test_the_posts_own_words_are_not_written_into_the_project(replay: ModuleType, tmp_path: Path) -> None:
    inside = settings.project_root() / "hidden.jsonl"
    with pytest.raises(SystemExit):
        replay.main(["--data", str(history(tmp_path / "posts.jsonl")), "--hidden", str(inside)])
    assert not inside.exists()
