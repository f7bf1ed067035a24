"""Optional acceleration: the functions of detection compiled with numba.

Every function here answers exactly what its NumPy counterpart answers. Nothing of numba
is imported until it is asked for: it takes 60 MB of memory that a small server needs.
"""

from __future__ import annotations

from importlib.util import find_spec

from modbot.errors import SettingsError


def is_installed() -> bool:
    return find_spec("numba") is not None


def require() -> None:
    """Raises SettingsError with the way out when numba is not installed."""
    if not is_installed():
        raise SettingsError(code="error.settings.fast_missing")
