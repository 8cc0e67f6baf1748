"""`find`: how long, when, for whom, and whether to vote."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from calbot.core.commands import Find, Misunderstood
from calbot.core.poll_model import PollOptions, Quorum
from calbot.errors import Code

from .typing_in import ANNA, BEN, refusal, typed

HOUR = timedelta(hours=1)
ANY = (None, None)


def found(text: str, **more: object) -> Find:
    result = typed(text)
    assert isinstance(result, Find), result
    return result


@pytest.mark.parametrize(
    ("text", "duration", "window"),
    [
        ("finde 1h", HOUR, None),
        ("find 45m", timedelta(minutes=45), None),
        ("suche-zeit 1,5h", timedelta(minutes=90), None),
        ("Finden eine Stunde", HOUR, None),
        ("finde 90 min nächste woche", timedelta(minutes=90), (date(2026, 11, 30), date(2026, 12, 7))),
        ("find 1h next week", HOUR, (date(2026, 11, 30), date(2026, 12, 7))),
        ("finde 1h 30 min morgen", timedelta(minutes=90), (date(2026, 11, 24), date(2026, 11, 25))),
        ("finde 1h 14t", HOUR, (date(2026, 11, 23), date(2026, 12, 7))),
        ("finde 1h 2 wochen", HOUR, (date(2026, 11, 23), date(2026, 12, 7))),
        ("finde 1h in den nächsten 3 Wochen", HOUR, (date(2026, 11, 23), date(2026, 12, 14))),
        ("find 1h within 2 weeks", HOUR, (date(2026, 11, 23), date(2026, 12, 7))),
        ("finde 1h bis Freitag", HOUR, (date(2026, 11, 23), date(2026, 11, 28))),
        ("find 1h by friday", HOUR, (date(2026, 11, 23), date(2026, 11, 28))),
        ("finde 1h ab 1.12.", HOUR, (date(2026, 12, 1), date(2026, 12, 15))),
        ("finde 1h KW 50", HOUR, (date(2026, 12, 7), date(2026, 12, 14))),
        ("finde 1h 1.12.-5.12.", HOUR, (date(2026, 12, 1), date(2026, 12, 6))),
        ("finde dauer:1h morgen", HOUR, (date(2026, 11, 24), date(2026, 11, 25))),
        ("finde\n1h\nmorgen", HOUR, (date(2026, 11, 24), date(2026, 11, 25))),
    ],
)
def test_how_long_and_when(text: str, duration: timedelta, window: tuple[date, date] | None) -> None:
    assert found(text) == Find(duration, window)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("finde 1h morgen", ANY),
        ("finde 1h morgen vormittags", (None, time(12))),
        ("find 1h tomorrow afternoon", (time(12), None)),
        ("finde 1h nachmittags morgen", (time(12), None)),
        ("finde 1h morgen abends", (time(17), time(22))),
        ("finde 1h morgen zeit:8-12", (time(8), time(12))),
        ('finde 1h morgen zeit:"8:30 bis 12 Uhr"', (time(8, 30), time(12))),
        ("find 1h tomorrow hours:13:15-17", (time(13, 15), time(17))),
        ("finde 1h morgen zeit:nachmittags", (time(12), None)),
        ("finde 1h morgen zeit:22-2", (time(22), time(2))),
        ("finde 1h morgen zeit:8-24", (time(8), time(0))),
        ("finde 1h morgen 14-18 Uhr", (time(14), time(18))),
        ("finde 1h morgen nachmittags 14-16 Uhr", (time(14), time(16))),  # what is said more exactly counts
        ("finde 1h morgen früh", (None, time(12))),
        ("finde 1h Dienstagvormittag", (None, time(12))),
        ("finde 1h morgen zwischen 9 und 12 Uhr", (time(9), time(12))),
        ("find 1h tomorrow between 9:30 and 12", (time(9, 30), time(12))),
        ("finde 1h morgen zeit:0-24", (time(0), time(0))),
    ],
)
def test_in_which_hours(text: str, hours: tuple[time | None, time | None]) -> None:
    assert found(text) == Find(HOUR, (date(2026, 11, 24), date(2026, 11, 25)), hours)


def test_people_and_options() -> None:
    text = (
        'find 1h für {anna} und {ben} nächste woche "Budgetrunde" puffer:"15 min" raum:"Raum 4.12" ort:Rathaus kal:it'
        ' text:"Bitte pünktlich"'
    )
    assert found(text) == Find(
        duration=HOUR,
        window=(date(2026, 11, 30), date(2026, 12, 7)),
        buffer=timedelta(minutes=15),
        title="Budgetrunde",
        required=(ANNA, BEN),
        calendar="it",
        location="Rathaus",
        description="Bitte pünktlich",
        resource="Raum 4.12",
    )
    some = found("finde 1h {anna} optional: {ben} morgen")
    assert (some.required, some.optional) == ((ANNA,), (BEN,))
    others = found("finde 1h optional: {ben} required: {anna}")
    assert (others.required, others.optional) == ((ANNA,), (BEN,))


def test_a_poll_over_what_is_found() -> None:
    assert found("finde 1h morgen umfrage").poll == PollOptions()
    text = 'find 1h poll single auto tomorrow quorum:60% until:"heute 17 Uhr" "Budget"'
    poll = found(text)
    assert poll.poll == PollOptions(single=True, auto=True, quorum=Quorum(percent=60))
    assert (poll.until, poll.title) == ("heute 17 Uhr", "Budget")
    assert poll.window == (date(2026, 11, 24), date(2026, 11, 25))


@pytest.mark.parametrize(
    ("text", "reason", "params"),
    [
        ("finde", "find_duration_missing", {}),
        ("finde nächste woche", "find_duration_unsaid", {"text": "nächste woche"}),
        ("finde {anna}", "find_duration_missing", {}),
        ("finde 13h", "find_too_long", {"text": "13h"}),
        ("finde 1 tag", "find_too_long", {"text": "1 tag"}),
        ("finde 0h", "find_duration_unsaid", {"text": "0h"}),
        ("finde 1h morgen zwischen den Jahren", "date_not_understood", {}),
        ("finde 1h irgendwann", "date_not_understood", {"text": "irgendwann"}),
        ("finde 1h morgen 14 Uhr", "date_not_understood", {}),
        ("finde 1h 31.11.", "date_impossible", {}),
        ("finde dauer:lang", "duration_not_understood", {"text": "lang"}),
        ("finde 1h puffer:viel", "duration_not_understood", {"text": "viel"}),
        ("finde 1h zeit:spät", "find_hours", {"text": "spät"}),
        ("finde 1h zeit:25-26", "find_hours", {"text": "25-26"}),
        ("finde 1h zeit:8-8", "find_hours", {"text": "8-8"}),
        ("finde 1h zeit:8:70-9", "find_hours", {"text": "8:70-9"}),
        ('finde 1h "A" "B"', "words_left", {"text": '"B"'}),
        ("finde 1h bis:morgen", "option_for_polls", {"option": "until"}),
        ("finde 1h quorum:3", "option_for_polls", {"option": "quorum"}),
        ("finde 1h auto", "date_not_understood", {"text": "auto"}),
        ("finde 1h raum:Raum 4.12", "option_needs_quotes", {"option": "raum"}),
        ("finde 1h link:nein", "option_not_here", {"option": "link"}),
        ("finde 1h @anna", "person_not_linked", {"name": "@anna"}),
        ("finde 1h optional: alle", "option_wants_people", {"option": "optional"}),
        ('finde 1h ""', "title_missing", {}),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str, params: dict[str, str]) -> None:
    wrong = refusal(text)
    assert wrong.reason == reason
    assert params.items() <= dict(wrong.params).items()


def test_too_long_is_a_limit() -> None:
    result = typed("finde 20h")
    assert isinstance(result, Misunderstood)
    assert result.code is Code.LIMIT
