"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import home, settings

AREAS = (
    home,
    settings,
)
"""In the order of the menu."""
