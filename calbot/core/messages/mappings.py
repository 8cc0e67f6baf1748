"""Which calendars a room shows, who sees what of them, and what changes about that, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from calbot.core.ask import Ask
from calbot.core.i18n import Reader
from calbot.core.model import CalendarName, Kind, Message, RoomId

from .events import utc_text
from .questions import question
from .text import NAME, NOTHING, Rich, blocks, join_link, joined, lines, own, say, say_n, strong, visible
from .times import day_text

_SHOWN = 30  # names of calendars in one message


@dataclass(frozen=True, slots=True)
class CalendarHere:
    """A calendar of this room. `takes_new`: new events go there. Without `at` it comes from the configuration, without
    `by` from somebody who is not to be named."""

    name: CalendarName
    writable: bool
    busy: bool
    takes_new: bool
    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CalendarsHere:
    """The calendars of this room, those that the reader may connect, and those that are not configured any more."""

    shown: tuple[CalendarHere, ...]
    possible: tuple[CalendarName, ...] = ()
    lost: tuple[CalendarName, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarSeen:
    """A calendar that somebody sees through these rooms."""

    name: CalendarName
    writable: bool
    busy: bool
    rooms: tuple[RoomId, ...]


@dataclass(frozen=True, slots=True)
class MappingPlan:
    """What connecting a calendar would bring about. `people` are in the room now; `silenced` rooms that are not
    encrypted show it already and could not any more. `history`: whoever comes later reads what was said before.
    `takes_new`: new events of a room that had only others to read go there."""

    calendar: CalendarName
    busy: bool
    writable: bool
    people: int
    silenced: int = 0
    encrypted: bool = True
    history: bool = True
    takes_new: bool = False


def calendars_here(reader: Reader, here: CalendarsHere) -> Message:
    body = blocks(
        strong(say(reader, "calendars.here" if here.shown else "calendars.none_here")),
        *(_here(reader, one) for one in here.shown),
        *(say(reader, "calendars.lost", calendar=visible(name, NAME)) for name in here.lost),
        lines(
            say(reader, "calendars.possible", calendars=_names(reader, here.possible)),
            say(reader, "calendars.how", example=here.possible[0]),
        )
        if here.possible
        else say(reader, "calendars.none_possible" if here.shown else "error.map_not_allowed"),
    )
    part = {
        "calendars": [
            {
                "calendar": one.name,
                "writable": one.writable,
                "show": _show(one.busy),
                "write_to": one.takes_new,
                "source": "file" if one.at is None else "chat",
                "since": None if one.at is None else utc_text(one.at),
            }
            for one in here.shown
        ],
        "possible": list(here.possible),
        "lost": list(here.lost),
    }
    return Message(Kind.OK, body.text, body.html, part)


def calendars_seen(reader: Reader, seen: Sequence[CalendarSeen]) -> Message:
    """In a direct chat: which calendars somebody sees, and through which rooms."""
    body = blocks(
        strong(say(reader, "calendars.seen")),
        *(
            lines(
                _head(reader, one.name, writable=one.writable, busy=one.busy),
                say(reader, "calendars.through", rooms=joined(", ", map(_room, one.rooms))),
            )
            for one in seen
        ),
    )
    part = {
        "calendars": [
            {"calendar": one.name, "writable": one.writable, "show": _show(one.busy), "rooms": list(one.rooms)}
            for one in seen
        ]
    }
    return Message(Kind.OK, body.text, body.html, part)


def mapping_question(reader: Reader, ask: Ask, plan: MappingPlan) -> Message:
    """What would be seen by whom, and whether that is meant."""
    return question(
        reader,
        ask,
        lines(
            say_n(reader, "map.seen_busy" if plan.busy else "map.seen", plan.people),
            say(reader, _rights(plan)),
            say(reader, "map.takes_new") if plan.takes_new else NOTHING,
            say(reader, "map.reminders"),
            say(reader, "map.history" if plan.history else "map.no_history"),
            say(reader, "map.encrypted" if plan.encrypted else "map.plain"),
            say_n(reader, "map.silenced", plan.silenced) if plan.silenced else NOTHING,
        ),
    )


def _rights(plan: MappingPlan) -> str:
    if not plan.writable:
        return "map.not_writable"
    return "map.writable_busy" if plan.busy else "map.writable"


def _may(*, writable: bool, busy: bool) -> str:
    if writable:
        return "map.may_write_busy" if busy else "map.may_write"
    return "map.may_read_busy" if busy else "map.may_read"


def connected(
    reader: Reader,
    calendar: CalendarName,
    *,
    by: str,
    writable: bool,
    busy: bool = False,
    takes_new: bool = False,
    ended_polls: Sequence[str] = (),
) -> Message:
    """`takes_new`: new events of a room that had only others to read go there now."""
    body = lines(
        say(reader, "map.connected", calendar=strong(visible(calendar, NAME)), name=visible(by, NAME)),
        say(reader, _may(writable=writable, busy=busy)),
        say(reader, "map.takes_new_now") if takes_new else NOTHING,
        _ended(reader, ended_polls),
        say(reader, "map.undo", calendar=calendar),
    )
    return Message(Kind.OK, body.text, body.html, {"calendar": calendar, "mapped": True, "writable": writable})


def disconnected(reader: Reader, calendar: CalendarName, *, by: str, ended_polls: Sequence[str] = ()) -> Message:
    body = lines(
        say(reader, "map.disconnected", calendar=strong(visible(calendar, NAME)), name=visible(by, NAME)),
        say(reader, "map.stays"),
        _ended(reader, ended_polls),
        say(reader, "map.again", calendar=calendar),
    )
    return Message(Kind.OK, body.text, body.html, {"calendar": calendar, "mapped": False})


def mapped_by_file(reader: Reader, told: Mapping[CalendarName, bool], writable: Collection[CalendarName]) -> Message:
    """What the configuration lets be written in a room now, or not any more, and what it disconnected from it."""
    body = lines(
        *(
            say(
                reader,
                "map.file_disconnected"
                if not connected
                else "map.file_writable"
                if name in writable
                else "map.file_read_only",
                calendar=strong(visible(name, NAME)),
            )
            for name, connected in told.items()
        )
    )
    part = {"calendars": [{"calendar": name, "mapped": connected} for name, connected in told.items()]}
    return Message(Kind.OK, body.text, body.html, part)


def _ended(reader: Reader, titles: Sequence[str]) -> Rich:
    polls = joined(", ", (visible(title, NAME) for title in titles))
    return say(reader, "map.polls_ended", polls=polls) if titles else NOTHING


def _here(reader: Reader, one: CalendarHere) -> Rich:
    return lines(
        _head(reader, one.name, writable=one.writable, busy=one.busy),
        _source(reader, one),
        say(reader, "calendars.takes_new") if one.takes_new else NOTHING,
    )


def _source(reader: Reader, one: CalendarHere) -> Rich:
    if one.at is None:
        return say(reader, "calendars.from_file")
    day = own(day_text(reader, one.at.astimezone(reader.zone).date()))
    if one.by is None:
        return say(reader, "calendars.from_somebody", day=day)
    return say(reader, "calendars.from_chat", name=visible(one.by, NAME), day=day)


def _head(reader: Reader, name: CalendarName, *, writable: bool, busy: bool) -> Rich:
    access = say(reader, "calendars.writable" if writable else "calendars.read_only")
    shown = say(reader, "calendars.busy" if busy else "calendars.full")
    return say(reader, "calendars.entry", calendar=strong(visible(name, NAME)), access=access, shown=shown)


def _names(reader: Reader, names: Sequence[CalendarName]) -> Rich:
    shown = joined(", ", (visible(name, NAME) for name in names[:_SHOWN]))
    rest = len(names) - _SHOWN
    return say(reader, "list.last", first=shown, last=say_n(reader, "list.more", rest)) if rest > 0 else shown


def _room(room: RoomId) -> Rich:
    """A link to a room that its reader is in: clients show its name."""
    return join_link(f"https://matrix.to/#/{quote(room, safe='!:')}")


def _show(busy: bool) -> str:
    return "busy" if busy else "full"
