"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import (
    account,
    author,
    campaign,
    flag,
    home,
    looks,
    models,
    people,
    search,
    settings,
    sign_in,
    spot_checks,
    standing,
    try_it,
)

AREAS = (
    home,
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
)
"""In the order of the menu."""
