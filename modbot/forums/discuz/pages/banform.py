"""The dialog that hides a post: proof, without doing it, that the account may."""

from __future__ import annotations

import re
from dataclasses import dataclass

from modbot.forums.discuz.pages import answers, documents, nodes

MAX_REASONS = 100

_VIOLATIONS = re.compile(r"帖子已被屏蔽\s*([0-9]{1,9})\s*次")


@dataclass(frozen=True, slots=True)
class BanForm:
    """``preset_reasons`` are the operator's own; ``violations`` how often posts of this
    author were hidden before. ``message`` and ``key`` tell why it is not allowed."""

    allowed: bool
    preset_reasons: tuple[str, ...] = ()
    currently_hidden: bool = False
    violations: int = 0
    message: str = ""
    key: str = ""


def parse_ban_form(xml: str) -> BanForm:
    """Read the answer to ``GET …topicadmin&action=banpost`` (banpost_form.xml).

    The form proposes the opposite of the present state: it comes with "解除" (0) checked
    for a post that is hidden (banpost_form_already.xml).
    """
    html = documents.cdata(xml)
    tree = documents.parse(html)
    choice = tree.css_first('form input[name="banned"][checked]')
    if choice is None or tree.css_first('input[name="topiclist[]"]') is None:
        answer = answers.classify(200, {"content-type": "text/xml"}, xml)
        return BanForm(allowed=False, message=answer.message, key=answer.key)
    presets = (nodes.line(item) for item in tree.css("#reasonselect li")[:MAX_REASONS])
    violations = _VIOLATIONS.search(html)
    return BanForm(
        allowed=True,
        preset_reasons=tuple(preset for preset in presets if preset.strip("-")),
        currently_hidden=nodes.attribute(choice, "value") == "0",
        violations=int(violations.group(1)) if violations else 0,
    )
