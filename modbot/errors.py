"""One exception tree. Each error says what happened, to what, and what to do.

The sentence lives in the catalogues of ``modbot/i18n`` under the error's code, so
that operators read it in their language; ``str(error)`` is the English one.
Errors of one stage are defined here too: they are part of its contract.
"""

from __future__ import annotations

from modbot import i18n


class ModbotError(Exception):
    """Base of every error that modbot raises on purpose.

    ``params`` fill the placeholders of the catalogue's sentence; they never hold
    a secret, and text from a forum in them is escaped where it is shown.
    """

    code = "error.unexpected"
    exit_code = 1

    def __init__(self, *, code: str | None = None, **params: object) -> None:
        self.code = code or type(self).code
        self.params = params
        super().__init__(self.code)

    def message(self, language: str = "en") -> str:
        return i18n.catalogue(language).text(self.code, **self.params)

    def __str__(self) -> str:
        return self.message()


class SettingsError(ModbotError):
    """The operator's settings cannot be used. Names file, key and the way out."""

    code = "error.settings"
    exit_code = 2


class UsageError(ModbotError):
    """A command was called with input that it cannot take."""

    code = "error.usage"
    exit_code = 2


class ModelError(ModbotError):
    """A model folder is missing, foreign, damaged or of another version."""

    code = "error.model"


class StoreError(ModbotError):
    """The database is of another version, locked by another owner, or damaged."""

    code = "error.store"


class BackupError(ModbotError):
    """A backup cannot be made, is not whole, or does not fit here. Nothing was changed."""

    code = "error.backup"


class Conflict(StoreError):
    """Someone else was first: the row is not any more what the caller saw."""

    code = "error.store.conflict"


class Unsuitable(StoreError):
    """A verdict cannot be carried out in the way that was chosen. Says which ways there are."""

    code = "error.store.unsuitable"


class LeaseLost(StoreError):
    """Another process owns this store now; this one must stop at once."""

    code = "error.store.lease_lost"


class ForumError(ModbotError):
    """A forum did not do what was asked. The subclass says what to do next."""

    code = "error.forum"


class Retryable(ForumError):
    """The same request may succeed later. ``retry_after`` in seconds, if told."""

    code = "error.forum.retryable"

    def __init__(
        self, *, code: str | None = None, retry_after: float | None = None, **params: object
    ) -> None:
        super().__init__(code=code, **params)
        self.retry_after = retry_after


class Refused(ForumError):
    """The forum will not do this for this account; a human must change a right."""

    code = "error.forum.refused"


class Gone(ForumError):
    """The reply, thread or board is not there any more."""

    code = "error.forum.gone"


class LoggedOut(ForumError):
    """The session is over and could not be renewed; a human must sign in."""

    code = "error.forum.logged_out"


class Blocked(ForumError):
    """A captcha or an anti-crawl page stands in the way; a human must act."""

    code = "error.forum.blocked"


class Unreadable(ForumError):
    """A page was not understood. The rest of the poll goes on."""

    code = "error.forum.unreadable"


class BudgetSpent(Retryable):
    """Today's request budget of this forum is used up."""

    code = "error.forum.budget_spent"


class ForumRolledBack(ForumError):
    """The forum looks restored from a backup: known ids are missing or belong to
    other posts. Polling stops until a human says which history is true."""

    code = "error.forum.rolled_back"


DEFECTS = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError, MemoryError)
"""What a bug looks like that one reply brings out: it fails that reply, and no other."""
