"""Holds answers of a Discuz! forum, recorded or live, against ``discuz_wire.toml``."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

CONTRACT = Path(__file__).with_name("discuz_wire.toml")
RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings" / "discuz"
COUNTS = {"1": (1, 1), "0-1": (0, 1), "1+": (1, None), "0+": (0, None)}


@dataclass(frozen=True)
class Exchange:
    """One answer: ``name`` for humans, headers by lower-case name, the decoded body."""

    name: str
    status: int
    headers: Mapping[str, list[str]]
    text: str

    @property
    def markup(self) -> str:
        """What a parser sees: of an answer in XML, what is between CDATA's brackets."""
        start, end = self.text.find("<![CDATA["), self.text.rfind("]]>")
        return self.text if start < 0 or end < start else self.text[start + 9 : end]


@dataclass(frozen=True)
class Rule:
    what: str
    within: str = ""
    number: str = ""
    having: str = ""
    select: str = ""
    phrase: str = ""
    count: str = "1"
    attribute: str = ""
    pattern: str = ""
    only: str = ""
    json: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    name: str
    recordings: tuple[str, ...]
    excepted: tuple[str, ...]
    status: tuple[int, ...]
    headers: Mapping[str, str]
    rules: tuple[Rule, ...]

    def matches(self, release: str, recording: str) -> bool:
        return _any(self.recordings, release, recording) and not _any(self.excepted, release, recording)


def _any(patterns: Iterable[str], release: str, recording: str) -> bool:
    whole = f"{release}/{recording}"
    return any(fnmatch(whole if "/" in pattern else recording, pattern) for pattern in patterns)


def load() -> dict[str, Kind]:
    data = tomllib.loads(CONTRACT.read_text(encoding="utf-8"))
    return {name: _kind(name, entry) for name, entry in data["kinds"].items()}


def _kind(name: str, entry: Mapping[str, Any]) -> Kind:
    return Kind(
        name,
        tuple(entry["recordings"]),
        tuple(entry.get("except", ())),
        tuple(entry.get("status", ())),
        entry.get("header", {}),
        tuple(Rule(**rule) for rule in entry.get("rules", ())),
    )


class Audit:
    """Collects what is broken, and how often each rule found something to hold to."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.fits: Counter[tuple[str, str]] = Counter()
        self.seen: Counter[str] = Counter()

    def check(self, kind: Kind, exchange: Exchange, *, source: str) -> None:
        self.seen[kind.name] += 1
        self.broken += [f"{exchange.name} as {kind.name}: {problem}" for problem in _outside(kind, exchange)]
        tree = LexborHTMLParser(exchange.markup)
        for rule in kind.rules:
            if rule.only and rule.only != source:
                continue
            found, problems = _apply(rule, exchange, tree)
            self.fits[kind.name, rule.what] += found
            self.broken += [f"{exchange.name} as {kind.name}: {rule.what}: {text}" for text in problems]

    def idle(self, kinds: Mapping[str, Kind], *, source: str) -> list[str]:
        """Rules (and kinds) that nothing fitted: they pin nothing down."""
        unseen = [name for name in kinds if not self.seen[name]]
        return unseen + [
            f"{kind.name}: {rule.what}"
            for kind in kinds.values()
            for rule in kind.rules
            if rule.only in {"", source} and not self.fits[kind.name, rule.what]
        ]


def _outside(kind: Kind, exchange: Exchange) -> Iterator[str]:
    if kind.status and exchange.status not in kind.status:
        yield f"status {exchange.status}"
    for name, pattern in kind.headers.items():
        values = exchange.headers.get(name, [])
        if not any(re.search(pattern, value) for value in values):
            yield f"header {name}: {values}"


def _apply(rule: Rule, exchange: Exchange, tree: LexborHTMLParser) -> tuple[int, list[str]]:
    if rule.json:
        return _apply_json(rule, exchange.text)
    found, problems = 0, []
    if rule.phrase:
        hits = len(re.findall(rule.phrase, exchange.text, re.DOTALL))
        found += hits
        low = COUNTS[rule.count][0]
        problems += [f"phrase found {hits} times"] * (hits < low)
    if rule.select:
        for part in _parts(rule, tree):
            hits, troubles = _in_part(rule, part)
            found += hits
            problems += troubles
    return found, problems


def _parts(rule: Rule, tree: LexborHTMLParser) -> list[LexborNode]:
    if not rule.within:
        return [tree.root] if tree.root is not None else []
    parts = tree.css(rule.within)
    return [part for part in parts if not rule.having or part.css_first(rule.having) is not None]


def _in_part(rule: Rule, part: LexborNode) -> tuple[int, list[str]]:
    selector = rule.select
    if rule.number:
        number = re.search(rule.number, part.attributes.get("id") or "")
        if number is None:
            return 0, [f"no number in id {part.attributes.get('id')!r}"]
        selector = selector.replace("{n}", number.group(1))
    nodes = part.css(selector)
    low, high = COUNTS[rule.count]
    problems = []
    if len(nodes) < low or (high is not None and len(nodes) > high):
        problems.append(f"{selector} found {len(nodes)} times in {part.attributes.get('id') or part.tag}")
    for node in nodes:
        value = (node.attributes.get(rule.attribute) or "") if rule.attribute else _text(node)
        if rule.pattern and not re.search(rule.pattern, value):
            problems.append(f"{selector} has {value[:80]!r}")
    return len(nodes), problems


def _text(node: LexborNode) -> str:
    return " ".join(node.text().replace("\xa0", " ").split())


def _apply_json(rule: Rule, text: str) -> tuple[int, list[str]]:
    values: list[Any] = [json.loads(text)]
    for step in rule.json.split("."):
        values = [item for value in values for item in _step(value, step)]
    problems = [
        f"{name} is {value.get(name)!r}"
        for value in values
        for name, pattern in rule.fields.items()
        if not isinstance(value.get(name), str) or not re.search(pattern, value[name])
    ]
    return len(values), problems if values else [f"nothing at {rule.json}"]


def _step(value: Any, step: str) -> list[Any]:
    if step == "*":
        return list(value)
    return [value[step]] if step in value else []


# -- recordings ------------------------------------------------------------------------


def recordings(kind: Kind) -> Iterator[Exchange]:
    for release in sorted(path for path in RECORDINGS.iterdir() if path.is_dir()):
        for path in sorted(release.iterdir()):
            if path.is_file() and kind.matches(release.name, path.name):
                yield _recorded(path)


def _recorded(path: Path) -> Exchange:
    head = path.parent.joinpath("heads", f"{path.stem}.txt").read_text(encoding="utf-8", errors="replace")
    answer = head[head.index("\nHTTP/1.1 ") + 1 :].splitlines()
    headers: dict[str, list[str]] = {}
    for line in answer[1:]:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    content_type = " ".join(headers.get("content-type", []))
    charset = "gb18030" if "gbk" in content_type else "utf-8"
    body = path.read_bytes().decode(charset, errors="replace")
    return Exchange(f"{path.parent.name}/{path.name}", int(answer[0].split()[1]), headers, body)
