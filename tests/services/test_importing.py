"""`import`: what is asked, what is written then, and what a crash, a repeat or a hostile file cannot do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calbot.core import identity
from calbot.core.model import CalendarName, EventId, Href, Kind, Message, RoomId, Uid
from calbot.core.permissions import PowerLevels
from calbot.core.settings import Access, Levels, Show
from calbot.errors import CalendarUnavailable

from .conftest import ANNA, BEN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at_effect

ZONE = "DTSTART;TZID=Europe/Berlin:"
STRANGER = "ATTENDEE;CN=Frau Fremd:mailto:fremd@elsewhere.example"


def vevent(uid: str, start: str = "20261125T100000", title: str = "Ausschuss", *lines: str) -> str:
    end = start.replace("T10", "T11")
    body = [f"UID:{uid}", "DTSTAMP:20261101T000000Z", f"{ZONE}{start}", f"DTEND;TZID=Europe/Berlin:{end}"]
    return "\r\n".join(["BEGIN:VEVENT", *body, f"SUMMARY:{title}", *lines, "END:VEVENT"])


def ics(*parts: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *parts, "END:VCALENDAR", ""]).encode()


def posts(office: Office, data: bytes, name: str = "termine.ics", room: RoomId = ROOM, **content: Any) -> EventId:
    """Carla posts a file."""
    url = f"mxc://example.org/{len(office.chat.files)}"
    office.chat.files[url] = data
    file = {"msgtype": "m.file", "body": name, "filename": name, "url": url, "info": {"size": len(data)}, **content}
    return office.chat.sends(room, CARLA, "m.room.message", file).id


def only(messages: list[Message]) -> Message:
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


async def imports(office: Office, data: bytes, more: str = "", answer: str = "ja") -> list[Message]:
    question = only(await office.replies(posts(office, data), f"!meet importiere {more}".strip()))
    assert question.kind is Kind.QUESTION, question.text
    return await office.says(f"!meet {answer}")


def series(uid: str = "jf") -> str:
    return vevent(uid, "20261127T100000", "Jour fixe", "RRULE:FREQ=WEEKLY;COUNT=5")


# ------------------------------------------------------------------------------------------------------------- as usual


@pytest.mark.parametrize("word", ["import", "importiere", "Importieren", "importiere das", "import this file"])
async def test_a_file_is_shown_then_written(office: Office, word: str) -> None:
    question = only(await office.replies(posts(office, ics(vevent("a"))), f"!meet {word}"))
    assert question.kind is Kind.QUESTION
    assert "1 Termin aus „termine.ics“ in den Kalender it-team eintragen?" in question.text
    assert "Ausschuss, Mi., 25.11.2026, 10:00–11:00 Uhr" in question.text
    assert question.mentions == (ANNA,)
    assert office.texts() == []
    card = only(await office.says("!meet ja"))
    assert (card.kind, card.data["title"], card.data["uid"]) == (Kind.MEETING, "Ausschuss", "a")
    (text,) = office.texts()
    assert "UID:a\r\n" in text
    assert "SUMMARY:Ausschuss" in text
    assert await office.world.stores.references.maker(Uid("a")) == ANNA


async def test_several_are_listed_and_can_be_named_by_number(office: Office) -> None:
    office.change_room(language="en")
    question = only(
        await office.replies(posts(office, ics(vevent("a"), series(), vevent("b", "20261126T100000"))), "!meet import")
    )
    assert "Add 3 events from “termine.ics” to the calendar it-team?" in question.text
    assert "every" in question.text or "weekly" in question.text.lower()
    done = only(await office.says("!meet yes"))
    assert done.kind is Kind.AGENDA
    assert [item["title"] for item in done.data["items"]] == ["Ausschuss", "Ausschuss", "Jour fixe"]
    assert len(office.texts()) == 3
    shown = only(await office.says("!meet show 3"))
    assert shown.data["title"] == "Jour fixe"


async def test_many_are_shown_in_part(office: Office) -> None:
    many = [vevent(f"u{number}", f"202612{number + 1:02}T100000", f"T{number}") for number in range(28)]
    question = only(await office.replies(posts(office, ics(*many)), "!meet importiere"))
    assert "und 23 weitere" in question.text
    done = only(await office.says("!meet 1"))
    assert "28 Termine im Kalender it-team eingetragen" in done.text
    assert "und 8 weitere" in done.text
    assert len(office.texts()) == 28


async def test_no_writes_nothing(office: Office) -> None:
    declined = only(await imports(office, ics(vevent("a")), answer="nein"))
    assert (declined.kind, office.texts()) == (Kind.OK, [])
    assert await office.world.stores.inbox.unfinished() == []


async def test_what_the_room_is_told_is_the_answer_and_nothing_more(office: Office) -> None:
    await office.says("!meet neu Vorher morgen 8-9")
    await imports(office, ics(vevent("a"), vevent("b", "20261126T100000")))
    shown = only(await office.pass_time(timedelta(hours=1)))  # the question, edited
    assert "Gewählt: " in shown.text
    assert office.chat.posted[-1].edits is not None


async def test_the_file_of_the_bots_own_show(office: Office) -> None:
    await office.says("!meet neu Klausur morgen 8-9")
    await office.says("!meet zeige last")
    attached = next(one.event for one in reversed(office.chat.posted) if one.file is not None)
    answer = only(await office.replies(attached, "!meet importiere"))
    assert "nichts Neues" in answer.text
    assert len(office.texts()) == 1


# --------------------------------------------------------------------------------------------------------------- people


async def test_people_in_the_file_are_named_and_not_invited(office: Office) -> None:
    question = only(
        await office.replies(
            posts(office, ics("METHOD:REQUEST", vevent("a", "20261125T100000", "A", STRANGER))), "!meet importiere"
        )
    )
    assert "wird nicht eingeladen" in question.text
    await office.says("!meet ja")
    (text,) = office.texts()
    assert "ATTENDEE" not in text
    assert "ORGANIZER" not in text
    assert "METHOD" not in text
    assert "Eingeladen laut importierter Datei: Frau Fremd" in text.replace("\r\n ", "")


async def test_people_in_the_command_are_invited_and_mentioned(office: Office) -> None:
    card = only(await imports(office, ics(vevent("a", "20261125T100000", "A", STRANGER)), f"{BEN} optional: {CARLA}"))
    text = office.texts()[0].replace("\r\n ", "")
    assert "ORGANIZER" in text
    assert "mailto:ben@example.org" in text
    assert "ROLE=OPT-PARTICIPANT" in text
    assert "fremd@elsewhere" not in text
    assert set(card.mentions) == {BEN, CARLA}


async def test_nobody_is_invited_to_dozens_of_events_at_once(office: Office) -> None:
    many = ics(*(vevent(f"u{number}", f"202612{number + 1:02}T100000") for number in range(21)))
    refused = only(await office.replies(posts(office, many), f"!meet importiere {BEN}"))
    assert refused.data["code"] == "limit"


# ---------------------------------------------------------------------------------------------------- what is not taken


async def test_what_is_there_is_known_by_its_uid(office: Office) -> None:
    await imports(office, ics(vevent("a")))
    question = only(
        await office.replies(posts(office, ics(vevent("a"), vevent("b", "20261126T100000"))), "!meet importiere")
    )
    assert "1 Termin der Datei steht schon im Kalender" in question.text
    await office.says("!meet ja")
    assert len(office.texts()) == 2
    again = only(await office.replies(posts(office, ics(vevent("a"), vevent("b"))), "!meet importiere"))
    assert (again.kind, "nichts Neues" in again.text) == (Kind.OK, True)


async def test_what_only_the_server_knows_is_not_overwritten(office: Office) -> None:
    """Written a moment ago by another program, under the same name, and under another."""
    theirs = ics(vevent("a", "20261201T100000", "Deren")).decode()
    office.calendar.put(CALENDAR, "a", theirs)
    office.calendar.put(CALENDAR, "elsewhere", ics(vevent("b", "20261201T100000", "Deren")).decode())
    said = await imports(office, ics(vevent("a"), vevent("b"), vevent("c", "20261126T100000")))
    assert only(said).data["title"] == "Ausschuss"
    assert "1 Termin der Datei steht schon im Kalender" not in only(said).text or len(office.texts()) == 3
    assert sum("SUMMARY:Deren" in text for text in office.texts()) == 2


async def test_what_others_write_after_the_question_is_theirs(office: Office) -> None:
    await office.replies(posts(office, ics(vevent("a"), vevent("b", "20261126T100000"))), "!meet importiere")
    office.calendar.put(CALENDAR, "a", ics(vevent("a", "20261201T100000", "Deren")).decode())
    await office.says("!meet ja")
    assert sorted("SUMMARY:Deren" in text for text in office.texts()) == [False, True]
    await office.says("!meet rückgängig")
    assert ["SUMMARY:Deren" in text for text in office.texts()] == [True]


async def test_a_faulty_event_does_not_keep_the_others(office: Office) -> None:
    hostile = vevent("h", "20261125T100000", "H", "RRULE:FREQ=SECONDLY")
    no_start = "BEGIN:VEVENT\r\nUID:n\r\nEND:VEVENT"
    todo = "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO"
    question = only(await office.replies(posts(office, ics(hostile, no_start, todo, vevent("a"))), "!meet importiere"))
    assert "Ausgelassen: 2 fehlerhafte Termine der Datei" in question.text
    assert "1 Eintrag, der kein Termin" in question.text
    await office.says("!meet ja")
    assert len(office.texts()) == 1


async def test_nobody_plants_the_event_of_a_poll(office: Office) -> None:
    coming = identity.uid_for_poll(identity.poll_key(EventId("$event9")))
    await imports(office, ics(vevent(coming)))
    (text,) = office.texts()
    assert coming not in text
    assert office.name() != coming


async def test_private_events_are_written_and_not_shown(office: Office) -> None:
    said = await office.replies(
        posts(office, ics(vevent("a", "20261125T100000", "Geheim", "CLASS:PRIVATE"))), "!meet importiere"
    )
    said += await office.says("!meet ja")
    assert all("Geheim" not in message.text and "Geheim" not in str(message.data) for message in said)
    assert "SUMMARY:Geheim" in office.texts()[0]


async def test_a_calendar_shown_as_busy_shows_nothing_of_the_file(office: Office) -> None:
    calendar = replace(office.world.settings.calendars[CALENDAR], show=Show.BUSY)
    office.change(calendars={CALENDAR: calendar})
    said = await imports(
        office, ics(vevent("a", "20261125T100000", "Geheim"), vevent("b", "20261126T100000", "Geheim"))
    )
    assert all("Geheim" not in message.text for message in office.chat.messages(ROOM))
    assert only(said).kind is Kind.AGENDA


async def test_others_at_that_time_are_a_warning(office: Office) -> None:
    await office.says("!meet neu Budgetrunde morgen 10-12")
    question = only(await office.replies(posts(office, ics(vevent("a"))), "!meet importiere"))
    assert "Budgetrunde" in question.text
    await office.says("!meet nein")
    question = only(
        await office.replies(posts(office, ics(vevent("a"), vevent("b", "20261126T100000"))), "!meet importiere")
    )
    assert "Zur selben Zeit wie andere Termine hier (Anzahl aus der Datei): 1" in question.text


async def test_what_is_long_over_is_written_all_the_same(office: Office) -> None:
    card = only(await imports(office, ics(vevent("a", "20200106T100000"))))
    assert card.data["start"]["localtime"] == "2020-01-06T10:00:00"
    assert len(office.texts()) == 1


# --------------------------------------------------------------------------------------------------------- wrong, nasty


async def test_without_a_reply(office: Office) -> None:
    refused = only(await office.says("!meet importiere"))
    assert refused.data["code"] == "not_found"
    assert "!meet importiere" in refused.text


async def test_in_reply_to_something_else(office: Office) -> None:
    talk = office.chat.says(ROOM, CARLA, "hallo").id
    assert "keine Datei" in only(await office.replies(talk, "!meet importiere")).text
    picture = office.chat.sends(ROOM, CARLA, "m.room.message", {"msgtype": "m.image", "body": "a.ics"}).id
    assert "keine Datei" in only(await office.replies(picture, "!meet importiere")).text
    pdf = posts(office, b"%PDF", "plan.pdf", info={"mimetype": "application/pdf"})
    assert "„plan.pdf“ ist keine Kalenderdatei" in only(await office.replies(pdf, "!meet importiere")).text
    lying = posts(office, b"%PDF", "plan.ics")
    assert only(await office.replies(lying, "!meet importiere")).data["code"] == "bad_calendar_data"
    gone = posts(office, ics(vevent("a")))
    office.chat.redacts(ROOM, gone)
    assert only(await office.replies(gone, "!meet importiere")).data["code"] == "not_found"
    sealed = posts(office, ics(vevent("a")))
    office.chat.rooms[ROOM].sealed.add(sealed)
    assert "entschlüsseln" in only(await office.replies(sealed, "!meet importiere")).text
    assert office.texts() == []


@pytest.mark.parametrize("content", [{"info": "x"}, {"info": None}, {"filename": 7, "body": None}, {"filename": ["x"]}])
async def test_a_malformed_file_event_is_an_error_in_words(office: Office, content: dict[str, Any]) -> None:
    said = only(await office.replies(posts(office, ics(vevent("a")), **content), "!meet importiere"))
    assert said.kind in (Kind.QUESTION, Kind.ERROR)
    assert said.data.get("code") != "internal"


async def test_a_name_without_ending_is_taken_by_its_type(office: Office) -> None:
    info = {"mimetype": "text/calendar; method=PUBLISH", "size": 10}
    said = only(await office.replies(posts(office, ics(vevent("a")), "Einladung", info=info), "!meet importiere"))
    assert said.kind is Kind.QUESTION


async def test_too_big_by_what_it_is_or_says_it_is(office: Office) -> None:
    assert (
        only(await office.replies(posts(office, b"x" * (1024 * 1024 + 1)), "!meet importiere")).data["code"] == "limit"
    )
    claims = posts(office, ics(vevent("a")), info={"size": 10**9})
    assert "1024\N{NO-BREAK SPACE}KB" in only(await office.replies(claims, "!meet importiere")).text


@pytest.mark.parametrize("method", ["CANCEL", "REPLY", "COUNTER", "REFRESH"])
async def test_messages_about_events(office: Office, method: str) -> None:
    refused = only(await office.replies(posts(office, ics(f"METHOD:{method}", vevent("a"))), "!meet importiere"))
    assert refused.data["code"] == "not_understood"


@pytest.mark.parametrize("words", ["morgen 10 Uhr", "2", "farbe:rot", "kal:"])
async def test_words_that_mean_nothing_here(office: Office, words: str) -> None:
    said = only(await office.replies(posts(office, ics(vevent("a"))), f"!meet importiere {words}"))
    assert said.data["code"] == "not_understood"


async def test_who_may_not_write(office: Office) -> None:
    office.change_room(levels=Levels(new=50))
    office.chat.rooms[ROOM].power = PowerLevels()
    assert only(await office.replies(posts(office, ics(vevent("a"))), "!meet importiere")).data["code"] == "forbidden"


async def test_a_calendar_that_cannot_be_written(office: Office) -> None:
    calendar = replace(office.world.settings.calendars[CALENDAR], access=Access.READ_ONLY)
    office.change(calendars={CALENDAR: calendar})
    assert only(await office.replies(posts(office, ics(vevent("a"))), "!meet importiere")).data["code"] == "read_only"
    office.change_room(write_to=None)
    assert only(await office.replies(posts(office, ics(vevent("a"))), "!meet importiere")).data["code"] == "read_only"


async def test_another_calendar_and_none_of_that_name(office: Office) -> None:
    said = only(await office.replies(posts(office, ics(vevent("a"))), "!meet importiere kal:gibtsnicht"))
    assert said.data["code"] == "not_found"
    said = only(await office.replies(posts(office, ics(vevent("a"))), "!meet importiere kal:it-team"))
    assert said.kind is Kind.QUESTION


async def test_in_a_direct_chat(office: Office) -> None:
    direct = office.chat.add_room("!direct:example.org", ANNA)
    office.chat.files["mxc://example.org/d"] = ics(vevent("a"))
    content = {"msgtype": "m.file", "body": "a.ics", "url": "mxc://example.org/d"}
    file = office.chat.sends(direct, ANNA, "m.room.message", content).id
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": file}}}
    question = only(await office.says("importiere", ANNA, direct, **reply))
    assert question.kind is Kind.QUESTION
    assert only(await office.says("1", room=direct)).data["title"] == "Ausschuss"


# ----------------------------------------------------------------------------------------------------- crashes, outages


@pytest.mark.parametrize("nth", range(1, 10))
async def test_killed_anywhere_it_is_written_once(office: Office, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """At each step that the bot passes while it writes two events, and before it says so."""
    data = ics(vevent("a", "20261125T100000", "A"), vevent("b", "20261126T100000", "B"))
    await office.replies(posts(office, data), "!meet importiere")
    steps = 0

    def killed(step: str) -> None:
        nonlocal steps
        steps += 1
        if steps == nth:
            raise asyncio.CancelledError

    world = office.world
    office.world = replace(world, passed=killed)
    office.handlers = type(office.handlers)(office.world, world.log)
    with suppress(asyncio.CancelledError):
        await office.says("!meet ja")
    office.world = world
    await office.resume()
    assert sorted(text.count("BEGIN:VEVENT") for text in office.texts()) == [1, 1]
    lists = office.said(Kind.AGENDA)
    assert [len(one.data["items"]) for one in lists] == [2]
    assert await office.world.stores.inbox.unfinished() == []
    undone = only(await office.says("!meet rückgängig"))
    assert "2 Termine gelöscht" in undone.text
    assert office.texts() == []


async def test_killed_before_the_question_it_is_asked_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    file = posts(office, ics(vevent("a")))
    post = office.chat.post

    async def killed(*_: Any, **__: Any) -> EventId:
        raise asyncio.CancelledError

    monkeypatch.setattr(office.chat, "post", killed)
    with pytest.raises(asyncio.CancelledError):
        await office.replies(file, "!meet importiere")
    monkeypatch.setattr(office.chat, "post", post)
    await office.resume()
    assert len(office.said(Kind.QUESTION)) == 1
    assert only(await office.says("!meet ja")).kind is Kind.MEETING


async def test_the_calendar_fails_on_the_way(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    create, number = office.calendar.create, 0

    async def failing(calendar: CalendarName, name: str, data: str) -> Any:
        nonlocal number
        number += 1
        if number == 2:
            raise CalendarUnavailable("calendar_timeout")
        return await create(calendar, name, data)

    data = ics(vevent("a"), vevent("b", "20261126T100000"), vevent("c", "20261127T100000"))
    monkeypatch.setattr(office.calendar, "create", failing)
    refused = only(await imports(office, data))
    assert refused.data["code"] == "calendar_unavailable"
    assert "1 von 3" in refused.text
    monkeypatch.setattr(office.calendar, "create", create)
    await imports(office, data)
    assert len(office.texts()) == 3


async def test_one_object_that_the_server_does_not_take(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    create = office.calendar.create

    async def picky(calendar: CalendarName, name: str, data: str) -> Any:
        if name == "a":
            raise CalendarUnavailable("calendar_refused", status=403)
        return await create(calendar, name, data)

    monkeypatch.setattr(office.calendar, "create", picky)
    done = only(await imports(office, ics(vevent("a"), vevent("b", "20261126T100000"), vevent("c", "20261127T100000"))))
    assert "1 Termin hat der Kalenderserver nicht angenommen" in done.text
    assert len(office.texts()) == 2


async def test_the_calendar_is_away(office: Office) -> None:
    await office.replies(posts(office, ics(vevent("a"))), "!meet importiere")
    office.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    assert only(await office.says("!meet ja")).data["code"] == "calendar_unavailable"
    office.calendar.unavailable = None
    assert office.texts() == []


# ----------------------------------------------------------------------------------------------------------------- undo


async def test_all_of_it_is_taken_back_but_for_what_was_changed(office: Office) -> None:
    data = ics(vevent("a"), vevent("b", "20261126T100000"), vevent("c", "20261127T100000", "Neu"))
    await imports(office, data)
    changed = ics(vevent("b", "20261126T100000", "Von Hand")).decode()
    office.calendar.put(CALENDAR, "b", changed)
    undone = only(await office.says("!meet rückgängig"))
    assert "2 Termine gelöscht" in undone.text
    assert "1 Termin wurde seitdem geändert" in undone.text
    assert [("Von Hand" in text) for text in office.texts()] == [True]


async def test_the_card_of_one_of_them_says_so(office: Office) -> None:
    await imports(office, ics(vevent("a"), vevent("b", "20261126T100000")))
    await office.says("!meet zeige 1")
    said = await office.says("!meet rückgängig")
    assert [one.text.splitlines()[0] for one in said if one.kind is Kind.MEETING] == ["Abgesagt: Ausschuss"]


async def test_one_event_is_taken_back_like_any_other(office: Office) -> None:
    await imports(office, ics(vevent("a")))
    assert (await office.says("!meet rückgängig"))[-1].kind is Kind.CANCELLED
    assert office.texts() == []


async def test_what_all_was_changed_stays(office: Office) -> None:
    await imports(office, ics(vevent("a"), vevent("b", "20261126T100000")))
    for uid in ("a", "b"):
        office.calendar.put(CALENDAR, uid, ics(vevent(uid, "20261126T100000", "Von Hand")).decode())
    assert only(await office.says("!meet rückgängig")).data["code"] == "conflict"
    assert len(office.texts()) == 2


async def test_a_repeated_undo_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await imports(office, ics(vevent("a"), vevent("b", "20261126T100000")))
    delete, number = office.calendar.delete, 0

    async def killed(calendar: CalendarName, href: Href, etag: Any) -> None:
        nonlocal number
        number += 1
        if number == 2:
            raise asyncio.CancelledError
        await delete(calendar, href, etag)

    monkeypatch.setattr(office.calendar, "delete", killed)
    with pytest.raises(asyncio.CancelledError):
        await office.says("!meet rückgängig")
    monkeypatch.setattr(office.calendar, "delete", delete)
    await office.resume()
    assert office.texts() == []
    assert "2 Termine gelöscht" in office.said(Kind.OK)[-1].text


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", range(1, 5))
async def test_killed_at_any_effect(office: Office, monkeypatch: pytest.MonkeyPatch, number: int, done: bool) -> None:
    """Writes and messages, each before it happens and when it has happened."""
    data = ics(vevent("a", "20261125T100000", "A"), vevent("b", "20261126T100000", "B"))
    await office.replies(posts(office, data), "!meet importiere")
    killed = await killed_at_effect(office, number, lambda: office.says("!meet ja"), monkeypatch, done=done)
    assert killed == (number <= 3)  # two events and the answer
    assert sorted("UID:a\r\n" in text for text in office.texts()) == [False, True]
    assert [len(one.data["items"]) for one in office.said(Kind.AGENDA)] == [2]
    await office.pull()
    assert await office.pass_time(timedelta(hours=1)) == []


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", range(1, 5))
async def test_an_undo_killed_at_any_effect(
    office: Office, monkeypatch: pytest.MonkeyPatch, number: int, done: bool
) -> None:
    await imports(office, ics(vevent("a"), vevent("b", "20261126T100000")))
    killed = await killed_at_effect(office, number, lambda: office.says("!meet rückgängig"), monkeypatch, done=done)
    assert killed == (number <= 3)
    assert office.texts() == []
    assert ["2 Termine gelöscht" in one.text for one in office.said(Kind.OK)] == [True]
