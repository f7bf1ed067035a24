"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import account, home, looks, models, people, search, settings, sign_in, try_it

AREAS = (
    home,
    looks,
    search,
    models,
    try_it,
    settings,
    people,
    account,
    sign_in,
)
"""In the order of the menu."""
