"""Whom a change of an event is told by mail, and what the mail carries."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from calbot.core.ical import answered, cancelled_occurrence, edited, moved
from calbot.core.ical.building import EventDraft, build_event
from calbot.core.ical.content import Component, read_components
from calbot.core.ical.editing import Changes, restored_occurrence
from calbot.core.ical.itip import Letter, Method, News, Sender, letters
from calbot.core.ical.reading import address_of
from calbot.core.ical.scheduling import failures, guests_of, left_to_us
from calbot.core.model import Attendee, CuType, PartStat, RecurrenceId, Role, Timed, Uid
from calbot.errors import BadCalendarData

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=timezone.utc)
LATER = datetime(2026, 11, 24, 8, 0, tzinfo=timezone.utc)
SENDER = Sender("termine@example.org", "calbot@example.org")
ANNA = Attendee("Anna Huber", "anna@example.org", role=Role.CHAIR, partstat=PartStat.ACCEPTED)
BEN = Attendee("Ben", "ben@example.org")
CARLA = Attendee("Carla", "carla@example.org")
SECOND = RecurrenceId("20261208T130000Z")
THIRD = RecurrenceId("20261215T130000Z")


def at(day: int, hour: int = 14, month: int = 12) -> Timed:
    start = datetime(2026, month, day, hour, tzinfo=BERLIN)
    return Timed(start, start.replace(hour=hour + 1))


def event(*attendees: Attendee, rule: str = "", organizer: str = "termine@example.org") -> str:
    draft = EventDraft(
        uid=Uid("uid-1"),
        when=at(1),
        title="Budgetrunde",
        rule=rule,
        location="Rathaus",
        organizer=Attendee("it-team", organizer) if organizer else None,
        attendees=attendees or (ANNA, BEN),
    )
    return build_event(draft, NOW)


def told(before: str | None, after: str | None, sender: Sender = SENDER) -> dict[str, list[Letter]]:
    found: dict[str, list[Letter]] = {}
    for letter in letters(before, after, sender, zone=BERLIN, now=LATER):
        found.setdefault(letter.recipient, []).append(letter)
    return found


def kinds(before: str | None, after: str | None, sender: Sender = SENDER) -> dict[str, list[tuple[str, str]]]:
    return {
        who: [(one.method.value, one.news.value) for one in ones] for who, ones in told(before, after, sender).items()
    }


def parts(letter: Letter) -> list[Component]:
    (root,) = read_components(letter.data)
    return [part for part in root.components if part.name == "VEVENT"]


NEW, CHANGED, OFF = [("REQUEST", "new")], [("REQUEST", "changed")], [("CANCEL", "cancelled")]
WEEKLY = "FREQ=WEEKLY;COUNT=6"


def test_a_new_event_invites_everybody_on_it() -> None:
    assert kinds(None, event()) == {"anna@example.org": NEW, "ben@example.org": NEW}


def test_an_invitation_says_who_invites_and_who_writes_for_them() -> None:
    (letter,) = told(None, event())["ben@example.org"]
    (root,) = read_components(letter.data)
    assert root.value("METHOD") == "REQUEST"
    assert [part.name for part in root.components] == ["VTIMEZONE", "VEVENT"]
    (component,) = parts(letter)
    organizer = component.first("ORGANIZER")
    assert organizer is not None
    assert organizer.value == "mailto:termine@example.org"
    assert organizer.param("SENT-BY") == "mailto:calbot@example.org"
    assert component.value("SEQUENCE") == "0"
    assert [line.value for line in component.all("ATTENDEE")] == ["mailto:anna@example.org", "mailto:ben@example.org"]
    assert (letter.title, letter.location, letter.name, letter.when) == ("Budgetrunde", "Rathaus", "Ben", at(1))


def test_where_the_organizer_sends_the_mail_nobody_acts_for_them() -> None:
    (letter,) = told(None, event(BEN), Sender("termine@example.org", "Termine@example.org"))["ben@example.org"]
    assert "SENT-BY" not in letter.data


def test_what_is_between_program_and_server_and_alarms_are_not_sent() -> None:
    text = left_to_us(event(BEN)).replace(
        "END:VEVENT", "X-SECRET:1\r\nBEGIN:VALARM\r\nACTION:EMAIL\r\nEND:VALARM\r\nEND:VEVENT"
    )
    (letter,) = told(None, text)["ben@example.org"]
    assert "SCHEDULE-AGENT=CLIENT" in text.replace("\r\n ", "")
    assert "SCHEDULE" not in letter.data.replace("\r\n ", "")
    assert "VALARM" not in letter.data
    assert "X-SECRET" not in letter.data


@pytest.mark.parametrize(
    ("attendee", "why"),
    [
        (Attendee("Gast", None, user=None), "without an address"),
        (Attendee("Termine", "Termine@example.org"), "the organizer"),
        (Attendee("Evil", 'ev"il@example.org'), "no plain address"),
        (Attendee("Evil", "evil@example.org?cc=boss@example.org"), "an address with more in it"),
        (Attendee("Principal", "/principals/ben/"), "no mail address at all"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nobody_is_mailed_who_has_no_plain_address(attendee: Attendee, why: str) -> None:
    assert kinds(None, event(BEN, attendee)) == {"ben@example.org": NEW}, why


def test_rooms_are_asked_as_people_are() -> None:
    room = Attendee("Raum 4.12", "raum412@example.org", kind=CuType.ROOM)
    assert kinds(None, event(room)) == {"raum412@example.org": NEW}


@pytest.mark.parametrize("organizer", ["chef@partner.example", ""])
def test_events_that_others_organise_are_not_ours_to_tell_of(organizer: str) -> None:
    before = event(organizer=organizer)
    assert told(before, moved(before, None, at(2), whole_series=False, zone=BERLIN, now=LATER)) == {}
    assert told(before, None) == {}
    assert told(None, before) == {}


def test_a_move_is_told_to_all_with_the_time_before() -> None:
    before = event()
    after = moved(before, None, at(3, 10), whole_series=False, zone=BERLIN, now=LATER)
    found = told(before, after)
    assert found.keys() == {"anna@example.org", "ben@example.org"}
    (letter,) = found["ben@example.org"]
    assert (letter.method, letter.news, letter.before, letter.when) == (Method.REQUEST, News.CHANGED, at(1), at(3, 10))
    assert parts(letter)[0].value("SEQUENCE") == "1"


def test_who_joins_is_invited_and_nobody_else_is_told() -> None:
    before = event()
    after = edited(before, Changes(add=(CARLA,)), zone=BERLIN, now=LATER)
    assert kinds(before, after) == {"carla@example.org": NEW}


def test_who_is_taken_off_is_told_and_sees_nobody_else() -> None:
    before = event(ANNA, BEN, CARLA)
    after = edited(before, Changes(remove=(BEN,)), zone=BERLIN, now=LATER)
    assert kinds(before, after) == {"ben@example.org": OFF}
    (component,) = parts(told(before, after)["ben@example.org"][0])
    assert [line.value for line in component.all("ATTENDEE")] == ["mailto:ben@example.org"]
    assert component.value("STATUS") == "CANCELLED"


def test_another_title_is_told() -> None:
    before = event()
    after = edited(before, Changes(title="Haushalt"), zone=BERLIN, now=LATER)
    assert kinds(before, after) == {"anna@example.org": CHANGED, "ben@example.org": CHANGED}


@pytest.mark.parametrize("who", [BEN, CARLA], ids=["invited", "by themselves"])
def test_an_answer_is_no_news_to_anybody(who: Attendee) -> None:
    before = event()
    after = answered(before, who, PartStat.ACCEPTED, zone=BERLIN, now=LATER)
    assert after is not None
    assert guests_of(after) >= {who.address}
    assert told(before, after) == {}


def test_the_end_of_an_event_is_told_with_a_later_revision() -> None:
    found = told(event(), None)
    assert {who: [one.method for one in ones] for who, ones in found.items()} == {
        "anna@example.org": [Method.CANCEL],
        "ben@example.org": [Method.CANCEL],
    }
    (component,) = parts(found["ben@example.org"][0])
    assert component.value("SEQUENCE") == "1"
    assert component.value("STATUS") == "CANCELLED"
    assert component.value("DTSTAMP") == "20261124T080000Z"
    assert len(component.all("ATTENDEE")) == 2


def test_an_event_that_was_cancelled_already_is_not_cancelled_again() -> None:
    before = event().replace("STATUS:CONFIRMED", "STATUS:CANCELLED")
    assert told(before, None) == {}
    assert kinds(event(), before)["ben@example.org"] == OFF


def test_of_one_date_that_moves_only_that_is_told() -> None:
    before = event(rule=WEEKLY)
    after = moved(before, SECOND, at(9), whole_series=False, zone=BERLIN, now=LATER)
    found = told(before, after)
    (letter,) = found["ben@example.org"]
    (component,) = parts(letter)
    assert component.first("RECURRENCE-ID") is not None
    assert component.value("RRULE") == ""
    assert (letter.news, letter.before, letter.when) == (News.CHANGED, at(8), at(9))


def test_of_one_date_that_is_cancelled_only_that_is_told() -> None:
    before = event(rule=WEEKLY)
    after = cancelled_occurrence(before, SECOND, zone=BERLIN, now=LATER)
    assert kinds(before, after)["ben@example.org"] == OFF
    (component,) = parts(told(before, after)["ben@example.org"][0])
    assert component.value("RECURRENCE-ID") == SECOND
    assert component.value("DTSTART") == "20261208T140000"
    assert component.value("RRULE") == ""
    assert component.value("SEQUENCE") == "1"


def test_a_date_that_takes_place_again_comes_with_the_series() -> None:
    whole = event(rule=WEEKLY)
    before = cancelled_occurrence(whole, SECOND, zone=BERLIN, now=NOW)
    after = restored_occurrence(before, whole, SECOND, at(8), zone=BERLIN, now=LATER)
    assert after is not None
    assert kinds(before, after)["ben@example.org"] == CHANGED
    (component,) = parts(told(before, after)["ben@example.org"][0])
    assert component.value("RRULE") == WEEKLY


def test_a_series_is_sent_with_its_exceptions() -> None:
    before = moved(event(rule=WEEKLY), SECOND, at(9), whole_series=False, zone=BERLIN, now=NOW)
    after = edited(before, Changes(add=(CARLA,)), zone=BERLIN, now=LATER, whole_series=True)
    assert kinds(before, after) == {"carla@example.org": NEW}
    assert len(parts(told(before, after)["carla@example.org"][0])) == 2


def test_who_is_asked_to_one_date_is_told_of_that_one() -> None:
    before = event(rule=WEEKLY)
    after = edited(before, Changes(add=(CARLA,)), zone=BERLIN, now=LATER, recurrence_id=THIRD)
    assert kinds(before, after) == {"carla@example.org": NEW}
    (component,) = parts(told(before, after)["carla@example.org"][0])
    assert component.first("RECURRENCE-ID") is not None
    gone = edited(after, Changes(remove=(CARLA,)), zone=BERLIN, now=LATER, recurrence_id=THIRD)
    assert kinds(after, gone) == {"carla@example.org": OFF}


def test_who_stays_away_from_one_date_is_told_of_that_one() -> None:
    before = event(rule=WEEKLY)
    after = edited(before, Changes(remove=(BEN,)), zone=BERLIN, now=LATER, recurrence_id=THIRD)
    assert kinds(before, after) == {"ben@example.org": OFF}
    (component,) = parts(told(before, after)["ben@example.org"][0])
    assert component.value("RECURRENCE-ID") == THIRD


@pytest.mark.parametrize(
    ("agent", "serves", "mailed"),
    [
        ("", False, True),
        ("", True, False),
        ("SERVER", False, True),
        ("SERVER", True, False),
        ("CLIENT", False, True),
        ("CLIENT", True, True),
        ("NONE", False, False),
        ("X-SOMETHING", False, False),
    ],
)
def test_who_invites_an_attendee_is_theirs_to_say(agent: str, serves: bool, mailed: bool) -> None:
    text = event(BEN).replace("ATTENDEE;", f"ATTENDEE;SCHEDULE-AGENT={agent};" if agent else "ATTENDEE;")
    sender = Sender("termine@example.org", "calbot@example.org", serves=serves)
    assert bool(told(None, text, sender)) is mailed


def test_whom_the_server_told_is_not_mailed_in_addition() -> None:
    text = event(BEN).replace("ATTENDEE;", "ATTENDEE;SCHEDULE-STATUS=1.2;")
    assert told(None, text) == {}


def test_only_new_attendees_are_taken_from_the_server() -> None:
    before = event(BEN)
    after = left_to_us(edited(before, Changes(add=(CARLA,)), zone=BERLIN, now=LATER), but=guests_of(before))
    lines = after.replace("\r\n ", "").split("\r\n")
    assert [("SCHEDULE-AGENT=CLIENT" in line) for line in lines if line.startswith("ATTENDEE")] == [False, True]


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        ("1.2", None),
        ("2.0;Success", None),
        ("3.7", "3.7"),
        ('"5.1;Could not complete delivery"', "5.1"),
        ('"1.1,5.3"', "5.3"),
        ("nonsense", None),
    ],
)
def test_what_the_server_says_of_its_deliveries_is_read(status: str, failed: str | None) -> None:
    text = event(BEN).replace("ATTENDEE;", f"ATTENDEE;SCHEDULE-STATUS={status};")
    assert [one.status for one in failures(text)] == ([failed] if failed else [])


CORPUS = sorted((Path(__file__).parents[1] / "data" / "ics").glob("*.ics"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_programs_write_can_be_told_of(path: Path) -> None:
    """Nothing where nothing changed; else what another reader of iCalendar takes for an invitation."""
    data = path.read_bytes().decode("utf-8", "replace")
    parts = [part for root in read_components(data) for part in root.components]
    organizers = {address_of(line) for part in parts for line in part.all("ORGANIZER")}
    for organizer in {*organizers, "termine@example.org"}:
        sender = Sender(organizer, "calbot@example.org")
        try:
            invited = letters(None, data, sender, zone=BERLIN, now=NOW)
        except BadCalendarData:
            continue
        assert letters(data, data, sender, zone=BERLIN, now=NOW) == ()
        for letter in (*invited, *letters(data, None, sender, zone=BERLIN, now=NOW)):
            calendar = icalendar.Calendar.from_ical(letter.data)
            assert calendar["METHOD"] == letter.method.value
            events = calendar.walk("VEVENT")
            assert {str(event["UID"]) for event in events} == {str(event["UID"]) for event in events[:1]}
            for event in events:
                attendees = event.get("ATTENDEE", [])
                addresses = [str(one).lower() for one in (attendees if isinstance(attendees, list) else [attendees])]
                assert any(address.endswith(letter.recipient) for address in addresses)
                assert str(event["ORGANIZER"]).lower().removeprefix("mailto:") == organizer
