"""One occurrence of a series, it and those after it, or all of it: for move, edit and cancel, killed at any instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from calbot.core.ical import read_and_expand
from calbot.core.model import CalendarName, CalendarObject, Etag, EventId, Href, Kind, Message, Timed
from calbot.core.settings import Show
from calbot.errors import CalendarReadOnly, CalendarUnavailable, PreconditionFailed
from calbot.services import startup

from .conftest import ANNA, BEN, BERLIN, CALENDAR, CARLA, ROOM, Office
from .kills import killed_at, killed_at_effect
from .test_meetings import only

FROM_SECOND = {
    "move": "!meet verschiebe 2 folgende 3.12. 15-16 Uhr",
    "edit": '!meet ändere 2 folgende titel:"Neuer Name" ort:Rathaus',
    "cancel": "!meet absagen 2 folgende",
}
SEEN = {
    "move": [("11-25 10:00", "Jour fixe", ""), ("12-03 15:00", "Jour fixe", ""), ("12-10 15:00", "Jour fixe", "")],
    "edit": [
        ("11-25 10:00", "Jour fixe", ""),
        ("12-02 10:00", "Neuer Name", "Rathaus"),
        ("12-09 10:00", "Neuer Name", "Rathaus"),
    ],
    "cancel": [("11-25 10:00", "Jour fixe", "")],
}
WHOLE = [("11-25 10:00", "Jour fixe", ""), ("12-02 10:00", "Jour fixe", ""), ("12-09 10:00", "Jour fixe", "")]


async def series(office: Office) -> None:
    await office.says(f"!meet neu Jour fixe jeden Mittwoch 10-11 {BEN}")
    await office.says("!meet liste 21t")


def on_server(office: Office) -> list[tuple[str, str, str]]:
    """The occurrences of three weeks, as they lie on the server."""
    now = office.clock().astimezone(BERLIN)
    window = now, now.replace(month=12, day=15)
    found = [
        one
        for obj in office.calendar.objects(CALENDAR).values()
        for one in read_and_expand(obj, calendar=CalendarName(""), hidden=False, zone=BERLIN, window=window).occurrences
    ]
    return sorted(
        (f"{one.when.start.astimezone(BERLIN):%m-%d %H:%M}", one.details.title, one.details.location)
        for one in found
        if isinstance(one.when, Timed)
    )


async def listed(office: Office) -> list[str]:
    """What people see of it."""
    return [item["start"]["localtime"][5:16].replace("T", " ") for item in await items(office)]


async def items(office: Office) -> list[dict[str, dict[str, str]]]:
    shown: list[dict[str, dict[str, str]]] = only(await office.says("!meet liste 21t")).data["items"]
    return shown


def answered(office: Office) -> list[Message]:
    kinds = (Kind.CHANGE, Kind.CANCELLED)
    return [one for kind in kinds for one in office.said(kind)]


# -------------------------------------------------------------------------------------------------------- what it does


@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_one_and_those_after_it(office: Office, verb: str) -> None:
    await series(office)
    await office.says(FROM_SECOND[verb])
    assert on_server(office) == SEEN[verb]
    assert await listed(office) == [when for when, _, _ in SEEN[verb]]
    answer = only(answered(office))
    assert "und alle folgenden" in answer.text
    assert answer.mentions == (BEN,)
    assert len(office.texts()) == (1 if verb == "cancel" else 2)
    await office.pull()
    assert await listed(office) == [when for when, _, _ in SEEN[verb]]
    assert len(answered(office)) == 1  # nobody is told of it as of the work of others


@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_from_the_first_on_it_is_the_whole_series(office: Office, verb: str) -> None:
    await series(office)
    await office.says(FROM_SECOND[verb].replace(" 2 ", " 1 "))
    assert len(office.texts()) == (0 if verb == "cancel" else 1)
    assert len(on_server(office)) == {"cancel": 0, "edit": 3, "move": 2}[verb]
    assert "Ganze Serie" in only(answered(office)).text


@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_undo_makes_one_series_of_it_again(office: Office, verb: str) -> None:
    await series(office)
    await office.says(FROM_SECOND[verb])
    await office.says("!meet undo")
    assert on_server(office) == WHOLE
    assert len(office.texts()) == 1
    assert await listed(office) == [when for when, _, _ in WHOLE]
    await office.pull()
    assert await listed(office) == [when for when, _, _ in WHOLE]


@pytest.mark.parametrize("verb", ["move", "edit"])
async def test_undo_leaves_what_others_have_changed_in_either_half(office: Office, verb: str) -> None:
    await series(office)
    first = office.name()
    await office.says(FROM_SECOND[verb])
    second = next(
        href.rpartition("/")[2].removesuffix(".ics") for href in office.calendar.objects(CALENDAR) if first not in href
    )
    data = next(one.data for href, one in office.calendar.objects(CALENDAR).items() if second in href)
    office.calendar.put(CALENDAR, second, data.replace("TRANSP:OPAQUE", "TRANSP:OPAQUE\r\nDESCRIPTION:wichtig"))
    before = on_server(office)
    answer = only(await office.says("!meet undo"))
    assert answer.data["code"] == "conflict"
    assert on_server(office) == before


@pytest.mark.parametrize("verb", ["move", "edit"])
async def test_what_goes_on_is_still_ones_own_and_its_card_follows(office: Office, verb: str) -> None:
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11")
    card = office.chat.last(ROOM).event
    await office.says("!meet liste 21t")
    await office.says(FROM_SECOND[verb])
    assert [one.edits for one in office.chat.posted].count(card) == 1
    changed = await office.replies(card, '!meet ändere alle text:"Bitte vorbereiten"')
    assert Kind.CHANGE in [one.kind for one in changed]
    texts = [text for text in office.texts() if "Bitte vorbereiten" in text]
    assert len(texts) == 1
    assert "RELATED-TO" in texts[0]


async def test_the_question_offers_all_three(office: Office) -> None:
    await series(office)
    question = only(await office.says("!meet absagen 2"))
    assert [choice["number"] for choice in question.data["choices"]] == [1, 2, 3]
    await office.says("!meet 3")
    assert on_server(office) == SEEN["cancel"]


async def test_a_scope_before_a_time_is_not_asked_for_again(office: Office) -> None:
    await series(office)
    for text in ("!meet verschiebe 1 alle 14-15", "!meet verschiebe 1 alle 14-15 Uhr", "!meet verschiebe 1 irgendwann"):
        assert Kind.QUESTION not in [one.kind for one in await office.says(text)]
    assert Kind.QUESTION not in [one.kind for one in await office.says("!meet verschiebe last alle auf 15-16 Uhr")]
    assert [when for when, _, _ in on_server(office)] == ["11-25 15:00", "12-02 15:00", "12-09 15:00"]


async def test_reminders_are_those_of_the_new_series(office: Office) -> None:
    await series(office)
    await office.says(FROM_SECOND["move"])
    await office.until(office.clock().replace(month=12, day=10, hour=12, minute=0))
    starts = [one.data["start"]["localtime"][5:16] for one in office.said(Kind.REMINDER)]
    assert starts == ["11-25T10:00", "12-03T15:00"]


async def test_in_another_room_it_is_told_as_what_it_is(office: Office) -> None:
    await series(office)
    other = office.chat.add_room("!leads:example.org", ANNA, CARLA)
    rooms = office.world.settings.rooms
    office.change(rooms={**rooms, other: replace(rooms[ROOM], id=other)})
    await startup.begin(office.world)
    await office.pass_time(timedelta(minutes=20))
    await office.says(FROM_SECOND["move"])
    await office.pass_time(timedelta(minutes=20))
    told = [one.text for one in office.chat.messages(other, Kind.CHANGE)]
    assert len(told) == 1
    assert "03.12." in told[0]


# ------------------------------------------------------------------------------------------------------------- crashes


async def _act(office: Office, verb: str) -> None:
    await office.says(FROM_SECOND[verb])


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_killed_at_any_effect_it_is_done_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, verb: str, number: int, done: bool
) -> None:
    await series(office)
    await killed_at_effect(office, number, lambda: _act(office, verb), monkeypatch, done=done)
    assert on_server(office) == SEEN[verb]
    assert await listed(office) == [when for when, _, _ in SEEN[verb]]
    assert len(answered(office)) == 1
    await office.resume()
    assert on_server(office) == SEEN[verb]
    await office.says("!meet undo")
    assert on_server(office) == WHOLE
    assert len(office.texts()) == 1


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("number", range(1, 4))
@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_killed_on_a_server_that_chooses_names_no_second_half_is_left_over(
    office: Office, monkeypatch: pytest.MonkeyPatch, verb: str, number: int, done: bool
) -> None:
    """Each time it takes another name, and it does not mind a UID that is there already."""
    await series(office)
    create, names = office.calendar.create, count()

    async def elsewhere(calendar: CalendarName, name: str, data: str) -> CalendarObject:
        return await create(calendar, f"{next(names)}-{name}", data)

    monkeypatch.setattr(office.calendar, "create", elsewhere)
    await killed_at_effect(office, number, lambda: _act(office, verb), monkeypatch, done=done)
    assert on_server(office) == SEEN[verb]
    assert await listed(office) == [when for when, _, _ in SEEN[verb]]
    assert len(answered(office)) == 1
    await office.says("!meet undo")
    assert on_server(office) == WHOLE
    assert len(office.texts()) == 1


async def test_written_by_others_in_between_the_second_half_is_found_under_its_name(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await series(office)
    create, update, names = office.calendar.create, office.calendar.update, count()

    async def elsewhere(calendar: CalendarName, name: str, data: str) -> CalendarObject:
        return await create(calendar, f"{next(names)}-{name}", data)

    async def overtaken(calendar: CalendarName, href: Href, data: str, etag: Etag | None) -> CalendarObject:
        if next(updates) == 0:
            raise PreconditionFailed
        return await update(calendar, href, data, etag)

    updates = count()
    monkeypatch.setattr(office.calendar, "create", elsewhere)
    monkeypatch.setattr(office.calendar, "update", overtaken)
    await _act(office, "move")
    assert on_server(office) == SEEN["move"]
    assert len(office.texts()) == 2


@pytest.mark.parametrize(
    "step", ["write.expected", "write.done", "split.second", "split.first", "calendar.mirrored", "change.noted"]
)
@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_killed_at_any_step_it_is_done_once(office: Office, verb: str, step: str) -> None:
    await series(office)
    await killed_at(office, step, lambda: _act(office, verb))
    assert on_server(office) == SEEN[verb]
    assert await listed(office) == [when for when, _, _ in SEEN[verb]]
    assert len(answered(office)) == 1


@pytest.mark.parametrize("step", ["write.expected", "write.done", "join.first", "join.second", "calendar.mirrored"])
@pytest.mark.parametrize("verb", FROM_SECOND)
async def test_killed_while_it_is_taken_back(office: Office, verb: str, step: str) -> None:
    await series(office)
    await office.says(FROM_SECOND[verb])
    await killed_at(office, step, lambda: _undo(office))
    assert on_server(office) == WHOLE
    assert len(office.texts()) == 1
    assert await listed(office) == [when for when, _, _ in WHOLE]


async def _undo(office: Office) -> None:
    await office.says("!meet undo")


@pytest.mark.parametrize("shift", ["-1", "+1"])
async def test_a_whole_series_of_every_day_is_moved_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, shift: str
) -> None:
    """Where it was moved by a day, another of its dates lies where this one was."""
    await office.says("!meet neu Stehung jeden Tag 10-10:15")
    await office.says("!meet liste")
    text = "!meet verschiebe 3 Mi alle" if shift == "-1" else "!meet verschiebe 3 Fr alle"
    await killed_at_effect(office, 1, lambda: _says(office, text), monkeypatch, done=True)
    (text,) = office.texts()
    assert "SEQUENCE:1" in text


async def _says(office: Office, text: str) -> None:
    await office.says(text)


async def test_two_dates_moved_within_a_second_are_both_moved(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second was killed before it wrote: what the first left does not look as if it had been done."""
    await series(office)
    await office.says("!meet verschiebe 2 12-13 Uhr")
    await office.says("!meet 1")
    assert await killed_at(office, "write.expected", lambda: _picks(office, "!meet verschiebe 3 12-13 Uhr"))
    assert [when for when, _, _ in on_server(office)] == ["11-25 10:00", "12-02 12:00", "12-09 12:00"]


async def _picks(office: Office, text: str) -> None:
    await office.says(text)
    await office.says("!meet 1")


@pytest.mark.parametrize("shift", ["T13", "T09"])
async def test_a_date_that_somebody_moved_meanwhile_is_not_taken_out(office: Office, shift: str) -> None:
    """What was shown, and is to be cancelled, is a date at another time."""
    await series(office)
    name, text = office.name(), office.texts()[0]
    event = text[text.index("BEGIN:VEVENT") : text.index("END:VCALENDAR")]
    moved = event.replace("RRULE:FREQ=WEEKLY", "RECURRENCE-ID;TZID=Europe/Berlin:20261202T100000\r\nX-WAS:")
    moved = moved.replace("20261125T10", f"20261203{shift}").replace("20261125T11", "20261203T15")
    office.calendar.put(CALENDAR, name, text.replace("END:VCALENDAR", moved + "END:VCALENDAR"))
    before = on_server(office)
    await office.says("!meet absagen 2")
    answer = only(await office.says("!meet 1"))
    assert answer.data["code"] == "conflict"
    assert on_server(office) == before


@pytest.mark.parametrize("step", ["", "write.expected", "write.done", "calendar.mirrored"])
async def test_the_last_date_takes_the_series_with_it(office: Office, step: str) -> None:
    """A series without any date is refused by some servers (sabre), and is nothing to keep on the others."""
    await office.says("!meet neu Jour fixe jeden Mittwoch 10-11 2x")
    await office.says("!meet liste 21t")
    await _picks(office, "!meet absagen 1")
    assert [when for when, _, _ in on_server(office)] == ["12-02 10:00"]
    await killed_at(office, step, lambda: _picks(office, "!meet absagen 2"))
    assert office.texts() == []
    assert await listed(office) == []
    assert office.said(Kind.ERROR) == []
    await office.says("!meet undo")
    assert [when for when, _, _ in on_server(office)] == ["12-02 10:00"]


# ------------------------------------------------------------------------------------------------------------- failures


def failing(
    office: Office, name: str, error: Exception, monkeypatch: pytest.MonkeyPatch, *, stored: bool = False
) -> None:
    """The next call of this kind fails; with `stored` it is done all the same."""
    port = getattr(office.calendar, name)

    async def call(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(office.calendar, name, port)
        if stored:
            await port(*arguments, **options)
        raise error

    monkeypatch.setattr(office.calendar, name, call)


UNAVAILABLE = CalendarUnavailable("calendar_timeout")


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("name", ["create", "update"])
@pytest.mark.parametrize("verb", ["move", "edit"])
async def test_the_server_goes_away_in_between(
    office: Office, monkeypatch: pytest.MonkeyPatch, verb: str, name: str, stored: bool
) -> None:
    """Whether it has stored what it did not answer to: nothing is lost then, and nothing is there twice."""
    await series(office)
    failing(office, name, UNAVAILABLE, monkeypatch, stored=stored)
    error = only(await office.says(FROM_SECOND[verb]))
    assert error.data["code"] == "calendar_unavailable"
    await office.pull()
    expected = SEEN[verb] if (name, stored) == ("update", True) else WHOLE
    assert on_server(office) == expected
    assert await listed(office) == [when for when, _, _ in expected]


@pytest.mark.parametrize("verb", ["move", "edit"])
async def test_tried_again_after_that_it_is_done(office: Office, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    await series(office)
    failing(office, "update", UNAVAILABLE, monkeypatch)
    await office.says(FROM_SECOND[verb])
    await office.says(FROM_SECOND[verb])
    await office.pull()
    assert on_server(office) == SEEN[verb]


@pytest.mark.parametrize("error", [CalendarReadOnly(calendar="it-team")])
async def test_where_the_first_half_is_refused_the_second_goes_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await series(office)
    failing(office, "update", error, monkeypatch)
    answer = only(await office.says(FROM_SECOND["move"]))
    assert answer.data["code"] == "read_only"
    assert on_server(office) == WHOLE
    assert len(office.texts()) == 1


@pytest.mark.parametrize("verb", ["move", "edit"])
async def test_what_others_write_in_between_is_in_both_halves(
    office: Office, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    await series(office)
    name, text = office.name(), office.texts()[0]
    update = office.calendar.update

    async def after_others(*arguments: object) -> object:
        monkeypatch.setattr(office.calendar, "update", update)
        office.calendar.put(CALENDAR, name, text.replace("TRANSP:OPAQUE", "TRANSP:OPAQUE\r\nDESCRIPTION:von außen"))
        raise PreconditionFailed

    monkeypatch.setattr(office.calendar, "update", after_others)
    await office.says(FROM_SECOND[verb])
    assert on_server(office) == SEEN[verb]
    assert all("DESCRIPTION:von außen" in text for text in office.texts())


async def test_somebody_moved_it_meanwhile(office: Office) -> None:
    await series(office)
    text = office.texts()[0].replace("T100000", "T130000").replace("T110000", "T140000")
    office.calendar.put(CALENDAR, office.name(), text)
    answer = only(await office.says(FROM_SECOND["move"]))
    assert answer.data["code"] in ("conflict", "not_found", "stale_reference")
    assert len(office.texts()) == 1


async def test_where_nothing_may_be_written_nothing_is_asked(office: Office) -> None:
    await series(office)
    office.calendar.read_only.add(CALENDAR)
    await office.calendar.probe(CALENDAR)  # as the first write does, and a look each night
    for text in ("!meet verschiebe 1 16 Uhr", "!meet ändere 1 ort:Rathaus", "!meet absagen 1", *FROM_SECOND.values()):
        assert only(await office.says(text)).data["code"] == "read_only"
    assert on_server(office) == WHOLE


async def test_of_a_hidden_series_only_times_are_told(office: Office) -> None:
    calendars = {CALENDAR: replace(office.world.settings.calendars[CALENDAR], show=Show.BUSY)}
    office.change(calendars=calendars)
    await startup.begin(office.world)
    await office.says("!meet neu Personalrunde jeden Mittwoch 10-11")
    await office.says("!meet liste 21t")
    before = len(office.chat.posted)
    for text in FROM_SECOND.values():
        await office.says("!meet liste 21t")
        await office.says(text)
    told = [one.message for one in office.chat.posted[before:] if one.message]
    assert len(told) >= 3
    for word in ("Personalrunde", "Neuer Name", "Rathaus"):
        assert all(word not in one.text + str(one.data) for one in told)
    kept = [await office.world.stores.undo.claim(ROOM, ANNA, office.world.began, EventId("$probe"))]
    assert all("Personalrunde" not in repr(one) for one in kept)
