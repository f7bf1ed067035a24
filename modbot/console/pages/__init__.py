"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import account, audit, home, looks, people, search, sign_in

AREAS = (
    home,
    looks,
    search,
    audit,
    people,
    account,
    sign_in,
)
"""In the order of the menu."""
