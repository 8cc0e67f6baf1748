"""The only exceptions that cross a layer. Each carries what a reply needs: a code, a catalog key, parameters.

The texts that people read live in the catalogs under ``error.<reason>``; the parameters fill their placeholders and
never hold secrets or tracebacks.
"""

from __future__ import annotations

from enum import Enum


class Code(str, Enum):
    """The machine-readable code of an error reply; scripts rely on these values."""

    NOT_UNDERSTOOD = "not_understood"
    IN_PAST = "in_past"
    AMBIGUOUS = "ambiguous"
    NOT_MAPPED = "not_mapped"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    STALE_REFERENCE = "stale_reference"
    CONFLICT = "conflict"
    READ_ONLY = "read_only"
    CALENDAR_UNAVAILABLE = "calendar_unavailable"
    BAD_CALENDAR_DATA = "bad_calendar_data"
    LIMIT = "limit"
    NOT_ENCRYPTED = "not_encrypted"
    INTERNAL = "internal"


class CalbotError(Exception):
    """Something a person is told: `code` for machines; `reason`, a catalog key below ``error.``, with `params`."""

    def __init__(self, code: Code, reason: str, **params: str | int) -> None:
        super().__init__(f"{code.value}: {reason}")
        self.code = code
        self.reason = reason
        self.params = params


class UserError(CalbotError):
    """The sender can fix it: answered, never logged above INFO."""


class Unavailable(CalbotError):
    """The outside world failed; the same attempt may succeed later. One WARNING per outage.

    `retry_after` is what the server asked for, in seconds, if it asked for anything.
    """

    def __init__(self, code: Code, reason: str, *, retry_after: float | None = None, **params: str | int) -> None:
        super().__init__(code, reason, **params)
        self.retry_after = retry_after


class CalendarUnavailable(Unavailable):
    """A calendar server does not answer, refuses, or answers nonsense. `reason` says which, for admins."""

    def __init__(self, reason: str, *, retry_after: float | None = None, **params: str | int) -> None:
        super().__init__(Code.CALENDAR_UNAVAILABLE, reason, retry_after=retry_after, **params)


class CalendarReadOnly(UserError):
    """The calendar, or this object in it, must not be written by the bot's account."""

    def __init__(self, reason: str = "read_only", **params: str | int) -> None:
        super().__init__(Code.READ_ONLY, reason, **params)


class PreconditionFailed(CalbotError):
    """An If-Match or If-None-Match did not hold, or the place is taken: look again before deciding."""

    def __init__(self) -> None:
        super().__init__(Code.CONFLICT, "conflict")


class BadCalendarData(CalbotError):
    """An object that cannot be parsed, or must not be expanded (a rule without reasonable bounds)."""

    def __init__(self, reason: str, **params: str | int) -> None:
        super().__init__(Code.BAD_CALENDAR_DATA, reason, **params)


class ChatUnavailable(Unavailable):
    """The homeserver does not answer or is overloaded."""

    def __init__(
        self, reason: str = "chat_unavailable", *, retry_after: float | None = None, **params: str | int
    ) -> None:
        super().__init__(Code.INTERNAL, reason, retry_after=retry_after, **params)


class StorageUnavailable(Unavailable):
    """The database cannot be reached, is locked by somebody else, or has no room left."""

    def __init__(self) -> None:
        super().__init__(Code.INTERNAL, "storage_unavailable")


class InvitationsLimited(ChatUnavailable):
    """The homeserver opens no more rooms and sends no more invitations for now; messages it takes as ever."""


class ChatForbidden(CalbotError):
    """The homeserver refuses the bot this room or this act for good: left, banned, no power."""

    def __init__(self, reason: str = "chat_forbidden", **params: str | int) -> None:
        super().__init__(Code.FORBIDDEN, reason, **params)


class NotEncrypted(CalbotError):
    """Contents of a calendar would have to leave in clear; they do not leave at all."""

    def __init__(self, reason: str, **params: str | int) -> None:
        super().__init__(Code.NOT_ENCRYPTED, reason, **params)


class MailUnavailable(Unavailable):
    """The mail server cannot be used now, by nobody: not there, its login or encryption refused."""

    def __init__(self, reason: str) -> None:
        super().__init__(Code.INTERNAL, reason)


class MailDeferred(Unavailable):
    """The mail server does not take this mail now; others it may take."""

    def __init__(self, reason: str) -> None:
        super().__init__(Code.INTERNAL, reason)


class MailRefused(CalbotError):
    """The mail server will never take this mail: no such recipient, for example."""

    def __init__(self, reason: str) -> None:
        super().__init__(Code.INTERNAL, reason)
