"""Both languages say the same things about the same facts."""

from __future__ import annotations

import re
import string

from modbot import i18n
from modbot.errors import BudgetSpent


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_both_languages_hold_the_same_codes():
    english, chinese = (set(i18n.catalogue(language).templates) for language in i18n.LANGUAGES)
    assert english == chinese


def test_a_code_has_the_same_placeholders_in_both_languages():
    english, chinese = (i18n.catalogue(language).templates for language in i18n.LANGUAGES)
    differing = {code for code in english if placeholders(english[code]) != placeholders(chinese[code])}
    assert not differing


def test_chinese_sentences_are_chinese():
    foreign = {
        code: template
        for code, template in i18n.catalogue("zh").templates.items()
        if re.search(r"\w", re.sub(r"{[^}]*}", "", template)) and not re.search("[一-鿿]", template)
    }
    assert not foreign


def test_an_unknown_code_is_shown_with_its_facts():
    assert i18n.catalogue("zh-CN").text("no.such.code", forum="city") == "no.such.code (forum=city)"


def test_a_missing_fact_leaves_the_sentence_whole():
    assert "{limit}" in str(BudgetSpent(forum="city"))
