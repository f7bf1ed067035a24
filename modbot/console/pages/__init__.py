"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import home, looks

AREAS = (
    home,
    looks,
)
"""In the order of the menu."""
