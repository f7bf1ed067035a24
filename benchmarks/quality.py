"""How well the classifier judges, beside TF-IDF + logistic regression on the same rows.

    python benchmarks/quality.py --data DIR [--model DIR] [--share 0.4] [--only PART …] [--json]

``DIR`` holds ``train/`` and ``dev/`` with one JSONL file per source (none of it is part of
modbot). Parts: ``transfer`` (communities never seen; fits anew for each), ``dev`` (dev parts
of sources in training), ``attacks`` (evasions of dev spam), ``genuine`` (genuine replies and
stock replies of sources left out; fits anew). ``--share`` of the training rows is used where
a fit is made, to be done in minutes; ``--share 1`` uses all. Double posts need the duplicate
index and are not looked at here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modbot.detection import model
from modbot.detection.manifest import Manifest, Threshold
from modbot.domain import Label
from modbot.training import evaluate, matrix, trials
from modbot.training.evaluate import HeldOut, average_precision, recall_at
from modbot.training.examples import Example, read
from modbot.training.recipe import ORDER, Recipe
from modbot.training.split import without

BASELINE = Path(__file__).parents[1] / "models" / "baseline"
DEV = ("zh_chat_spam10k", "zh_gamechat_ads")
GENUINE = "zh_discuz_s1_2022"
LEFT_OUT = ("zh_discuz_s1_hardham", "zh_lowef_botpool")
SHORT = 40
"""Characters of the genuine texts that stock replies must be told from."""
SPAM, LOW_EFFORT = ORDER.index(Label.SPAM), ORDER.index(Label.LOW_EFFORT)
Facts = dict[str, Any]


@dataclass(frozen=True)
class Data:
    """Examples by file; ``share`` of the training ones."""

    train: list[Example]
    dev: dict[str, list[Example]]
    sampled: list[Example]


def load(folder: Path, share: float, seed: int) -> Data:
    train = [example for path in sorted((folder / "train").glob("*.jsonl")) for example in read(path)]
    dev = {name: list(read(folder / "dev" / f"{name}.jsonl")) for name in (*DEV, GENUINE)}
    draws = np.random.default_rng(seed).random(len(train)) < share
    return Data(train, dev, [example for example, drawn in zip(train, draws, strict=True) if drawn])


def transfer(data: Data, recipe: Recipe, seed: int) -> Facts:
    """Every family left out of the sampled training rows, then scored on all its rows."""
    table: Facts = {}
    for family, sources in trials.FAMILIES.items():
        say(f"transfer: {family}")
        own = [example for example in data.train if example.source in sources]
        others = [example for example in data.sampled if example.source not in sources]
        found = trials.transfer([*others, *own], family, data.dev[GENUINE], recipe, seed=seed)
        say(f"  PR-AUC {found.ours:.4f}, the peer {found.peer:.4f}")
        table[family] = {
            "rows": found.rows,
            "spam": found.spam,
            "ours": found.ours,
            "peer": found.peer,
            "difference": [found.low, found.high],
        }
    return table | {
        f"gap_closed_{language}": trials.gap_closed(
            [(row["ours"], row["peer"]) for name, row in table.items() if name.startswith("zh") is chinese]
        )
        for language, chinese in (("zh", True), ("en", False))
    }


def served(folder: Path, examples: Sequence[Example]) -> tuple[HeldOut, Manifest]:
    """What a stored model says of examples."""
    linear, manifest = model.load(folder)
    measured = matrix.measure([example.reply for example in examples])
    pairs = linear.weights[:-1]
    weights = np.column_stack([pairs.real, pairs.imag]).astype(np.float64)
    logits = model.combine(linear.stage, linear.bias, measured.inputs(weights))
    labels = np.array([-1 if one.label is None else ORDER.index(one.label) for one in examples])
    rows = HeldOut(
        linear.probabilities(logits),
        labels,
        np.ones(len(examples)),
        [one.source for one in examples],
        matrix.reaching(measured),
    )
    return rows, manifest


def dev(data: Data, folder: Path) -> Facts:
    """Average precision, recall at precision .99 and at the thresholds, by source."""
    found: Facts = {}
    for name in DEV:
        judged = [example for example in data.dev[name] if example.label is not None]
        rows, manifest = served(folder, judged)
        truth, scores = rows.labels == SPAM, rows.probabilities[:, SPAM]
        found[name] = {
            "rows": len(judged),
            "spam": int(truth.sum()),
            "average_precision": average_precision(truth, scores),
            "recall_at_precision_.99": recall_at(truth, scores, 0.99),
            "recall_at_queue": float((scores[truth] >= manifest.threshold("spam.queue")).mean()),
            "recall_at_hide_any": float((scores[truth] >= manifest.threshold("spam.hide_any")).mean()),
        }
    return found


def attacks(data: Data, folder: Path, seed: int) -> Facts:
    """Recall of dev spam at the queue threshold, and what each evasion takes from it."""
    spam = [example for name in DEV for example in data.dev[name] if example.label is Label.SPAM]
    benign = [one.text for one in data.dev[GENUINE] if one.label is Label.HAM and 6 <= len(one.text) <= 100]
    plain = _recall(folder, spam)
    found: Facts = {"plain": plain}
    for name, changed in trials.evasions(spam, benign, seed=seed):
        say(f"attacks: {name}")
        recall = _recall(folder, changed)
        found[name] = {"recall": recall, "lost": plain - recall}
    return found


def _recall(folder: Path, spam: Sequence[Example]) -> float:
    rows, manifest = served(folder, spam)
    return float((rows.probabilities[:, SPAM] >= manifest.threshold("spam.queue")).mean())


def genuine(data: Data, recipe: Recipe, seed: int) -> Facts:
    """A model that has not seen ``LEFT_OUT``: genuine replies hidden and queued with the
    recall that this leaves, and stock replies told from short genuine ones."""
    say("genuine: fitting")
    hard = [example for example in data.train if example.source == LEFT_OUT[0]]
    stock = [example for example in data.train if example.source == LEFT_OUT[1]]
    replies = [*data.dev[GENUINE], *hard]
    seen = [example for example in data.sampled if example.source not in LEFT_OUT]
    fitted = trials.learn(without(seen, [*replies, *stock]), recipe, seed=seed)
    limits = evaluate.thresholds(fitted.judged(), recipe.genuine)
    say("genuine: scoring")
    rows = trials.judge(fitted, replies)
    spam = [one for name in DEV for one in data.dev[name] if one.label is Label.SPAM]
    return {
        "rows": len(replies),
        "thresholds": {name: limit.value for name, limit in limits.items()},
        "hidden": _above(rows.only_reaching(), limits["spam.hide"], SPAM),
        "hidden_any": _above(rows, limits["spam.hide_any"], SPAM),
        "queued_spam": _above(rows, limits["spam.queue"], SPAM),
        "queued_low_effort": _above(rows, limits["low_effort.queue"], LOW_EFFORT),
        "queued_share": _queued(rows, limits),
        "recall_of_dev_spam": _caught(trials.judge(fitted, spam), limits["spam.queue"], SPAM),
        "recall_of_dev_spam_hidden": _caught(
            trials.judge(fitted, spam).only_reaching(), limits["spam.hide"], SPAM
        ),
        "low_effort": _stock(
            data, trials.judge(fitted, stock), rows, limits["low_effort.queue"], seen, stock
        ),
    }


def _above(rows: HeldOut, limit: Threshold, column: int) -> int:
    return int((rows.probabilities[:, column] >= limit.value).sum())


def _caught(rows: HeldOut, limit: Threshold, column: int) -> float:
    return _above(rows, limit, column) / max(len(rows.labels), 1)


def _queued(rows: HeldOut, limits: dict[str, Threshold]) -> float:
    spam = rows.probabilities[:, SPAM] >= limits["spam.queue"].value
    low = rows.probabilities[:, LOW_EFFORT] >= limits["low_effort.queue"].value
    return float((spam | low).mean())


def _stock(
    data: Data,
    scored: HeldOut,
    replies: HeldOut,
    limit: Threshold,
    seen: Sequence[Example],
    stock: Sequence[Example],
) -> Facts:
    """Bots' stock replies against short genuine replies, beside TF-IDF on the same rows."""
    texts = [example.text for example in data.dev[GENUINE]]
    short = [at for at, text in enumerate(texts) if len(text) <= SHORT and replies.labels[at] == 0]
    truth = np.concatenate([np.ones(len(stock), dtype=bool), np.zeros(len(short), dtype=bool)])
    ours = np.concatenate([scored.probabilities[:, LOW_EFFORT], replies.probabilities[short, LOW_EFFORT]])
    taught = [one for one in seen if one.label is not None]
    peer = trials.tfidf(
        [one.text for one in taught], np.array([one.label is Label.LOW_EFFORT for one in taught])
    )
    theirs = peer([*(example.text for example in stock), *(texts[at] for at in short)])
    return {
        "stock": len(stock),
        "short_genuine": len(short),
        "ours": average_precision(truth, ours),
        "peer": average_precision(truth, theirs),
        "difference": trials.bootstrap(truth, ours, theirs, seed=0),
        "recall_at_queue": _caught(scored, limit, LOW_EFFORT),
    }


def say(what: str) -> None:
    sys.stderr.write(f"{time.process_time():7.0f} s  {what}\n")
    sys.stderr.flush()


def show(name: str, facts: Facts, depth: int = 0) -> None:
    sys.stdout.write(f"{'  ' * depth}{name}\n")
    for key, value in facts.items():
        if isinstance(value, dict):
            show(key, value, depth + 1)
        else:
            told = f"{value:.4f}" if isinstance(value, float) else value
            sys.stdout.write(f"{'  ' * (depth + 1)}{key:32} {told}\n")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--model", type=Path, default=BASELINE)
    asked.add_argument("--share", type=float, default=0.4)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--only", nargs="*", choices=("transfer", "dev", "attacks", "genuine"))
    asked.add_argument("--json", action="store_true")
    chosen = asked.parse_args()
    recipe = Recipe()
    data = load(chosen.data, chosen.share, chosen.seed)
    parts: dict[str, Callable[[], Facts]] = {
        "dev": lambda: dev(data, chosen.model),
        "attacks": lambda: attacks(data, chosen.model, chosen.seed),
        "genuine": lambda: genuine(data, recipe, chosen.seed),
        "transfer": lambda: transfer(data, recipe, chosen.seed),
    }
    found = {name: part() for name, part in parts.items() if name in (chosen.only or parts)}
    if chosen.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    for name, facts in found.items():
        show(name, facts)


if __name__ == "__main__":
    main()
