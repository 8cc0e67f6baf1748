"""Files of other programs put on real calendar servers by chat, known again there, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from calbot.core.model import Kind
from calbot.core.settings import MeetingLinks

from .conftest import CALENDAR, Office
from .test_importing import ics, posts, vevent
from .test_writing_on_servers import homes, served, texts

__all__ = ["homes", "served"]

CORPUS = Path(__file__).parents[1] / "data" / "ics"
FILES = (
    "outlook-desktop-weekly",
    "google-series",
    "thunderbird-series",
    "apple-icloud-series",
    "exchange-teams-override",
)


@pytest.mark.parametrize("name", FILES)
async def test_what_other_programs_export(served: Office, name: str) -> None:
    file = posts(served, (CORPUS / f"{name}.ics").read_bytes())
    (question,) = await served.replies(file, "!meet importiere")
    assert question.kind is Kind.QUESTION, question.text
    (answer,) = await served.says("!meet ja")
    assert answer.kind in (Kind.MEETING, Kind.AGENDA), answer.text
    stored = await texts(served)
    assert stored
    assert all("ATTENDEE" not in text and "METHOD" not in text for text in stored)
    (again,) = await served.replies(file, "!meet importiere")
    assert "nichts Neues" in again.text
    await served.says("!meet rückgängig")
    assert await texts(served) == []


async def test_a_uid_that_lies_there_under_another_name(served: Office) -> None:
    """Which the mirror has not seen: the server refuses it (no-uid-conflict), or has it under both names."""
    theirs = ics(vevent("a", "20261201T100000", "Deren")).decode()
    await served.world.gateway.create(CALENDAR, "elsewhere", theirs)
    await served.replies(posts(served, ics(vevent("a"), vevent("b", "20261126T100000"))), "!meet importiere")
    (answer,) = await served.says("!meet ja")
    stored = await texts(served)
    assert sum("Deren" in text for text in stored) == 1
    assert "1 Termin der Datei steht schon im Kalender" in answer.text
    assert len(stored) == 2


async def test_a_word_becomes_a_link(served: Office) -> None:
    served.change(meeting_links=MeetingLinks(template="https://video.example.org/{secret}"))
    await served.replies(
        posts(served, ics(vevent("a", "20261125T100000", "A", "LOCATION:@matrix"))), "!meet importiere"
    )
    await served.says("!meet ja")
    await served.alarm.settle()
    (stored,) = await texts(served)
    assert "LOCATION:https://video.example.org/" in stored.replace("\r\n ", "").replace("\n ", "")
