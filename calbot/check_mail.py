"""What `check` finds out of the mail server: connection, encryption and login. Nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calbot.check_accounts import Finding
from calbot.core.i18n import Catalog
from calbot.errors import MailUnavailable
from calbot.ports import Mailer

# Where the mistake is most likely to be.
_PLACES: Final[Mapping[str, str]] = {
    "mail_secret": "email.password",
    "mail_login": "email.username",
    "mail_tls": "email.tls",
}


async def try_mail(mailer: Mailer, catalog: Catalog) -> list[Finding]:
    try:
        async with mailer.session():
            return []
    except MailUnavailable as error:
        return [Finding(_PLACES.get(error.reason, "email.host"), catalog.text(f"error.{error.reason}"))]
