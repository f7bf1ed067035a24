"""What all tables share."""

from __future__ import annotations

from sqlalchemy import MetaData

REVISION = "0006"
"""The migration that this code is written for."""

FORGOTTEN = 0
"""In replies.decision_id: judged, and the judgement is forgotten with the text."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
