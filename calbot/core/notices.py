"""What is to be said of the bot's own accord, besides reminders: what it is about, to whom and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from .model import Recipient


class NoticeKind(str, Enum):
    CHANGE = "change"  # something changed in a calendar that a room shows
    CARD = "card"  # the card of an event no longer shows it as it is
    SHOWN = "shown"  # a room shows a calendar from now on
    AGENDA = "agenda"  # it is time for an agenda
    UNDELIVERED = "undelivered"  # a mail about an event came to nothing
    ADMIN = "admin"  # something that admins have to know of
    MAPPED = "mapped"  # the configuration disconnected a calendar from a room, or changed what may be written
    UNINVITED = "uninvited"  # a calendar server could not invite somebody after all


class NoticeState(str, Enum):
    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"  # there was nothing to say any more, or nobody to say it to in time


class Hold(str, Enum):
    """Why a notice that is due waits."""

    SETTLING = "settling"  # more of the same may come in a moment
    QUIET = "quiet"  # quiet hours or a public holiday
    UNREACHABLE = "unreachable"  # nothing may or can be posted there
    UNAVAILABLE = "unavailable"  # the homeserver does not take it


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be said once. `key` is derived from its cause, so noting it again finds the same one.

    `subject` is what it is about, as JSON; what is said of that is decided when it is sent. Not sent at or after
    `expires`. `batch`, `tried_since` and `device` tell of attempts whose outcome is unknown; `hold` why it is not sent
    before `not_before`.
    """

    key: str
    recipient: Recipient
    kind: NoticeKind
    subject: Mapping[str, Any]
    due: datetime
    expires: datetime | None = None
    state: NoticeState = NoticeState.WAITING
    batch: str | None = None  # key of the message it is being sent in
    tried_since: datetime | None = None
    device: str | None = None
    attempts: int = 0
    not_before: datetime | None = None
    hold: Hold | None = None
