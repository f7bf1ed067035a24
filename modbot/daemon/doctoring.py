"""Examine an installation without changing anything: what works, what does not, what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from modbot.accounts import invitations
from modbot.daemon import boards, house, models, ownership, rulebook, webserver, wiring
from modbot.detection import Detector
from modbot.domain import OutboxState
from modbot.errors import ForumError, ModbotError
from modbot.forums.protocol import Check, CheckStatus
from modbot.moderation.autonomy import Survey
from modbot.settings import Loaded
from modbot.store import boards as kept_boards
from modbot.store import brake, cursors, engine, inbox, outbox, people, requests, rulehits, unreadable
from modbot.store.engine import Store

ENOUGH_DISK_BYTES = 500_000_000
IDLE_DAYS = 30
Examined = tuple[str, Check]


def examine(loaded: Loaded, only: str | None = None) -> Iterator[Examined]:
    """Checks one by one, as ``(subject, check)``. Raises SettingsError when there is nothing to examine."""
    names = wiring.forum_names(loaded, only)
    yield "settings", _ok("doctor.settings", file=str(loaded.operator_file or "-"), forums=", ".join(names))
    for key in loaded.left_out:
        yield "settings", Check("doctor.change_left_out", CheckStatus.WARNING, {"key": key})
    yield "disk", _disk(loaded)
    yield from _model(loaded)
    yield from _rules(loaded)
    yield from _kinds(loaded)
    if invitations.is_exposed(loaded):
        listen = loaded.settings.console.listen
        yield "console", Check("doctor.console_exposed", CheckStatus.WARNING, {"listen": listen})
    try:
        store = engine.open(loaded.store_url)
    except ModbotError as problem:
        yield "database", _failed(problem.code, **problem.params)
        return
    with closing(store):
        yield "database", _ok("doctor.database", url=store.url)
        yield from _idle_rules(loaded, store)
        yield from _console(loaded, store)
        for name in names:
            for check in _forum(loaded, store, name):
                yield name, check


def _forum(loaded: Loaded, store: Store, name: str) -> Iterator[Check]:
    mode = loaded.policy_for(name, None).mode
    yield _ok(f"doctor.mode.{mode.value}")
    yield from _history(store, name)
    yield from _strange_boards(loaded, store, name)
    yield from _offers(loaded, store, name)
    try:
        forum = wiring.open_forum(
            loaded, name, ledger=requests.Ledger(store), clock=house.utc_now, sleep=house.sleep
        )
    except ModbotError as problem:
        yield _failed(problem.code, **problem.params)
        return
    with closing(forum):
        try:
            yield from forum.check_access()
        except ForumError as problem:
            yield _failed(problem.code, **problem.params)


def _offers(loaded: Loaded, store: Store, name: str) -> Iterator[Check]:
    """Reasons that have earned to hide unasked, and do not yet."""
    try:
        thresholds = models.load_detector(loaded).manifest.thresholds
    except ModbotError:
        return  # told of with the model
    with store.read() as rx:
        found = Survey.read(rx, loaded, name, thresholds).everywhere()
    for one in found:
        if one.is_offered:
            board = "" if one.board_id is None else f" --board {one.board_id}"
            facts = {"forum": name, "reason": one.reason.value, "board": board}
            yield _ok("doctor.autonomy_offered", **facts, right=one.told.right, wrong=one.told.wrong)


def _history(store: Store, name: str) -> Iterator[Check]:
    with store.read() as rx:
        last = cursors.last(rx, name)
        waiting = inbox.count_unassessed(rx, name)
        stopped = brake.state(rx, name)
        given_up = {
            "parked": len(inbox.parked(rx, name)),
            "dead": outbox.backlog(rx, name).get(OutboxState.DEAD, 0),
            "unreadable": unreadable.count(rx, name),
        }
    if last is None:
        yield _ok("doctor.never_polled")
    else:
        yield _ok("doctor.last_poll", at=last.at.isoformat(timespec="minutes"), waiting=waiting)
    if stopped.pulled:
        yield Check("doctor.brake_on", CheckStatus.WARNING, {"why": stopped.why})
    for what, number in given_up.items():
        if number:
            yield Check(f"doctor.{what}", CheckStatus.WARNING, {"number": number})


def _disk(loaded: Loaded) -> Check:
    folder = next(path for path in (loaded.state_dir, *loaded.state_dir.parents) if path.is_dir())
    free = shutil.disk_usage(folder).free
    status = CheckStatus.OK if free >= ENOUGH_DISK_BYTES else CheckStatus.WARNING
    return Check("doctor.disk", status, {"megabytes": free // 1_000_000, "path": str(folder)})


def _model(loaded: Loaded) -> Iterator[Examined]:
    try:
        detector = models.load_detector(loaded)
    except ModbotError as problem:
        yield "model", _failed(problem.code, **problem.params)
        return
    yield "model", _ok("doctor.model", version=detector.model, path=str(loaded.models_dir))
    yield "model", _spam_evidence(loaded, detector)
    yield from _approval_evidence(loaded, detector)


def _rules(loaded: Loaded) -> Iterator[Examined]:
    try:
        found = rulebook.load_rules(loaded).rules
    except ModbotError as problem:
        yield "rules", _failed(problem.code, **problem.params)
        return
    if found:
        yield "rules", _ok("doctor.rules", number=len(found))
    unproved = [rule.name for rule in found if not (rule.match or rule.leave)]
    if unproved:
        yield "rules", Check("doctor.rules_unproved", CheckStatus.WARNING, {"names": ", ".join(unproved)})


def _kinds(loaded: Loaded) -> Iterator[Examined]:
    """Whether the patterns of ``[[boards]]`` and ``[[threads]]`` can be used."""
    entries = len(loaded.settings.boards) + len(loaded.settings.threads)
    try:
        wiring.policy_book(loaded, {})
    except ModbotError as problem:
        yield "kinds", _failed(problem.code, **problem.params)
    else:
        if entries:
            yield "kinds", _ok("doctor.kinds", number=entries)


def _strange_boards(loaded: Loaded, store: Store, name: str) -> Iterator[Check]:
    with store.read() as rx:
        names = kept_boards.names(rx, name)
    for strange in boards.strange_boards(loaded.settings, name, names):
        facts = {"entry": strange.entry, "board": strange.id, "nearest": strange.nearest}
        yield Check("doctor.strange_board", CheckStatus.WARNING, facts)


def _console(loaded: Loaded, store: Store) -> Iterator[Examined]:
    """Whether anybody can come into it."""
    if not loaded.settings.console.listen:
        return
    yield from (("console", check) for check in _address(loaded, store))
    with store.read() as rx:
        able = [user for user in people.listing(rx) if user.disabled_at is None and user.has_password]
    if able:
        yield "console", _ok("doctor.console", url=invitations.base_of(loaded), number=len(able))
    else:
        yield "console", Check("doctor.console_empty", CheckStatus.WARNING, {})


def _address(loaded: Loaded, store: Store) -> Iterator[Check]:
    """Whether it can listen there, unless a daemon of this database does already, and whether
    its names are names."""
    chosen = loaded.settings.console
    if ownership.owner(store, loaded.state_dir) is None:
        try:
            webserver.listening(chosen.listen, key="console.listen").close()
        except ModbotError as problem:
            yield _failed(problem.code, **problem.params)
    for name in chosen.hosts:
        if "/" in name or "*" in name:
            yield Check("doctor.console_host", CheckStatus.WARNING, {"name": name})


def _idle_rules(loaded: Loaded, store: Store) -> Iterator[Examined]:
    """Rules that never fired may be wrong; asked only where a forum was polled for as long."""
    names = tuple(loaded.settings.forums)
    since = house.utc_now() - timedelta(days=IDLE_DAYS)
    with store.read() as rx:
        begun = [inbox.began(rx, name) for name in names]
        hits = rulehits.since(rx, since, forums=names)
    idle = [rule.name for rule in loaded.settings.rules if rule.name not in hits]
    if idle and any(first is not None and first <= since for first in begun):
        facts = {"names": ", ".join(idle), "days": IDLE_DAYS}
        yield "rules", Check("doctor.rules_idle", CheckStatus.WARNING, facts)


def _spam_evidence(loaded: Loaded, detector: Detector) -> Check:
    """Whether the model's evidence suffices to hide spam unasked, and what it lacks."""
    policy = loaded.settings.policy
    found = detector.manifest.thresholds.get(policy.spam.hides_by)
    if policy.spam.hide != "model" or found is None:
        return _ok("doctor.spam_hide_chosen", hide=policy.spam.hide)
    facts: dict[str, object] = {
        "proved": f"{found.precision:.1%}",
        "target": f"{policy.precision_target:.1%}",
        "missing": wiring.missing_evidence(found, policy.precision_target),
    }
    if found.precision >= policy.precision_target:
        return _ok("doctor.spam_hide_proved", **facts)
    return Check("doctor.spam_hide_unproved", CheckStatus.WARNING, facts)


def _approval_evidence(loaded: Loaded, detector: Detector) -> Iterator[Examined]:
    """Where replies are to be approved unasked: whether the model's evidence suffices for it."""
    policies = [loaded.settings.policy, *(loaded.policy_for(name, None) for name in loaded.settings.forums)]
    wanting = [policy.precision_target for policy in policies if policy.pending_allow == "approve"]
    if not wanting:
        return
    found = detector.manifest.thresholds.get(wiring.APPROVE_THRESHOLD)
    facts = {
        "proved": f"{found.precision:.1%}" if found is not None else "-",
        "target": f"{max(wanting):.1%}",
    }
    if found is not None and found.precision >= max(wanting):
        yield "model", _ok("doctor.approval_proved", **facts)
    else:
        yield "model", Check("doctor.approval_unproved", CheckStatus.WARNING, dict(facts))


def _ok(code: str, **facts: object) -> Check:
    return Check(code, CheckStatus.OK, facts)


def _failed(code: str, **facts: object) -> Check:
    return Check(code, CheckStatus.FAILED, facts)
