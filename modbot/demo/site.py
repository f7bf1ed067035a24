"""What every page needs: who runs where, the templates, and the forum's messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from modbot.demo import times
from modbot.demo.community import Community
from modbot.demo.sessions import Sessions
from modbot.demo.state import GUESTS
from modbot.demo.visit import HTML, JSON, XML, Answer, Visit

GONE_THREAD = "抱歉，指定的主题不存在或已被删除或正在被审核"
GONE_BOARD = "抱歉，指定的版块不存在"
GONE_POST = "没有找到帖子"
NO_VIEW = "抱歉，您没有权限访问该版块"
NO_SUBMIT = "抱歉，您的请求来路不正确或表单验证串不符，无法提交"
SIGN_IN_FIRST = "您需要先登录才能继续本操作"
TAINTED = "您当前的访问请求当中含有非法字符，已经被系统拒绝"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("modbot.demo"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("minute", "second", "day", "relative"):
        environment.filters[name] = getattr(times, name)
    return environment


@dataclass(slots=True)
class Options:
    """Choices that the operator of a real forum has; a test may change them at any time.

    ``release`` is the year of the X3.4 release: before 2022 an unknown thread is
    answered with status 200. ``short_pager``: as X3.5 does, count the replies and not the
    first post for the pages of a thread read newest first. ``closed`` is the sentence of a
    closed site.
    """

    json_api: bool = False
    release: int = 2020
    short_pager: bool = False
    reason_required: bool = False
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """``charset`` is what pages and forms are encoded in: ``utf-8`` or ``gbk``."""

    community: Community
    sessions: Sessions
    charset: str = "utf-8"
    options: Options = field(default_factory=Options)
    templates: Environment = field(default_factory=_environment)

    def render(self, template: str, visit: Visit, **values: object) -> str:
        member = visit.viewer.member
        return self.templates.get_template(template).render(
            site=self,
            visit=visit,
            now=visit.now,
            viewer=visit.viewer,
            staff=self.community.is_staff(member),
            group_id=member.group_id if member else GUESTS,
            **values,
        )

    def page(self, template: str, visit: Visit, *, status: int = 200, **values: object) -> Answer:
        return Answer(self.render(template, visit, **values), HTML, status)

    def xml(self, markup: str) -> Answer:
        """An answer to a page's script: markup in CDATA under the charset's prolog."""
        prolog = f'<?xml version="1.0" encoding="{self.charset}"?>'
        return Answer(f"{prolog}\n<root><![CDATA[{markup}]]></root>", XML)

    # -- messages ----------------------------------------------------------------------

    def refuse(
        self,
        visit: Visit,
        text: str,
        *,
        key: str = "",
        kind: str = "alert_error",
        values: Mapping[str, str] | None = None,
        status: int = 200,
        forward: str = "",
    ) -> Answer:
        """An error, in the form that was asked for: page, dialog, bare text or JSON."""
        if visit.request.get("ajaxdata") == "json":
            return self._as_json(text)
        if not _wants_xml(visit):
            return self.page("message.html", visit, status=status, text=text, kind=kind, forward=forward)
        script = _script("errorhandle_", key, f"'{text}', {_values(values)}")
        if visit.request.method == "POST":
            return self.xml(f"{escape(text)}{script}")
        return self.xml(self.render("dialog.html", visit, text=text, script=script))

    def confirm(
        self, visit: Visit, text: str, forward: str, *, key: str = "", values: Mapping[str, str] | None = None
    ) -> Answer:
        if visit.request.get("ajaxdata") == "json":
            return self._as_json(text)
        if not _wants_xml(visit):
            return self.page("message.html", visit, text=text, kind="alert_right", forward=forward)
        return self.xml(_script("succeedhandle_", key, f"'{forward}', '{text}', {_values(values)}"))

    def _as_json(self, text: str) -> Answer:
        return Answer(json.dumps({"message": text, "data": []}, ensure_ascii=False), JSON)

    def tainted(self, visit: Visit) -> Answer:
        return self.page("system_error.html", visit, text=TAINTED)

    def redirect(self, location: str, *, status: int = 302) -> Answer:
        return Answer("", HTML, status, location=location)


def _wants_xml(visit: Visit) -> bool:
    return visit.request.inajax or visit.request.get("mod") == "topicadmin"


def _script(function: str, key: str, arguments: str) -> Markup:
    name = f"{function}{key if key.isidentifier() else ''}"
    call = f"if(typeof {name}=='function') {{{name}({arguments});}}"
    return Markup(f'<script type="text/javascript" reload="1">{call}</script>')  # noqa: S704 - our own texts


def _values(values: Mapping[str, str] | None) -> str:
    return "{" + ",".join(f"'{name}':'{value}'" for name, value in (values or {}).items()) + "}"
