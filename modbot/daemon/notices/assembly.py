"""The settings made into a notifier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from modbot import i18n
from modbot.daemon import redaction
from modbot.daemon.notices import addresses, hours
from modbot.daemon.notices.addresses import Address
from modbot.daemon.notices.courier import SECONDS, TOGETHER_SECONDS, Courier
from modbot.daemon.notices.hours import Hours
from modbot.daemon.notices.notifier import Notifier, Plan
from modbot.daemon.notices.watch import Limits, Watched
from modbot.moderation.notices import language
from modbot.settings import Loaded
from modbot.store.engine import Store


def notifier(loaded: Loaded, store: Store, *, stopping: Callable[[], bool] = lambda: False) -> Notifier:
    """Raises SettingsError for a time zone that there is not, and for an address that Apprise
    does not understand (which is asked in a process of its own, for half a second)."""
    chosen = plan(loaded)
    seconds = min(SECONDS, TOGETHER_SECONDS / max(len(chosen.addresses), 1))
    return Notifier(store, chosen, Courier(seconds=seconds, stopping=stopping))


def plan(loaded: Loaded) -> Plan:
    """Raises SettingsError, as ``notifier`` does."""
    settings = loaded.settings
    chosen = settings.notifications
    return Plan(
        forums=tuple(Watched(name, forum.requests_per_day) for name, forum in settings.forums.items()),
        limits=Limits(
            unreachable=timedelta(minutes=chosen.unreachable_minutes),
            queue=timedelta(hours=chosen.queue_hours),
        ),
        addresses=_checked(loaded),
        words=i18n.catalogue(language(settings)),
        hours=Hours(
            zone=hours.zone_named(chosen.timezone, source=str(loaded.operator_file or "MODBOT_*")),
            quiet_from=hours.time_of_day(chosen.quiet_from),
            quiet_until=hours.time_of_day(chosen.quiet_until),
            digest_at=hours.time_of_day(chosen.digest_at),
        ),
        redact=redaction.Redactor(redaction.known(loaded)),
    )


def _checked(loaded: Loaded) -> tuple[Address, ...]:
    found = addresses.read(loaded)
    for wrong in Courier().not_understood(found):
        raise addresses.not_understood(loaded, wrong)
    return found
