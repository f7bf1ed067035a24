"""Short ways to fill a queue, to read its cards and to decide about them as its page does."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
from console_desk import ConsoleDesk, Person
from moderation_room import newcomer
from store_desk import decision, reply

from modbot.domain import DecisionKind, Label, Reason


def queued(desk: ConsoleDesk, post: int, *, score: float = 0.7, **fields: object) -> int:
    """A flagged reply of an author of its own; answers its flag."""
    decided = decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT, score)
    fields.setdefault("author", newcomer(post))
    shown = bool(fields.pop("shown", True))
    return desk.flag(reply(post, **fields), decided, shown=shown)


def articles(page: str) -> dict[int, str]:
    """The cards of a page in their order, by their first flag."""
    found = re.findall(r'<article.*?id="flag-(\d+)".*?</article>', page, re.DOTALL)
    cards = re.findall(r"<article.*?</article>", page, re.DOTALL)
    return dict(zip(map(int, found), cards, strict=True))


def fields_of(page: str, flag: int) -> dict[str, list[str]]:
    """What the form of a card sends as it stands: hidden fields and ticked boxes."""
    card = articles(page)[flag]
    found: dict[str, list[str]] = {}
    for box in re.findall(r"<input [^>]+>", card):
        name, value = re.search(r'name="(\w+)"', box), re.search(r'value="([^"]*)"', box)
        ticked = "checkbox" not in box or " checked" in box
        if name and value and ticked and ("hidden" in box or "checkbox" in box):
            found.setdefault(name[1], []).append(unescape(value[1]))
    return found


def decide(person: Person, flag: int, do: str, **more: Any) -> httpx.Response:
    """Press a button under a card of the queue."""
    fields: dict[str, Any] = fields_of(person.get("/queue?per=50").text, flag)
    return person.post("/decisions", **{**fields, "do": do, **more})


def seen(desk: ConsoleDesk, *flags: int) -> list[dict[str, int]]:
    return [{"id": flag, "version": desk.get(flag).version} for flag in flags]


def send(person: Person, path: str, body: object, method: str = "POST") -> httpx.Response:
    """What a script of the page would."""
    return person.http.request(method, path, json=body, headers={"x-csrf-token": person.csrf})


def given(desk: ConsoleDesk, person: Person, *flags: int, kind: str = "uphold", **more: object) -> Any:
    answer = send(person, "/api/decisions", {"flags": seen(desk, *flags), "kind": kind, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def cards(person: Person, **query: str | int) -> list[Any]:
    answer = person.get("/api/queue", params=query)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["cards"]
    return found


def flags_shown(person: Person, **query: str | int) -> list[int]:
    return [card["members"][0]["flag"] for card in cards(person, **query)]
