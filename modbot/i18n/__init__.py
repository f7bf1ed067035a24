"""Sentences for humans, by code, in English and Simplified Chinese.

A catalogue is the union of the TOML files of ``i18n/<language>/``; each file is a
flat table from code to a ``str.format`` template. Both languages hold the same
codes with the same placeholders (a test compares them).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("en", "zh")


class _Facts(dict[str, object]):
    """A missing fact is shown as its name: an error's own sentence must never fail."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    language: str
    templates: Mapping[str, str]

    def text(self, code: str, **params: object) -> str:
        """The sentence of ``code``; an unknown code is shown as itself with its facts."""
        template = self.templates.get(code)
        if template is None:
            facts = ", ".join(f"{name}={value}" for name, value in params.items())
            return f"{code} ({facts})" if facts else code
        return template.format_map(_Facts(params))


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of ``en`` or ``zh`` (a tag such as ``zh-CN`` counts as ``zh``)."""
    short = "zh" if language.lower().startswith("zh") else "en"
    templates: dict[str, str] = {}
    folder = resources.files(__name__) / short
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            templates.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return Catalogue(short, templates)
