"""The only SQL of modbot: one database, one module per thing kept.

    store = modbot.store.open("sqlite:///var/modbot.db")
    with store.write() as tx:
        receipt = inbox.record(tx, batch.replies, at=now)
        cursors.save(tx, "city", batch.cursor, at=now)

Every function takes a connection first: ``tx`` from ``store.write()`` where it writes,
``rx`` from ``store.read()`` (or a ``tx``) where it only reads. Modules: inbox, decisions,
campaigns, aliases, flags, cards, verdicts, outbox, labels, audit, cursors, boards, brake, budget,
requests, unreadable, leases, polls, breakers, chores, vitals, retention.
"""

from modbot.store.engine import Store, open

__all__ = ["Store", "open"]
