"""The pages, one module for each: its ``router``, and its entry of the menu (``MENU``), if any."""

from modbot.console.pages import author, campaign, flag, home, looks, spot_checks, standing

AREAS = (
    home,
    flag,
    author,
    campaign,
    spot_checks,
    standing,
    looks,
)
"""In the order of the menu."""
