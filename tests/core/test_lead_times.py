"""How long before an event somebody is reminded of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from calbot.core.lead_times import Attending, Rules, ringing, rules_of_person, rules_of_room
from calbot.core.model import (
    AllDay,
    Attendee,
    CalendarName,
    Details,
    EventId,
    Href,
    Occurrence,
    OccurrenceId,
    PartStat,
    Recipient,
    RecurrenceId,
    RoomId,
    Timed,
    Trigger,
    Uid,
    UserId,
    When,
)
from calbot.core.preferences import EventLeads, Snooze
from calbot.core.settings import Alarms, Mention, Room

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 24, 14, tzinfo=BERLIN)
END = START + timedelta(hours=1)
MINUTE, HOUR, DAY = 60, 3600, 86400
DAYS = AllDay(date(2026, 11, 24), date(2026, 11, 26))
ROOM, ANNA, BEN = RoomId("!r:x"), UserId("@anna:x"), UserId("@ben:x")
IT, ALL = CalendarName("it"), CalendarName("all")
FIRST, SECOND = "20261124T130000Z", "20261201T130000Z"
ADDRESS = "anna@x.org"


def seconds(*values: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=value) for value in values)


def room(*reminders: int, alarms: Alarms = Alarms.USE) -> Room:
    return Room(
        id=ROOM,
        calendars=(IT, ALL),
        write_to=None,
        language="de",
        timezone=BERLIN,
        duration=timedelta(hours=1),
        reminders=seconds(*reminders),
        alarms=alarms,
        mention=Mention.ATTENDEES,
    )


def occurrence(
    when: When | datetime = START,
    *alarms: Trigger,
    recurrence_id: str | None = None,
    details: Details | None = None,
    calendar: CalendarName = IT,
    uid: str = "u",
) -> Occurrence:
    when = Timed(when, when + timedelta(hours=1)) if isinstance(when, datetime) else when
    name = None if recurrence_id is None else RecurrenceId(recurrence_id)
    return Occurrence(calendar, Href("/u.ics"), Uid(uid), name, when, details or Details(alarms=alarms))


def leads(occurrences: Sequence[Occurrence] | Occurrence, rules: Rules) -> tuple[int, ...]:
    """Of all that ring."""
    several = [occurrences] if isinstance(occurrences, Occurrence) else occurrences
    return tuple(lead for ring in ringing(several, rules) for lead in ring.leads)


def chosen(*values: int, recipient: Recipient = ROOM, recurrence_id: str | None = None, uid: str = "u") -> EventLeads:
    name = None if recurrence_id is None else RecurrenceId(recurrence_id)
    return EventLeads(recipient, Uid(uid), name, seconds(*values))


# ------------------------------------------------------------------------------------------------------- rooms, alarms


@pytest.mark.parametrize(
    ("what", "where", "when", "alarms", "expected"),
    [
        ("the room's", room(15 * MINUTE, DAY), START, (), (DAY, 15 * MINUTE)),
        ("none", room(), START, (), ()),
        ("and the event's own", room(15 * MINUTE), START, (HOUR,), (HOUR, 15 * MINUTE)),
        ("each once", room(15 * MINUTE, 15 * MINUTE), START, (15 * MINUTE,), (15 * MINUTE,)),
        ("the event's own are not used", room(15 * MINUTE, alarms=Alarms.IGNORE), START, (HOUR,), (15 * MINUTE,)),
        ("at the start, and after it", room(), START, (-5 * MINUTE, 0), (0, -5 * MINUTE)),
        ("at the end, and not after it", room(), START, (-HOUR, -HOUR - 1), (-HOUR,)),
        ("not years ahead", room(), START, (400 * DAY, 400 * DAY + 1), (400 * DAY,)),
        ("days: what is meant in days", room(2 * DAY, DAY, 12 * HOUR), DAYS, (), (2 * DAY, DAY, 12 * HOUR)),
        ("days: not what is meant in minutes or hours", room(DAY, 11 * HOUR, 15 * MINUTE, 0), DAYS, (), (DAY,)),
        ("days: alarms are taken at their word", room(15 * MINUTE), DAYS, (6 * HOUR, -9 * HOUR), (6 * HOUR, -9 * HOUR)),
    ],
)  # fmt: skip
def test_of_a_room(what: str, where: Room, when: When, alarms: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert leads(occurrence(when, *map(Trigger, alarms)), rules_of_room(where)) == expected, what


@pytest.mark.parametrize(
    ("what", "trigger", "when", "expected"),
    [
        ("before the end", Trigger(90 * MINUTE, from_end=True), START, (30 * MINUTE,)),
        ("at the end", Trigger(0, from_end=True), START, (-HOUR,)),
        ("after the end", Trigger(-1, from_end=True), START, ()),
        ("before the end of days", Trigger(0, from_end=True), DAYS, (-2 * DAY,)),
        ("at an instant", Trigger(at=START - timedelta(hours=5)), START, (5 * HOUR,)),
        ("at an instant, days", Trigger(at=datetime(2026, 11, 23, 18, tzinfo=BERLIN)), DAYS, (6 * HOUR,)),
        ("at an instant after the end", Trigger(at=END + timedelta(seconds=1)), START, ()),
        ("what Apple's programs write for none", Trigger(at=datetime(1976, 4, 1, tzinfo=timezone.utc)), START, ()),
    ],
)
def test_of_alarms(what: str, trigger: Trigger, when: When, expected: tuple[int, ...]) -> None:
    assert leads(occurrence(when, trigger), rules_of_room(room())) == expected, what


@pytest.mark.parametrize(
    ("what", "at", "expected"),
    [
        ("of the first that begins then or later", START, [(FIRST, 0)]),
        ("of the second, once the first has begun", START + timedelta(hours=1), [(SECOND, 7 * DAY - HOUR)]),
        ("of the last, while it takes place", START + timedelta(days=7, minutes=5), [(SECOND, -5 * MINUTE)]),
        ("when all is over, of none", START + timedelta(days=8), []),
    ],
)  # fmt: skip
def test_an_alarm_at_an_instant_rings_once_for_a_series(
    what: str, at: datetime, expected: list[tuple[str, int]]
) -> None:
    """Also where an exception has a copy of it."""
    series = [
        occurrence(
            START + timedelta(days=7), recurrence_id=SECOND, details=Details(title="x", alarms=(Trigger(at=at),))
        ),
        occurrence(START, Trigger(at=at), recurrence_id=FIRST),
    ]
    found = [
        (ring.occurrence.recurrence_id, lead) for ring in ringing(series, rules_of_room(room())) for lead in ring.leads
    ]
    assert found == expected, what


# -------------------------------------------------------------------------------------------------------------- chosen


@pytest.mark.parametrize(
    ("what", "choices", "expected"),
    [
        ("nothing for it", [], (15 * MINUTE, HOUR)),
        ("for another event", [chosen(DAY, uid="v")], (15 * MINUTE, HOUR)),
        ("by somebody else", [chosen(DAY, recipient=ANNA)], (15 * MINUTE, HOUR)),
        ("for the series", [chosen(DAY)], (DAY,)),
        ("none for the series", [chosen()], ()),
        ("for another date", [chosen(DAY, recurrence_id=SECOND)], (15 * MINUTE, HOUR)),
        ("for this date", [chosen(5 * MINUTE, recurrence_id=FIRST), chosen(DAY)], (5 * MINUTE,)),
        ("none for this date", [chosen(recurrence_id=FIRST), chosen(DAY)], ()),
    ],
)
def test_what_was_chosen_for_an_event_stands_in_place_of_all_else(
    what: str, choices: list[EventLeads], expected: tuple[int, ...]
) -> None:
    one = occurrence(START, Trigger(HOUR), recurrence_id=FIRST)
    assert sorted(leads(one, rules_of_room(room(15 * MINUTE), choices))) == sorted(expected), what


def test_what_was_chosen_for_an_event_of_days_is_taken_at_its_word() -> None:
    assert leads(occurrence(DAYS), rules_of_room(room(DAY), [chosen(30 * MINUTE)])) == (30 * MINUTE,)


# -------------------------------------------------------------------------------------------------------------- people


def person(*values: int, choices: Sequence[EventLeads] = (), snoozes: Sequence[Snooze] = ()) -> Rules:
    return rules_of_person(Attending(ANNA, ADDRESS), BERLIN, (IT, ALL), seconds(*values), choices, snoozes)


def on(*attendees: Attendee, organizer: Attendee | None = None) -> Details:
    return Details(attendees=attendees, organizer=organizer, alarms=(Trigger(HOUR),))


SHE = Attendee("Anna", address=ADDRESS)


@pytest.mark.parametrize(
    ("what", "details", "is_on"),
    [
        ("invited", on(SHE), True),
        ("by Matrix ID", on(Attendee("Anna", user=ANNA)), True),
        ("by address, and somebody else's Matrix ID", on(replace(SHE, user=BEN)), False),
        ("accepted", on(replace(SHE, partstat=PartStat.ACCEPTED)), True),
        ("declined", on(replace(SHE, partstat=PartStat.DECLINED)), False),
        ("declined, of their own", on(replace(SHE, partstat=PartStat.DECLINED), organizer=SHE), False),
        ("of their own", on(organizer=SHE), True),
        ("others", on(Attendee("Ben", address="ben@x.org"), organizer=Attendee("Ben", user=BEN)), False),
        ("nobody", on(), False),
    ],
)
def test_somebody_is_reminded_of_the_meetings_they_are_on(what: str, details: Details, is_on: bool) -> None:
    assert leads(occurrence(details=details), person(10 * MINUTE)) == ((10 * MINUTE,) if is_on else ()), what


def test_somebody_without_an_address_is_on_nothing_by_address() -> None:
    assert not Attending(ANNA).is_on(on(Attendee("X", address="x@x.org"), Attendee("Y")))


def test_alarms_are_not_private() -> None:
    assert leads(occurrence(START, Trigger(HOUR)), person()) == ()


def test_for_one_event_one_need_not_be_on_it() -> None:
    choices = [chosen(5 * MINUTE, recipient=ANNA), chosen(DAY)]
    assert leads(occurrence(), person(10 * MINUTE, choices=choices)) == (5 * MINUTE,)
    assert leads(occurrence(details=on(SHE)), person(10 * MINUTE, choices=[chosen(recipient=ANNA)])) == ()


@pytest.mark.parametrize(
    ("what", "when", "earliest", "expected"),
    [
        ("five minutes before the start", START, START - timedelta(minutes=10), (5 * MINUTE,)),
        ("later, where that is over", START, START - timedelta(minutes=1), (MINUTE,)),
        ("while it takes place", START, START + timedelta(minutes=50), (-50 * MINUTE,)),
        ("not at the end", START, END, ()),
        ("moved away: five minutes before", START + timedelta(days=1), START, (5 * MINUTE,)),
        ("days: when the time is over", DAYS, START, (-14 * HOUR,)),
    ],
)
def test_what_was_put_off(what: str, when: When | datetime, earliest: datetime, expected: tuple[int, ...]) -> None:
    snoozes = [Snooze(EventId("$1"), who, OccurrenceId(Uid("u")), earliest) for who in (ANNA, BEN)]
    assert leads(occurrence(when), person(snoozes=snoozes)) == expected, what
    assert leads(occurrence(when, recurrence_id=FIRST), person(snoozes=snoozes)) == (), "of another date"


def test_what_is_put_off_to_when_it_rings_anyhow_rings_once() -> None:
    twice = [Snooze(EventId(id), ANNA, OccurrenceId(Uid("u")), START - timedelta(hours=1)) for id in ("$1", "$2")]
    assert leads(occurrence(details=on(SHE)), person(5 * MINUTE, snoozes=twice)) == (5 * MINUTE,)
