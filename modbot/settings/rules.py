"""``[[rules]]``: what an operator may write. What it means is in ``modbot/detection/rules``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from modbot.domain import Label, RuleOutcome, ThreadKind

NAME = r"^[\w.\-]{1,60}$"
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[float, Field(ge=0)]


def _several(value: object) -> object:
    """One word may stand for a list of one."""
    return value if isinstance(value, list | tuple | set | frozenset) else [value]


_List = (Field(min_length=1), BeforeValidator(_several))
Words = Annotated[tuple[str, ...], *_List]
Numbers = Annotated[frozenset[int], *_List]
Kinds = Annotated[frozenset[ThreadKind], *_List]
Contacts = Annotated[frozenset[Literal["wechat", "qq", "phone", "telegram", "email", "id"]], *_List]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RangeSettings(_Table):
    at_least: Count | None = None
    at_most: Count | None = None


class ConditionSettings(_Table):
    """Every key of one table must hold."""

    all: tuple[ConditionSettings, ...] | None = None
    any: tuple[ConditionSettings, ...] | None = None
    not_: ConditionSettings | None = Field(default=None, alias="not")
    contains: Words | None = None
    keywords_file: str | None = None
    words: Words | None = None
    title_contains: Words | None = None
    regex: Words | None = None
    raw: bool = False
    domain: Words | None = None
    other_domain: Words | None = None
    link: bool | None = None
    contact: Contacts | None = None
    label: Label | None = None
    at_least: Share | None = None
    at_most: Share | None = None
    author_standing: bool | None = None
    author_posts: RangeSettings | None = None
    author_days: RangeSettings | None = None
    author_group: Numbers | None = None
    board: Numbers | None = None
    thread_kind: Kinds | None = None
    first_post: bool | None = None


class ExampleSettings(_Table):
    """Texts that a rule must fire on, and texts that it must not."""

    match: tuple[str, ...] = ()
    leave: tuple[str, ...] = Field(default=(), alias="pass")


class RuleSettings(_Table):
    name: str = Field(pattern=NAME)
    when: ConditionSettings
    then: RuleOutcome
    label: Label | None = None
    score: Share | None = None
    reason: str = ""
    boards: Numbers | None = None
    forums: Words | None = None
    examples: ExampleSettings = ExampleSettings()


_TABLES: dict[str, type[_Table]] = {
    "when": ConditionSettings,
    "all": ConditionSettings,
    "any": ConditionSettings,
    "not": ConditionSettings,
    "author_posts": RangeSettings,
    "author_days": RangeSettings,
    "examples": ExampleSettings,
}


def keys_at(location: Sequence[str | int]) -> list[str]:
    """The keys that the table at ``location`` within ``rules`` may have."""
    tables = [_TABLES[part] for part in location if isinstance(part, str) and part in _TABLES]
    table = tables[-1] if tables else RuleSettings
    return [field.alias or name for name, field in table.model_fields.items()]
