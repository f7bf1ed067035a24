"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import account, home, looks, people, search, sign_in

AREAS = (
    home,
    looks,
    search,
    people,
    account,
    sign_in,
)
"""In the order of the menu."""
