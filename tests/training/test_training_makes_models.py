"""Training on our own sentences: the folder it writes, and what it promises."""

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from modbot.detection import Detector, context, model
from modbot.detection.detector import BATCH
from modbot.detection.reading import NumpyReader
from modbot.domain import Author, Label, Reply
from modbot.errors import ModelError
from modbot.training import evaluate, fit, grammar, matrix, versions
from modbot.training import train as training
from modbot.training.examples import Verdict
from modbot.training.recipe import Recipe

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECIPE = Recipe(grammar=200, genuine=("forum", "verdicts"))

PARTS = {
    "who": ["物业", "楼下邻居", "公交公司", "三号窗口", "社区医院", "开发商", "学校", "居委会"],
    "did": [
        "昨天又停水了",
        "说要下周才处理",
        "一直没人接电话",
        "把路口封了",
        "让带户口本过去",
        "涨了停车费",
        "换了新门禁",
    ],
    "then": [
        "大家还有别的办法吗",
        "我打算去现场问问",
        "群里也没通知",
        "去年就这样",
        "希望早点解决",
        "有人知道原因吗",
    ],
}


def genuine(count):
    chance = random.Random(3)  # noqa: S311
    return ["，".join(chance.choice(words) for words in PARTS.values()) for _ in range(count)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    rows = [
        {
            "text": text,
            "label": "ham",
            "source": "forum",
            "thread": f"t{at // 10}",
            "time": f"2025-{1 + at % 12}-1 10:00",
        }
        for at, text in enumerate(genuine(600))
    ]
    rows += [
        {"text": text, "label": "low_effort", "source": "bots"}
        for text in grammar.sentences(Label.LOW_EFFORT, 400, seed=9)
    ]
    rows += [
        {"text": text, "label": "spam", "source": "adverts"}
        for text in grammar.sentences(Label.SPAM, 400, seed=9)
    ]
    rows += [
        {"text": "编辑", "label": "low_effort", "source": "bots"},
        {"text": "随便看看", "label": "unlabeled", "source": "x"},
    ]
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def candidate(data, models):
    return training.train([data], models=models, now=NOW, recipe=RECIPE, name="baseline")


def test_a_trained_model_judges_what_it_was_taught(candidate):
    detector = Detector.load(candidate.folder)
    texts = ["加V❤: xyz98765 低价代购", "支持，加油！", genuine(1)[0]]
    found = detector.assess([Reply("f", at, text) for at, text in enumerate(texts)], duplicates=None, now=NOW)
    assert [one.probabilities.label for one in found] == ["spam", "low_effort", "ham"]


def test_the_manifest_tells_where_it_comes_from(candidate):
    facts = candidate.manifest
    assert facts.created == "2026-03-01T00:00:00+00:00"
    assert facts.parent is None
    assert len(facts.training["digest"]) == 64
    assert facts.training["sources"]["adverts"]["spam"] > 300
    assert facts.libraries.keys() >= {"python", "numpy", "scikit-learn"}
    assert facts.metrics["by_source"]["forum"]["spam.hidden"] == 0
    limits = {name: threshold.value for name, threshold in facts.thresholds.items()}
    assert limits["spam.hide_any"] >= limits["spam.hide"] > limits["spam.queue"]


def test_the_card_names_sources_and_what_became_of_their_texts(candidate):
    card = (candidate.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| adverts |" in card
    assert "No sentence of it is part of\nthis folder" in card


def test_the_same_seed_gives_the_same_weights(candidate, data, tmp_path):
    again = training.train([data], models=tmp_path, now=NOW, recipe=RECIPE)
    assert again.manifest.files["weights.npy"] == candidate.manifest.files["weights.npy"]
    assert again.manifest.version == f"20260301T000000Z-{again.manifest.files['weights.npy'][:8]}"
    assert again.folder.name == again.manifest.version


@dataclass(frozen=True)
class Stages:
    """Both stages fitted on the rows of ``data``, and what they were fitted on."""

    replies: list
    measured: matrix.Matrix
    text: LogisticRegression
    weights: np.ndarray
    stage: fit.Stage

    @property
    def arrays(self):
        return fit.Arrays(self.weights, self.stage.arrays)


@pytest.fixture(scope="module")
def stages(data):
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines() if line]
    replies = [Reply("f", at, row["text"]) for at, row in enumerate(rows)]
    order = ("ham", "low_effort", "spam", "unlabeled")
    labels = np.array([order.index(row["label"]) % 3 for row in rows])
    lesson = fit.Lesson(labels, np.ones(len(rows)), np.full(len(rows), -1))
    measured = matrix.measure(replies)
    with fit.quietly():
        text, weights = fit.fit_text(measured.hashed, lesson, 10.0)
        stage = fit.fit_stage(measured.inputs(weights), lesson, 1.0)
    return Stages(replies, measured, text, weights, stage)


def served(arrays, replies):
    linear = arrays.linear()
    found = []
    for first in range(0, len(replies), BATCH):
        chosen = replies[first : first + BATCH]
        reading = NumpyReader().read([reply.text for reply in chosen])
        values = context.measure(chosen, reading, reading.letters.texts()).values
        found.append(linear.probabilities(linear.logits(reading.grams, values)))
    return np.concatenate(found)


def estimator_of(coefficients, offsets):
    """scikit-learn's estimator with given weights: differences to a first class of zeros."""
    estimator = LogisticRegression()
    estimator.classes_ = np.arange(3)
    estimator.coef_ = np.vstack([np.zeros(coefficients.shape[1]), coefficients])
    estimator.intercept_ = np.array([0.0, *offsets])
    return estimator


def test_served_scores_are_those_of_scikit_learn_on_the_stored_weights(stages):
    arrays = stages.arrays
    inputs = fit.Scaling(*arrays.stage[:2, :-1]).apply(stages.measured.inputs(arrays.weights))
    expected = estimator_of(arrays.stage[2:, :-1], arrays.stage[2:, -1]).predict_proba(inputs)
    assert np.abs(served(arrays, stages.replies) - expected).max() < 1e-6


def test_the_first_stages_scores_are_scikit_learns_too(stages):
    first = estimator_of(stages.weights.T.astype(np.float64), (0.0, 0.0))
    expected = first.predict_proba(stages.measured.hashed)
    read = stages.measured.read(stages.weights)
    assert np.abs(model.softmax(read[:, :2]) - expected).max() < 1e-6


def test_both_stages_are_the_fitted_estimators(stages):
    idf = matrix.rarity(stages.measured.hashed)
    fitted = stages.text.predict_log_proba(stages.measured.hashed @ sparse.diags(idf))
    offsets = stages.text.intercept_[1:] - stages.text.intercept_[0]
    means = stages.measured.read(stages.weights)[:, :2]
    assert np.abs(means + offsets - (fitted[:, 1:] - fitted[:, :1])).max() < 1e-4
    inputs = stages.measured.inputs(stages.weights)
    scaled = stages.stage.scaling.apply(inputs)
    logits = stages.stage.logits(inputs)
    for at, (blind, estimator) in enumerate(
        zip((fit.LOW_EFFORT_BLIND, fit.SPAM_BLIND), stages.stage.estimators, strict=True)
    ):
        seen = [column for column, name in enumerate(model.INPUTS) if name not in blind]
        expected = estimator.predict_proba(scaled[:, seen])[:, 1]
        assert np.abs(1 / (1 + np.exp(-logits[:, at])) - expected).max() < 1e-6


def test_rounding_the_weights_changes_no_probability_by_more_than_two_points(stages):
    arrays = stages.arrays
    assert np.abs(served(arrays, stages.replies) - served(arrays.rounded(), stages.replies)).max() <= 0.02


def test_matrix_form_and_serving_agree(stages):
    expected = model.softmax(stages.arrays.logits(stages.measured))
    assert np.abs(served(stages.arrays, stages.replies) - expected).max() < 1e-6


def test_a_challenger_is_measured_beside_the_champion_on_the_same_rows(candidate, data, models):
    verdicts = [
        Verdict(Reply("city", at, text, thread_id=at, author=Author(id=at)), Label.HAM, NOW)
        for at, text in enumerate(genuine(40))
    ]
    challenger = training.train([data], models=models, now=NOW, recipe=RECIPE, verdicts=verdicts, seed=1)
    assert challenger.comparison is not None
    assert challenger.comparison.champion == candidate.manifest.version
    assert challenger.manifest.parent == candidate.manifest.version
    assert challenger.manifest.training["sources"]["verdicts"]["ham"] > 0
    promoted = training.promote_if_better(models, challenger)
    assert promoted is challenger.deserves_promotion
    assert (versions.current(models) == challenger.folder) is promoted


@pytest.mark.parametrize(
    ("loss", "bound", "better"),
    [(0.2, 0.001, True), (0.205, 0.001, True), (0.3, 0.001, False), (0.1, 0.002, False)],
)
def test_a_worse_loss_or_a_looser_bound_is_not_promoted(loss, bound, better):
    assert training.Comparison("old", 0.2, loss, 0.001, bound, genuine=5000).is_better is better


def test_an_interrupted_training_leaves_no_folder(data, tmp_path, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("modbot.detection.manifest.Manifest.to_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.train([data], models=tmp_path, now=NOW, recipe=RECIPE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ('{"text": "好", "label": "ham"}\n{"label": "ham"}\n', "model.bad_row", 2),
        ('{"text": "好", "label": "nice"}\n', "model.bad_row", 1),
        ("nonsense\n", "model.bad_row", 1),
        ("[1]\n", "model.bad_row", 1),
        ('{"text": "好", "label": "ham"}\n', "model.no_data", None),
    ],
)
def test_data_that_cannot_teach_is_refused_with_its_line(tmp_path, content, code, line):
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        training.train([path], models=tmp_path / "models", now=NOW, recipe=Recipe(grammar=0))
    assert caught.value.code == code
    assert caught.value.params.get("line") == line


def test_files_that_cannot_be_read_are_named(tmp_path):
    broken = tmp_path / "latin.jsonl"
    broken.write_bytes(b'{"text": "\xff"}')
    for path in (broken, tmp_path / "none.jsonl"):
        with pytest.raises(ModelError) as caught:
            training.train([path], models=tmp_path / "models", now=NOW)
        assert str(path) in caught.value.message()


def test_no_error_among_n_proves_three_in_n():
    assert evaluate.upper_bound(0, 1_000) == pytest.approx(3 / 1_000, rel=0.01)
    assert evaluate.upper_bound(0, 0) == 1.0
    assert evaluate.upper_bound(5, 5) == 1.0


def test_precision_depends_on_the_base_rate():
    assert evaluate.projected_precision(0.9, 0.001, 0.5) > 0.99
    assert evaluate.projected_precision(0.9, 0.001, 0.001) < 0.5
    assert evaluate.projected_precision(0.0, 0.0, 0.1) == 0.0


def approval_rows(decent: list[float], bad: list[float], reaching: Sequence[float] = ()) -> evaluate.HeldOut:
    """Held-out rows by how probably decent they are held to be; ``reaching`` ones are bad
    and give a contact."""
    scores = np.array([*decent, *bad, *reaching])
    rest = (1 - scores) / 2
    labels = np.array([0] * len(decent) + [2] * (len(bad) + len(reaching)))
    reach = np.array([False] * (len(decent) + len(bad)) + [True] * len(reaching))
    columns = np.stack([scores, rest, rest], axis=1)
    return evaluate.HeldOut(columns, labels, np.ones(len(scores)), ["forum"] * len(scores), reach)


def approval(rows: evaluate.HeldOut) -> evaluate.Threshold:
    return evaluate.thresholds(rows, ["forum"])["ham.approve"]


def test_approving_begins_above_the_bad_texts_that_look_decent():
    found = approval(approval_rows([0.93, 0.99, 0.999] * 100, [0.1] * 960 + [0.91, 0.94] * 20))
    assert found.value > 0.94
    assert (found.false_positives, found.negatives, found.positives) == (0, 1000, 300)
    assert found.recall == pytest.approx(2 / 3)
    assert found.precision > evaluate.TARGET_PRECISION


def test_approving_begins_no_lower_than_it_must_for_a_few_errors_that_the_target_bears():
    found = approval(approval_rows([0.95] * 300, [0.1] * 9_990 + [0.92] * 10))
    assert (found.value, found.false_positives, found.recall) == (evaluate.APPROVE_FROM, 10, 1.0)


def test_too_few_bad_texts_prove_nothing_about_approving():
    found = approval(approval_rows([0.99] * 300, [0.1] * 50))
    assert found.precision < evaluate.TARGET_PRECISION


def test_texts_that_give_a_contact_are_never_approved_and_count_neither_way():
    found = approval(approval_rows([0.99] * 300, [0.1] * 1_000, reaching=[0.999] * 50))
    assert (found.value, found.negatives) == (evaluate.APPROVE_FROM, 1_000)


def test_grammar_is_reproducible_and_its_labels_differ():
    once = grammar.sentences(Label.SPAM, 50, seed=4)
    assert once == grammar.sentences(Label.SPAM, 50, seed=4)
    assert once != grammar.sentences(Label.SPAM, 50, seed=5)
    assert not set(once) & set(grammar.sentences(Label.HAM, 50, seed=4))


def test_every_voice_of_the_grammar_fills_its_slots():
    for label in Label:
        assert not [text for text in grammar.sentences(label, 6_000, seed=2) if "{" in text or "}" in text]


def test_versions_are_listed_verified_and_promoted(candidate, models):
    listed = {version.name: version for version in versions.listing(models)}
    assert listed["baseline"].manifest is not None
    assert versions.verify(models, "baseline").version == "baseline"
    versions.promote(models, "baseline")
    assert (models / "current").read_text() == "baseline\n"
    assert versions.current(models) == candidate.folder
    assert [path for path in Path(models).iterdir() if path.name.startswith(".")] == []


def test_a_damaged_version_is_listed_with_its_problem_and_never_promoted(candidate, tmp_path):
    shutil.copytree(candidate.folder, tmp_path / "v1")
    (tmp_path / "v1" / "weights.npy").write_bytes(b"")
    problems = {version.name: version.problem for version in versions.listing(tmp_path)}
    assert problems["baseline"] is None
    assert problems["v1"] is not None
    with pytest.raises(ModelError) as caught:
        versions.promote(tmp_path, "v1")
    assert caught.value.code == "model.changed"
    assert not (tmp_path / "current").exists()


@pytest.mark.parametrize("name", ["none", "../v1", ""])
def test_an_unknown_version_is_refused(tmp_path, name):
    with pytest.raises(ModelError) as caught:
        versions.promote(tmp_path, name)
    assert caught.value.code == "model.unknown_version"


def test_a_named_version_takes_the_place_of_its_elder(data, tmp_path):
    for seed in (0, 1):
        made = training.train([data], models=tmp_path, now=NOW, recipe=RECIPE, name="baseline", seed=seed)
    assert made.manifest.parent is None
    assert [path.name for path in tmp_path.iterdir()] == ["baseline"]
    assert versions.verify(tmp_path, "baseline").training["seed"] == 1


def test_without_a_models_folder_there_is_the_shipped_baseline(tmp_path):
    (version,) = versions.listing(tmp_path / "none")
    assert (version.name, version.is_current) == ("baseline", True)


def test_too_few_texts_to_measure_by_make_no_model(tmp_path):
    few = tmp_path / "few.jsonl"
    few.write_text('{"text": "好的", "label": "ham"}\n{"text": "加微信abc12345", "label": "spam"}', "utf-8")
    for data in ([], [few]):
        with pytest.raises(ModelError) as caught:
            training.train(data, models=tmp_path / "models", now=NOW, recipe=RECIPE)
        assert caught.value.code == "model.too_few"
    assert not list((tmp_path / "models").glob("*"))


def test_nothing_is_promoted_where_too_few_genuine_replies_were_held_out():
    assert not training.Comparison("old", 0.2, 0.1, 1.0, 1.0, genuine=299).is_better
