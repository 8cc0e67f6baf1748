"""Lists of events, and the next one."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.commands import List, ParseContext, parse, read_text
from calbot.core.messages import agenda, agenda_order, next_meeting, posted_agenda, scheduled
from calbot.core.model import AllDay, Details, Kind, Locale, Occurrence, Status, Timed
from calbot.matrix.content import message_content

from .examples import LINK, LOCALES, TUESDAY, at, event, reader

TODAY = date(2026, 11, 23)
WEEK = (date(2026, 11, 23), date(2026, 11, 29))


def items() -> list[tuple[int, Occurrence]]:
    return list(
        enumerate(
            (
                event("Haushalt", Timed(at(20, 9), at(23, 12)), uid="a"),
                event(details=Details(title="Dienstberatung", location="Raum 2"), when=Timed(at(23, 14), at(23, 15))),
                event(details=Details(title="Jour fixe", location=LINK, link=LINK), when=TUESDAY),
                event("Ausflug", AllDay(date(2026, 11, 25), date(2026, 11, 28))),
                event(details=Details(title="geheim", hidden=True), when=Timed(at(25, 8), at(25, 9))),
                event(details=Details(title="Wartung", status=Status.TENTATIVE), when=Timed(at(25, 22), at(26, 1))),
                event(details=Details(title="Klausur", status=Status.CANCELLED), when=Timed(at(26, 9), at(26, 17))),
            ),
            1,
        )
    )


LATER = event("Klausur", Timed(at(26, 18), at(26, 19)))

AGENDAS: dict[Locale, str] = {
    "de": """\
Termine: Mo., 23.11. – So., 29.11.

Heute, Montag, 23. November
1. bis 12:00: Haushalt
2. 14:00–15:00 Dienstberatung, Raum 2

Morgen, Dienstag, 24. November
3. 14:00–15:00 Jour fixe

Übermorgen, Mittwoch, 25. November
4. ganztägig bis Fr., 27.11.: Ausflug
5. 08:00–09:00 Belegt
6. 22:00 bis Do., 26.11., 01:00: Wartung (vorläufig)

Donnerstag, 26. November
7. 09:00–17:00 Klausur (abgesagt)

und 12 weitere: !meet liste Do., 26.11. bis So., 29.11.
Einzelheiten: !meet zeige 1""",
    "en": """\
Events: Mon, 23 Nov – Sun, 29 Nov

Today, Monday 23 November
1. until 12:00: Haushalt
2. 14:00–15:00 Dienstberatung, Raum 2

Tomorrow, Tuesday 24 November
3. 14:00–15:00 Jour fixe

The day after tomorrow, Wednesday 25 November
4. all day until Fri, 27 Nov: Ausflug
5. 08:00–09:00 Busy
6. 22:00 until Thu, 26 Nov, 01:00: Wartung (tentative)

Thursday 26 November
7. 09:00–17:00 Klausur (cancelled)

and 12 more: !meet list Thu, 26 Nov to Sun, 29 Nov
Details: !meet show 1""",
}


@pytest.mark.parametrize("locale", AGENDAS)
def test_a_week(locale: Locale) -> None:
    message = agenda(reader(locale), items(), window=WEEK, rest=[LATER] * 12)
    assert message.text == AGENDAS[locale]
    assert message.kind is Kind.AGENDA
    assert not message.notify


def test_the_numbers_go_into_the_machine_readable_part() -> None:
    message = agenda(reader(), items(), window=WEEK)
    assert [item["ref"] for item in message.data["items"]] == [1, 2, 3, 4, 5, 6, 7]
    assert message.data["items"][4]["title"] == "busy"
    assert message.data["items"][3]["end"] == {"date": "2026-11-27"}
    assert "geheim" not in repr(message)


@pytest.mark.parametrize(
    ("locale", "search", "text"),
    [
        ("de", None, "Keine Termine: Di., 24.11.\n\nTermin eintragen: !meet neu Besprechung Di 14-15 Uhr"),
        ("en", None, "No events: Tue, 24 Nov\n\nTo add one: !meet new Review Tue 2-3pm"),
        (
            "de",
            "<Budget>",
            "Keine Termine mit „<Budget>“: Di., 24.11.\n\nTermin eintragen: !meet neu Besprechung Di 14-15 Uhr",
        ),
    ],
)
def test_nothing_in_the_window(locale: Locale, search: str | None, text: str) -> None:
    day = date(2026, 11, 24)
    message = agenda(reader(locale), [], window=(day, day), search=search)
    assert message.text == text
    assert message.data == {"items": []}


def test_a_search_says_what_was_searched_for() -> None:
    message = agenda(reader(), items()[2:3], window=(WEEK[0], date(2027, 5, 22)), search="jour")
    assert message.text.splitlines()[0] == "Termine mit „jour“: Mo., 23.11. – Sa., 22.05.2027"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
Termine mit „jour fixe“: Di., 24.11. – Fr., 27.11.

Morgen, Dienstag, 24. November
1. 14:00–15:00 Jour fixe (jeden Dienstag, bis Fr., 18.12.2026), Raum 2
2. 14:00–15:00 Jour fixe Ost

und 12 weitere: !meet liste Do., 26.11. bis Fr., 27.11. suche:jour fixe
Einzelheiten: !meet zeige 1""",
        ),
        (
            "en",
            """\
Events with “jour fixe”: Tue, 24 Nov – Fri, 27 Nov

Tomorrow, Tuesday 24 November
1. 14:00–15:00 Jour fixe (every Tuesday, until Fri, 18 Dec 2026), Raum 2
2. 14:00–15:00 Jour fixe Ost

and 12 more: !meet list Thu, 26 Nov to Fri, 27 Nov search:jour fixe
Details: !meet show 1""",
        ),
    ],
)
def test_in_a_search_a_series_is_shown_with_its_rule_and_the_hint_keeps_the_search(locale: Locale, text: str) -> None:
    rule = "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261218T130000Z"
    series = event(details=Details(title="Jour fixe", location="Raum 2", rule=rule))
    other = event(details=Details(title="Jour fixe Ost", rule="FREQ=HOURLY"))
    day = date(2026, 11, 24)
    window = (day, date(2026, 11, 27))
    found = [(1, series), (2, other)]
    message = agenda(reader(locale), found, window=window, search="jour fixe", rest=[LATER] * 12)
    assert message.text == text
    assert "jeden" not in agenda(reader("de"), [(1, series)], window=(day, day)).text


def test_the_rule_of_a_hidden_series_is_not_shown() -> None:
    hidden = event(details=Details(title="", rule="FREQ=WEEKLY;BYDAY=TU", hidden=True))
    message = agenda(reader(), [(1, hidden)], window=WEEK, search="x")
    assert "1. 14:00–15:00 Belegt" in message.text.splitlines()


def test_what_begins_together_is_in_the_order_of_end_and_title() -> None:
    day = AllDay(date(2026, 11, 24), date(2026, 11, 25))
    ordered = [
        event("z", day),
        event("z", Timed(at(24, 14), at(24, 14, 30))),
        event("a", TUESDAY, uid="1"),
        event("A", TUESDAY, uid="2"),
        event("b", TUESDAY),
        event("a", Timed(at(24, 14, 30), at(24, 14, 45))),
    ]
    shuffled = [ordered[place] for place in (3, 5, 0, 4, 2, 1)]
    assert sorted(shuffled, key=partial(agenda_order, reader())) == ordered


def test_old_data_is_marked_with_its_age() -> None:
    message = agenda(reader(), items()[2:3], window=WEEK, as_of=at(23, 9, 45))
    assert message.text.splitlines()[1] == "Stand 09:45 Uhr: Der Kalender antwortet gerade nicht."
    assert "Stand So., 22.11., 18:00 Uhr" in agenda(reader(), [], window=WEEK, as_of=at(22, 18)).text


def test_where_there_are_several_calendars_each_event_names_its_own() -> None:
    message = agenda(reader(), items()[1:2], window=WEEK, with_calendar=True)
    assert "2. 14:00–15:00 Dienstberatung, Raum 2 (it-team)" in message.text.splitlines()


def test_the_one_event_more_is_counted_in_the_singular() -> None:
    message = agenda(reader(), items()[:1], window=WEEK, rest=[LATER])
    assert "und 1 weiterer: !meet liste Do., 26.11. bis So., 29.11." in message.text.splitlines()


def test_what_is_more_on_the_same_day_is_not_to_be_had_by_the_same_list() -> None:
    day = date(2026, 11, 24)
    text = agenda(reader(), [(1, event())], window=(day, day), rest=[event("Jour fixe Ost")] * 2).text
    assert "und 2 weitere an diesem Tag; gezielt suchen: !meet suche Titel" in text
    assert "!meet liste" not in text


NEXT = event(
    details=Details(title="Dienstberatung", location="Raum 2", link=LINK), when=Timed(at(23, 10, 25), at(23, 11))
)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            f"Als Nächstes, in 25 Minuten: Dienstberatung\nMo., 23.11.2026, 10:25–11:00 Uhr\nOrt: Raum 2\n"
            f"Teilnehmen: {LINK}\nKalender: it-team",
        ),
        (
            "en",
            f"Next, in 25 minutes: Dienstberatung\nMon, 23 Nov 2026, 10:25–11:00\nPlace: Raum 2\n"
            f"Join: {LINK}\nCalendar: it-team",
        ),
    ],
)
def test_the_next_event(locale: Locale, text: str) -> None:
    message = next_meeting(reader(locale), NEXT, calendar_title="it-team")
    assert message.text == text
    assert message.kind is Kind.MEETING
    assert message.data["title"] == "Dienstberatung"


def test_an_event_that_is_going_on() -> None:
    message = next_meeting(reader(), event("Dienstberatung", Timed(at(23, 9, 45), at(23, 11))))
    assert message.text == "Läuft bis 11:00 Uhr: Dienstberatung\nMo., 23.11.2026, 09:45–11:00 Uhr"


def test_no_next_event() -> None:
    message = next_meeting(reader(), None, as_of=at(23, 9, 45))
    assert message.text == (
        "Demnächst ist nichts eingetragen.\nTermin eintragen: !meet neu Besprechung Di 14-15 Uhr\n\n"
        "Stand 09:45 Uhr: Der Kalender antwortet gerade nicht."
    )
    assert message.data == {"items": []}


@pytest.mark.parametrize("locale", LOCALES)
def test_public_holidays_among_the_days_are_named(locale: Locale) -> None:
    message = agenda(
        reader(locale),
        [(1, event())],
        window=(date(2026, 12, 21), date(2026, 12, 27)),
        holidays=[(date(2026, 12, 25), "Erster <Weihnachtstag>"), (date(2026, 12, 26), "Zweiter")],
    )
    assert message.text.splitlines()[1].endswith(": Erster <Weihnachtstag>")
    assert message.text.splitlines()[2].endswith(": Zweiter")
    assert "Erster &lt;Weihnachtstag&gt;" in message.html


def test_one_that_comes_by_itself_may_notify_and_mentions_nobody() -> None:
    typed = agenda(reader(), [(1, event())], window=WEEK)
    message = scheduled(typed)
    assert (message.notify, message.mentions, message.mention_room) == (True, (), False)
    assert (message.text, message.html, message.data) == (typed.text, typed.html, typed.data)


def test_as_it_was_posted_it_is_the_same() -> None:
    message = scheduled(agenda(reader(), [(1, event()), (2, event("<b>Klausur</b>"))], window=WEEK))
    assert posted_agenda(message_content(message, "agenda-1")) == message


@given(
    day=st.dates(date(2026, 11, 24), date(2027, 11, 1)),
    ahead=st.integers(0, 60),
    locale=st.sampled_from(LOCALES),
    search=st.sampled_from([None, "jour fixe"]),
)
def test_the_command_for_what_is_more_reads_as_the_rest_of_the_window(
    day: date, ahead: int, locale: Locale, search: str | None
) -> None:
    last = day + timedelta(days=ahead)
    later = event(when=AllDay(day, day + timedelta(days=1)))
    shown = agenda(reader(locale), [(1, event())], window=(TODAY, last), rest=[later] * 3, search=search).text
    (line,) = [line for line in shown.splitlines() if "!meet" in line and ": !meet" in line and "3 " in line]
    command = line[line.index("!meet") + len("!meet ") :]
    context = ParseContext(reader(locale).now, ("de", "en") if locale == "de" else ("en", "de"))
    assert parse(read_text({"body": command}), context) == List((day, last + timedelta(days=1)), search or "")
