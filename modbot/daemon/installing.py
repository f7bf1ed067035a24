"""Make the operator's settings file and secrets, and try them out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from modbot.daemon.kinds import Proposal
from modbot.errors import UsageError

SECRETS = "secrets"
HEADER = """# modbot's settings of this installation. settings.toml lists every key.
# A new forum starts in shadow: modbot records what it would do, and does nothing unasked.

[policy]
mode = "shadow"
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the operator said. Secrets are written to files of their own, never into the TOML."""

    name: str
    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    auth_cookie: str = field(default="", repr=False)
    saltkey_cookie: str = field(default="", repr=False)
    password_over_http: bool = False


def suggested_name(url: str) -> str:
    """A forum name after its host: ``bbs.baotou.example`` → ``baotou``."""
    host = (urlsplit(url).hostname or "").lower()
    parts = [part for part in host.split(".") if part not in {"www", "bbs", "forum", "club"}]
    name = re.sub(r"[^a-z0-9_]", "_", parts[0] if parts else "")
    return name if re.fullmatch(r"[a-z][a-z0-9_]*", name) else "forum"


def write(file: Path, answers: Answers, boards: Sequence[Proposal], *, replace: bool) -> None:
    """Write the settings file and the secrets (0600) beside it.

    Raises UsageError when the file is there already and ``replace`` is not set; a
    replaced file is kept with the ending ``.before``.
    """
    if file.exists():
        if not replace:
            raise UsageError(code="error.init.exists", path=str(file))
        file.replace(file.with_name(file.name + ".before"))
    lines = [HEADER, f"[forums.{answers.name}]", f"url = {_toml(answers.url)}"]
    if answers.username:
        lines.append(f"username = {_toml(answers.username)}")
    for key in ("password", "auth_cookie", "saltkey_cookie"):
        secret = getattr(answers, key)
        if secret:
            path = _keep_secret(file.parent, answers.name, key, secret)
            lines.append(f"{key}_file = {_toml(str(path.relative_to(file.parent)))}")
    if answers.password_over_http:
        lines.append("password_over_http = true")
    for agreed in boards:
        lines += [
            "",
            "[[boards]]",
            f"forum = {_toml(answers.name)}",
            f"id = {agreed.board.id}{_note(agreed)}",
        ]
        lines.append(f"kind = {_toml(agreed.kind.value)}")
    _write_private(file, "\n".join(lines) + "\n")


def keep_picture(folder: Path, image: bytes, content_type: str) -> Path:
    """Save a captcha's picture where a human can open it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kind = content_type.partition(";")[0].strip().lower()
    ending = {"image/png": ".png", "image/gif": ".gif", "image/jpeg": ".jpg"}.get(kind, ".img")
    path = folder / f"captcha{ending}"
    path.write_bytes(image)
    return path


def _note(agreed: Proposal) -> str:
    """The board's name beside its id; it is a forum's own text, of one line here."""
    name = "".join(letter for letter in agreed.board.name if letter.isprintable()).strip()
    return f"  # {name}" if name else ""


def _keep_secret(folder: Path, name: str, key: str, secret: str) -> Path:
    path = folder / "var" / SECRETS / f"{name}.{key}"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(path, secret + "\n")
    return path


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _toml(text: str) -> str:
    """A TOML basic string: JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False)
