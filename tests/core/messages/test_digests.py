"""When agendas come by themselves, in words."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from calbot.core.messages import clock_words, digest_set, hours_words
from calbot.core.model import Kind, Locale
from calbot.core.settings import Digest, Hours, Weekday

from .examples import BERLIN, LOCALES, reader

NEXT = datetime(2026, 11, 24, 7, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        (
            "de",
            [
                "Die Übersicht kommt täglich um 07:30 Uhr und montags um 08:00 Uhr für die Woche.",
                "Zum ersten Mal: Di., 24.11., 07:30 Uhr",
                "Ohne Termine bleibt sie aus.",
            ],
        ),
        (
            "en",
            [
                "The agenda comes daily at 07:30 and every Monday at 08:00 for the week.",
                "For the first time: Tue, 24 Nov, 07:30",
                "It stays away when there are no events.",
            ],
        ),
    ],
)
def test_what_was_set(locale: Locale, lines: list[str]) -> None:
    digest = Digest(time(7, 30), (Weekday.MON, time(8)))
    message = digest_set(reader(locale), digest, NEXT, personal=False, changed=True)
    assert message.text.splitlines() == lines
    assert message.html == "<br>".join(lines)
    assert message.kind is Kind.OK
    assert not message.notify
    assert not message.discloses
    assert message.data == {
        "digest": {
            "daily": "07:30",
            "weekly": {"weekday": "mon", "time": "08:00"},
            "always": False,
            "next": "2026-11-24T06:30:00Z",
        }
    }


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("changed", [True, False])
def test_nothing_set_says_how_to(locale: Locale, changed: bool) -> None:
    message = digest_set(reader(locale), Digest(always=True), None, personal=False, changed=changed)
    assert "!meet" in message.text
    assert message.data["digest"]["next"] is None


@pytest.mark.parametrize("locale", LOCALES)
def test_each_case_reads_differently(locale: Locale) -> None:
    digests = (Digest(daily=time(8)), Digest(daily=time(8), always=True), Digest(weekly=(Weekday.SUN, time(8))))
    texts = {
        digest_set(reader(locale), digest, NEXT, personal=personal, changed=changed).text
        for digest in digests
        for personal in (True, False)
        for changed in (True, False)
    }
    assert len(texts) == 12


def test_times() -> None:
    assert clock_words(reader("de"), time(7, 5)) == "07:05 Uhr"
    assert clock_words(reader("en"), time(7, 5)) == "07:05"
    assert hours_words(Hours(time(20), time(7))) == "20:00–07:00"
