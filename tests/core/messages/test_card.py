"""The card of a meeting, as people read it."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from calbot.core.ask import Say
from calbot.core.messages import Headline, Person, conflict_note, meeting_card
from calbot.core.model import AllDay, Details, Kind, Locale, Occurrence, PartStat, Role, Status, Timed

from .examples import ANNA, BEN, LINK, at, event, reader

DETAILS = Details(
    title="Jour fixe IT",
    location="Raum 4.12",
    description="Bitte Zahlen mitbringen.\nUnterlagen im Ordner.",
    link=LINK,
    rule="FREQ=WEEKLY;BYDAY=TU;UNTIL=20261218T130000Z",
    sequence=2,
)
PEOPLE = (
    Person("Ben Maier", BEN),
    Person("Anna Huber", ANNA, PartStat.ACCEPTED, Role.CHAIR),
    Person("Carla Roth", None, PartStat.TENTATIVE, Role.OPTIONAL),
    Person("Dragan Ilić", has_address=False),
    Person("Eva Stein", partstat=PartStat.DECLINED),
    Person("Fritz Ohm", partstat=PartStat.DELEGATED),
)

CARDS: dict[Locale, str] = {
    "de": f"""\
Eingetragen: Jour fixe IT
Di., 24.11.2026, 14:00–15:00 Uhr
Serie: jeden Dienstag, bis Fr., 18.12.2026
Ort: Raum 4.12
Teilnehmen: {LINK}

Zugesagt: Anna Huber (Leitung)
Vielleicht: Carla Roth (optional)
Noch offen: Ben Maier und Dragan Ilić (ohne E-Mail)
Abgelehnt: Eva Stein
Vertretung: Fritz Ohm
Kalender: it-team

> Bitte Zahlen mitbringen.
> Unterlagen im Ordner.

Keine E-Mail-Adresse bekannt, daher nur hier eingeladen: Dragan Ilić
Achtung, zur selben Zeit: Haushalt, Di., 24.11., 14:30–15:30 Uhr""",
    "en": f"""\
Added: Jour fixe IT
Tue, 24 Nov 2026, 14:00–15:00
Repeats: every Tuesday, until Fri, 18 Dec 2026
Place: Raum 4.12
Join: {LINK}

Accepted: Anna Huber (chair)
Maybe: Carla Roth (optional)
No answer yet: Ben Maier and Dragan Ilić (no e-mail)
Declined: Eva Stein
Delegated: Fritz Ohm
Calendar: it-team

> Bitte Zahlen mitbringen.
> Unterlagen im Ordner.

No e-mail address known, so invited here only: Dragan Ilić
Please note, at the same time: Haushalt, Tue, 24 Nov, 14:30–15:30""",
}


@pytest.mark.parametrize("locale", CARDS)
def test_a_full_card(locale: Locale) -> None:
    other = event("Haushalt", Timed(at(24, 14, 30), at(24, 15, 30)))
    card = meeting_card(
        reader(locale),
        event(details=DETAILS, recurrence_id="20261124T130000Z"),
        people=PEOPLE,
        calendar_title="it-team",
        notes=[Say("no_address", {"names": "Dragan Ilić"}), conflict_note(reader(locale), other)],
        headline=Headline.CREATED,
        description=True,
    )
    assert card.text == CARDS[locale]
    assert card.kind is Kind.MEETING
    assert not card.notify
    assert card.discloses


def test_html_says_the_same_with_the_link_as_it_is() -> None:
    card = meeting_card(reader(), event(details=DETAILS), people=PEOPLE[:2], calendar_title="it-team")
    assert card.html == (
        "<p><strong>Jour fixe IT</strong><br>Di., 24.11.2026, 14:00–15:00 Uhr<br>"
        "Serie: jeden Dienstag, bis Fr., 18.12.2026<br>Ort: Raum 4.12<br>"
        f'Teilnehmen: <a href="{LINK}">{LINK}</a></p>'
        "<p>Zugesagt: Anna Huber (Leitung)<br>Noch offen: Ben Maier<br>Kalender: it-team</p>"
    )


def test_what_programs_read() -> None:
    card = meeting_card(
        reader(), event(details=DETAILS, recurrence_id="20261124T130000Z"), people=[], calendar_title="it-team"
    )
    assert card.data == {
        "uid": "20ab@example.org",
        "recurrence_id": "20261124T130000Z",
        "title": "Jour fixe IT",
        "calendar": "it-team",
        "start": {"utc": "2026-11-24T13:00:00Z", "localtime": "2026-11-24T14:00:00", "timezone": "Europe/Berlin"},
        "end": {"utc": "2026-11-24T14:00:00Z", "localtime": "2026-11-24T15:00:00", "timezone": "Europe/Berlin"},
        "all_day": False,
        "status": "confirmed",
        "sequence": 2,
    }


def test_the_last_day_of_an_all_day_event_belongs_to_it() -> None:
    when = AllDay(at(24, 0).date(), at(27, 0).date())
    card = meeting_card(reader(), event(when=when), people=[], calendar_title="")
    assert card.data["start"] == {"date": "2026-11-24"}
    assert card.data["end"] == {"date": "2026-11-26"}
    assert card.data["all_day"] is True
    assert card.text == "Jour fixe IT\nDi., 24.11. – Do., 26.11.2026, ganztägig"


def test_times_in_the_zone_of_the_event() -> None:
    london = ZoneInfo("Europe/London")
    card = meeting_card(
        reader(), event(when=Timed(at(24, 13, zone=london), at(24, 14, zone=london))), people=[], calendar_title=""
    )
    assert card.text.splitlines()[1] == "Di., 24.11.2026, 14:00–15:00 Uhr (13:00–14:00 Uhr in London)"
    assert card.data["start"] == {
        "utc": "2026-11-24T13:00:00Z",
        "localtime": "2026-11-24T13:00:00",
        "timezone": "Europe/London",
    }


def test_floating_times_are_those_of_the_reader() -> None:
    utc = ZoneInfo("UTC")
    when = Timed(at(24, 14, zone=utc), at(24, 15, zone=utc), floating=True)
    card = meeting_card(reader(), event(when=when), people=[], calendar_title="")
    assert card.data["start"]["utc"] == "2026-11-24T13:00:00Z"
    assert card.data["start"]["timezone"] == "Europe/Berlin"


def hidden() -> Occurrence:
    """As it would look if some part forgot to take away what must not be known."""
    return event(details=replace(DETAILS, hidden=True))


def test_a_hidden_event_is_busy_and_nothing_else() -> None:
    card = meeting_card(reader(), hidden(), people=PEOPLE, calendar_title="it-team", description=True)
    assert card.text == "Belegt\nDi., 24.11.2026, 14:00–15:00 Uhr\n\nKalender: it-team"
    assert card.data["title"] == "busy"
    said = f"{card.text} {card.html} {card.data}"
    for secret in ("Jour", "4.12", "meet.example", "Anna", "Zahlen", "Dienstag"):
        assert secret not in said


def test_a_conflict_with_a_hidden_event_is_busy() -> None:
    note = conflict_note(reader(), hidden())
    assert note == Say("conflict_busy", {"when": "Di., 24.11., 14:00–15:00 Uhr"})


@pytest.mark.parametrize(
    ("locale", "notes"),
    [
        (
            "de",
            "Nicht in diesem Raum und ohne bekannte E-Mail-Adresse, erfahren also nichts davon: Dragan Ilić\n"
            "Von dieser Änderung wurde niemand per E-Mail benachrichtigt.",
        ),
        (
            "en",
            "Not in this room and without a known e-mail address, so they will not learn of it: Dragan Ilić\n"
            "Nobody was told of this change by e-mail.",
        ),
    ],
)
def test_who_learns_nothing_of_an_event_or_a_change(locale: Locale, notes: str) -> None:
    said = [Say("not_here", {"names": "Dragan Ilić"}), Say("nobody_told")]
    card = meeting_card(reader(locale), event(), people=[], calendar_title="", notes=said)
    assert card.text.split("\n\n")[1] == notes


@pytest.mark.parametrize(
    ("headline", "first"),
    [
        (Headline.SHOWN, "Jour fixe IT"),
        (Headline.CREATED, "Eingetragen: Jour fixe IT"),
        (Headline.BOOKED, "Gebucht: Jour fixe IT"),
        (Headline.MOVED, "Verschoben: Jour fixe IT"),
        (Headline.CHANGED, "Aktualisiert: Jour fixe IT"),
    ],
)
def test_the_first_line_says_why_the_card_is_shown(headline: Headline, first: str) -> None:
    card = meeting_card(reader(), event(), people=[], calendar_title="", headline=headline)
    assert card.text.splitlines()[0] == first


def test_a_cancelled_event_is_struck_through_and_said_to_be_cancelled() -> None:
    gone = event(details=Details(title="Jour fixe IT", status=Status.CANCELLED))
    card = meeting_card(reader(), gone, people=[], calendar_title="", headline=Headline.CHANGED)
    assert card.text.splitlines()[0] == "Abgesagt: Jour fixe IT"
    assert card.html.startswith("Abgesagt: <strong><del>Jour fixe IT</del></strong>")
    assert card.data["status"] == "cancelled"


@pytest.mark.parametrize(
    ("details", "text"),
    [
        (Details(title=""), "(ohne Titel)\nDi., 24.11.2026, 14:00–15:00 Uhr"),
        (Details(title="x", status=Status.TENTATIVE), "x\nDi., 24.11.2026, 14:00–15:00 Uhr\nStatus: vorläufig"),
        (Details(title="x", rule="FREQ=HOURLY"), "x\nDi., 24.11.2026, 14:00–15:00 Uhr\nTeil einer Serie"),
        (
            Details(title="x", location=LINK, link=LINK),
            f"x\nDi., 24.11.2026, 14:00–15:00 Uhr\nTeilnehmen: {LINK}",
        ),
        (Details(title="x", link="http://intern/x"), "x\nDi., 24.11.2026, 14:00–15:00 Uhr"),
    ],
)
def test_small_cards(details: Details, text: str) -> None:
    assert meeting_card(reader(), event(details=details), people=[], calendar_title="").text == text


@pytest.mark.parametrize(
    ("accepted", "open_", "lines"),
    [
        (3, 0, ["Zugesagt: P0, P1 und P2"]),
        (10, 0, ["Zugesagt: P0, P1, P2, P3, P4, P5, P6, P7, P8 und P9"]),
        (11, 0, ["Zugesagt: P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 und 1 weitere"]),
        (
            8,
            14,
            [
                "Zugesagt: P0, P1, P2, P3, P4, P5, P6 und P7",
                "Noch offen: P8, P9 und 12 weitere",
            ],
        ),
        (
            12,
            5,
            [
                "Zugesagt: P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 und 2 weitere",
                "Noch offen: 5 Personen",
            ],
        ),
    ],
)
def test_of_many_people_ten_are_named(accepted: int, open_: int, lines: list[str]) -> None:
    people = [
        Person(f"P{number}", partstat=PartStat.ACCEPTED if number < accepted else PartStat.NEEDS_ACTION)
        for number in range(accepted + open_)
    ]
    card = meeting_card(reader(), event(), people=people, calendar_title="")
    assert card.text.split("\n\n")[1].splitlines() == lines


def test_people_without_a_name_are_shown_by_what_is_known() -> None:
    people = [Person("", BEN), Person("\u200b")]
    card = meeting_card(reader(), event(), people=people, calendar_title="")
    assert card.text.endswith("Noch offen: @ ben:example.org und ohne Namen")


def test_what_is_said_of_somebody_stands_in_one_pair_of_brackets() -> None:
    someone = Person("Dora", None, PartStat.NEEDS_ACTION, Role.OPTIONAL, has_address=False)
    leader = Person("Emil", None, PartStat.ACCEPTED, Role.CHAIR, has_address=False)
    text = meeting_card(reader("de"), event(), people=[someone, leader], calendar_title="").text
    assert "Dora (optional, ohne E-Mail)" in text
    assert "Emil (Leitung, ohne E-Mail)" in text
