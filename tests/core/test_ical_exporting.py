"""Calendar objects as files: as they are, and complete."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from calbot.core.ical.building import EventDraft, build_event
from calbot.core.ical.content import read_components, write_components
from calbot.core.ical.exporting import exported
from calbot.core.model import Timed, Uid

NOW = datetime(2026, 11, 24, 7, tzinfo=timezone.utc)
START = datetime(2026, 11, 25, 10, tzinfo=ZoneInfo("Europe/Berlin"))
WRITTEN = build_event(EventDraft(Uid("u"), Timed(START, START + timedelta(hours=1)), "Runde"), NOW)


def test_what_is_complete_stays_as_it_is() -> None:
    assert exported(WRITTEN) == WRITTEN


def test_no_program_is_asked_to_answer_a_file() -> None:
    sent = WRITTEN.replace("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:REQUEST\r\n")
    assert exported(sent) == WRITTEN


def test_zones_that_a_server_kept_to_itself_are_defined_again() -> None:
    (root,) = read_components(WRITTEN)
    root.items = [item for item in root.items if item.name != "VTIMEZONE"]
    stripped = write_components([root])
    assert "BEGIN:VTIMEZONE" not in stripped
    assert exported(stripped) == WRITTEN
