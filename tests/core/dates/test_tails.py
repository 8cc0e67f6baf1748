"""Where the title ends and the date begins."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.dates import Locale, Reading, Reason, Unread, split_tail
from calbot.when import notation

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def parted(words: list[str], start: int, reading: Reading) -> str:
    return f"{' '.join(words[:start])} | {notation(reading)}"


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("de", "Budgetrunde nächsten Montag 14-15 Uhr", "Budgetrunde | at 2026-11-30T14:00/2026-11-30T15:00"),
        ("de", "Jour fixe morgen 10-10:30", "Jour fixe | at 2026-11-24T10:00/2026-11-24T10:30"),
        ("de", "Treffen mit Anna und Ben am Freitag um 9 Uhr", "Treffen mit Anna und Ben | at 2026-11-27T09:00"),
        ("de", "Besprechung Raum 4 14 Uhr", "Besprechung Raum 4 | at 2026-11-23T14:00"),
        ("de", "Sprint 12 Mo 10", "Sprint 12 | at 2026-11-30T10:00"),
        ("de", "KW 48 Planung Di 10", "KW 48 Planung | at 2026-11-24T10:00"),
        ("de", "Version 2.0 morgen 14 Uhr", "Version 2.0 | at 2026-11-24T14:00"),
        ("de", "Termin 1 morgen 10-11", "Termin 1 | at 2026-11-24T10:00/2026-11-24T11:00"),
        ("de", "Haushalt 2027 1. Dezember 10 Uhr", "Haushalt 2027 | at 2026-12-01T10:00"),
        ("de", "Umzug Raum 3 24.11. 10 Uhr", "Umzug Raum 3 | at 2026-11-24T10:00"),
        ("de", "Klausur 12. Dezember 10 Uhr", "Klausur | at 2026-12-12T10:00"),
        ("de", "Treffen 24.11 14 Uhr", "Treffen | at 2026-11-24T14:00"),
        ("de", "24/7 Support morgen 10 Uhr", "24/7 Support | at 2026-11-24T10:00"),
        ("de", "Fest 2 Stunden morgen 14 Uhr", "Fest | at 2026-11-24T14:00/2026-11-24T16:00"),
        ("de", "Budget, morgen 14 Uhr", "Budget, | at 2026-11-24T14:00"),
        ("de", "Budget (morgen 14 Uhr)", "Budget | at 2026-11-24T14:00"),
        ("de", "Budget am Di 24.11. 10 Uhr", "Budget | at 2026-11-24T10:00"),
        ("de", "Abend der offenen Tür Sa 18 Uhr", "Abend der offenen Tür | at 2026-11-28T18:00"),
        (
            "de",
            "Sprechstunde mittwochs 14-16 Uhr",
            "Sprechstunde | every 2026-11-25T14:00/2026-11-25T16:00;FREQ=WEEKLY;BYDAY=WE",
        ),
        ("de", "Teamtag 24.-26.11.", "Teamtag | day 2026-11-24/2026-11-26"),
        ("de", "Abgabe Freitag", "Abgabe | day 2026-11-27/2026-11-27"),
        ("de", "TOP 3 Dienstag 10 Uhr", "TOP 3 | at 2026-11-24T10:00"),
        ("de", "morgen 14 Uhr", " | at 2026-11-24T14:00"),
        ("de", "Termine morgen 10 Uhr", "Termine | at 2026-11-24T10:00"),
        ("de", "Feier Fr 20 Uhr", "Feier | at 2026-11-27T20:00"),
        ("de", "Montage morgen 10 Uhr", "Montage | at 2026-11-24T10:00"),
        ("de", "Mittag Fr 12:10", "Mittag | at 2026-11-27T12:10"),
        ("de", "Budget Ende Fr 11 Uhr", "Budget Ende | at 2026-11-27T11:00"),
        ("de", "KW 49 Planung Mi 2.12. 10 Uhr", "KW 49 Planung | at 2026-12-02T10:00"),
        ("de", "Montag Planung Mo 30.11. 10 Uhr", "Montag Planung | at 2026-11-30T10:00"),
        ("de", "November Rückblick Fr 10", "November Rückblick | at 2026-11-27T10:00"),
        ("de", "Mai-Feier Fr 10", "Mai-Feier | at 2026-11-27T10:00"),
        ("de", "Planung Rosenmontag 10 Uhr", "Planung | at 2027-02-08T10:00"),
        ("de", "Gespräch mit Nikolaus 16 Uhr Di", "Gespräch mit Nikolaus | at 2026-11-24T16:00"),
        ("de", "Karfreitag Dienste Di 10", "Karfreitag Dienste | at 2026-11-24T10:00"),
        ("de", "Vorlesung Di 14 Uhr c.t.", "Vorlesung | at 2026-11-24T14:15"),
        ("de", "Silvester 20 Uhr", " | at 2026-12-31T20:00"),
        ("en", "Call New York Tue 2pm ET", "Call New York | at 2026-11-24T20:00"),
        ("de", "1. Sitzung Fr 10 Uhr", "1. Sitzung | at 2026-11-27T10:00"),
        ("de", "So geht Digitalisierung Fr 20 Uhr", "So geht Digitalisierung | at 2026-11-27T20:00"),
        ("de", "Sonntagsdienst Fr 20 Uhr", "Sonntagsdienst | at 2026-11-27T20:00"),
        (
            "en",
            "Weekly every other monday at 9",
            "Weekly | every 2026-11-30T09:00;FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
        ),
        ("en", "Match fri 10am", "Match | at 2026-11-27T10:00"),
        ("en", "Monday blues mon 30 Nov 10am", "Monday blues | at 2026-11-30T10:00"),
        ("en", "Budget review friday 2-3pm", "Budget review | at 2026-11-27T14:00/2026-11-27T15:00"),
        ("en", "Kickoff and review tomorrow 2pm", "Kickoff and review | at 2026-11-24T14:00"),
        ("en", "1:1 with Bob tomorrow 2pm", "1:1 with Bob | at 2026-11-24T14:00"),
        ("en", "Team day friday", "Team day | day 2026-11-27/2026-11-27"),
        ("en", "Room 12 14:00", "Room 12 | at 2026-11-23T14:00"),
        ("en", "Review 3 pm tomorrow", "Review | at 2026-11-24T15:00"),
    ],
)
def test_the_date_is_the_longest_tail_that_reads_as_one(locale: Locale, text: str, expected: str) -> None:
    words = text.split()
    tail = split_tail(words, locale=locale, now=NOW)
    assert tail is not None
    assert parted(words, tail.start, tail.reading) == expected
    assert tail.alternatives == ()


@pytest.mark.parametrize(
    ("locale", "text", "first", "second"),
    [
        ("de", "Planung KW 49 Di 10", "Planung | at 2026-12-01T10:00", "Planung KW 49 | at 2026-11-24T10:00"),
        (
            "de",
            "Besprechung Raum 4.12 14 Uhr",
            "Besprechung Raum | at 2026-12-04T14:00",
            "Besprechung Raum 4.12 | at 2026-11-23T14:00",
        ),
        ("de", "Schöner Abend morgen 9 Uhr", "Schöner | at 2026-11-24T21:00", "Schöner Abend | at 2026-11-24T09:00"),
        ("de", "To do 11 Uhr", "To | at 2026-11-26T11:00", "To do | at 2026-11-23T11:00"),
        ("en", "Phase 2 May 10am", "Phase | at 2027-05-02T10:00", "Phase 2 May | at 2026-11-24T10:00"),
    ],
)
def test_a_border_that_may_be_elsewhere_is_asked_about(locale: Locale, text: str, first: str, second: str) -> None:
    words = text.split()
    tail = split_tail(words, locale=locale, now=NOW)
    assert tail is not None
    assert parted(words, tail.start, tail.reading) == first
    assert [parted(words, split.start, split.reading) for split in tail.alternatives] == [second]


@pytest.mark.parametrize(
    ("locale", "text", "doubtful"),
    [
        ("de", "Planung Weihnachten 10 Uhr", "Weihnachten"),
        ("de", "Gespräch mit Nikolaus 16 Uhr", "Nikolaus"),
        ("de", "Planung Karfreitga 10 Uhr", "Karfreitga"),
        ("en", "Dinner Thanksgiving 6pm", "Thanksgiving"),
        ("de", "Budgetrunde Dienstg 10 Uhr", "Dienstg"),
        ("de", "Budgetrunde am Dinestag, 10 Uhr", "Dinestag,"),
        ("de", "Budgetrunde nächsten Dienstg 10 Uhr", "Dienstg"),
        ("de", "Budgetrunde naechte Woche Di 10", "naechte Woche"),
        ("de", "Treffen jedne Dienstag 10 Uhr", "jedne"),
        ("de", "Treffen Dezember 14 Uhr", "Dezember"),
        ("de", "Treffen Di oder Mi 10 Uhr", "oder"),
        ("de", "Treffen Di und Mi 10 Uhr", "und"),
        ("de", "Treffen nicht Dienstag 10 Uhr", "nicht"),
        ("de", "Treffen bis Freitag 12 Uhr", "bis"),
        ("de", "Treffen ca. 14 Uhr", "ca."),
        ("de", "Treffen gegen 14 Uhr", "gegen"),
        ("de", "Treffen 24,11 10 Uhr", "24,11"),
        ("de", "Treffen 24. 10 Uhr", "24."),
        ("de", "Treffen am 24 14 Uhr", "am 24"),
        ("de", "Treffen Mi 25 14 Uhr", "Mi 25"),
        ("de", "Treffen 10 24.11.", "10"),
        ("de", "Montage 10 Uhr", "Montage"),
        ("de", "montage morgen 10 Uhr", "montage"),
        ("de", "Budget Montage morgen 10 Uhr", "Montage"),
        ("de", "Dienstg 10 Uhr", "Dienstg"),
        ("de", "Budget Ende 10 Uhr", "Ende"),
        ("de", "12. Novmber Fr 10 Uhr", "Novmber"),
        # a day in front, another one at the end
        ("de", "KW 49 Planung Mi 10", "KW 49"),
        ("de", "KW49: Planung Mi 10", "KW49"),
        ("de", "Planung KW 49 Team Mi 10", "KW 49"),
        ("de", "nächste Woche Planung Mi 10", "nächste Woche"),
        ("de", "Mittwoch Planung Fr 10", "Mittwoch"),
        ("de", "Am Mittwoch Planung Fr 10", "Am Mittwoch"),
        ("de", "morgen Planung Fr 10", "morgen"),
        ("de", "Dezember Planung Mi 10", "Dezember"),
        ("de", "Dezember Planung 10 Uhr", "Dezember"),
        ("de", "November Planung 10 Uhr", "November"),
        ("de", "24.12. Planung Fr 10", "24.12."),
        ("en", "week 49 planning wed 10am", "week 49"),
        ("en", "next week planning wed 10am", "next week"),
        ("en", "tomorrow planning fri 10am", "tomorrow"),
        ("en", "March planning tue 10am", "March"),
        ("de", "Gespräch mit Frau Mai morgen 10 Uhr", "Mai"),
        # the other half of the date stands in front
        ("de", "morgen Budgetrunde 14 Uhr", "morgen"),
        ("de", "Montag Treffen 10 Uhr", "Montag"),
        ("de", "14 Uhr Budget morgen", "14 Uhr"),
        ("de", "jeden Montag Treffen 10 Uhr", "jeden Montag"),
        ("en", "tomorrow standup 9am", "tomorrow"),
        ("en", "Lunch tuesdy noon", "tuesdy"),
        ("en", "Meeting by friday 5pm", "by"),
        ("en", "Sync tue or wed 10am", "or"),
    ],
)
def test_a_word_that_may_belong_to_the_date_is_named(locale: Locale, text: str, doubtful: str) -> None:
    tail = split_tail(text.split(), locale=locale, now=NOW)
    assert tail is not None
    assert tail.reading == Unread(Reason.NOT_UNDERSTOOD, doubtful)
    assert [split.start for split in tail.alternatives] == [tail.start]


@pytest.mark.parametrize(
    ("text", "reason", "offered"),
    [
        ("Budget 31.11. 9:00", Reason.IMPOSSIBLE, []),
        ("Budget 22.11. 9:00", Reason.IN_PAST, []),
        ("Budget 28.3.2027 2:30", Reason.SKIPPED_BY_CLOCK_CHANGE, []),
        ("Budget morgen 25:00", Reason.IMPOSSIBLE, []),
        ("Treffen nächste Woche", Reason.VAGUE, []),
        ("Version 2.10 morgen 14 Uhr", Reason.CONTRADICTORY, ["Version 2.10 | at 2026-11-24T14:00"]),
        ("Sitzung 3/4 Di 10 Uhr", Reason.CONTRADICTORY, ["Sitzung 3/4 | at 2026-11-24T10:00"]),
    ],
)
def test_a_refused_tail_is_not_shortened_until_it_reads(text: str, reason: Reason, offered: list[str]) -> None:
    words = text.split()
    tail = split_tail(words, locale="de", now=NOW)
    assert tail is not None
    assert tail.reading == Unread(reason)
    assert [parted(words, split.start, split.reading) for split in tail.alternatives] == offered


@pytest.mark.parametrize(
    "text",
    ["", "Budget", "Budget 9-10", "Kaffee 15", "Di 10 Uhr Budget", "Budget morgen 14 Uhr vielleicht", "Budget bitte?"],
)
def test_words_without_a_date_at_their_end(text: str) -> None:
    assert split_tail(text.split(), locale="de", now=NOW) is None


def test_a_long_title_does_not_hide_the_date() -> None:
    words = ["Wort"] * 500 + ["morgen", "14", "Uhr"]
    tail = split_tail(words, locale="de", now=NOW)
    assert tail is not None
    assert parted(words[498:], tail.start - 498, tail.reading) == "Wort Wort | at 2026-11-24T14:00"


WORDS = st.sampled_from(
    """
    Budget Runde morgen Di Montag 10 14 Uhr 24.11. KW 49 um am und bis 4.12 Raum halb drei 2 Mai jeden , - ( ) 🎉
    """.split()  # noqa: SIM905 - a list of so many is easier to read so
)


@given(words=st.lists(WORDS, max_size=12) | st.lists(st.text(max_size=8), max_size=6))
def test_any_words_are_parted_without_harm(words: list[str]) -> None:
    tail = split_tail(words, locale="de", now=NOW)
    if tail is not None:
        assert 0 <= tail.start < len(words)
        assert all(0 <= split.start < len(words) for split in tail.alternatives)


@pytest.mark.parametrize("date", ["27.11.", "27.11.2026", "27. November"])
def test_a_whole_date_after_a_numbered_noun_is_no_number_of_it(date: str) -> None:
    words = f"Runde {date} 10-11 Uhr".split()
    tail = split_tail(words, locale="de", now=NOW)
    assert tail is not None
    assert parted(words, tail.start, tail.reading) == "Runde | at 2026-11-27T10:00/2026-11-27T11:00"
    assert tail.alternatives == ()
