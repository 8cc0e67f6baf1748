"""What became of an event."""

from __future__ import annotations

from datetime import date

import pytest

from calbot.core.ask import Say
from calbot.core.changes import Change, ChangeKind, Field, Summary
from calbot.core.messages import calendars_shown, cancelled, change_notice, moved
from calbot.core.model import AllDay, Details, Kind, Locale, Occurrence, Status

from .examples import BEN, LINK, WEDNESDAY, event, reader

OLD = event(details=Details(title="Jour fixe IT", location="Raum 4.12", link=LINK))
NEW = event(details=Details(title="Jour fixe IT", location="Raum 4.12", link=LINK, sequence=1), when=WEDNESDAY)
WEEKLY = event(details=Details(title="Jour fixe IT", rule="FREQ=WEEKLY;BYDAY=TU"))
HIDDEN = event(details=Details(title="geheim", location="geheim", hidden=True))


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            "Verschoben: Jour fixe IT\nBisher: Di., 24.11.2026, 14:00–15:00 Uhr\n"
            f"Neu: Mi., 25.11.2026, 10:00–11:00 Uhr\nOrt: Raum 4.12\nTeilnehmen: {LINK}",
        ),
        (
            "en",
            "Moved: Jour fixe IT\nBefore: Tue, 24 Nov 2026, 14:00–15:00\n"
            f"Now: Wed, 25 Nov 2026, 10:00–11:00\nPlace: Raum 4.12\nJoin: {LINK}",
        ),
    ],
)
def test_moved(locale: Locale, text: str) -> None:
    message = moved(reader(locale), OLD, NEW)
    assert message.text == text
    assert message.kind is Kind.CHANGE
    assert message.data["start"]["localtime"] == "2026-11-25T10:00:00"
    assert message.data["old"]["start"]["localtime"] == "2026-11-24T14:00:00"


def test_a_moved_message_can_mention_people() -> None:
    message = moved(reader(), OLD, NEW).mentioning(BEN)
    assert message.notify
    assert message.mentions == (BEN,)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            "Ganze Serie verschoben: Jour fixe IT\nBisher: Di., 24.11.2026, 14:00–15:00 Uhr\n"
            "Neu: Mi., 25.11.2026, 10:00–11:00 Uhr\nSerie: jeden Mittwoch\n\n"
            "Von dieser Änderung wurde niemand per E-Mail benachrichtigt.",
        ),
        (
            "en",
            "Whole series moved: Jour fixe IT\nBefore: Tue, 24 Nov 2026, 14:00–15:00\n"
            "Now: Wed, 25 Nov 2026, 10:00–11:00\nRepeats: every Wednesday\n\n"
            "Nobody was told of this change by e-mail.",
        ),
    ],
)
def test_moving_a_series_says_so_with_its_rule_and_carries_notes(locale: Locale, text: str) -> None:
    new = event(details=Details(title="Jour fixe IT", rule="FREQ=WEEKLY;BYDAY=WE"), when=WEDNESDAY)
    message = moved(reader(locale), WEEKLY, new, whole_series=True, notes=[Say("nobody_told")])
    assert message.text == text
    assert "every" not in moved(reader("en"), WEEKLY, new).text


@pytest.mark.parametrize(
    ("locale", "whole", "text"),
    [
        ("de", False, "Abgesagt: Jour fixe IT\nDi., 24.11.2026, 14:00–15:00 Uhr\nGrund: <keine> Themen"),
        ("en", False, "Cancelled: Jour fixe IT\nTue, 24 Nov 2026, 14:00–15:00\nReason: <keine> Themen"),
        ("de", True, "Ganze Serie abgesagt: Jour fixe IT\nSerie: jeden Dienstag\nGrund: <keine> Themen"),
        ("en", True, "Whole series cancelled: Jour fixe IT\nRepeats: every Tuesday\nReason: <keine> Themen"),
    ],
)
def test_cancelled(locale: Locale, whole: bool, text: str) -> None:
    message = cancelled(reader(locale), WEEKLY, reason="<keine> Themen", whole_series=whole)
    assert message.text == text
    assert message.html.count("<del>") == 2
    assert "&lt;keine&gt;" in message.html
    assert message.kind is Kind.CANCELLED
    assert message.data["status"] == "cancelled"


def change(
    kind: ChangeKind, before: Occurrence | None, after: Occurrence | None, *fields: Field, count: int = 1
) -> Change:
    return Change(kind, OLD.uid, before, after, frozenset(fields), count)


def changed(after: Details, *fields: Field, before: Occurrence = OLD) -> Change:
    return change(ChangeKind.CHANGED, before, event(details=after), *fields)


RETREAT = event("Klausur", AllDay(date(2026, 12, 1), date(2026, 12, 3)))
CHANGES = (
    change(ChangeKind.CREATED, None, RETREAT),
    change(ChangeKind.CHANGED, OLD, NEW, Field.TIME),
    change(ChangeKind.CHANGED, OLD, NEW, Field.TIME, count=12),
    changed(Details(title="A", rule="FREQ=WEEKLY;BYDAY=WE"), Field.RULE),
    changed(Details(title="A", rule="FREQ=MINUTELY"), Field.RULE),
    changed(Details(title="A", location="Raum 7"), Field.PLACE),
    changed(Details(title="A", location="Raum 7"), Field.PLACE, before=event("A")),
    changed(Details(title="A"), Field.PLACE, Field.TITLE, Field.LINK),
    changed(Details(title="A", link=LINK), Field.LINK),
    changed(Details(title="A", status=Status.TENTATIVE), Field.STATUS),
    changed(Details(title="A"), Field.STATUS, Field.ATTENDEES),
    change(ChangeKind.CANCELLED, OLD, None),
    change(ChangeKind.REMOVED, OLD, None, count=3),
)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            f"""\
Im Kalender it-team geändert

Neu: Klausur, Di., 01.12. – Mi., 02.12., ganztägig

Verschoben: Jour fixe IT
Bisher: Di., 24.11., 14:00–15:00 Uhr
Neu: Mi., 25.11., 10:00–11:00 Uhr

Verschoben: Jour fixe IT (12 Termine der Serie)
Bisher: Di., 24.11., 14:00–15:00 Uhr
Neu: Mi., 25.11., 10:00–11:00 Uhr

Serie geändert: A, jetzt jeden Mittwoch

Serie geändert: A

Anderer Ort: A, Di., 24.11., 14:00–15:00 Uhr, bisher „Raum 4.12“, neu „Raum 7“

Ort festgelegt: A, Di., 24.11., 14:00–15:00 Uhr, neu „Raum 7“

Umbenannt: A, Di., 24.11., 14:00–15:00 Uhr, bisher „Jour fixe IT“
Ort entfällt: A, Di., 24.11., 14:00–15:00 Uhr, bisher „Raum 4.12“
Link entfällt: A, Di., 24.11., 14:00–15:00 Uhr

Neuer Link: A, Di., 24.11., 14:00–15:00 Uhr, {LINK}

Jetzt vorläufig: A, Di., 24.11., 14:00–15:00 Uhr

Bestätigt: A, Di., 24.11., 14:00–15:00 Uhr
Teilnehmende geändert: A, Di., 24.11., 14:00–15:00 Uhr

Abgesagt: Jour fixe IT, Di., 24.11., 14:00–15:00 Uhr

Abgesagt: Jour fixe IT (3 Termine der Serie), Di., 24.11., 14:00–15:00 Uhr""",
        ),
        (
            "en",
            f"""\
Changed in the calendar it-team

New: Klausur, Tue, 1 Dec – Wed, 2 Dec, all day

Moved: Jour fixe IT
Before: Tue, 24 Nov, 14:00–15:00
Now: Wed, 25 Nov, 10:00–11:00

Moved: Jour fixe IT (12 dates of the series)
Before: Tue, 24 Nov, 14:00–15:00
Now: Wed, 25 Nov, 10:00–11:00

Series changed: A, now every Wednesday

Series changed: A

Other place: A, Tue, 24 Nov, 14:00–15:00, before “Raum 4.12”, now “Raum 7”

Place set: A, Tue, 24 Nov, 14:00–15:00, now “Raum 7”

Renamed: A, Tue, 24 Nov, 14:00–15:00, before “Jour fixe IT”
Place removed: A, Tue, 24 Nov, 14:00–15:00, before “Raum 4.12”
Link removed: A, Tue, 24 Nov, 14:00–15:00

New link: A, Tue, 24 Nov, 14:00–15:00, {LINK}

Tentative now: A, Tue, 24 Nov, 14:00–15:00

Confirmed: A, Tue, 24 Nov, 14:00–15:00
Other attendees: A, Tue, 24 Nov, 14:00–15:00

Cancelled: Jour fixe IT, Tue, 24 Nov, 14:00–15:00

Cancelled: Jour fixe IT (3 dates of the series), Tue, 24 Nov, 14:00–15:00""",
        ),
    ],
)
def test_changes_made_elsewhere(locale: Locale, text: str) -> None:
    message = change_notice(reader(locale), CHANGES, calendar_title="it-team")
    assert message.text == text
    assert message.notify
    items = message.data["items"]
    assert [item["change"] for item in items] == [one.kind.value for one in CHANGES]
    assert items[1]["old"]["start"]["localtime"] == "2026-11-24T14:00:00"
    assert items[7]["fields"] == ["link", "place", "title"]
    assert items[11]["status"] == "cancelled"
    assert items[12]["count"] == 3


def test_one_change_is_an_event_of_its_own_for_programs() -> None:
    message = change_notice(reader(), CHANGES[1:2])
    assert message.data["uid"] == "20ab@example.org"
    assert message.data["start"]["localtime"] == "2026-11-25T10:00:00"
    assert message.data["old"]["start"]["localtime"] == "2026-11-24T14:00:00"
    assert message.text.splitlines()[0] == "Im Kalender geändert"


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (Summary(200, 3, 1), "200 neue Termine, 3 geändert, 1 abgesagt"),
        (Summary(1, 0, 9), "1 neuer Termin, 9 abgesagt"),
    ],
)
def test_many_changes_are_summed_up(summary: Summary, line: str) -> None:
    message = change_notice(reader(), summary, calendar_title="it-team")
    assert message.text == f"Im Kalender it-team geändert\n\n{line}\nDen aktuellen Stand zeigt !meet liste"
    assert message.data == {
        "created": summary.created,
        "changed": summary.changed,
        "cancelled": summary.cancelled,
    }


def test_of_hidden_events_only_the_time_is_said() -> None:
    changes = [change(kind, HIDDEN, HIDDEN, *Field) for kind in ChangeKind]
    changes.append(change(ChangeKind.CHANGED, HIDDEN, NEW, *Field))
    messages = [moved(reader(), HIDDEN, HIDDEN), cancelled(reader(), HIDDEN), change_notice(reader(), changes)]
    assert "geheim" not in repr(messages)
    assert messages[0].text.splitlines()[0] == "Verschoben: Belegt"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            "Dieser Raum zeigt jetzt den Kalender it-team: 42 Termine in den nächsten vier Wochen\n"
            "Dieser Raum zeigt jetzt den Kalender <hr>: 1 Termin in den nächsten vier Wochen\n\n"
            "Was ansteht, zeigt !meet liste.\nWas in einem Kalenderprogramm geändert wird, steht künftig auch hier.",
        ),
        (
            "en",
            "This room now shows the calendar it-team: 42 events in the next four weeks\n"
            "This room now shows the calendar <hr>: 1 event in the next four weeks\n\n"
            "!meet list shows what is coming.\nWhat is changed in a calendar program will be posted here, too.",
        ),
    ],
)
def test_what_a_room_shows_from_now_on(locale: Locale, text: str) -> None:
    message = calendars_shown(reader(locale), {"it-team": 42, "<hr>": 1})
    assert message.text == text
    assert "&lt;hr&gt;" in message.html
    assert not message.notify
    assert message.discloses
    assert message.data == {"items": [{"calendar": "it-team", "count": 42}, {"calendar": "<hr>", "count": 1}]}
