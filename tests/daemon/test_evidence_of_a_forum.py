"""What a forum's verdicts and spot checks come to: estimates, and reasons that earn autonomy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from executor_support import Bench

from modbot import i18n, settings
from modbot.daemon import doctoring
from modbot.daemon.serving.chores import Chore, ChoreRounds
from modbot.daemon.serving.pulse import Pulse
from modbot.detection import Threshold
from modbot.domain import (
    Assessment,
    Decision,
    DecisionKind,
    Label,
    Probabilities,
    Reason,
    Reply,
    VerdictKind,
    VerdictSource,
)
from modbot.errors import UsageError
from modbot.moderation import autonomy as earning
from modbot.moderation import earned, estimates
from modbot.moderation import spot_checks as judging
from modbot.moderation.autonomy import Standing, Survey
from modbot.policy.autonomy import Verdicts
from modbot.store import audit, autonomy, decisions, flags, inbox, schema, spot_checks, verdicts

CITY = """
[policy]
mode = "{mode}"
precision_target = 0.98
[forums.city]
url = "https://bbs.example.com/"
username = "modbot"
"""
WEAK = Threshold(0.999, 70_000, 2, 9e-5, 50_000, 0.1, 0.92, "rows")
RIGHT, WRONG = VerdictKind.UPHOLD, VerdictKind.DISMISS


@dataclass
class Town:
    """A forum whose replies are judged as the test says."""

    bench: Bench
    folder: Path
    mode: str = "queue"
    posts: int = 0

    def loaded(self) -> settings.Loaded:
        file = self.folder / "modbot.toml"
        file.write_text(CITY.format(mode=self.mode), encoding="utf-8")
        return settings.load(file, environ={})

    def judged(
        self, decided: Decision, *, board: int = 7, text: str = "今天停水到几点"
    ) -> tuple[int, int, int]:
        """A reply that is stored and judged; answers its row, revision and decision."""
        self.posts += 1
        reply = Reply("city", self.posts, text, thread_id=1, board_id=board)
        with self.bench.store.write() as tx:
            [row] = inbox.record(tx, [reply], at=self.bench.now).rows
            said = Assessment(reply.key, Probabilities(0.9, 0.05, 0.05), (), None, text, "m")
            entry = decisions.Judgement(row.reply_id, row.revision_id, said, decided, False)
            return row.reply_id, row.revision_id, decisions.record(tx, [entry], at=self.bench.now)[0]

    def passes(self, number: int = 1) -> None:
        for _ in range(number):
            self.judged(
                Decision(DecisionKind.ALLOW, DecisionKind.ALLOW, None, Label.HAM, 0, None, (), (), "p", "m")
            )

    def flagged(
        self,
        kind: VerdictKind | None,
        *,
        board: int = 7,
        reason: Reason = Reason.REPEATED,
        would_hide: bool = True,
        campaign: str | None = None,
        source: VerdictSource = VerdictSource.TERMINAL,
    ) -> int:
        would = DecisionKind.HIDE if would_hide else DecisionKind.QUEUE
        decided = Decision(DecisionKind.QUEUE, would, reason, Label.SPAM, 0.9, None, (), (), "p", "m")
        reply_id, revision_id, decision_id = self.judged(decided, board=board)
        with self.bench.store.write() as tx:
            flag_id = flags.open(
                tx,
                forum="city",
                reply_id=reply_id,
                revision_id=revision_id,
                decision_id=decision_id,
                decision=decided,
                campaign=campaign,
                at=self.bench.now,
            )
            assert flag_id is not None
            if kind is not None:
                verdicts.give(tx, flag_id, kind, source=source, who="ann", now=self.bench.now)
        return flag_id

    def several(self, number: int, kind: VerdictKind = RIGHT, **how: object) -> None:
        for _ in range(number):
            self.flagged(kind, **how)  # type: ignore[arg-type]

    def draw(self, *answers: Label | None) -> None:
        """The day's draw, and what people say of it, one after the other."""
        judging.draw_for(self.bench.store, ["city"], per_day=5, now=self.bench.now)
        with self.bench.store.write() as tx:
            for check, label in zip(spot_checks.listing(tx, "city"), answers, strict=False):
                spot_checks.answer(tx, check.id, label, who="ann", now=self.bench.now)

    def known(self) -> estimates.Known:
        with self.bench.store.read() as rx:
            return estimates.read(rx, "city")

    def standing(self, reason: Reason = Reason.REPEATED, board: int | None = 7) -> Standing:
        with self.bench.store.read() as rx:
            return Survey.read(rx, self.loaded(), "city", {"spam.hide": WEAK}).of(board, reason)

    def grant(self, reason: Reason = Reason.REPEATED, board: int | None = 7, *, anyway: bool = False) -> None:
        with self.bench.store.write() as tx:
            survey = Survey.read(tx, self.loaded(), "city", {"spam.hide": WEAK})
            earning.grant(tx, survey, board, reason, who="ann", now=self.bench.now, anyway=anyway)


@pytest.fixture
def town(bench: Bench, tmp_path: Path) -> Town:
    return Town(bench, tmp_path)


# --- autonomy -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sentence_names_the_number_of_confirmations_that_is_right(town: Town, language: str) -> None:
    words = i18n.catalogue(language)
    town.several(30)
    standing = town.standing()
    missing = standing.missing
    assert missing
    said = earned.sentence(standing, words)
    assert (
        f"再确认 {missing} 条，本版即可自动屏蔽重复发帖" if language == "zh" else f"{missing} more confirmed"
    ) in said
    town.several(missing - 1)
    assert (town.standing().missing, town.standing().is_offered) == (1, False)
    town.several(1)
    assert (town.standing().missing, town.standing().is_offered) == (0, True)
    assert "autonomy grant repeated --board 7" in earned.sentence(town.standing(), words)


def test_the_doctor_offers_what_was_earned(town: Town) -> None:
    town.several(town.standing().missing or 0)
    file = town.folder / "modbot.toml"
    top = f'paths.models = "{settings.project_root() / "models"}"\nstore.url = "sqlite:///modbot.db"\n'
    file.write_text(top + CITY.format(mode="queue"), encoding="utf-8")
    found = [check for _, check in doctoring.examine(settings.load(file, environ={}))]
    offers = [check.facts["board"] for check in found if check.code == "doctor.autonomy_offered"]
    assert offers == ["", " --board 7"]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (VerdictKind.UPHOLD, 1, 0),
        (VerdictKind.REMOVE_DONT_LEARN, 1, 0),
        (VerdictKind.DISMISS, 0, 1),
        (None, 0, 0),
    ],
)
def test_what_counts_as_right_and_wrong(town: Town, kind: VerdictKind | None, right: int, wrong: int) -> None:
    town.flagged(kind)
    assert town.standing().told == Verdicts(right, wrong)


@pytest.mark.parametrize("source", list(VerdictSource))
def test_verdicts_count_wherever_they_were_given(town: Town, source: VerdictSource) -> None:
    town.flagged(RIGHT, source=source)
    assert town.standing().told.right == 1


def test_an_undone_verdict_and_what_would_not_have_been_hidden_do_not_count(town: Town) -> None:
    undone = town.flagged(RIGHT)
    with town.bench.store.write() as tx:
        verdicts.undo(tx, undone, who="ben", now=town.bench.now)
    town.flagged(RIGHT, would_hide=False)
    town.flagged(RIGHT, reason=Reason.RULE)
    town.flagged(RIGHT, board=8)
    assert town.standing().told == Verdicts()


def test_a_campaign_counts_once_however_many_copies_were_decided(town: Town) -> None:
    town.several(40, campaign="c0123456789abcdef")
    town.several(2)
    assert town.standing().told == Verdicts(3)


def test_what_was_decided_at_once_counts_once(town: Town) -> None:
    town.several(5)
    with town.bench.store.write() as tx:
        tx.execute(
            schema.verdicts.update().where(schema.verdicts.c.id > 1).values(bulk="all of one author's")
        )
    assert town.standing().told == Verdicts(2)


def test_what_standing_decisions_hid_is_no_evidence_of_the_reason(town: Town) -> None:
    town.flagged(RIGHT)
    with town.bench.store.write() as tx:
        tx.execute(schema.decisions.update().values(standing_id=1))
    assert town.standing().told == Verdicts()


def test_a_sure_forum_helps_a_board_that_has_few_verdicts_of_its_own(town: Town) -> None:
    alone = town.standing(board=9).missing
    town.several(160, board=7)
    town.several(1, board=9)
    helped = town.standing(board=9).missing
    assert alone is not None
    assert helped is not None
    assert 0 < helped < alone


def test_the_model_promises_less_where_adverts_are_rare(town: Town) -> None:
    for _ in range(15):
        town.passes(300)
        town.several(1, reason=Reason.SPAM)
        town.draw(*[Label.HAM] * 5)
        town.bench.later(days=1)
    with town.bench.store.read() as rx:
        survey = Survey.read(rx, town.loaded(), "city", {"spam.hide": WEAK})
    assert survey.base_rate < earning.BASE_RATE
    rare = survey.of(None, Reason.SPAM).precision
    usual = replace(survey, base_rate=earning.BASE_RATE).of(None, Reason.SPAM).precision
    assert rare < usual


def test_a_genuine_reply_that_scored_above_the_threshold_speaks_against_it(town: Town) -> None:
    town.passes(5)
    town.draw(Label.HAM, Label.HAM)
    with town.bench.store.read() as rx:
        survey = Survey.read(rx, town.loaded(), "city", {"spam.hide": WEAK})
    assert list(survey.ham_scores) == [0.05, 0.05]
    lower = replace(survey, thresholds={"spam.hide": replace(WEAK, value=0.04)})
    assert lower.of(None, Reason.SPAM).precision < survey.of(None, Reason.SPAM).precision


def test_a_grant_without_evidence_is_refused_unless_it_is_insisted_on(town: Town) -> None:
    with pytest.raises(UsageError) as caught:
        town.grant()
    assert caught.value.code == "error.autonomy.evidence"
    assert str(town.standing().missing) in caught.value.message("zh")
    town.grant(anyway=True)
    assert town.standing().acts
    assert not town.standing(board=8).acts
    with town.bench.store.read() as rx:
        [entry] = [one for one in audit.listing(rx) if one.what == "autonomy.granted"]
    assert (entry.who, entry.details) == ("ann", {"board": 7, "reason": "repeated", "why": "anyway"})


@pytest.mark.parametrize("reason", [Reason.LOW_EFFORT, Reason.TITLE_ECHO])
def test_low_effort_never_hides_unasked(town: Town, reason: Reason) -> None:
    with pytest.raises(UsageError) as caught:
        town.grant(reason, anyway=True)
    assert caught.value.code == "error.autonomy.never"


@pytest.mark.parametrize(
    ("mode", "acting"),
    [("shadow", set()), ("queue", set()), ("enforce", {Reason.REPEATED, Reason.RULE})],
)
def test_what_acts_without_any_grant_is_what_the_mode_lets(
    town: Town, mode: str, acting: set[Reason]
) -> None:
    town.mode = mode
    with town.bench.store.read() as rx:
        found = Survey.read(rx, town.loaded(), "city", {"spam.hide": WEAK}).everywhere()
    assert {one.reason for one in found if one.acts} == acting


def test_a_boards_ruling_goes_before_the_forums(town: Town) -> None:
    town.grant(board=None, anyway=True)
    assert town.standing(board=7).acts
    town.bench.later(minutes=1)
    with town.bench.store.write() as tx:
        earning.withdraw(tx, "city", 7, Reason.REPEATED, who="ann", now=town.bench.now)
    assert [town.standing(board=board).acts for board in (7, 8, None)] == [False, True, True]
    with town.bench.store.read() as rx:
        assert len(autonomy.in_force(rx, "city")) == 2


# --- estimates ------------------------------------------------------------------------------------------


def test_before_the_first_draw_nothing_is_known_and_that_is_said(town: Town) -> None:
    town.several(3)
    known = town.known()
    assert (known.since, known.answers, known.estimates.recall.value) == (None, 0, None)
    assert known.missing > 100
    assert [(one.board_id, one.told.right) for one in known.precisions] == [(None, 3), (7, 3)]


def test_recall_and_base_rate_come_from_the_draws_the_flags_and_what_people_hid(town: Town) -> None:
    town.several(8)
    town.several(2, WRONG)
    town.passes(99)
    reply_id, revision_id, decision_id = town.judged(
        Decision(DecisionKind.ALLOW, DecisionKind.ALLOW, None, Label.HAM, 0, None, (), (), "p", "m")
    )
    with town.bench.store.write() as tx:  # a moderator hid it on the forum before the draw
        tx.execute(schema.replies.update().where(schema.replies.c.id == reply_id).values(visibility="hidden"))
        about = {"forum": "city", "reply_id": reply_id, "revision_id": revision_id}
        seen = {"decision_id": decision_id, "visibility": "hidden", "seen_at": town.bench.now}
        tx.execute(schema.misses.insert().values({**about, **seen}))
    town.bench.later(hours=1)
    town.draw(Label.SPAM, Label.HAM, Label.HAM, Label.HAM, Label.HAM)
    known = town.known()
    assert (known.population, known.drawn, known.answers, known.missed) == (99, 5, 5, 1)
    assert (known.flagged.right, known.flagged.wrong) == (8, 2)
    assert known.estimates.among_passed.value == pytest.approx(0.2)
    assert known.estimates.recall.value == pytest.approx(8 / (8 + 0.2 * 99 + 1))
    assert known.estimates.base_rate.value == pytest.approx((8 + 0.2 * 99 + 1) / (99 + 10 + 1))
    assert known.estimates.recall.low < known.estimates.recall.value < known.estimates.recall.high


@pytest.mark.parametrize(
    ("visibility", "minutes", "counted"),
    [("hidden", -30, 1), ("gone", -30, 0), ("hidden", 30, 0)],
    ids=["hidden before the draw", "gone: perhaps by its author", "a draw could have met it"],
)
def test_a_miss_counts_once_and_only_when_a_human_hid_it(
    town: Town, visibility: str, minutes: int, counted: int
) -> None:
    town.passes(6)
    town.bench.later(hours=1)
    town.draw(Label.HAM)
    with town.bench.store.write() as tx:
        about = {"forum": "city", "reply_id": 1, "revision_id": 1, "decision_id": 1}
        seen = {"visibility": visibility, "seen_at": town.bench.now + timedelta(minutes=minutes)}
        tx.execute(schema.misses.insert().values({**about, **seen}))
    assert town.known().missed == counted


def test_what_an_answer_flagged_is_no_success_of_modbots(town: Town) -> None:
    town.passes(3)
    town.bench.later(hours=1)
    judging.draw_for(town.bench.store, ["city"], per_day=5, now=town.bench.now)
    with town.bench.store.write() as tx:
        check = spot_checks.listing(tx, "city")[0]
        flag_id = judging.judge(tx, check.id, Label.SPAM, uphold=True, who="ann", now=town.bench.now).flag_id
        assert flag_id is not None
        verdicts.give(tx, flag_id, RIGHT, source=VerdictSource.TERMINAL, who="ann", now=town.bench.now)
    known = town.known()
    assert (known.flagged.right, known.precisions, known.estimates.recall.value) == (0, (), 0.0)


# --- the daily draw -------------------------------------------------------------------------------------


def test_the_daemon_draws_once_a_day_and_once_after_an_outage(town: Town) -> None:
    planned: list[float] = []

    class Plan:
        def plan(self, name: str, job: object, seconds: float) -> None:
            planned.append(seconds)

    def run() -> dict[str, dict[str, int]]:
        return judging.draw_for(town.bench.store, ["city"], per_day=5, now=town.bench.now)

    chore = Chore("spot_checks", run, at="07:00", zone=UTC)
    rounds = ChoreRounds(
        chore=chore, store=town.bench.store, planner=Plan(), pulse=Pulse(), clock=town.bench.clock
    )
    for at in (
        "2026-03-01 08:00",
        "2026-03-01 20:00",
        "2026-03-02 06:00",
        "2026-03-02 07:00",
        "2026-03-06 09:00",
    ):
        town.bench.now = datetime.fromisoformat(f"{at}+00:00") - timedelta(minutes=1)
        town.passes(10)
        town.bench.later(minutes=1)
        rounds.round()
    with town.bench.store.read() as rx:
        found = [(draw.at.day, draw.population, draw.drawn) for draw in spot_checks.draws(rx, "city")]
    assert found == [(1, 10, 5), (2, 30, 5), (6, 10, 5)]
