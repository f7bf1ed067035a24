"""Flags that one person does not want to be asked about; everybody else still is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete

from modbot.store import dialect
from modbot.store.schema import skips


def skip(tx: Connection, user_id: int, flag_ids: Sequence[int], *, at: datetime) -> None:
    """Leave the flags out of this person's queue for good."""
    rows = [{"user_id": user_id, "flag_id": flag_id, "at": at} for flag_id in flag_ids]
    dialect.upsert(tx, skips, rows, keys=["user_id", "flag_id"], update=["at"])


def take_back(tx: Connection, user_id: int, flag_ids: Sequence[int]) -> int:
    """Ask this person about the flags again; answers how many they had skipped."""
    own = (skips.c.user_id == user_id) & skips.c.flag_id.in_(flag_ids)
    return tx.execute(delete(skips).where(own)).rowcount
