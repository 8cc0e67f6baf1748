"""A transcript shows what a client shows, in the room's order, each event once."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from demo import events
from demo.events import Pill, RoomEvent
from demo.transcript import describe

POLL = events.poll_content("Wann?", ["Montag", "Dienstag"], max_selections=2)


def event(event_type: str, content: dict[str, Any]) -> RoomEvent:
    return RoomEvent(
        event_id="$event",
        room_id="!room",
        sender="@anna:x",
        type=event_type,
        content=content,
        at=datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc),
        was_encrypted=True,
    )


@pytest.mark.parametrize(
    ("event_type", "content", "shown"),
    [
        pytest.param(events.MESSAGE, events.text_content(["Hallo", Pill("@b:x", "Ben")]), "Hallo @Ben", id="text"),
        pytest.param(events.MESSAGE, events.as_edit(events.text_content(["neu"]), "$a"), "✎ neu", id="edit"),
        pytest.param(
            events.MESSAGE, {"msgtype": "m.file", "body": "Jour fixe", "filename": "a.ics"}, "📎 a.ics", id="file"
        ),
        pytest.param(events.POLL_START, POLL, "📊 Wann?\n  ○ Montag\n  ○ Dienstag", id="poll"),
        pytest.param(events.POLL_RESPONSE, events.vote_content("$poll", ["answer-2"]), "  ● Dienstag", id="vote"),
        pytest.param(events.POLL_RESPONSE, events.vote_content("$poll", []), "(zieht die Stimme zurück)", id="no vote"),
        pytest.param(events.POLL_END, events.poll_end_content("$poll", "over"), "📊 Umfrage beendet", id="end"),
        pytest.param(events.REACTION, events.reaction_content("$a", "👍"), "👍", id="reaction"),
        pytest.param("m.room.member", {"membership": "join"}, "", id="state is not said"),
        pytest.param(
            events.ENCRYPTED, {"ciphertext": "…"}, "⚠ Nachricht konnte nicht entschlüsselt werden", id="unreadable"
        ),
    ],
)
def test_event_in_words(event_type: str, content: dict[str, Any], shown: str) -> None:
    assert describe(event(event_type, content), {"$poll": event(events.POLL_START, POLL)}) == shown
