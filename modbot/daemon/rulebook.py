"""The operator's ``[[rules]]`` made ready to match: settings in, compiled rules out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from modbot.daemon import wiring
from modbot.detection import links, rules
from modbot.detection.rules import conditions
from modbot.detection.rules.conditions import Bounds, Condition
from modbot.domain import Reply, RuleOutcome
from modbot.errors import SettingsError
from modbot.policy import PolicyBook, standing_of
from modbot.settings import Loaded
from modbot.settings.rules import ConditionSettings, RangeSettings, RuleSettings


def load_rules(loaded: Loaded) -> rules.RuleBook:
    """The rules of these settings, checked. Raises SettingsError naming the rule."""
    source = wiring.source_of(loaded)
    read = [_Reader(loaded, settings.name, source).rule(settings) for settings in loaded.settings.rules]
    return rules.compile_rules(read, source=source)


def with_standing(found: rules.RuleBook, book: PolicyBook) -> rules.RuleBook:
    """The rules for replies of whose authors nothing is known but what their pages say."""

    def standing(reply: Reply) -> bool | None:
        return standing_of(reply.author, book.of_board(reply.forum, reply.board_id))

    return found.knowing(standing)


class _Reader:
    """Reads one rule; what is wrong with it is told by its name."""

    def __init__(self, loaded: Loaded, rule: str, source: str) -> None:
        self._loaded = loaded
        self._rule = rule
        self._source = source

    def rule(self, settings: RuleSettings) -> rules.Rule:
        if settings.then is not RuleOutcome.LABEL and settings.score is not None:
            raise self._error("score_unused")
        return rules.Rule(
            name=settings.name,
            when=_joined([*self._where(settings), self._condition(settings.when, 1)]),
            then=settings.then,
            reason=settings.reason,
            label=settings.label,
            score=1.0 if settings.score is None else settings.score,
            match=settings.examples.match,
            leave=settings.examples.leave,
        )

    def _where(self, settings: RuleSettings) -> Iterator[Condition]:
        known = self._loaded.settings.forums
        unknown = sorted(set(settings.forums or ()) - set(known))
        if unknown:
            raise self._error("no_such_forum", forum=unknown[0], known=", ".join(known) or "-")
        if settings.forums is not None:
            yield conditions.OnForum(frozenset(settings.forums))
        if settings.boards is not None:
            yield conditions.OnBoard(settings.boards)

    def _condition(self, table: ConditionSettings, depth: int) -> Condition:
        """Every key of a table is one condition, and all of them must hold."""
        if depth > rules.DEPTH:
            raise self._error("too_deep", depth=rules.DEPTH)
        parts = [*self._nested(table, depth), *self._of_text(table), *self._of_links(table)]
        parts += [*self._of_model(table), *self._of_author(table), *_of_place(table)]
        if not parts:
            raise self._error("no_condition")
        return _joined(parts)

    def _nested(self, table: ConditionSettings, depth: int) -> Iterator[Condition]:
        if table.all is not None:
            yield conditions.All(tuple(self._condition(part, depth + 1) for part in table.all))
        if table.any is not None:
            yield conditions.Any(tuple(self._condition(part, depth + 1) for part in table.any))
        if table.not_ is not None:
            yield conditions.Not(self._condition(table.not_, depth + 1))

    def _of_text(self, table: ConditionSettings) -> Iterator[Condition]:
        if table.contains is not None:
            yield conditions.Contains(table.contains)
        if table.keywords_file is not None:
            yield conditions.Contains(self._keywords(table.keywords_file))
        if table.words is not None:
            yield conditions.Contains(table.words, whole=True)
        if table.title_contains is not None:
            yield conditions.Contains(table.title_contains, title=True)
        if table.regex is not None:
            yield conditions.Any(tuple(conditions.Regex(pattern, table.raw) for pattern in table.regex))
        elif table.raw:
            raise self._error("raw_unused")

    def _of_links(self, table: ConditionSettings) -> Iterator[Condition]:
        if table.domain is not None:
            yield conditions.Domain(self._domains(table.domain))
        if table.other_domain is not None:
            yield conditions.Domain(self._domains(table.other_domain), other=True)
        if table.link is not None:
            yield _wanted(conditions.HasLink(), table.link)
        if table.contact is not None:
            yield conditions.HasContact(frozenset(table.contact))

    def _domains(self, written: tuple[str, ...]) -> tuple[str, ...]:
        """Domains as operators write them: ``example.com``, ``*.example.com``, an address."""
        for domain in written:
            if "." not in links.host(domain.removeprefix("*.")):
                raise self._error("domain", domain=domain)
        return tuple(links.host(domain.removeprefix("*.")) for domain in written)

    def _of_model(self, table: ConditionSettings) -> Iterator[Condition]:
        bounds = Bounds(table.at_least, table.at_most)
        if (table.label is None) is not (bounds == Bounds()):
            raise self._error("label_bounds")
        if table.label is not None:
            self._check(bounds)
            yield conditions.LabelScore(table.label, bounds)

    def _of_author(self, table: ConditionSettings) -> Iterator[Condition]:
        if table.author_standing is not None:
            yield _wanted(conditions.AuthorStanding(), table.author_standing)
        if table.author_posts is not None:
            yield conditions.AuthorPosts(self._bounds(table.author_posts))
        if table.author_days is not None:
            yield conditions.AuthorDays(self._bounds(table.author_days))
        if table.author_group is not None:
            yield conditions.AuthorGroup(table.author_group)

    def _bounds(self, settings: RangeSettings) -> Bounds:
        bounds = Bounds(settings.at_least, settings.at_most)
        self._check(bounds)
        return bounds

    def _check(self, bounds: Bounds) -> None:
        least, most = bounds.at_least, bounds.at_most
        if (least is None and most is None) or (least is not None and most is not None and least > most):
            raise self._error("empty_range")

    def _keywords(self, file: str) -> tuple[str, ...]:
        """One keyword a line; blank lines and lines that begin with # are none."""
        path = self._loaded.path(Path(file))
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            detail = getattr(problem, "strerror", None) or type(problem).__name__
            raise self._error("keywords_file", file=str(path), detail=detail) from None
        keywords = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
        if not keywords:
            raise self._error("keywords_file", file=str(path), detail="0")
        return keywords

    def _error(self, code: str, **facts: object) -> SettingsError:
        return SettingsError(code=f"error.rules.{code}", source=self._source, rule=self._rule, **facts)


def _of_place(table: ConditionSettings) -> Iterator[Condition]:
    if table.board is not None:
        yield conditions.OnBoard(table.board)
    if table.thread_kind is not None:
        yield conditions.InThread(table.thread_kind)
    if table.first_post is not None:
        yield _wanted(conditions.FirstPost(), table.first_post)


def _wanted(condition: Condition, wanted: bool) -> Condition:
    return condition if wanted else conditions.Not(condition)


def _joined(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else conditions.All(tuple(parts))
