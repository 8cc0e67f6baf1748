"""Times at which people can meet, to choose from. Who cannot is named, never why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calbot.core.ask import Say
from calbot.core.freeslots import Slot
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message, Timed, UserId

from .agenda import stale
from .card import names
from .events import when_data, when_line
from .text import NAME, NOTHING, Rich, blocks, joined, lines, own, say, strong, visible
from .times import duration_text


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What was looked for, and how much could be known of it.

    `direct`: asked in a direct chat.
    `unknown`: people of whom nothing is known; `by_calendars`: of whom nothing but the room's calendars tell.
    `resource` is the name of one that is to be free as well, `resource_known` whether that could be found out.
    """

    duration: timedelta
    people: tuple[UserId, ...]
    names: Mapping[UserId, str]
    direct: bool = False
    unknown: tuple[UserId, ...] = ()
    by_calendars: tuple[UserId, ...] = ()
    resource: str = ""
    resource_known: bool = True
    as_of: datetime | None = None


def slots(reader: Reader, found: Sequence[Slot], inquiry: Inquiry) -> Message:
    """The times, numbered, and how to take one of them; or that there is none."""
    if not found:
        heading = "slots.none"
    elif any(slot.missing for slot in found):
        heading = "slots.partly"
    else:
        heading = "slots.title"
    duration = own(duration_text(reader, inquiry.duration))
    head = strong(say(reader, heading, duration=duration, names=_names(reader, inquiry, inquiry.people)))
    items = [
        say(reader, "question.choice", number=number, choice=_slot(reader, slot, inquiry))
        for number, slot in enumerate(found, 1)
    ]
    how = lines(say(reader, "ask.slots"), say(reader, "question.how")) if found else say(reader, "slots.none_how")
    body = blocks(lines(head, *items), _remarks(reader, inquiry), how)
    part: dict[str, Any] = {
        "items": [
            {
                "ref": number,
                **when_data(reader, Timed(slot.start, slot.end)),
                "missing": list(slot.missing),
                "optional_missing": list(slot.absent),
                "tentative": list(slot.unsure),
            }
            for number, slot in enumerate(found, 1)
        ],
        "unknown": list(inquiry.unknown),
    }
    return Message(Kind.SLOTS, body.text, body.html, part)


def slots_over(reader: Reader, times: Sequence[Timed]) -> Message:
    """What becomes of the list when nobody can choose from it any more."""
    items = [
        say(reader, "question.choice", number=number, choice=when_line(reader, when))
        for number, when in enumerate(times, 1)
    ]
    duration = own(duration_text(reader, times[0].end - times[0].start))
    head = strong(say(reader, "slots.over_title", duration=duration))
    body = blocks(lines(head, *items), say(reader, "slots.over"))
    return Message(Kind.SLOTS, body.text, body.html, {"items": []})


def busy_note(reader: Reader, people: Sequence[str]) -> Say:
    """That people are busy at the time of an event: who, and no more."""
    return Say("people_busy", {"names": names(reader, [visible(name, NAME) for name in people]).text})


def _slot(reader: Reader, slot: Slot, inquiry: Inquiry) -> Rich:
    time = when_line(reader, Timed(slot.start, slot.end))
    remarks = [
        say(reader, id, names=_names(reader, inquiry, users))
        for id, users in (
            ("slots.missing", slot.missing),
            ("slots.absent", slot.absent),
            ("slots.unsure", slot.unsure),
        )
        if users
    ]
    return say(reader, "slots.with_remarks", time=time, remarks=joined("; ", remarks)) if remarks else time


def _remarks(reader: Reader, inquiry: Inquiry) -> Rich:
    only = inquiry.by_calendars
    if not only:
        calendars = NOTHING
    elif set(only) == set(inquiry.people):
        calendars = say(reader, "slots.by_calendars_direct" if inquiry.direct else "slots.by_calendars")
    else:
        id = "slots.by_calendars_for_direct" if inquiry.direct else "slots.by_calendars_for"
        calendars = say(reader, id, names=_names(reader, inquiry, only))
    resource = NOTHING
    if inquiry.resource:
        id = "slots.resource" if inquiry.resource_known else "slots.resource_not_known"
        resource = say(reader, id, name=visible(inquiry.resource, NAME))
    unknown = _names(reader, inquiry, inquiry.unknown)
    return lines(
        say(reader, "slots.unknown", names=unknown) if unknown else NOTHING,
        calendars,
        resource,
        stale(reader, inquiry.as_of),
    )


def _names(reader: Reader, inquiry: Inquiry, users: Sequence[UserId]) -> Rich:
    return names(reader, [visible(inquiry.names.get(user, user), NAME) for user in users])
