"""The port Mailer on SMTP (RFC 5321), by aiosmtplib."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from email.policy import SMTP as SMTP_POLICY
from typing import Final

import aiosmtplib

from calbot.core.mail import Mail, composed
from calbot.core.settings import Email, Encryption
from calbot.errors import MailDeferred, MailRefused, MailUnavailable
from calbot.secret_values import SecretMissing, reveal

_TIMEOUT: Final = 30.0  # seconds for each command
_PERMANENT: Final = range(500, 600)


class SmtpMailer:
    """`ports.Mailer`. `context`: whom to trust; by default whom the system trusts."""

    def __init__(self, email: Email, *, context: ssl.SSLContext | None = None, timeout: float = _TIMEOUT) -> None:
        self._email = email
        self._context = context
        self._timeout = timeout

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SmtpSession]:
        client = await self._connect()
        try:
            yield SmtpSession(client)
        finally:
            # What was taken is taken; nothing depends on how it is parted.
            with suppress(aiosmtplib.SMTPException, OSError, asyncio.TimeoutError):
                await client.quit()
            client.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        email = self._email
        try:
            password = await asyncio.to_thread(reveal, email.password) if email.username else ""
        except SecretMissing as error:
            raise MailUnavailable("mail_secret") from error
        encrypted = email.tls is not Encryption.NONE
        # Reads the system's certificates.
        context = self._context or (await asyncio.to_thread(ssl.create_default_context) if encrypted else None)
        client = aiosmtplib.SMTP(
            hostname=email.host,
            port=email.port,
            use_tls=email.tls is Encryption.TLS,
            # Never without where it is asked for: whoever is in between could take the offer out of the greeting.
            start_tls=email.tls is Encryption.STARTTLS,
            tls_context=context,
            timeout=self._timeout,
        )
        try:
            with _translated():
                await client.connect()
                if email.username:
                    await _log_in(client, email.username, password)
        except BaseException:
            client.close()
            raise
        return client


class SmtpSession:
    """`ports.MailSession`."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client

    async def send(self, mail: Mail) -> None:
        data = await asyncio.to_thread(_written, mail)
        if not self._client.is_connected:
            raise MailUnavailable("mail_unreachable")
        with _translated():
            await self._client.sendmail(mail.sender, [mail.recipient], data)

    async def try_sender(self, sender: str) -> None:
        """Name the sender of a mail, and take that back: nothing is sent. MailUnavailable where it is not accepted."""
        with _translated():
            await self._client.mail(sender)
            await self._client.rset()


def _written(mail: Mail) -> bytes:
    return composed(mail).as_bytes(policy=SMTP_POLICY)


async def _log_in(client: aiosmtplib.SMTP, username: str, password: str) -> None:
    try:
        await client.login(username, password)
    except aiosmtplib.SMTPAuthenticationError:
        raise
    except aiosmtplib.SMTPResponseException as error:
        raise MailUnavailable("mail_unreachable") from error
    except aiosmtplib.SMTPException as error:
        # It offers no login at all, or none of those there are.
        raise MailUnavailable("mail_login") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except aiosmtplib.SMTPAuthenticationError as error:
        raise MailUnavailable("mail_login") from error
    except aiosmtplib.SMTPSenderRefused as error:
        raise MailUnavailable("mail_sender") from error
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = error.recipients[0].code
        raise (MailRefused if code in _PERMANENT else MailDeferred)("mail_recipient") from error
    except aiosmtplib.SMTPDataError as error:
        raise (MailRefused if error.code in _PERMANENT else MailDeferred)("mail_refused") from error
    except (aiosmtplib.SMTPTimeoutError, asyncio.TimeoutError) as error:
        raise MailUnavailable("mail_timeout") from error
    except ssl.SSLError as error:
        raise MailUnavailable("mail_tls") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailUnavailable("mail_tls" if _is_about_tls(error) else "mail_unreachable") from error


def _is_about_tls(error: BaseException) -> bool:
    """The library wraps what goes wrong with the encryption, or says in words that there is none."""
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return True
    return isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error)
