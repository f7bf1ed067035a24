"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import (
    account,
    author,
    campaign,
    deciding,
    flag,
    history,
    live,
    looks,
    models,
    people,
    queue,
    queue_api,
    search,
    settings,
    sign_in,
    spot_checks,
    standing,
    try_it,
)

AREAS = (
    queue,
    search,
    standing,
    spot_checks,
    models,
    try_it,
    settings,
    people,
    account,
    flag,
    author,
    campaign,
    looks,
    sign_in,
    deciding,
    queue_api,
    live,
    history,
)
"""In the order of the menu."""
