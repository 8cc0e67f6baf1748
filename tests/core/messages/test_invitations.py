"""What an invitation says to people without a calendar program."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from calbot.core.ical.itip import Letter, Method, News
from calbot.core.messages import invitation
from calbot.core.model import AllDay, Timed

from .examples import reader

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 12, 1, 14, tzinfo=BERLIN)
LETTER = Letter(
    recipient="ben@example.org",
    name="Ben",
    method=Method.REQUEST,
    news=News.NEW,
    data="",
    organizer="it-team",
    title="Budgetrunde",
    when=Timed(START, START.replace(hour=15)),
    rule="FREQ=WEEKLY",
    location="Rathaus",
    description="Bitte Zahlen mitbringen.\nDanke",
    link="https://meet.example.org/x",
)


def test_an_invitation() -> None:
    text = invitation(reader("de"), LETTER)
    assert text.subject == "Einladung: Budgetrunde, Di., 01.12.2026, 14:00–15:00 Uhr"
    assert text.text == (
        "Sie sind eingeladen: Budgetrunde\n\n"
        "Wann: Di., 01.12.2026, 14:00–15:00 Uhr (Zeitzone Europe/Berlin)\n"
        "Serie: wöchentlich\n"
        "Wo: Rathaus\n"
        "Teilnahme: https://meet.example.org/x\n\n"
        "Bitte Zahlen mitbringen.\nDanke\n\n"
        "Sie können in Ihrem Kalenderprogramm zusagen oder ablehnen oder auf diese E-Mail antworten.\n\n"
        "Diese E-Mail wurde automatisch verschickt (Kalender: it-team)."
    )


def test_a_cancellation_asks_for_no_answer() -> None:
    text = invitation(reader("de"), replace(LETTER, news=News.CANCELLED, method=Method.CANCEL))
    assert text.subject.startswith("Abgesagt: Budgetrunde")
    assert "findet dieser Termin nicht statt" in text.text
    assert "antworten" not in text.text
    assert "Zahlen" not in text.text


def test_a_change_says_what_held_before() -> None:
    before = Timed(START.replace(day=2), START.replace(day=2, hour=15))
    text = invitation(reader("en"), replace(LETTER, news=News.CHANGED, before=before))
    assert text.subject.startswith("Changed: Budgetrunde")
    assert "Until now: Wed, 2 Dec 2026" in text.text


@pytest.mark.parametrize("news", News)
def test_without_a_time_or_a_title(news: News) -> None:
    text = invitation(reader("de"), replace(LETTER, news=news, when=None, title=" \n"))
    assert text.subject in ("Einladung: (ohne Titel)", "Geändert: (ohne Titel)", "Abgesagt: (ohne Titel)")
    assert "Wann" not in text.text


def test_whole_days_have_no_time_zone() -> None:
    text = invitation(reader("de"), replace(LETTER, when=AllDay(date(2026, 12, 1), date(2026, 12, 2))))
    assert "Zeitzone" not in text.text


def test_a_title_stays_on_its_line() -> None:
    text = invitation(reader("de"), replace(LETTER, title="Budget\r\nBcc: boss@example.org"))
    assert "\n" not in text.subject
    assert "\r" not in text.subject
