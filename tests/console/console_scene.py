"""A small city forum for the console's pages: `scene.toml` told to the real judge, and three
people who have worked on what it found."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from console_desk import ConsoleDesk
from scene_replies import FORUM, Sight, board_names, members, sights

import modbot.store
from modbot import settings
from modbot.accounts import invitations
from modbot.daemon import models, wiring
from modbot.daemon.house import judging_rules
from modbot.daemon.judging import Judge
from modbot.detection import manifest
from modbot.detection.model import shipped_baseline
from modbot.domain import EVERYWHERE, ExceptionScope, Label, Reason, ReplyKey, Role, Scope, VerdictKind
from modbot.moderation import spot_checks
from modbot.moderation.deciding import USUAL, Choice
from modbot.store import boards, byhand, flags, inbox, notes, overlay, people, polls, standing
from modbot.store import spot_checks as drawn
from modbot.store.exceptions import Where

TRAINED = "2026-02-14"
SETTINGS = """
[paths]
models = "{models}"
[policy]
mode = "queue"
[forums.city]
url = "http://bbs.example.com/"
username = "modbot"
[forums.city.boards.37]
kind = "chatter"
[forums.city.boards.38]
kind = "trade"
[forums.city.boards.40.policy]
mode = "enforce"
[forums.school]
url = "http://school.example.com/"
username = "modbot"
[forums.school.policy]
mode = "shadow"
"""
SECRETS = {"MODBOT_FORUMS__CITY__PASSWORD": "x", "MODBOT_FORUMS__SCHOOL__PASSWORD": "x"}
ANN, BEN, DAWN, VIC = "ann", "ben", "晨光", "vic"


@dataclass
class Scene(ConsoleDesk):
    """``posts`` are the named posts of the script; it ends ``now``, when it begins to play."""

    posts: dict[str, int] = field(default_factory=dict)
    judge: Judge = field(init=False)
    end: datetime = field(init=False)
    to_come: list[Sight] = field(default_factory=list)

    def loaded(self) -> settings.Loaded:
        file = self.folder / "modbot.toml"
        if not file.exists():
            file.write_text(SETTINGS.format(models=self.folder / "models"), "utf-8")
        with self.store.read() as rx:
            return settings.usable_over(settings.load(file, environ=SECRETS), overlay.in_force(rx))

    def play(self) -> None:
        """Everything that happens, in its order."""
        self.end = self.now
        self.to_come = sights(self.end)
        self.posts = {sight.name: sight.reply.post_id for sight in self.to_come if sight.name}
        self._keep_two_models()
        self.judge = self._hired()
        self._read_until(4800)
        self._condemn_the_advert()
        self._read_until(1100)
        self._decide_about_the_old()
        self._read_until(0)
        self.now = self.end
        self._begin_the_day()
        self._spot_check()
        self._choose_settings()

    def flag_of(self, name: str) -> int:
        """The flag of the post that the script calls so."""
        wanted = flags.Filter(forum=FORUM, states=tuple(flags.FlagState))
        with self.store.read() as rx:
            found = {flag.post_id: flag.id for flag in flags.find(rx, wanted, limit=500)}
        return found[self.posts[name]]

    @property
    def names(self) -> list[str]:
        """What people, places and models are called: the same in every language."""
        places = [*self.loaded().settings.forums, *(name for _, name in board_names())]
        return [*places, ANN, BEN, DAWN, VIC, "baseline", *members()]

    def campaign_of(self, name: str) -> str:
        return self.get(self.flag_of(name)).campaign or ""

    def standing_decision(self) -> int:
        with self.store.read() as rx:
            return standing.listing(rx)[0].id

    def link_for(self, name: str) -> str:
        """The path of a fresh one-time link."""
        with self.store.write() as tx:
            user = people.find(tx, name)
            assert user is not None
            return invitations.invite(tx, user, base="", at=self.now, by=ANN)

    def _keep_two_models(self) -> None:
        folder = self.folder / "models"
        for version in ("baseline", TRAINED):
            shutil.copytree(shipped_baseline(), folder / version)
        facts = manifest.read(folder / TRAINED)
        mine = replace(facts, version=TRAINED, parent="baseline", created="2026-02-14T03:20:00+00:00")
        (folder / TRAINED / manifest.FILE).write_text(mine.to_json(), "utf-8")

    def _hired(self) -> Judge:
        loaded = self.loaded()
        detector = models.load_detector(loaded)
        book = wiring.policy_book(loaded, detector.manifest.thresholds)
        return Judge(
            forum=FORUM,
            store=self.store,
            detector=detector,
            duplicates=wiring.duplicate_index(loaded.settings),
            rules=judging_rules(loaded, book),
            clock=lambda: self.now,
        )

    def _read_until(self, ago: int) -> None:
        """What was written up to ``ago`` minutes before the end, half an hour at a time."""
        until = self.end - timedelta(minutes=ago)
        while self.to_come and self.to_come[0].at <= until:
            at = self.to_come[0].at + timedelta(minutes=30)
            seen = [sight for sight in self.to_come if sight.at <= min(at, until)]
            self.to_come = self.to_come[len(seen) :]
            self.now = seen[-1].at + timedelta(minutes=1)
            self.record(*(sight.reply for sight in seen))
            self.judge.judge_waiting()
            self.carry_out()

    def _decide(self, who: str, name: str, kind: VerdictKind, choice: Choice = USUAL) -> int:
        flag = self.flag_of(name)
        self.house().moderator(who).give(flag, kind, choice)
        self._wait()
        return flag

    def _wait(self) -> None:
        """Until what was decided is done on the forum."""
        self.later(minutes=2)
        self.carry_out()

    def _condemn_the_advert(self) -> None:
        for name in ("first", "second"):
            self._decide(DAWN, name, VerdictKind.UPHOLD)
        self._decide(
            DAWN, "condemned", VerdictKind.UPHOLD, Choice("同一个号换着主题发，见过三回了", stands=True)
        )

    def _decide_about_the_old(self) -> None:
        self._decide(BEN, "dismissed", VerdictKind.DISMISS, Choice("是真心道谢"))
        allowed = Choice("这个帖子就是让大家蹲的", where=Where(ExceptionScope.THREAD))
        self._decide(BEN, "allowed", VerdictKind.ALLOW_HERE, allowed)

    def _begin_the_day(self) -> None:
        """Half of an author's texts is decided, one verdict is taken back; somebody flags by
        hand, and asks what the others think."""
        self._decide(ANN, "low_effort", VerdictKind.UPHOLD, Choice("复读"))
        flag = self._decide(BEN, "echo", VerdictKind.UPHOLD)
        self.house().moderator(ANN).undo(flag)
        self._wait()
        with self.store.write() as tx:
            long = self.flag_of("long")
            notes.add(
                tx,
                long,
                "内容是真的有用，只是链接我打不开。谁家在热力公司有熟人，问一句？",
                who=ANN,
                at=self.now,
            )
            notes.add(tx, long, "问了，是他们的旧域名。先别处理。", who=BEN, at=self.now)
            post = inbox.find(tx, ReplyKey(FORUM, self.posts["rude"]))
            assert post is not None
            byhand.open(tx, post.reply_id, post.revision_id, Reason.SPAM, who=BEN, at=self.now)
            boards.save(tx, FORUM, [(number, name, None) for number, name in board_names()], at=self.now)
            polls.began(tx, FORUM, at=self.now)
            polls.succeeded(tx, FORUM, at=self.now, read=64, new=3, caught_up=True)

    def _spot_check(self) -> None:
        with self.store.write() as tx:
            drawn.draw(tx, FORUM, number=6, now=self.now, choose=random.Random(4).sample)  # noqa: S311
            first, second = [check.id for check in drawn.listing(tx)][:2]
        spot_checks.answer(self.house().moderator(BEN), first, Label.HAM)
        spot_checks.answer(self.house().moderator(ANN), second, Label.LOW_EFFORT)

    def _choose_settings(self) -> None:
        for name, role, scope in (
            (ANN, Role.ADMIN, EVERYWHERE),
            (BEN, Role.MODERATOR, EVERYWHERE),
            (DAWN, Role.MODERATOR, Scope({FORUM: frozenset({36, 40})})),
            (VIC, Role.VIEWER, EVERYWHERE),
        ):
            self.person(name, role, scope=scope)
        self.house().adopt({"queue.per_day": 80}, who=ANN, seen=0)


@contextmanager
def on_stage(folder: Path, empty_database: Path) -> Iterator[Scene]:
    """The scene as it ends, served on a free port; ``empty_database`` is copied."""
    path = folder / "modbot.db"
    shutil.copyfile(empty_database, path)
    store = modbot.store.open(path)
    with Scene(store, folder=folder) as scene:
        scene.play()
        yield scene
    store.close()
