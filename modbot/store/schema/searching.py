"""What replies are searched by. The index of pairs itself is a virtual table (FTS5, SQLite only),
of which SQLAlchemy knows nothing: ``search_pairs``, made by the migration 0006."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table

from modbot.store.schema.base import metadata

# One row, "pairs": how far the index has come, and how much it was to forget since it was
# merged last (until then what is forgotten lies in its older parts).
search_progress = Table(
    "search_progress",
    metadata,
    Column("name", String, primary_key=True),
    Column("upto", BigInteger, nullable=False),  # the last decision whose canonical text is in it
    Column("removed", Integer, nullable=False),
)
