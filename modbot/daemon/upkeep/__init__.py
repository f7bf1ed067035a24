"""What keeps an installation fit for years: backups, and forgetting what is old."""

from modbot.daemon.upkeep.backup import Made, create
from modbot.daemon.upkeep.purging import count, purge
from modbot.daemon.upkeep.restoring import Plan, prepared
from modbot.daemon.upkeep.verifying import Contents, verify

__all__ = ["Contents", "Made", "Plan", "count", "create", "prepared", "purge", "verify"]
