"""What boards and threads are for, by their entries in the settings and the words of titles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modbot.domain import ThreadKind


@dataclass(frozen=True, slots=True)
class Custom:
    """One entry of ``[[boards]]`` or ``[[threads]]``: by ``ids``, or where ``matches`` is true of the
    name or title. An empty ``forum`` is every forum; ``kind`` None leaves the kind open."""

    kind: ThreadKind | None
    ids: frozenset[int] = frozenset()
    matches: Callable[[str], bool] | None = None
    forum: str = ""

    def is_of(self, forum: str, number: int | None, name: str) -> bool:
        if self.forum not in ("", forum):
            return False
        if self.matches is None:
            return number in self.ids
        return bool(name) and self.matches(name)


def first(customs: Sequence[Custom], forum: str, number: int | None, name: str) -> int | None:
    """The place in ``customs`` of the first that matches: the order of the file decides."""
    for place, custom in enumerate(customs):
        if custom.is_of(forum, number, name):
            return place
    return None


def told_by_title(title: str, words: Sequence[tuple[str, ThreadKind]], *, own: bool) -> list[ThreadKind]:
    """The kinds whose words stand in a thread's title.

    Whoever opens a thread chooses its title: in their own (``own``), it does not make adverts welcome.
    """
    told = [kind for word, kind in words if word in title]
    return [kind for kind in told if not (own and kind is ThreadKind.ADS)]
