"""Signing in: the form, its captcha, and what the forum answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from modbot.errors import Unreadable
from modbot.forums.discuz.pages import answers, documents, nodes

_LOGIN_HASH = re.compile(r"loginhash=([A-Za-z0-9]{1,16})")
_CAPTCHA = re.compile(r"""id="seccode_([A-Za-z0-9]{4,20})\"""")
_CAPTCHA_CALL = re.compile(
    r"updateseccode\('([A-Za-z0-9]{4,20})'[^;<]{0,10}.{0,400}?'([a-z]{1,20}::[a-z]{1,20})'\)"
)
_IMAGE = re.compile(
    r"misc\.php\?mod=seccode&(?:amp;)?update=([0-9]{1,12})&(?:amp;)?idhash=([A-Za-z0-9]{4,20})"
)
_MINUTES = re.compile(r"请\s*([0-9]{1,5})\s*分钟后")
_ATTEMPTS = re.compile(r"还可以尝试\s*([0-9]{1,5})\s*次")


class LoginOutcome(StrEnum):
    OK = "ok"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - an outcome
    LOCKED = "locked"
    CAPTCHA = "captcha"
    QUESTION = "question"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LoginForm:
    """``captcha`` is the id of the captcha to solve, None where there is none."""

    action: str
    formhash: str | None
    login_hash: str | None
    referer: str
    captcha: str | None
    captcha_module: str
    asks_question: bool


@dataclass(frozen=True, slots=True)
class CaptchaUpdate:
    """The picture stands at ``misc.php?mod=seccode&update=UPDATE&idhash=ID_HASH``."""

    id_hash: str
    update: str

    @property
    def path(self) -> str:
        return f"misc.php?mod=seccode&update={self.update}&idhash={self.id_hash}"


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """What the forum says. OK is only its word: the proof is the ``_auth`` cookie."""

    outcome: LoginOutcome
    message: str = ""
    attempts_left: int | None = None
    locked_minutes: int | None = None


def parse_login_form(html: str) -> LoginForm:
    """Read ``member.php?mod=logging&action=login``, page or dialog
    (login_form.html, login_form_ajax.xml). Raises Unreadable when there is no form."""
    text = documents.cdata(html) if html.lstrip().startswith("<?xml") else html
    tree = documents.parse(text)
    form = tree.css_first('form[name="login"]')
    if form is None:
        raise Unreadable(code="error.forum.page_unreadable", page="login", problem="no_login_form")
    action = nodes.attribute(form, "action")
    fields = {
        nodes.attribute(field, "name"): nodes.attribute(field, "value") for field in form.css("input[name]")
    }
    login_hash = _LOGIN_HASH.search(action)
    captcha, call = _CAPTCHA.search(text), _CAPTCHA_CALL.search(text)
    return LoginForm(
        action=action,
        formhash=fields.get("formhash") or None,
        login_hash=login_hash.group(1) if login_hash else None,
        referer=fields.get("referer", ""),
        captcha=captcha.group(1) if captcha else (call.group(1) if call else None),
        captcha_module=call.group(2) if call else "member::logging",
        asks_question=form.css_first('select[name="questionid"]') is not None,
    )


def parse_captcha_update(javascript: str) -> CaptchaUpdate:
    """Read ``misc.php?mod=seccode&action=update`` (seccode_update.html).

    Raises Unreadable when no picture is named (a request without Referer is refused).
    """
    found = _IMAGE.search(javascript)
    if not found:
        raise Unreadable(code="error.forum.page_unreadable", page="captcha", problem="no_picture")
    return CaptchaUpdate(id_hash=found.group(2), update=found.group(1))


def read_login_answer(xml: str) -> LoginAnswer:
    """Sort the answer to the login POST (login_ok_ajax.xml, login_bad_password.xml,
    login_captcha_required.xml, login_question_needed.xml, login_strike.xml, also the
    quick form's and the plain page's). Never raises for what a forum may say."""
    answer = answers.classify(200, {}, xml)
    message = answer.message
    minutes, attempts = _MINUTES.search(message), _ATTEMPTS.search(message)
    told = attempts.group(1) if attempts else answer.values.get("loginperm", "")
    return LoginAnswer(
        outcome=_outcome(answer),
        message=message,
        attempts_left=int(told) if re.fullmatch("[0-9]{1,5}", told) else None,
        locked_minutes=int(minutes.group(1)) if minutes else None,
    )


_BY_KEY = {
    "login_strike": LoginOutcome.LOCKED,
    "login_captcha": LoginOutcome.CAPTCHA,
    "login_question": LoginOutcome.QUESTION,
    "login_invalid": LoginOutcome.WRONG_PASSWORD,
    "login_succeed": LoginOutcome.OK,
    "user_banned": LoginOutcome.REFUSED,
}


def _outcome(answer: answers.Answer) -> LoginOutcome:
    known = _BY_KEY.get(answer.key)
    if known is not None:
        return known
    if answer.kind is answers.AnswerKind.MESSAGE_OK:
        return LoginOutcome.OK
    if answer.kind in (answers.AnswerKind.MESSAGE_ERROR, answers.AnswerKind.CLOSED_SITE):
        return LoginOutcome.REFUSED
    return LoginOutcome.UNKNOWN
