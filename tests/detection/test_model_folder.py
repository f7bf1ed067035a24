"""A model folder is proved before it is used, and reading it executes nothing."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from modbot import i18n
from modbot.detection import Detector, manifest
from modbot.errors import ModelError


@pytest.fixture
def folder(tmp_path, baseline):
    return shutil.copytree(baseline, tmp_path / "copy")


def refusal(folder):
    with pytest.raises(ModelError) as caught:
        Detector.load(folder)
    error = caught.value
    for language in i18n.LANGUAGES:
        assert error.code in i18n.catalogue(language).templates
        assert "{" not in error.message(language)
    return error.code


def rewrite(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_shipped_model_is_whole_and_small(baseline):
    detector = Detector.load(baseline)
    assert detector.model == detector.manifest.version
    assert sum(file.stat().st_size for file in baseline.iterdir()) < 8_000_000
    assert {"spam.hide", "spam.queue", "low_effort.queue"} <= detector.manifest.thresholds.keys()
    assert {"weights.npy", "stage.npy", "MODEL_CARD.md"} == detector.manifest.files.keys()


def test_its_thresholds_state_their_evidence(baseline):
    for threshold in Detector.load(baseline).manifest.thresholds.values():
        assert threshold.negatives > 0
        assert 0 < threshold.false_positive_bound < 0.02
        assert 0 < threshold.value < 1


def test_a_missing_folder_is_refused(tmp_path):
    assert refusal(tmp_path / "none") == "model.missing"


@pytest.mark.parametrize("name", ["weights.npy", "stage.npy", "MODEL_CARD.md"])
def test_a_changed_file_is_refused(folder, name):
    path = folder / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert refusal(folder) == "model.changed"


def test_a_missing_file_is_refused(folder):
    (folder / "weights.npy").unlink()
    assert refusal(folder) == "model.file_missing"


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "null", "\x00"])
def test_a_broken_manifest_is_refused(folder, content):
    (folder / "manifest.json").write_text(content)
    assert refusal(folder) in {"model.unreadable", "model.format"}


def test_another_format_and_other_labels_and_features_are_refused(folder):
    rewrite(folder, format=99)
    assert refusal(folder) == "model.format"
    rewrite(folder, format=2, labels=["a", "b", "c"])
    assert refusal(folder) == "model.labels"
    rewrite(folder, labels=["ham", "low_effort", "spam"], features={"inputs": ["another"]})
    assert refusal(folder) == "model.features"
    rewrite(folder, thresholds="high")
    assert refusal(folder) == "model.unreadable"


def test_a_manifest_may_not_name_files_elsewhere(folder):
    rewrite(folder, files={"../weights.npy": "0" * 64})
    assert refusal(folder) == "model.file_missing"


class _Trap:
    def __reduce__(self):
        return (print, ("executed",))


def test_a_pickle_in_the_arrays_place_is_refused_and_not_executed(folder, capsys):
    np.save(folder / "weights.npy", np.array([_Trap()], dtype=object), allow_pickle=True)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    rewrite(folder, files=files | {"weights.npy": manifest.sha256(folder / "weights.npy")})
    assert refusal(folder) == "model.unreadable"
    assert "executed" not in capsys.readouterr().out


def test_serving_imports_neither_scikit_learn_nor_scipy(baseline):
    program = (
        "import sys, pathlib, datetime\n"
        "from modbot.detection import Detector, DuplicateIndex\n"
        "from modbot.domain import Reply\n"
        f"detector = Detector.load(pathlib.Path({str(baseline)!r}))\n"
        "now = datetime.datetime.now(datetime.timezone.utc)\n"
        "detector.assess([Reply('f', 1, '顶')], duplicates=DuplicateIndex(), now=now)\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('sklearn', 'scipy', 'joblib')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
