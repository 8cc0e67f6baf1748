"""When agendas come by themselves, as people write it."""

from __future__ import annotations

from datetime import time

import pytest

from calbot.core.commands import CommandId, Digest, Off
from calbot.core.settings import Weekday

from .typing_in import refusal, typed

EIGHT, HALF_PAST_SEVEN = time(8), time(7, 30)
MONDAY = (Weekday.MON, EIGHT)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("digest", Digest()),
        ("übersicht", Digest()),
        ("digest daily 07:30", Digest(daily=HALF_PAST_SEVEN)),
        ("Digest DAILY 7:30", Digest(daily=HALF_PAST_SEVEN)),
        ("digest daily at 7:30", Digest(daily=HALF_PAST_SEVEN)),
        ("digest daily 7:30 am", Digest(daily=HALF_PAST_SEVEN)),
        ("digest daily 7.30am", Digest(daily=HALF_PAST_SEVEN)),
        ("digest daily half past seven", Digest(daily=HALF_PAST_SEVEN)),
        ("digest daily 6 pm", Digest(daily=time(18))),
        ("digest daily noon", Digest(daily=time(12))),
        ("digest weekly mon 08:00", Digest(weekly=MONDAY)),
        ("digest weekly on Mondays at 8:00", Digest(weekly=MONDAY)),
        ("digest weekly 8:00 Monday", Digest(weekly=MONDAY)),
        ("digest daily 7:30 weekly mon 8:00", Digest(daily=HALF_PAST_SEVEN, weekly=MONDAY)),
        ("digest weekly mon 8:00, daily 7:30 always", Digest(HALF_PAST_SEVEN, MONDAY, always=True)),
        ("digest always", Digest(always=True)),
        ("digest always off", Digest(always=False)),
        ("digest off", Digest(Off.OFF, Off.OFF, always=False)),
        ("digest daily off", Digest(daily=Off.OFF)),
        ("digest weekly off daily 8:00", Digest(EIGHT, Off.OFF)),
        ("digest default", Digest(standard=True)),
        ("übersicht täglich 7:30", Digest(daily=HALF_PAST_SEVEN)),
        ("uebersicht taeglich 7.30 Uhr", Digest(daily=HALF_PAST_SEVEN)),
        ("übersicht täglich um 7:30 Uhr", Digest(daily=HALF_PAST_SEVEN)),
        ("übersicht täglich um halb acht", Digest(daily=HALF_PAST_SEVEN)),
        ("übersicht täglich halb sieben", Digest(daily=time(6, 30))),
        ("übersicht täglich acht Uhr", Digest(daily=EIGHT)),
        ("übersicht täglich sechs Uhr", Digest(daily=time(6))),
        ("übersicht täglich 6 Uhr", Digest(daily=time(6))),
        ("übersicht täglich 8 Uhr abends", Digest(daily=time(20))),
        ("übersicht täglich 8 Uhr morgens", Digest(daily=EIGHT)),
        ("übersicht täglich 8h", Digest(daily=EIGHT)),
        ("übersicht täglich 0:05", Digest(daily=time(0, 5))),
        ("übersicht 7:30", Digest(daily=HALF_PAST_SEVEN)),
        ("übersicht wöchentlich Mo 8 Uhr", Digest(weekly=MONDAY)),
        ("übersicht wöchentlich Mo. 8 Uhr", Digest(weekly=MONDAY)),
        ("übersicht wöchentlich am Montag um 8 Uhr", Digest(weekly=MONDAY)),
        ("übersicht wöchentlich So 18:00", Digest(weekly=(Weekday.SUN, time(18)))),
        ("übersicht montags 8 Uhr", Digest(weekly=MONDAY)),
        ("übersicht jeden Montag um 8", Digest(weekly=MONDAY)),
        ("übersicht täglich 7:30 und wöchentlich Mo 8 Uhr", Digest(HALF_PAST_SEVEN, MONDAY)),
        ("übersicht täglich 7:30 immer", Digest(HALF_PAST_SEVEN, always=True)),
        ("übersicht immer", Digest(always=True)),
        ("übersicht immer aus", Digest(always=False)),
        ("übersicht aus", Digest(Off.OFF, Off.OFF, always=False)),
        ("übersicht täglich aus", Digest(daily=Off.OFF)),
        ("übersicht standard", Digest(standard=True)),
    ],
)
def test_understood(text: str, command: Digest) -> None:
    assert typed(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "digest now",
        "übersicht täglich in einer Stunde",
        "übersicht täglich zwei Stunden",
        "digest daily",
        "digest daily 25:00",
        "digest daily 7:60",
        "digest daily 24:00",
        "digest daily 7:30 8:30",
        "digest daily 7:30 daily 8:30",
        "digest daily 7:30 off",
        "digest daily mon 7:30",
        "digest weekly",
        "digest weekly 8:00",
        "digest weekly mon",
        "digest weekly mon wed 8:00",
        "digest weekly 24.12. 8:00",
        "digest daily tomorrow 8:00",
        "digest daily -1:00",
        "digest always maybe",
        "digest off please",
        "digest default 7:30",
        "digest monthly 1 8:00",
        "übersicht täglich morgen acht Uhr",
        "übersicht täglich früh",
        "übersicht täglich 14-15 Uhr",
        "übersicht Mo und Mi 8 Uhr",
        "übersicht jeden zweiten Montag 8 Uhr",
        "übersicht werktags 8 Uhr",
        "übersicht @anna:example.org",
    ],
)
def test_refused_with_what_was_typed_and_an_example(text: str) -> None:
    refused = refusal(text)
    assert (refused.reason, refused.command) == ("digest_not_understood", CommandId.DIGEST)
    assert refused.params == {"text": text.partition(" ")[2]}
