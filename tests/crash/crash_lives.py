"""The daemon's many lives: begun, killed, begun anew, until all stories are told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crash_points import RUNNING, Kill
from crash_stories import Chronicle
from crash_town import HERE, Town

READY_SECONDS = 30.0
PATIENCE_SECONDS = 4.0
"""For an event inside the daemon that does not come; then it is killed from outside."""
STOPS_WITHIN = 10.0
REST_SECONDS = 60.0
TICK_SECONDS = 0.02
TELLING_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Death:
    """``hit``: at the event that was meant. ``under_way``: actions that were claimed and not
    settled; ``half_done``: those among them whose effect the forum shows already."""

    kill: Kill
    hit: bool
    under_way: int
    half_done: int
    seconds: float

    def __str__(self) -> str:
        missed = "" if self.hit else ", missed"
        return f"{self.kill}{missed}: {self.under_way} under way, {self.half_done} half done"


@dataclass
class Life:
    """One process of the daemon."""

    process: subprocess.Popen[bytes]
    log: Path
    began: float = field(default_factory=time.monotonic)
    ready_at: float | None = None

    def look(self) -> None:
        if self.ready_at is None and b'"event": "serving"' in self.log.read_bytes():
            self.ready_at = time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        """As it is, if it is over already."""
        self.process.kill()
        self.process.wait()


class Lives:
    def __init__(self, town: Town, chronicle: Chronicle) -> None:
        self._town = town
        self._chronicle = chronicle
        self.deaths: list[Death] = []
        self._told = 0.0

    def live_and_die(self, kills: Sequence[Kill]) -> None:
        for kill in kills:
            self._chronicle.begin(len(self.deaths))
            self.deaths.append(self._one(kill))

    def live_to_rest(self) -> None:
        """One more life, which ends in order once nothing is left to do."""
        life = self._begin(None)
        try:
            self._wait_for_rest(life)
            life.process.send_signal(signal.SIGTERM)
            assert life.process.wait(timeout=STOPS_WITHIN) == 0
        finally:
            life.kill()

    def _wait_for_rest(self, life: Life) -> None:
        deadline = time.monotonic() + REST_SECONDS
        while self._chronicle.unfinished or self._town.ledger.unsettled():
            self._wait(life)
            assert not life.is_over, f"the daemon ended by itself: see {life.log}"
            assert time.monotonic() < deadline, f"no rest: {self._chronicle.unfinished}, see {life.log}"

    def _one(self, kill: Kill) -> Death:
        life = self._begin(kill)
        due = self._due(life, kill)
        try:
            while not life.is_over and not due():
                self._wait(life)
            hit = life.is_over or kill.is_timed
        finally:
            life.kill()
        self._check_end(life, gently=kill.gently and hit)
        claimed = self._town.ledger.claimed(life.process.pid)
        half_done = [row for row in claimed if self._shows(row["post_id"], row["kind"])]
        return Death(kill, hit, len(claimed), len(half_done), time.monotonic() - life.began)

    def _check_end(self, life: Life, *, gently: bool) -> None:
        """SIGKILL is what it died of; SIGTERM it survives until it has put away its work."""
        code = life.process.returncode
        if not gently:
            assert code == -signal.SIGKILL, f"ended by itself: see {life.log}"
            return
        assert code == 0, f"no end in order: see {life.log}"
        assert not self._town.ledger.claimed(life.process.pid), f"claims left behind: see {life.log}"

    def _due(self, life: Life, kill: Kill) -> Callable[[], bool]:
        def passed() -> bool:
            began = life.ready_at if kill.event == RUNNING else life.began
            return began is not None and time.monotonic() - began >= kill.at

        patience = PATIENCE_SECONDS + (STOPS_WITHIN if kill.gently else 0.0)

        def given_up() -> bool:
            return time.monotonic() - (life.ready_at or life.began + READY_SECONDS) >= patience

        return passed if kill.is_timed else given_up

    def _wait(self, life: Life) -> None:
        life.look()
        if time.monotonic() - self._told >= TELLING_SECONDS:
            self._chronicle.advance()
            self._told = time.monotonic()
        time.sleep(TICK_SECONDS)

    def _begin(self, kill: Kill | None) -> Life:
        town = self._town
        log = town.folder / f"life-{len(self.deaths):03}.log"
        inside = [kill.event, str(kill.at), kill.signal.name] if kill and not kill.is_timed else []
        program = [sys.executable, str(HERE / "crash_serve.py"), str(town.settings_file)]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*program, str(town.clock.epoch), *inside], stdout=out, stderr=out, env=town.environ
            )
        return Life(process, log)

    def _shows(self, post_id: int, kind: str) -> bool:
        post = self._town.forum.posts.get(post_id)
        return post is not None and post.hidden is (kind == "hide")


def report(seed: int, deaths: Sequence[Death]) -> str:
    """Every death, then the kills by kind: how many hit, and how many found something under way."""
    lines = [f"  {number:3} {death}" for number, death in enumerate(deaths)]
    total, hit, busy = Counter[str](), Counter[str](), Counter[str]()
    for death in deaths:
        total[death.kill.kind] += 1
        hit[death.kill.kind] += death.hit
        busy[death.kill.kind] += death.under_way > 0
    lines.append(f"seed {seed}: {len(deaths)} kills in {sum(death.seconds for death in deaths):.0f} s")
    lines += [
        f"  {kind:27} {number:3} kills, {hit[kind]:3} hit, {busy[kind]:3} with an action under way"
        for kind, number in sorted(total.items())
    ]
    half = sum(death.half_done > 0 for death in deaths)
    lines.append(f"  {busy.total()} with an action under way, {half} done on the forum and not in the store")
    return "\n".join(lines)
