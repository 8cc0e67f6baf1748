"""What `check` finds out of the mail server: connection, encryption, login and sender. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from calbot.check_accounts import Finding
from calbot.core.configuration import below
from calbot.core.i18n import Catalog
from calbot.core.people import plain_address
from calbot.core.settings import Delivery, Settings
from calbot.errors import MailUnavailable
from calbot.mail import SmtpMailer

# Where the mistake is most likely to be.
_PLACES: Final[Mapping[str, str]] = {
    "mail_secret": "email.password",
    "mail_login": "email.username",
    "mail_tls": "email.tls",
}


async def try_mail(settings: Settings, mailer: SmtpMailer, catalog: Catalog) -> list[Finding]:
    findings = []
    try:
        for path, sender in dict(_senders(settings)).items():
            # A session each: what a server says to the second may be about the first.
            async with mailer.session() as session:
                if sender:
                    try:
                        await session.try_sender(sender)
                    except MailUnavailable as error:
                        if error.reason != "mail_sender":
                            raise
                        findings.append(Finding(path, catalog.text("check.sender_refused")))
    except MailUnavailable as error:
        findings.append(Finding(_PLACES.get(error.reason, "email.host"), catalog.text(f"error.{error.reason}")))
    return findings


def _senders(settings: Settings) -> Iterator[tuple[str, str]]:
    """Who mails come from, and where that is said: the one for all, or those who invite by mail, each once."""
    if settings.email.sender:
        yield "email.sender", settings.email.sender
        return
    yield "email.host", ""
    seen = set()
    for name, calendar in settings.calendars.items():
        organizer = plain_address(settings.organizer(name))
        if settings.delivery(name) is Delivery.EMAIL and organizer and organizer not in seen:
            seen.add(organizer)
            own = ("calendars", name, "organizer") if calendar.organizer else ("accounts", calendar.account, "address")
            yield below(below(*own[:2]), own[2]), organizer
