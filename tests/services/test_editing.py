"""`edit` by chat: old and new are said, nothing else is touched, and nobody's work is written over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.model import EventId, Kind, Message, UserId
from calbot.core.settings import Resource, Show
from calbot.errors import CalendarUnavailable

from .conftest import ANNA, BEN, CALENDAR, CARLA, ROOM, Office
from .test_finding import busy, everybody_is_known
from .test_meetings import only


def unfolded(office: Office) -> str:
    (text,) = office.texts()
    return text.replace("\r\n ", "")


def change(messages: list[Message]) -> Message:
    return only([one for one in messages if one.kind is Kind.CHANGE])


def card(office: Office) -> EventId:
    return next(one.event for one in office.chat.posted if one.message and one.message.kind is Kind.MEETING)


def rewritten(office: Office, old: str, new: str) -> None:
    """Somebody else changes the only event in their calendar program."""
    text = unfolded(office)
    assert old in text
    office.calendar.put(CALENDAR, office.name(), text.replace(old, new))


# ------------------------------------------------------------------------------------------------------ what is edited


@pytest.mark.parametrize(
    ("text", "lines", "said"),
    [
        ('titel:"Große Runde"', ["SUMMARY:Große Runde"], ["Titel: Runde → Große Runde"]),
        ('title:"Plenary, part 2"', ["SUMMARY:Plenary\\, part 2"], ["Titel: Runde → Plenary, part 2"]),
        ("ort:Rathaus", ["LOCATION:Rathaus"], ["Ort: Rathaus"]),
        ("text:„Bitte Zahlen“", ["DESCRIPTION:Bitte Zahlen"], ["Beschreibung: Bitte Zahlen"]),
        (
            'titel:"A" ort:"Raum 4, EG" text:"B"',
            ["SUMMARY:A", "LOCATION:Raum 4\\, EG", "DESCRIPTION:B"],
            ["Titel: Runde → A", "Ort: Raum 4, EG", "Beschreibung: B"],
        ),
    ],
)
async def test_texts_are_changed(office: Office, text: str, lines: list[str], said: list[str]) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    answer = change(await office.says(f"!meet ändere last {text}"))
    for line in lines:
        assert f"\r\n{line}\r\n" in unfolded(office)
    for words in said:
        assert words in answer.text.replace("\n", " ")
    assert "T100000" in unfolded(office)
    assert "SEQUENCE:0" in unfolded(office)  # nobody has to answer again
    assert answer.data["old"]["title"] == "Runde"


async def test_an_empty_value_removes(office: Office) -> None:
    await office.says('!meet neu Runde morgen 10-11 ort:Rathaus text:"Bitte Zahlen"')
    answer = change(await office.says('!meet edit last loc:"" desc:""'))
    assert "LOCATION" not in unfolded(office)
    assert "DESCRIPTION" not in unfolded(office)
    assert "Ort entfernt: Rathaus" in answer.text
    assert "Beschreibung entfernt: Bitte Zahlen" in answer.text


async def test_the_card_says_what_holds_now(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.replies(card(office), '!meet ändere titel:"Große Runde"')
    edits = [one.message for one in office.chat.posted if one.edits == card(office)]
    assert [one.data["title"] for one in edits if one] == ["Große Runde"]


async def test_people_are_put_on_and_taken_off_and_hear_of_it(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    answer = change(await office.says(f"!meet ändere last mit: {CARLA} ohne: {BEN}"))
    assert "mailto:carla@example.org" in unfolded(office)
    assert "mailto:ben@example.org" not in unfolded(office)
    assert "Neu dabei: Carla" in answer.text
    assert "Nicht mehr dabei: Ben" in answer.text
    assert set(answer.mentions) == {CARLA, BEN}
    assert answer.notify


async def test_people_are_added_in_the_words_that_come_to_mind(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    answer = change(await office.says(f"!meet ändere last mit {BEN} optional: {CARLA}"))
    assert "Neu dabei: Ben und Carla" in answer.text
    text = unfolded(office)
    assert "ROLE=OPT-PARTICIPANT" in next(line for line in text.splitlines() if "carla@" in line)
    assert "ROLE=REQ-PARTICIPANT" in next(line for line in text.splitlines() if "ben@" in line)
    answer = change(await office.says(f"!meet ändere last ohne {BEN} und {CARLA}"))
    assert "Nicht mehr dabei: Ben und Carla" in answer.text


async def test_what_is_changed_by_oneself_notifies_nobody(office: Office) -> None:
    await office.says("!meet neu Konzept morgen 10-11")
    answer = change(await office.says("!meet ändere last ort:Büro"))
    assert answer.mentions == ()
    assert not answer.notify


async def test_whoever_is_busy_is_named(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    everybody_is_known(office, ben=[busy(25, 10, 11)])
    answer = change(await office.says(f"!meet ändere last mit: {BEN} {CARLA}"))
    assert "Ben" in answer.text.partition("Neu dabei")[2].partition("\n")[2]
    assert "Carla" not in answer.text.partition("Neu dabei")[2].partition("\n")[2]
    assert "mailto:ben@example.org" in unfolded(office)


async def test_somebody_who_is_on_it_already_is_not_added_twice(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    before = office.texts()
    answer = only(await office.says(f"!meet ändere last mit: {BEN}"))
    assert answer.kind is Kind.OK
    assert office.texts() == before
    answer = change(await office.says(f"!meet ändere last mit: {BEN} {CARLA} ohne: @dora:example.org"))
    assert "Schon vorher dabei: Ben" in answer.text
    assert "War nicht dabei: dora" in answer.text


async def test_what_says_so_already_is_left_alone(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11 ort:Rathaus")
    before = office.texts()
    answer = only(await office.says("!meet ändere last ort:Rathaus"))
    assert answer.kind is Kind.OK
    assert "steht schon so" in answer.text
    assert office.texts() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("!meet ändere last", "titel:"),
        ("!meet ändere last Titel Neu", "Titel Neu"),
        ("!meet ändere last morgen 14 Uhr", "verschiebe"),
        ('!meet ändere last titel:""', "titel"),
        ("!meet ändere last ort:", "ort"),
        ("!meet ändere last ort:Raum 4", "Raum 4"),
        ("!meet ändere last dauer:2h", "dauer"),
        ("!meet ändere last mit:Ben", "mit"),
        (f"!meet ändere last mit:{BEN} ohne:{BEN}", "ohne"),
        ("!meet edit", "ändere 2"),
        ("!meet ändere 7 ort:Rathaus", "7"),
    ],
)
async def test_what_is_not_understood_is_said_with_an_example(office: Office, text: str, words: str) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    before = office.texts()
    answer = only(await office.says(text))
    assert answer.kind is Kind.ERROR
    assert words in answer.text
    assert office.texts() == before


async def test_the_events_of_others_are_not_edited(office: Office) -> None:
    await office.says(f"!meet neu Runde morgen 10-11 {BEN}")
    answer = only(await office.replies(card(office), "!meet ändere ort:Rathaus", by=BEN))
    assert answer.data["code"] == "forbidden"
    assert "LOCATION" not in unfolded(office)


# --------------------------------------------------------------------------------------------------------- of a series


async def test_of_a_series_it_is_asked_what_is_meant(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    question = only(await office.says("!meet ändere last ort:Rathaus"))
    assert question.kind is Kind.QUESTION
    assert len(question.data["choices"]) == 3
    assert "LOCATION" not in unfolded(office)
    answer = change(await office.says("!meet 2"))
    assert "Ganze Serie geändert" in answer.text
    assert unfolded(office).count("LOCATION:Rathaus") == 1


async def test_one_date_of_a_series_is_edited(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet ändere last ort:Rathaus")
    await office.says("!meet 1")
    listed = only(await office.says("!meet liste 14t"))
    assert [("Rathaus" in str(item)) for item in listed.data["items"]] == [False, False]  # places are not in there
    text = unfolded(office)
    assert text.count("LOCATION:Rathaus") == 1
    assert "LOCATION:Rathaus" in text.split("RECURRENCE-ID")[1]


async def test_the_whole_series_in_one_go(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet liste")
    answer = change(await office.says('!meet ändere 1 alle titel:"Neuer Name"'))
    assert "Neuer Name" in answer.text
    assert unfolded(office).count("SUMMARY:Neuer Name") == 1


# -------------------------------------------------------------------------------------------- somebody else writes, too


async def test_changes_of_different_things_are_both_kept(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    rewritten(office, "SUMMARY:Runde", "SUMMARY:Runde der Leitung")
    await office.says("!meet ändere last ort:Rathaus")
    assert "SUMMARY:Runde der Leitung" in unfolded(office)
    assert "LOCATION:Rathaus" in unfolded(office)


async def test_changes_of_the_same_thing_show_both_versions_and_write_nothing(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    rewritten(office, "SUMMARY:Runde", "SUMMARY:Runde der Leitung")
    answer = only(await office.says('!meet ändere last titel:"Große Runde"'))
    assert (answer.kind, answer.data["code"]) == (Kind.ERROR, "conflict")
    assert "Runde der Leitung" in answer.text
    assert "Große Runde" in answer.text
    assert answer.discloses
    assert answer.data["current"]["title"] == "Runde der Leitung"
    assert "SUMMARY:Runde der Leitung" in unfolded(office)
    await office.says('!meet ändere last titel:"Große Runde"')  # knowing what was there
    assert "SUMMARY:Große Runde" in unfolded(office)


async def test_both_versions_of_a_move_are_shown(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    rewritten(office, "20261125T1", "20261126T1")
    answer = only(await office.says("!meet verschiebe last 16 Uhr"))
    assert answer.data["code"] == "conflict"
    assert "26.11.2026, 10:00–11:00" in answer.text
    assert "25.11.2026, 16:00–17:00" in answer.text
    await office.says("!meet verschiebe last 16 Uhr")
    assert "20261126T160000" in unfolded(office)


async def test_of_a_hidden_event_only_times_are_shown(office: Office) -> None:
    calendars = {CALENDAR: replace(office.world.settings.calendars[CALENDAR], show=Show.BUSY)}
    office.change(calendars=calendars)
    await office.says("!meet neu Personalgespräch morgen 10-11")
    answer = change(await office.says('!meet ändere last titel:"Abmahnung" ort:"Zimmer 3"'))
    assert "SUMMARY:Abmahnung" in unfolded(office)
    for word in ("Personalgespräch", "Abmahnung", "Zimmer"):
        assert word not in answer.text + str(answer.data)
    error = only(await office.says("!meet undo"))
    assert error.data["code"] == "not_found"  # nothing of it was kept
    rewritten(office, "20261125T1", "20261126T1")
    answer = only(await office.says("!meet verschiebe last 16 Uhr"))
    assert answer.data["code"] == "conflict"
    assert "Abmahnung" not in answer.text + str(answer.data)


async def test_a_write_that_comes_in_between_is_read_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    update = office.calendar.update
    office.clock.advance(timedelta(minutes=1))

    async def after_others(*arguments: object) -> object:
        monkeypatch.setattr(office.calendar, "update", update)
        rewritten(office, "STATUS:CONFIRMED", "DESCRIPTION:von außen\r\nSTATUS:CONFIRMED")
        return await update(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(office.calendar, "update", after_others)
    await office.says("!meet ändere last ort:Rathaus")
    assert "DESCRIPTION:von außen" in unfolded(office)
    assert "LOCATION:Rathaus" in unfolded(office)


async def test_a_write_within_the_same_second_is_not_taken_for_ones_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both stamp the event with this second, and texts raise no SEQUENCE."""
    await office.says("!meet neu Runde morgen 10-11")
    update = office.calendar.update

    async def after_others(*arguments: object) -> object:
        monkeypatch.setattr(office.calendar, "update", update)
        rewritten(office, "STATUS:CONFIRMED", "DESCRIPTION:von außen\r\nSTATUS:CONFIRMED")
        return await update(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(office.calendar, "update", after_others)
    await office.says("!meet ändere last ort:Rathaus")
    assert "DESCRIPTION:von außen" in unfolded(office)
    assert "LOCATION:Rathaus" in unfolded(office)


async def test_an_event_that_is_gone_is_said_to_be(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.remove(CALENDAR, office.name())
    answer = only(await office.says("!meet ändere last ort:Rathaus"))
    assert answer.data["code"] == "stale_reference"


async def test_a_lost_answer_is_no_second_change(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    office.calendar.lose_answer = True
    answer = only(await office.says("!meet ändere last ort:Rathaus"))
    assert answer.data["code"] == "calendar_unavailable"
    before = office.texts()
    await office.says("!meet ändere last ort:Rathaus")
    assert office.texts() == before
    office.calendar.unavailable = CalendarUnavailable("calendar_unreachable")
    answer = only(await office.says("!meet ändere last ort:Büro"))
    assert answer.data["code"] == "calendar_unavailable"
    assert office.texts() == before


# ---------------------------------------------------------------------------------------------------------------- undo


async def test_undo_puts_back_what_was_changed_and_nothing_else(office: Office) -> None:
    await office.says(f'!meet neu Runde morgen 10-11 {BEN} ort:Rathaus text:"alt"')
    await office.says(f'!meet ändere last titel:"Neu" ort:"" text:"neu" mit: {CARLA} ohne: {BEN}')
    rewritten(office, "STATUS:CONFIRMED", "STATUS:TENTATIVE")
    answer = change(await office.says("!meet undo"))
    assert "wieder wie vorher" in answer.text
    text = unfolded(office)
    for line in ("SUMMARY:Runde", "LOCATION:Rathaus", "DESCRIPTION:alt", "STATUS:TENTATIVE"):
        assert f"\r\n{line}\r\n" in text
    assert "ben@example.org" in text
    assert "carla@example.org" not in text


async def test_undo_does_not_take_back_what_others_made_of_it(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    await office.says('!meet ändere last titel:"Neu"')
    rewritten(office, "SUMMARY:Neu", "SUMMARY:Noch neuer")
    answer = only(await office.says("!meet undo"))
    assert answer.data["code"] == "conflict"
    assert "SUMMARY:Noch neuer" in unfolded(office)


async def test_undo_of_a_series_and_of_one_date(office: Office) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    await office.says("!meet liste")
    await office.says("!meet ändere 1 alle ort:Rathaus")
    await office.says("!meet ändere 1 ort:Büro")
    await office.says("!meet 1")
    assert "LOCATION:Büro" in unfolded(office)
    await office.says("!meet undo")
    assert "RECURRENCE-ID" not in unfolded(office)
    assert "LOCATION:Rathaus" in unfolded(office)
    await office.says("!meet undo")
    assert "LOCATION" not in unfolded(office)


# ------------------------------------------------------------------------------------------------------------ resources


async def test_a_room_is_booked_and_given_back(office: Office) -> None:
    office.change(resources={"Raum 4.12": Resource("Raum 4.12", "raum412@example.org", None, 12)})
    await office.says("!meet neu Runde morgen 10-11")
    await office.says('!meet ändere last raum:"4.12"')
    assert "mailto:raum412@example.org" in unfolded(office)
    assert "LOCATION:Raum 4.12" in unfolded(office)
    await office.says("!meet neu Folgerunde morgen 10:30-11:30", by=BEN)
    answer = only(await office.says('!meet ändere last raum:"4.12"', by=BEN))
    assert answer.data["code"] == "conflict"
    await office.says('!meet ändere last raum:""')
    assert all("raum412" not in text for text in office.texts())
    assert all("LOCATION:Raum" not in text for text in office.texts())
    await office.says('!meet ändere last raum:"4.12"', by=BEN)
    assert sum("raum412" in text for text in office.texts()) == 1


async def test_the_bot_is_nobody_to_invite(office: Office) -> None:
    await office.says("!meet neu Runde morgen 10-11")
    before = office.texts()
    await office.says(f"!meet ändere last mit: {office.chat.user}")
    assert office.texts() == before


async def test_in_english_too(office: Office) -> None:
    office.change_room(language="en")
    await office.says("!meet new Review tomorrow 10-11")
    answer = change(await office.says(f'!meet edit last title:"Big review" loc:"Town hall" with: {BEN}'))
    assert "Title: Review → Big review" in answer.text
    assert "Place: Town hall" in answer.text
    assert "Added: Ben" in answer.text
    assert UserId(BEN) in answer.mentions
    assert ANNA not in answer.mentions
    assert office.chat.messages(ROOM)
