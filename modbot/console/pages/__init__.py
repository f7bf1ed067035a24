"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import audit, home, looks, search

AREAS = (
    home,
    looks,
    search,
    audit,
)
"""In the order of the menu."""
