"""Rules at work: a batch of facts in, what each rule found out.

The automaton, the expressions and the columns of facts are asked once a batch; Python looks
at single replies only where a rule has fired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modbot.detection.context import Context
from modbot.detection.reading import Reading
from modbot.detection.rules import conditions, evidence, facts, logic
from modbot.detection.rules.asking import Asked
from modbot.detection.rules.compiling import Clause, Compiled, compiled
from modbot.detection.rules.conditions import Question, Rule
from modbot.detection.rules.evidence import RuleHit
from modbot.detection.rules.facts import Facts, Floats, Standing
from modbot.detection.rules.logic import FALSE, TRUE, UNKNOWN
from modbot.domain import Reply, RuleOutcome, Signal
from modbot.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Undecided:
    """A rule that is neither true nor false of a reply, for want of the answers to ``lacks``."""

    rule: Rule
    lacks: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """An operator's rules in the order of their file. Immutable, safe under threads.

    ``standing`` tells whether a reply's author has standing, None where that is not known.
    """

    compiled: Compiled
    standing: Standing | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(clause.rule for clause in self.compiled.clauses)

    @property
    def digest(self) -> str:
        """The same for the same rules in the same order; empty without any."""
        return self.compiled.digest

    @property
    def asks_standing(self) -> bool:
        return conditions.AuthorStanding() in self.compiled.questions.values()

    def knowing(self, standing: Standing) -> RuleBook:
        """The same rules with a way to know whose author has standing."""
        return replace(self, standing=standing)

    def signals(
        self,
        replies: Sequence[Reply],
        reading: Reading,
        texts: Sequence[str],
        found: Context,
        probabilities: Floats,
    ) -> list[tuple[Signal, ...]]:
        """What fired on each reply of a batch that the detector has read and scored."""
        folded, letters = reading.folded, reading.letters
        batch = Facts(replies, folded, letters, texts, found.contacts, found.links, probabilities)
        return [tuple(hit.signal() for hit in hits) if hits else () for hits in self.match(batch)]

    def match(self, batch: Facts) -> list[tuple[RuleHit, ...]]:
        """What fired on each reply, in the order of the file: the rule that decides, and the
        labelling ones before it. What stands below the deciding rule is not reached."""
        return [reached(hits) if hits else () for hits in self.match_all(batch)]

    def match_all(self, batch: Facts) -> list[tuple[RuleHit, ...]]:
        """Every rule that is true of each reply, reached or not."""
        hits: list[tuple[RuleHit, ...]] = [()] * len(batch)
        asked = Asked(self.compiled, batch, self.standing)
        for clause in self.compiled.clauses:
            for row in asked.rows(clause.node, TRUE):
                hits[row] = (*hits[row], evidence.hit(clause, asked, row))
        return hits

    def undecided(self, batch: Facts) -> list[tuple[Undecided, ...]]:
        """The rules that could be true of each reply if more were known of it."""
        found: list[tuple[Undecided, ...]] = [()] * len(batch)
        asked = Asked(self.compiled, batch, self.standing)
        for clause in self.compiled.clauses:
            for row in asked.rows(clause.node, UNKNOWN):
                found[row] = (*found[row], Undecided(clause.rule, _lacks(clause, asked, row)))
        return found


def compile_rules(rules: Sequence[Rule], *, source: str = "") -> RuleBook:
    """Rules ready to match, proved on their own examples. Raises SettingsError naming ``source``,
    the file that they are from, and the rule."""
    made = compiled(rules, source=source)
    for clause in made.clauses:
        if clause.rule.match or clause.rule.leave:
            _check_examples(made, clause, source)
    return RuleBook(made)


def reached(hits: Sequence[RuleHit]) -> tuple[RuleHit, ...]:
    """The hits down to the first that decides: a label only changes what the text is taken for."""
    decides = (number for number, hit in enumerate(hits, 1) if hit.then is not RuleOutcome.LABEL)
    return tuple(hits[: next(decides, len(hits))])


def _lacks(clause: Clause, asked: Asked, row: int) -> tuple[Question, ...]:
    unknown = (number for number in logic.leaves(clause.node) if asked.truth_at(number, row) == UNKNOWN)
    return tuple(asked.compiled.questions[number] for number in unknown)


def _check_examples(known: Compiled, clause: Clause, source: str) -> None:
    """A text to match may lack what only a forum tells; a text to pass must not need it."""
    rule = clause.rule
    asked = Asked(known, facts.of_texts((*rule.match, *rule.leave)))
    truth = asked.of(clause.node).tolist()
    missed = [text for text, found in zip(rule.match, truth, strict=False) if found == FALSE]
    caught = [
        text for text, found in zip(rule.leave, truth[len(rule.match) :], strict=True) if found != FALSE
    ]
    for code, wrong in (("example_missed", missed), ("example_caught", caught)):
        if wrong:
            raise SettingsError(code=f"error.rules.{code}", source=source, rule=rule.name, example=wrong[0])
