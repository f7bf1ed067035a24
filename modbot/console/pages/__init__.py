"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import home, models, settings, try_it

AREAS = (
    home,
    models,
    try_it,
    settings,
)
"""In the order of the menu."""
