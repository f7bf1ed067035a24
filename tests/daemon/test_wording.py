"""What was seen is told in the reader's words, with the pieces of text that carried it."""

from __future__ import annotations

import pytest

from modbot import i18n
from modbot.daemon import wording
from modbot.detection import contacts
from modbot.domain import Signal

CONTACT = Signal("contact", 1.0, {"kind": "wechat", "evidence": "v:abc123"})
SPAM = Signal("spam_text", 0.97, {"percent": 97, "evidence": "代开 发票", "pieces": ("代开", "发票")})


@pytest.mark.parametrize(("language", "told"), [("zh", "含联系方式（微信）：v:abc123"), ("en", "WeChat")])
def test_a_contact_is_named_in_the_readers_language(language, told):
    assert told in wording.signal(CONTACT, i18n.catalogue(language))


def test_evidence_is_the_pieces_or_the_one_that_there_is():
    assert wording.evidence(SPAM) == ["代开", "发票"]
    assert wording.evidence(CONTACT) == ["v:abc123"]
    assert wording.evidence(Signal("repeated", 1.0, {"size": 3})) == []


@pytest.mark.parametrize("kind", contacts.KINDS)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_kind_of_contact_has_a_name(kind, language):
    assert f"contact.{kind}" in i18n.catalogue(language).templates
