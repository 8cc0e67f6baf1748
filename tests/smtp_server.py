"""A mail server of the tests' own, on loopback: it takes mail as it is told to, with real SMTP, TLS and logins."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
USER, PASSWORD = "svc-calbot", "geheim"


@dataclass
class MailServer:
    """What it has taken, and what it says instead.

    `recipients` and `contents`: the answers to RCPT and DATA by recipient, one after the other. `hang_up_after_data`:
    how many mails it takes, and is gone before it says so.
    """

    port: int = 0
    ca: trustme.CA = field(default_factory=trustme.CA)
    taken: list[Envelope] = field(default_factory=list)
    recipients: dict[str, list[str]] = field(default_factory=dict)
    contents: dict[str, list[str]] = field(default_factory=dict)
    senders: dict[str, str] = field(default_factory=dict)
    hang_up_after_data: int = 0
    connections: int = 0
    encrypted: list[bool] = field(default_factory=list)  # for each mail
    logins: list[str] = field(default_factory=list)

    @property
    def trusts(self) -> ssl.SSLContext:
        """What a client that knows the server's authority trusts."""
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        return context

    def messages(self) -> list[EmailMessage]:
        """As a mail program reads them."""
        found = []
        for envelope in self.taken:
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    # What aiosmtpd calls.

    async def handle_MAIL(  # noqa: N802 - named by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.senders:
            return self.senders[address]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answers := self.recipients.get(address):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if answers := self.contents.get(envelope.rcpt_tos[0]):
            return answers.pop(0)
        self.taken.append(envelope)
        self.encrypted.append(session.ssl is not None)
        if self.hang_up_after_data:
            self.hang_up_after_data -= 1
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)


@contextlib.asynccontextmanager
async def running(*, tls: str = "starttls", login: bool = False) -> AsyncIterator[MailServer]:
    """`tls`: starttls, tls or none, as in the configuration. `login`: nothing is taken without."""
    mail = MailServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mail.ca.issue_cert(HOST).configure_cert(context)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        mail.connections += 1
        with warnings.catch_warnings():
            # Encryption from the start is none of aiosmtpd's business, so it warns of logins in clear.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            return SMTP(
                mail,
                hostname="mail.example.org",
                tls_context=context if tls == "starttls" else None,
                require_starttls=tls == "starttls",
                auth_required=login,
                auth_require_tls=tls == "starttls",
                authenticator=mail.authenticate,
                loop=loop,
            )

    server = await loop.create_server(protocol, HOST, 0, ssl=context if tls == "tls" else None)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)  # connections that are closing
