"""Rows inserted column by column are the rows that the tables' own insert makes."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from modbot.store import bulk, engine
from modbot.store.schema import audit, unreadable
from modbot.store.types import storable

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    opened = engine.open(tmp_path / "modbot.db")
    yield opened
    opened.close()


def columns(count):
    return {
        "at": [AT] * count,
        "who": [f"人{number}" for number in range(count)],
        "what": ["flag.opened"] * count,
        "forum": ["city", None] * (count // 2),
        "details": [{"list": [1, "二"], "half": "\ud800"}, {}] * (count // 2),
    }


def test_ids_come_in_the_order_of_the_rows_and_after_those_that_are_there(store):
    with store.write() as tx:
        first = bulk.insert(tx, audit, columns(4))
        second = bulk.insert(tx, audit, columns(2))
        assert second == [first[-1] + 1, first[-1] + 2]
        found = tx.execute(select(audit.c.id, audit.c.who).order_by(audit.c.id)).all()
    assert [row.id for row in found] == first + second
    assert [row.who for row in found] == ["人0", "人1", "人2", "人3", "人0", "人1"]


def test_values_are_stored_as_the_columns_types_say(store):
    with store.write() as tx:
        [even, _] = bulk.insert(tx, audit, columns(2))
        row = tx.execute(select(audit).where(audit.c.id == even)).mappings().one()
    assert row["at"] == AT
    assert row["details"] == {"list": [1, "二"], "half": "\ufffd"}


@pytest.mark.parametrize("beside", ["平常", "\x00", "半\ud800个", "整\U0001f600个", ""])
def test_words_are_stored_as_a_database_can_hold_them_whatever_stands_beside_them(store, beside):
    def rows(*excerpts):
        count = len(excerpts)
        same = {"forum": "city", "url": "u", "problem": "p", "times": 1, "first_seen": AT, "last_seen": AT}
        digests = [f"{count}{number}" for number in range(count)]
        return {name: [value] * count for name, value in same.items()} | {
            "digest": digests,
            "excerpt": excerpts,
        }

    with store.write() as tx:
        ids = [
            *bulk.insert(tx, unreadable, rows("再见\udc00", beside)),
            *bulk.insert(tx, unreadable, rows(beside)),
        ]
        stored = dict(tx.execute(select(unreadable.c.id, unreadable.c.excerpt)).all())
    assert [stored[row] for row in ids] == ["再见\ufffd", storable(beside), storable(beside)]


def test_nothing_is_inserted_of_no_rows(store):
    with store.write() as tx:
        assert bulk.insert(tx, audit, columns(0)) == []
        assert tx.scalar(select(audit.c.id)) is None
