"""Settings made into the parts of the journey: engines, policies, limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path

from modbot.daemon import customs
from modbot.daemon.rereading import RereadingRules
from modbot.detection import DuplicateIndex, Threshold
from modbot.domain import Reason, ThreadKind
from modbot.errors import SettingsError
from modbot.forums.config import Credentials, EngineContext, ForumConfig, Politeness, PollingMethod
from modbot.forums.protocol import Forum, RequestLedger
from modbot.policy import AuthorRule, BrakeLimits, Night, Policy, PolicyBook, QueueBudget, RepeatedRule
from modbot.policy.autonomy import BASE_RATE
from modbot.settings import ForumSettings, Loaded, PolicySettings, Settings
from modbot.store.rereads import Rhythm

ENGINES = "modbot.forums"
APPROVE_THRESHOLD = "ham.approve"


def policy_book(loaded: Loaded, thresholds: Mapping[str, Threshold], *, rules: str = "") -> PolicyBook:
    """Every board's policy; ``thresholds`` are the model's own (``spam.hide``, …), ``rules`` is the
    digest of the operator's."""
    settings, source = loaded.settings, source_of(loaded)

    def made(chosen: PolicySettings) -> Policy:
        by_day = replace(board_policy(chosen, thresholds), rules=rules)
        night = customs.night(settings, chosen, source=source)
        if night is None:
            return by_day
        by_night = replace(board_policy(night.policy, thresholds), rules=rules, is_of_night=True)
        return replace(by_day, night=Night(night.begins, night.until, night.zone, by_night))

    return PolicyBook(
        default=made(settings.policy),
        boards={
            (name, board): made(loaded.policy_for(name, board))
            for name, forum in settings.forums.items()
            for board in (None, *forum.boards)
        },
        board_kinds={
            (name, board): entry.kind
            for name, forum in settings.forums.items()
            for board, entry in forum.boards.items()
            if entry.kind is not None
        },
        kinds={kind: settings.kinds.flagging(kind) for kind in ThreadKind},
        titles=_title_words(settings),
        trade_spam=settings.kinds.trade_spam,
        custom_boards=customs.of_boards(settings, source=source),
        custom_threads=customs.of_threads(settings, source=source),
        custom_policies={
            (name, board, number): made(loaded.policy_for(name, board, entry))
            for number, entry in enumerate(settings.boards)
            for name, forum in settings.forums.items()
            for board in (None, *forum.boards)
            if entry.policy
        },
    )


def board_policy(settings: PolicySettings, thresholds: Mapping[str, Threshold]) -> Policy:
    def number(wish: float | str, name: str) -> float | None:
        if wish == "never":
            return None
        if wish != "model":
            return float(wish)
        found = thresholds.get(name)
        return None if found is None else found.value

    proving = thresholds.get(settings.spam.hides_by)
    proved = settings.spam.hide != "model" or (
        proving is not None and proving.precision >= settings.precision_target
    )

    return Policy(
        mode=settings.mode,
        standing_posts=settings.standing_posts,
        standing_groups=settings.standing_groups,
        exempt_groups=settings.exempt_groups,
        spam_hide=number(settings.spam.hide, settings.spam.hides_by),
        unproved=frozenset() if proved else frozenset({Reason.SPAM}),
        spam_queue=number(settings.spam.queue, "spam.queue"),
        hide_needs_contact=settings.spam.hide_needs_contact,
        low_effort_queue=number(settings.low_effort.queue, "low_effort.queue"),
        pending_approve=_approve_threshold(settings, thresholds),
        title_echo=settings.title_echo.queue,
        repeated=RepeatedRule(**settings.repeated.model_dump()),
        author=AuthorRule(**settings.author.model_dump()),
    )


def _approve_threshold(settings: PolicySettings, thresholds: Mapping[str, Threshold]) -> float | None:
    """None (never) unless it is wanted, and proved."""
    found = thresholds.get(APPROVE_THRESHOLD)
    if settings.pending_allow != "approve" or found is None:
        return None
    return found.value if found.precision >= settings.precision_target else None


def missing_evidence(found: Threshold, target: float) -> int:
    """How many more genuine replies must be judged without an error before the threshold
    proves ``target`` at a base rate of BASE_RATE: no error among n proves a rate of at most
    3/n with 95 % confidence (Hanley & Lippman-Hand, JAMA 1983)."""
    allowed = found.recall * BASE_RATE * (1 - target) / (target * (1 - BASE_RATE))
    return max(0, math.ceil(3 / allowed) - found.negatives) if allowed > 0 else 0


def brake_limits(settings: Settings) -> BrakeLimits:
    return BrakeLimits(**settings.brake.model_dump())


def queue_budget(settings: Settings) -> QueueBudget:
    return QueueBudget(**settings.queue.model_dump())


def rereading_rules(loaded: Loaded, forum: str) -> RereadingRules:
    chosen = loaded.settings.rereading
    rhythm = Rhythm(
        open_flags=timedelta(minutes=chosen.open_flags_minutes),
        fresh_hides=timedelta(minutes=chosen.fresh_hides_minutes),
        hides_are_fresh=timedelta(hours=chosen.fresh_hides_hours),
        old_hides=timedelta(hours=chosen.old_hides_hours),
        hides_last=timedelta(days=chosen.old_hides_days),
        edits=tuple(timedelta(hours=after) for after in chosen.new_authors_hours),
    )
    budget = loaded.settings.forums[forum].requests_per_day
    return RereadingRules(rhythm, posts=chosen.posts, requests_per_day=budget)


def duplicate_index(settings: Settings) -> DuplicateIndex:
    """An empty index of one forum's replies."""
    chosen = settings.duplicates
    return DuplicateIndex(
        window=timedelta(days=chosen.window_days),
        burst=timedelta(days=chosen.burst_days),
        capacity=chosen.capacity,
        accelerate=settings.detection.accelerate,
    )


def forum_config(loaded: Loaded, name: str) -> ForumConfig:
    """What the engine of forum ``name`` is given. Raises SettingsError for a missing secret."""
    settings = loaded.settings.forums[name]
    config = ForumConfig(
        name=name,
        url=settings.url,
        engine=settings.engine,
        credentials=_credentials(loaded, name, settings),
        polling=PollingMethod(settings.polling),
        panel_search=settings.panel_search,
        panel_search_seconds=settings.panel_search_seconds,
        boards=settings.only_boards,
        skip_boards=settings.skip_boards,
        board_passwords=_board_passwords(loaded, name, settings),
        first_poll_days=loaded.settings.polling.first_read_days,
        politeness=Politeness(
            requests_per_second=settings.requests_per_second,
            requests_per_day=settings.requests_per_day,
        ),
    )
    return replace(config, user_agent=settings.user_agent) if settings.user_agent else config


def open_forum(
    loaded: Loaded,
    name: str,
    *,
    ledger: RequestLedger,
    clock: Callable[[], datetime],
    sleep: Callable[[float], bool],
    urgent_sleep: Callable[[float], bool] | None = None,
) -> Forum:
    """The engine of forum ``name``. Raises SettingsError when it is not configured or not installed."""
    config, make = engine_of(loaded, name)
    return make(config, EngineContext(loaded.state_dir, ledger, clock, sleep, urgent_sleep))


def engine_of(loaded: Loaded, name: str) -> tuple[ForumConfig, Callable[[ForumConfig, EngineContext], Forum]]:
    """The configuration of forum ``name`` and what makes its engine. Raises SettingsError."""
    if name not in loaded.settings.forums:
        known = ", ".join(loaded.settings.forums) or "-"
        raise SettingsError(code="error.settings.no_such_forum", name=name, known=known)
    config = forum_config(loaded, name)
    found = entry_points(group=ENGINES)
    if config.engine not in found.names:
        raise SettingsError(
            code="error.settings.unknown_engine",
            source=source_of(loaded),
            forum=name,
            engine=config.engine,
            known=", ".join(sorted(found.names)),
        )
    return config, found[config.engine].load()


def forum_names(loaded: Loaded, only: str | None = None) -> tuple[str, ...]:
    """The forums to work on. Raises SettingsError when there is none or ``only`` is not one."""
    names = tuple(loaded.settings.forums)
    if not names:
        raise SettingsError(code="error.settings.no_forums", source=source_of(loaded))
    if only is not None and only not in names:
        raise SettingsError(code="error.settings.no_such_forum", name=only, known=", ".join(names))
    return (only,) if only is not None else names


def source_of(loaded: Loaded) -> str:
    return str(loaded.operator_file or Path("modbot.toml"))


def _credentials(loaded: Loaded, name: str, settings: ForumSettings) -> Credentials:
    def secret(key: str) -> str:
        return loaded.secret(settings, key, key=f"forums.{name}.{key}")

    credentials = Credentials(
        username=settings.username,
        password=secret("password"),
        auth_cookie=secret("auth_cookie"),
        saltkey_cookie=secret("saltkey_cookie"),
        security_question=settings.security_question,
        security_answer=secret("security_answer"),
        password_over_http=settings.password_over_http,
    )
    missing = _missing(credentials)
    if missing:
        raise SettingsError(
            code="error.settings.missing_secret",
            source=source_of(loaded),
            forum=name,
            missing=missing,
            variable=name.upper(),
        )
    return credentials


def _missing(credentials: Credentials) -> str:
    if credentials.auth_cookie or credentials.saltkey_cookie:
        halves = {"saltkey_cookie": credentials.saltkey_cookie, "auth_cookie": credentials.auth_cookie}
        return next((name for name, value in halves.items() if not value), "")
    if not credentials.username:
        return "username"
    return "" if credentials.password else "password"


def _board_passwords(loaded: Loaded, name: str, settings: ForumSettings) -> dict[int, str]:
    given = {
        board: loaded.secret(entry, "password", key=f"forums.{name}.boards.{board}.password")
        for board, entry in settings.boards.items()
    }
    return {board: word for board, word in given.items() if word}


def _title_words(settings: Settings) -> tuple[tuple[str, ThreadKind], ...]:
    titles = settings.titles.model_dump()
    return tuple((word, ThreadKind(kind)) for kind, words in titles.items() for word in words)
