"""Mail: the outbox, and the server that takes what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from calbot.core.mail import Mail, MailDraft, Queued, Undelivered
from calbot.core.model import CalendarName, Href


class MailSession(Protocol):
    """A connection to the mail server."""

    async def send(self, mail: Mail) -> None:
        """Returns once the server has taken it.

        Raises MailRefused and MailDeferred, which concern this mail, and MailUnavailable, after which the session is
        of no use. Then, as after a crash, the server may have taken the mail all the same.
        """
        ...


class Mailer(Protocol):
    """The mail server, with its login."""

    def session(self) -> AbstractAsyncContextManager[MailSession]:
        """Connected and logged in. Raises MailUnavailable on entering."""
        ...


class MailStore(Protocol):
    """What is to be mailed, and what became of it."""

    async def draft(self, draft: MailDraft) -> None:
        """One for each object: a second takes the place of the first, but for what was there before it and for whom
        it is done."""
        ...

    async def drafted(self, calendar: CalendarName, href: Href) -> MailDraft | None: ...

    async def drafts(self) -> Sequence[MailDraft]:
        """All, the oldest first."""
        ...

    async def drop_draft(self, calendar: CalendarName, href: Href) -> None: ...

    async def add(self, mails: Sequence[Mail]) -> None:
        """At the end of the line. A key that is there already, whatever has become of it, is left alone."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[Queued]:
        """The first in line for each recipient that is not put off; in the order they came."""
        ...

    async def next_due(self, after: datetime) -> datetime | None:
        """When the next one that is put off beyond then is to be tried again."""
        ...

    async def put_off(self, number: int, until: datetime, reason: str) -> None:
        """After an attempt in vain. `reason`: a catalog key below ``error.``"""
        ...

    async def sent(self, number: int, now: datetime) -> None:
        """What it said is forgotten."""
        ...

    async def failed(self, number: int, reason: str, now: datetime) -> None:
        """It will not be sent any more; what it said is forgotten, but to whom it went and about which event is not."""
        ...

    async def waiting(self, calendars: Sequence[CalendarName]) -> tuple[int, str | None]:
        """How many about events of these calendars were tried in vain so far, and why the last one was."""
        ...

    async def undelivered(self, calendars: Sequence[CalendarName], since: datetime) -> Sequence[Undelivered]:
        """Those that failed since, the newest first."""
        ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete what was sent, or given up, before."""
        ...
