"""``train``: a new model from files and verdicts, put to use only if it is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from modbot.daemon import exchange
from modbot.domain import Label
from modbot.settings import Loaded
from modbot.training import train as training
from modbot.training import versions
from modbot.training.examples import Verdict


@dataclass(frozen=True, slots=True)
class Trained:
    """``reason`` is a code of the catalogues; ``champion`` is None when there was no model."""

    version: str
    promoted: bool
    reason: str
    champion: dict[str, Any] | None
    challenger: dict[str, Any]

    def as_object(self, reason: str) -> dict[str, Any]:
        return {
            "version": self.version,
            "promoted": self.promoted,
            "reason": reason,
            "champion": self.champion,
            "challenger": self.challenger,
        }


def train(
    loaded: Loaded,
    data: Sequence[Path],
    taught: Iterable[Mapping[str, Any]],
    *,
    promote: bool,
    progress: Callable[[str], None],
) -> Trained:
    """Fit a new version into the models folder; promote it when it deserves that.

    ``taught`` are the store's labels as ``check`` objects. Raises ModelError for data that
    cannot be used. Until it is promoted the model in use stays what it is.
    """
    loaded.models_dir.mkdir(parents=True, exist_ok=True)
    candidate = training.train(
        files_of(data),
        models=loaded.models_dir,
        now=datetime.now(UTC),
        verdicts=[_verdict(item, number) for number, item in enumerate(taught, 1)],
        progress=progress,
    )
    if promote and candidate.deserves_promotion:
        versions.promote(loaded.models_dir, candidate.manifest.version)
        return _trained(candidate, promoted=True)
    return _trained(candidate, promoted=False)


def files_of(data: Sequence[Path]) -> list[Path]:
    """Files as given, folders as their ``*.jsonl`` files."""
    found: list[Path] = []
    for path in data:
        found += sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    return found


def _verdict(item: Mapping[str, Any], number: int) -> Verdict:
    given = datetime.fromisoformat(str(item["given_at"]))
    return Verdict(exchange.of_object(item, number).reply, Label(item["label"]), given)


def _trained(candidate: training.Candidate, *, promoted: bool) -> Trained:
    compared = candidate.comparison
    version = candidate.manifest.version
    if compared is None:
        return Trained(version, promoted, "train.reason.first", None, {"version": version})
    champion = {
        "version": compared.champion,
        "log_loss": round(compared.champion_loss, 5),
        "false_positive_bound": round(compared.champion_bound, 6),
    }
    challenger = {
        "version": version,
        "log_loss": round(compared.challenger_loss, 5),
        "false_positive_bound": round(compared.challenger_bound, 6),
    }
    return Trained(version, promoted, _reason(candidate, promoted=promoted), champion, challenger)


def _reason(candidate: training.Candidate, *, promoted: bool) -> str:
    compared = candidate.comparison
    if promoted:
        return "train.reason.better"
    if candidate.deserves_promotion or compared is None:
        return "train.reason.not_asked"
    if not compared.is_proved:
        return "train.reason.too_few"
    if compared.challenger_bound > compared.champion_bound:
        return "train.reason.bolder"
    return "train.reason.worse"
