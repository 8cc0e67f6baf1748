"""The card of a meeting: everything about it that the room may know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from calbot.core.ask import Say
from calbot.core.i18n import Reader
from calbot.core.model import AllDay, Kind, Message, Occurrence, PartStat, Role, Status, UserId, When

from .events import calendar_line, event_data, headed, link_line, place_line, title, when_line
from .series import series_text
from .text import NAME, NOTHING, Rich, blocks, data, joined, lines, own, prose, say, say_n
from .times import when_text

_SHOWN = 10  # people named on a card; of more, the rest is counted

_ANSWERS = {
    PartStat.ACCEPTED: "people.accepted",
    PartStat.TENTATIVE: "people.tentative",
    PartStat.NEEDS_ACTION: "people.needs_action",
    PartStat.DECLINED: "people.declined",
    PartStat.DELEGATED: "people.delegated",
}


# Catalog ids of somebody with an e-mail address, and without one.
_ROLES = {
    Role.CHAIR: ("people.chair", "people.chair_no_address"),
    Role.OPTIONAL: ("people.optional", "people.optional_no_address"),
}


class Headline(str, Enum):
    """Why a card is shown: the first words of it, below ``card.``"""

    SHOWN = "shown"
    CREATED = "created"
    BOOKED = "booked"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Person:
    """An attendee as the room knows them. Without an address neither the calendar server nor a mail invites them."""

    name: str
    user: UserId | None = None
    partstat: PartStat = PartStat.NEEDS_ACTION
    role: Role = Role.REQUIRED
    has_address: bool = True


def meeting_card(
    reader: Reader,
    occurrence: Occurrence,
    *,
    people: Sequence[Person],
    calendar_title: str,
    notes: Sequence[Say] = (),
    headline: Headline = Headline.SHOWN,
    description: bool = False,
) -> Message:
    """The card. `notes` are catalog ids below ``note.``; `description` adds the description (for `show`)."""
    details = occurrence.details
    cancelled = details.status is Status.CANCELLED
    first = say(reader, "card.cancelled" if cancelled else f"card.{headline.value}", title=headed(reader, occurrence))
    facts = [
        first,
        when_line(reader, occurrence.when),
        series_line(reader, occurrence),
        place_line(reader, occurrence),
        link_line(reader, occurrence),
        say(reader, "card.tentative") if details.status is Status.TENTATIVE else NOTHING,
    ]
    answers = () if details.hidden else people_lines(reader, people)
    body = blocks(
        lines(*facts),
        lines(*answers, calendar_line(reader, calendar_title)),
        prose(details.description) if description and not details.hidden else NOTHING,
        note_lines(reader, notes),
    )
    return Message(Kind.MEETING, body.text, body.html, event_data(reader, occurrence))


def series_line(reader: Reader, occurrence: Occurrence) -> Rich:
    """The rule of the series in words."""
    if occurrence.details.hidden or not occurrence.details.rule:
        return NOTHING
    text = series_text(reader, occurrence.details.rule, all_day=isinstance(occurrence.when, AllDay))
    return say(reader, "card.series", rule=own(text)) if text else say(reader, "card.series_other")


def note_lines(reader: Reader, notes: Sequence[Say]) -> Rich:
    return lines(*(say(reader, f"note.{note.id}", **note.params) for note in notes))


def conflict_note(reader: Reader, other: Occurrence) -> Say:
    """That another event of the room takes place at the same time; what must not be shown is only "busy"."""
    when = when_text(reader, other.when, year=False)
    if other.details.hidden:
        return Say("conflict_busy", {"when": when})
    return Say("conflict", {"title": title(reader, other).text, "when": when})


def move_params(reader: Reader, event: Occurrence, when: When) -> dict[str, str]:
    """For a question whether an event is to be moved: what it is called, and to when."""
    return {"title": title(reader, event).text, "when": when_text(reader, when, year=False)}


def people_lines(reader: Reader, people: Sequence[Person]) -> tuple[Rich, ...]:
    """A line for each answer that somebody gave. At most ten names in all; of the rest, how many they are."""
    room = _SHOWN if len(people) > _SHOWN else len(people)
    said = []
    for partstat, id in _ANSWERS.items():
        group = sorted((p for p in people if p.partstat is partstat), key=lambda p: p.role is not Role.CHAIR)
        if group:
            said.append(say(reader, id, names=names(reader, [_person(reader, p) for p in group], room)))
            room -= min(room, len(group))
    return tuple(said)


def names(reader: Reader, pieces: Sequence[Rich], limit: int = _SHOWN) -> Rich:
    """ "A, B and C", or "A, B and 12 more"."""
    if len(pieces) > limit:
        rest = len(pieces) - limit
        more = say_n(reader, "list.more" if limit else "list.people", rest)
        return say(reader, "list.last", first=joined(", ", pieces[:limit]), last=more) if limit else more
    if len(pieces) < 2:
        return pieces[0] if pieces else NOTHING
    return say(reader, "list.last", first=joined(", ", pieces[:-1]), last=pieces[-1])


def _person(reader: Reader, person: Person) -> Rich:
    name = data(person.name, NAME) or data(person.user or "", NAME) or say(reader, "people.unnamed")
    plain, silent = _ROLES.get(person.role, (None, "people.no_address"))
    id = plain if person.has_address else silent
    return say(reader, id, name=name) if id else name
