"""What is forgotten of visits to the console, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from purging_support import new_desk, purge
from sqlalchemy import select
from store_desk import FORUM, Desk

from modbot.domain import Role
from modbot.store import claims, links, overlay, people, schema, sessions
from modbot.store.overlay import Wish


@pytest.fixture
def desk() -> Iterator[Desk]:
    with new_desk() as made:
        yield made


def left(desk: Desk) -> dict[str, int]:
    tables = (schema.sessions, schema.signin_links, schema.claims, schema.users, schema.settings_changes)
    with desk.store.read() as rx:
        return {table.name: len(rx.execute(select(table)).all()) for table in tables}


def test_what_is_over_goes_with_the_texts_and_people_and_settings_stay(desk: Desk) -> None:
    soon, for_long = desk.now + timedelta(days=1), desk.now + timedelta(days=400)
    with desk.store.write() as tx:
        ann = people.add(tx, "ann", Role.ADMIN, at=desk.now, made_by="test")
        sessions.begin(tx, ann.id, "ran out", at=desk.now, until=soon)
        ended = sessions.begin(tx, ann.id, "signed out", at=desk.now, until=for_long)
        sessions.end(tx, ended, at=desk.now)
        lasting = sessions.begin(tx, ann.id, "in force", at=desk.now, until=for_long)
        links.make(tx, ann.id, "a link", at=desk.now, until=soon, by="test")
        who = {"user_id": ann.id, "session_id": lasting}
        claims.take(tx, FORUM, "flag:1", **who, now=desk.now, until=soon)
        overlay.change(tx, {"policy.mode": Wish("queue", "shadow")}, who="ann", at=desk.now)
    desk.later(days=80)
    before = left(desk)
    purge(desk)
    assert left(desk) == before, "it is not over for long enough"
    desk.later(days=20)
    done = purge(desk)
    assert (done["sessions"], done["links"], done["claims"]) == (2, 1, 1)
    assert left(desk) == {
        "sessions": 1,
        "signin_links": 0,
        "claims": 0,
        "users": 1,
        "settings_changes": 1,
    }
    with desk.store.read() as rx:
        assert sessions.find(rx, "in force", now=desk.now) is not None
