"""What admins are told of their own accord: what does not work, and what works again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message

from .events import utc_text
from .text import Rich, blocks, code, lines, own, say, say_n, strong
from .times import instant_text


class AdminNewsKind(str, Enum):
    ACCOUNT_FAILS = "account_fails"
    ACCOUNT_WORKS = "account_works"
    ROOM_PAUSED = "room_paused"
    ROOM_RESUMED = "room_resumed"
    MAPPING_WAITS = "mapping_waits"
    MISTAKES = "mistakes"


@dataclass(frozen=True, slots=True)
class AdminNews:
    """`subject`: the account or room. `reason`: a catalog id below ``error.``; of mistakes, how many there are."""

    kind: AdminNewsKind
    subject: str
    since: datetime
    reason: str = ""


def admin_news(reader: Reader, news: Sequence[AdminNews]) -> Message:
    body = blocks(strong(say(reader, "admin.heading")), lines(*(_line(reader, one) for one in news)))
    part = {
        "notices": [{"notice": one.kind.value, "subject": one.subject, "since": utc_text(one.since)} for one in news]
    }
    return Message(Kind.STATUS, body.text, body.html, part, notify=True)


def _line(reader: Reader, one: AdminNews) -> Rich:
    since, subject = own(instant_text(reader, one.since)), code(one.subject)
    match one.kind:
        case AdminNewsKind.ACCOUNT_FAILS:
            why = _reason(reader, one.reason)
            return say(reader, "admin.account_fails", account=subject, since=since, reason=why)
        case AdminNewsKind.ACCOUNT_WORKS:
            return say(reader, "admin.account_works", account=subject)
        case AdminNewsKind.ROOM_PAUSED:
            return say(reader, "admin.room_paused", room=subject, reason=_reason(reader, one.reason))
        case AdminNewsKind.ROOM_RESUMED:
            return say(reader, "admin.room_resumed", room=subject)
        case AdminNewsKind.MAPPING_WAITS:
            return say(reader, "admin.mapping_waits", room=subject, since=since)
        case AdminNewsKind.MISTAKES:
            return say_n(reader, "admin.mistakes", int(one.reason or 1))


def _reason(reader: Reader, reason: str) -> Rich:
    id = f"error.{reason}"
    return say(reader, id if id in reader.catalog else "error.calendar_unavailable")
