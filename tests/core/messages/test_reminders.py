"""Reminders: the first line alone has to be enough, it is what a locked phone shows."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from calbot.core.messages import Due, reminder, reminders
from calbot.core.model import AllDay, Details, Kind, Locale, Member, Timed, UserId

from .examples import ANNA, BEN, LINK, NOW, TUESDAY, at, event, member, reader

QUARTER = timedelta(minutes=15)
SOON = event(
    details=Details(title="Dienstberatung", location="Raum 2", link=LINK), when=Timed(at(23, 10, 15), at(23, 11))
)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            f"In 15 Minuten, 10:15 Uhr: Dienstberatung\nMo., 23.11., 10:15–11:00 Uhr\nOrt: Raum 2\n"
            f"Teilnehmen: {LINK}\n\nFür: Anna Huber und Ben Maier",
        ),
        (
            "en",
            f"In 15 minutes, 10:15: Dienstberatung\nMon, 23 Nov, 10:15–11:00\nPlace: Raum 2\n"
            f"Join: {LINK}\n\nFor: Anna Huber and Ben Maier",
        ),
    ],
)
def test_a_reminder(locale: Locale, text: str) -> None:
    message = reminder(reader(locale), SOON, lead=QUARTER, mentions=[member(ANNA), member(BEN)])
    assert message.text == text
    assert message.kind is Kind.REMINDER
    assert message.notify
    assert message.mentions == (ANNA, BEN)
    assert locale != "de" or message.html.endswith(
        '<a href="https://matrix.to/#/@anna:example.org">Anna Huber</a> und '
        '<a href="https://matrix.to/#/@ben:example.org">Ben Maier</a></p>'
    )
    assert (message.data["lead"], message.data["late"]) == (900, False)
    assert message.data["title"] == "Dienstberatung"


def test_a_reminder_for_the_whole_room_mentions_it() -> None:
    message = reminder(reader(), SOON, lead=QUARTER, mention_room=True)
    assert message.mention_room
    assert "Für:" not in message.text


@pytest.mark.parametrize(
    ("lead", "now", "late", "first"),
    [
        (timedelta(minutes=15), at(24, 13, 45), False, "In 15 Minuten, 14:00 Uhr: Jour fixe IT"),
        # Some seconds early or late, the lead is still what people asked for.
        (
            timedelta(minutes=15),
            at(24, 13, 45) + timedelta(seconds=40),
            False,
            "In 15 Minuten, 14:00 Uhr: Jour fixe IT",
        ),
        (timedelta(0), at(24, 13, 59), False, "Jetzt, 14:00 Uhr: Jour fixe IT"),
        (timedelta(hours=1), at(24, 13), False, "In 1 Stunde, 14:00 Uhr: Jour fixe IT"),
        (timedelta(days=1), at(23, 14), False, "Morgen, 14:00 Uhr: Jour fixe IT"),
        (timedelta(days=3), at(21, 14), False, "In 3 Tagen, 14:00 Uhr: Jour fixe IT"),
        (timedelta(minutes=15), at(24, 13, 52), True, "In 8 Minuten, 14:00 Uhr: Jour fixe IT"),
        (timedelta(minutes=15), at(24, 14, 20), True, "Hat um 14:00 Uhr begonnen: Jour fixe IT"),
        (timedelta(days=1), at(24, 9), True, "In 5 Stunden, 14:00 Uhr: Jour fixe IT"),
    ],
)
def test_how_soon(lead: timedelta, now: datetime, late: bool, first: str) -> None:
    message = reminder(reader(now=now), event(when=TUESDAY), lead=lead, late=late)
    assert message.text.splitlines()[0] == first


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (at(23, 23, 45), "Morgen: Ausflug"),
        (at(24, 8), "Heute: Ausflug"),
        (at(21, 0), "In 3 Tagen: Ausflug"),
    ],
)
def test_whole_days(now: datetime, first: str) -> None:
    outing = event("Ausflug", AllDay(date(2026, 11, 24), date(2026, 11, 25)))
    assert reminder(reader(now=now), outing, lead=QUARTER).text.splitlines()[0] == first


EARLY = event("Dienstberatung", Timed(at(23, 9, 45), at(23, 11)))
CALL = event("Telefonat", Timed(at(23, 10, 5), at(23, 11)))


def test_several_late_ones_are_one_message() -> None:
    message = reminders(reader(), [Due(EARLY, QUARTER, late=True), Due(CALL, QUARTER, late=True)])
    assert message.text == (
        "Diese Erinnerungen kommen verspätet\n\n"
        "Hat um 09:45 Uhr begonnen: Dienstberatung\nMo., 23.11., 09:45–11:00 Uhr\n\n"
        "In 5 Minuten, 10:05 Uhr: Telefonat\nMo., 23.11., 10:05–11:00 Uhr"
    )
    assert [(item["lead"], item["late"]) for item in message.data["items"]] == [(900, True), (900, True)]


def test_of_several_each_late_one_says_so() -> None:
    message = reminders(reader("en"), [Due(EARLY, QUARTER, late=True), Due(SOON, QUARTER)])
    assert message.text.startswith(
        "Reminders\n\nBegan at 09:45: Dienstberatung\nMon, 23 Nov, 09:45–11:00\nThis reminder comes late.\n\n"
        "In 15 minutes, 10:15: Dienstberatung\n"
    )


def test_a_late_one_says_so() -> None:
    assert reminder(reader(), CALL, lead=QUARTER, late=True).text.endswith("\nDiese Erinnerung kommt verspätet.")


def test_a_hidden_event_rings_as_busy() -> None:
    details = Details(title="geheim", location="geheim", link=LINK, hidden=True)
    message = reminder(reader(now=NOW), event(details=details), lead=timedelta(days=1))
    assert message.text == "Morgen, 14:00 Uhr: Belegt\nDi., 24.11., 14:00–15:00 Uhr"
    assert LINK not in repr(message)


def test_of_many_people_ten_are_named_and_all_are_mentioned() -> None:
    many = [Member(UserId(f"@p{number}:example.org"), f"P{number}") for number in range(30)]
    message = reminder(reader(), SOON, lead=QUARTER, mentions=many)
    assert message.text.endswith("Für: P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 und 20 weitere")
    assert len(message.mentions) == 30
