"""Names that follow from their cause: whoever repeats an act, after a crash or in another process, uses the same ones.

UIDs are as RFC 7986 section 5.3 wants them (no trace of host, person or time); keys become transaction ids and
`io.calbot.key`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import datetime
from uuid import UUID, uuid5

from .model import EventId, Recipient, RecurrenceId, Uid

_NAMESPACE = UUID("6d2f6f0e-2a55-5c55-9d0c-3a6f1b1f6c11")  # for ever: another one would book every poll a second time
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")  # in a path, without any escaping, on every server
_HOLD = "calbot-hold-"
# What `uuid5` gives, in any spelling that somebody could take for the same.
_DERIVED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ENCODER = json.JSONEncoder(separators=(",", ":"))  # `json.dumps` makes a new one each time
_SECRET_BYTES = 20  # 160 bits, and 32 characters of base32 without padding


def uid_for_command(command: EventId, generation: int = 0) -> Uid:
    """The UID of the event that a command makes; `generation` grows when what it made is written anew (undo)."""
    return Uid(str(uuid5(_NAMESPACE, _canonical("command", command, generation))))


def uid_for_poll(poll_key: str, generation: int = 0) -> Uid:
    """The UID of the event that a poll is booked as; `generation` grows with each re-booking."""
    return Uid(str(uuid5(_NAMESPACE, _canonical("poll", poll_key, generation))))


def uid_for_hold(poll_key: str, option_id: str) -> Uid:
    """The UID of the event that holds the time of an option while the poll is open."""
    return Uid(f"{_HOLD}{uuid5(_NAMESPACE, _canonical('hold', poll_key, option_id))}")


def uid_for_import(uid: Uid) -> Uid:
    """The UID of an event that is imported and cannot keep its own."""
    return Uid(str(uuid5(_NAMESPACE, _canonical("import", uid))))


def uid_for_contents(text: str) -> Uid:
    """The UID of an event that is imported and has none: the same again for the same event."""
    return Uid(str(uuid5(_NAMESPACE, _canonical("contents", text))))


def may_be_derived(uid: Uid) -> bool:
    """Whether a UID may be one that the bot gives, or is going to give, to an event of its own."""
    return _DERIVED.fullmatch(uid) is not None or uid.casefold().startswith(_HOLD)


def is_hold(uid: Uid) -> bool:
    """Whether an event only holds a time: nobody is reminded of it, and nobody is told what becomes of it."""
    return uid.startswith(_HOLD)


def poll_key(origin: EventId) -> str:
    """The key of a poll, from the command that opened it, or from the start event of one made by hand."""
    return key_for("poll", origin)


def resource_name(uid: Uid) -> str:
    """The last segment, without suffix, of the path of an object with this UID: the UID itself where that is safe."""
    return uid if _SAFE_NAME.fullmatch(uid) else str(uuid5(_NAMESPACE, _canonical("resource", uid)))


def key_for(kind: str, *causes: str | int | None) -> str:
    """The key of an effect: the same causes give the same key, different ones different keys."""
    return f"{kind}-{_digest(_canonical(*causes))}"


def reminder_id(
    recipient: Recipient,
    uid: Uid,
    recurrence_id: RecurrenceId | None,
    start: datetime,
    lead: int,
) -> str:
    """What makes two reminders the same one. The calendar is no part of it: the same UID in two is one event."""
    return _digest(_canonical(recipient, uid, recurrence_id, int(start.timestamp() * 1000), lead))


def meeting_secret(secret: bytes, uid: Uid) -> str:
    """The unguessable part of a join link: repeats for the same event, and does not follow from its UID."""
    mac = hmac.new(secret, uid.encode(), hashlib.sha256).digest()
    return base64.b32encode(mac[:_SECRET_BYTES]).decode().lower()


def _canonical(*parts: str | int | None) -> str:
    """One text for a list of parts, and no other list has it."""
    return _ENCODER.encode(parts)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
