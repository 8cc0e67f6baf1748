"""Mail that is to be sent: what it says, what has become of it, and how it is put together (RFC 5322, 2045, 6047)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import Enum
from typing import Final

from .model import CalendarName, Href, RoomId, Uid

# A server that is away for a weekend's maintenance is waited for, an invitation to what is nearly over is not sent.
GIVEN_UP_AFTER: Final = timedelta(days=2)
_FIRST_PAUSE: Final = timedelta(minutes=1)  # greylisting wants a few minutes
_LONGEST_PAUSE: Final = timedelta(hours=1)
_LONGEST_SUBJECT: Final = 200
_LONGEST_NAME: Final = 60
# What makes addresses of a name, as soon as some program on the way has lost its quotes.
_SPECIAL: Final = re.compile(r'[()<>@,;:\\"\[\]]+')
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


class MailState(str, Enum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # refused for good, or given up


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person, about one event. `key` is derived from its cause: so is the Message-ID.

    `sender` is where it comes from, `reply_to` where answers go: the organizer. `room`: whoever asked for it is there.
    """

    key: str
    calendar: CalendarName
    uid: Uid
    room: RoomId | None
    sender: str
    sender_name: str
    reply_to: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    method: str  # of `ics`
    ics: str
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class Queued:
    """A mail in the outbox. `number` is its place among those to the same recipient."""

    number: int
    mail: Mail
    attempts: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A mail that came to nothing. `reason` is a catalog key below ``error.``"""

    key: str
    calendar: CalendarName
    uid: Uid
    room: RoomId | None
    recipient: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailDraft:
    """What the bot is about to do to an object, before it is known whether the calendar server takes it.

    `before` and `after`: its text; None where it is not there. Both are gone as soon as that is known.
    """

    calendar: CalendarName
    href: Href
    before: str | None
    after: str | None
    room: RoomId | None
    drafted_at: datetime


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many attempts in vain."""
    return min(_FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10)), _LONGEST_PAUSE)


def is_over(mail: Mail, now: datetime) -> bool:
    """Whether it has been tried long enough."""
    return now - mail.queued_at >= GIVEN_UP_AFTER


def message_id(mail: Mail) -> str:
    """The same for each attempt: mail systems show what arrives twice once."""
    return f"<{mail.key}@{mail.sender.rpartition('@')[2]}>"


def composed(mail: Mail) -> EmailMessage:
    """Text, the same as a calendar object, and that once more as a file, which is what Outlook, Gmail and Apple take.

    The object lies beside the text and names its method, so that programs offer to answer; as a file it can be opened
    where they do not.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(mail.sender_name, mail.sender)
    message["To"] = _address(mail.recipient_name, mail.recipient)
    message["Reply-To"] = _address("", mail.reply_to)
    message["Subject"] = header_text(mail.subject)
    message["Date"] = format_datetime(mail.queued_at)
    message["Message-ID"] = message_id(mail)
    # Absence notes would go to whoever is to hear of answers only (RFC 3834, 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_printable(mail.text), charset="utf-8", cte="quoted-printable")
    message.add_alternative(mail.ics.encode(), maintype="text", subtype="calendar", cte="base64")
    calendar = list(message.iter_parts())[-1]
    calendar.set_param("charset", "utf-8")
    calendar.set_param("method", mail.method)
    message.add_attachment(
        mail.ics.encode(), maintype="application", subtype="ics", cte="base64", filename=_filename(mail.method)
    )
    return message


def header_text(text: str) -> str:
    """As one line that no header can begin in, and that looks like what it is.

    What looks like an encoded word (RFC 2047) would be decoded on the way, line ends and all.
    """
    return " ".join(_CONTROL.sub(" ", text).replace("=?", "= ?").split())[:_LONGEST_SUBJECT]


def _address(name: str, address: str) -> Address:
    """With a name that looks like no address, be it of somebody else."""
    plain = " ".join(_SPECIAL.sub(" ", header_text(name)).split())
    return Address(plain[:_LONGEST_NAME].rstrip(), addr_spec=address)


def _filename(method: str) -> str:
    return "cancel.ics" if method == "CANCEL" else "invite.ics"


def _printable(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_CONTROL.sub(" ", line) for line in lines) + "\n"
