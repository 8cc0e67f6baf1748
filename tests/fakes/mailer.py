"""A mail server in memory, behind the port Mailer; with switches for what goes wrong with real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from calbot.core.mail import Mail
from calbot.errors import CalbotError, MailUnavailable


@dataclass
class FakeMailer:
    """`ports.Mailer`.

    `unavailable`: raised by each connection while it is set. `answers`: raised for mail to that address. `breaks_at`:
    addresses whose mail breaks the connection after it was taken.
    """

    taken: list[Mail] = field(default_factory=list)
    unavailable: MailUnavailable | None = None
    answers: dict[str, CalbotError] = field(default_factory=dict)
    breaks_at: set[str] = field(default_factory=set)
    connections: int = 0
    open: int = 0

    @asynccontextmanager
    async def session(self) -> AsyncIterator[FakeMailer]:
        if self.unavailable is not None:
            raise self.unavailable
        self.connections += 1
        self.open += 1
        try:
            yield self
        finally:
            self.open -= 1

    async def send(self, mail: Mail) -> None:
        if mail.recipient in self.answers:
            raise self.answers[mail.recipient]
        self.taken.append(mail)
        if mail.recipient in self.breaks_at:
            raise MailUnavailable("mail_unreachable")

    def to(self, address: str) -> list[tuple[str, str]]:
        """Method and subject of what was taken for somebody."""
        return [(mail.method, mail.subject) for mail in self.taken if mail.recipient == address]
