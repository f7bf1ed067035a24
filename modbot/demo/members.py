"""Simulated members: they write the scene's arrivals, each at its second."""

from __future__ import annotations

import threading
from collections.abc import Callable

from modbot.demo.scene import Arrival, Scene
from modbot.demo.state import Post


class Members:
    """Posts ``scene.arrivals`` from a thread of its own, beginning with :meth:`start`.

    ``speed`` 2.0 lets everything happen in half the time. ``told`` hears of every post
    as it is written; it is called on the members' thread.
    """

    def __init__(
        self, scene: Scene, *, speed: float = 1.0, told: Callable[[Arrival, Post], None] | None = None
    ) -> None:
        self._scene = scene
        self._speed = speed
        self._told = told
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-members", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Nobody writes any more once this returns."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def done(self) -> bool:
        """Everything was written, or the members were stopped."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def _run(self) -> None:
        passed = 0.0
        for arrival in self._scene.arrivals:
            if self._stopping.wait((arrival.at - passed) / self._speed):
                return
            passed = arrival.at
            post = write(self._scene, arrival)
            if self._told is not None:
                self._told(arrival, post)


def write(scene: Scene, arrival: Arrival) -> Post:
    """Post one arrival now."""
    author = scene.forum.member_named(arrival.author)
    if author is None:
        raise LookupError(arrival.author)
    return scene.forum.post(scene.threads[arrival.thread], author, arrival.text, fate=arrival.fate)
