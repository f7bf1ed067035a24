"""How surprising it is that a text was written so often."""

from __future__ import annotations

from modbot.detection.background import information

__all__ = ["information"]
