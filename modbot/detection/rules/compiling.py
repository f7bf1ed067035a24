"""Rules as operators write them, made into what a batch is matched with. Checks them on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from modbot.detection import canonical
from modbot.detection.rules import conditions, logic
from modbot.detection.rules.conditions import Condition, Contains, Question, Regex, Rule
from modbot.detection.rules.keywords import Keywords
from modbot.detection.rules.patterns import Patterns, Unusable
from modbot.domain import RuleOutcome
from modbot.errors import SettingsError

DEPTH = 8
"""How deep conditions may be nested."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule with its condition as a tree over the numbers of questions."""

    rule: Rule
    node: logic.Node


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything that a batch is matched with. ``questions`` are all that the rules ask, by their
    numbers; those that an automaton or an expression answers are there by number, too."""

    clauses: tuple[Clause, ...]
    questions: Mapping[int, Question]
    keywords: Keywords
    titles: Keywords
    whole: frozenset[int]
    folded: Patterns
    raw: Patterns
    digest: str


def compiled(rules: Sequence[Rule], *, source: str) -> Compiled:
    """Raises SettingsError naming the rule; ``source`` is the file that it is told of."""
    numbering = _Numbering()
    names: set[str] = set()
    clauses = []
    for rule in rules:
        if rule.name in names:
            raise SettingsError(code="error.rules.same_name", source=source, rule=rule.name)
        names.add(rule.name)
        if rule.then is RuleOutcome.LABEL and rule.label is None:
            raise SettingsError(code="error.rules.label_missing", source=source, rule=rule.name)
        try:
            clauses.append(Clause(rule, _node(rule.when, numbering.number)))
        except _TooDeep:
            raise SettingsError(
                code="error.rules.too_deep", source=source, rule=rule.name, depth=DEPTH
            ) from None
    return _assembled(clauses, numbering.questions, source)


class _TooDeep(Exception):
    pass


@dataclass(slots=True)
class _Numbering:
    """Equal questions of different rules are one."""

    questions: dict[Question, int] = field(default_factory=dict)

    def number(self, question: Question) -> int:
        return self.questions.setdefault(question, len(self.questions))


def _node(condition: Condition, number: Callable[[Question], int], depth: int = 1) -> logic.Node:
    if depth > DEPTH:
        raise _TooDeep
    if isinstance(condition, conditions.Not):
        return logic.Negated(_node(condition.part, number, depth + 1))
    if isinstance(condition, conditions.All | conditions.Any):
        # What the text says costs least to know and settles most: it comes first.
        ordered = sorted(condition.parts, key=lambda part: not isinstance(part, Contains | Regex))
        parts = tuple(_node(part, number, depth + 1) for part in ordered)
        return logic.Both(parts) if isinstance(condition, conditions.All) else logic.Either(parts)
    return logic.Leaf(number(condition))


def _assembled(clauses: Sequence[Clause], questions: Mapping[Question, int], source: str) -> Compiled:
    blame = _Blame(clauses, source)
    texts = {number: found for found, number in questions.items() if isinstance(found, Contains)}
    folds = {number: _canonical(found, number, blame) for number, found in texts.items()}
    expressions = {number: found for found, number in questions.items() if isinstance(found, Regex)}
    everything = repr([clause.rule for clause in clauses]).encode("utf-8", "surrogatepass")
    return Compiled(
        clauses=tuple(clauses),
        questions={number: found for found, number in questions.items()},
        keywords=Keywords({number: words for number, words in folds.items() if not texts[number].title}),
        titles=Keywords({number: words for number, words in folds.items() if texts[number].title}),
        whole=frozenset(number for number, found in texts.items() if found.whole),
        folded=_patterns(expressions, blame, is_raw=False),
        raw=_patterns(expressions, blame, is_raw=True),
        digest=hashlib.sha256(everything).hexdigest()[:8] if clauses else "",
    )


@dataclass(frozen=True, slots=True)
class _Blame:
    """Tells whose question is wrong."""

    clauses: Sequence[Clause]
    source: str

    def error(self, code: str, question: int, **facts: object) -> SettingsError:
        asking = (clause.rule.name for clause in self.clauses if question in logic.leaves(clause.node))
        return SettingsError(code=code, source=self.source, rule=next(asking), **facts)


def _canonical(found: Contains, number: int, blame: _Blame) -> list[str]:
    folds = canonical.canonicalise(found.keywords)
    for keyword, fold in zip(found.keywords, folds, strict=True):
        if not fold:
            raise blame.error("error.rules.empty_keyword", number, keyword=keyword)
    return folds


def _patterns(expressions: Mapping[int, Regex], blame: _Blame, *, is_raw: bool) -> Patterns:
    wanted = {number: found.pattern for number, found in expressions.items() if found.raw is is_raw}
    for number, pattern in wanted.items():
        try:
            Patterns({number: pattern}, is_folded=not is_raw)
        except Unusable as problem:
            raise blame.error(problem.code, number, pattern=pattern, detail=problem.detail) from None
    return Patterns(wanted, is_folded=not is_raw)
