"""``purge``: forget what [retention] says, now."""

from __future__ import annotations

from collections.abc import Mapping

import click

from modbot.cli.backup import progress_bar
from modbot.cli.base import Session, command, option
from modbot.daemon import upkeep
from modbot.daemon.house import open_store, utc_now


def register(root: click.Group) -> None:
    @command(root, "purge")
    @option("--dry-run", is_flag=True)
    def purge(session: Session, dry_run: bool) -> None:
        settings = session.loaded.settings
        with open_store(session.loaded) as store:
            if dry_run:
                found: Mapping[str, object] = upkeep.count(store, settings, now=utc_now())
            else:
                with progress_bar(session, "purge") as told:
                    found = upkeep.purge(store, settings, now=utc_now(), progress=told)
        if session.as_json:
            session.answer({**found, "dry_run": dry_run})
        else:
            session.say("purge.would" if dry_run else "purge.done", **found)
