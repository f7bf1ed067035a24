"""Make ``models/baseline``, the model that ships, from a folder of public posts.

A development script, run by hand: ``python -m modbot.training.baseline --data DIR``.
``DIR/train`` is learned from; the files of ``DIR/dev`` named here are held out beside the
share that is split off. The same files give the same weights.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from modbot.training import train as training
from modbot.training.versions import BASELINE

HELD_OUT = ("zh_chat_spam10k", "zh_discuz_s1_2022", "zh_gamechat_ads")


def make(data: Path, models: Path, now: datetime) -> training.Candidate:
    """Train the baseline. Raises ModelError for files that cannot be used."""
    return training.train(
        sorted((data / "train").glob("*.jsonl")),
        models=models,
        now=now,
        held_out=[data / "dev" / f"{name}.jsonl" for name in HELD_OUT],
        name=BASELINE,
        progress=_say,
    )


def _say(stage: str) -> None:
    sys.stderr.write(f"{stage} …\n")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--models", type=Path, default=Path("models"))
    chosen = asked.parse_args()
    made = make(chosen.data, chosen.models, datetime.now(UTC))
    sys.stdout.write(f"{made.folder}\n")


if __name__ == "__main__":
    main()
