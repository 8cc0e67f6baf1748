"""What becomes of an event between the sync and who acts on it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from calbot.core.poll_events import replaced_event
from calbot.matrix.reading import Reader, clear_event

from .sync_world import ANNA, ROOM, PlainCrypto

RELATION = {"rel_type": "m.replace", "event_id": "$original"}


async def test_an_encrypted_edit_says_what_the_message_says_now() -> None:
    """mautrix puts the new content in the place of the whole one, and both back where they were when asked."""
    new = {
        "msgtype": "m.text",
        "body": "!meet liste",
        "format": "org.matrix.custom.html",
        "formatted_body": "<p>!meet liste</p>",
        "m.mentions": {},
    }
    payload = {"msgtype": "m.text", "body": "* !meet liste", "m.new_content": new, "m.relates_to": RELATION}
    crypto = PlainCrypto()
    crypto.crypto_store.sessions.add("k")
    raw: dict[str, Any] = {
        "type": "m.room.encrypted",
        "event_id": "$edit",
        "room_id": ROOM,
        "sender": ANNA,
        "origin_server_ts": 1,
        "content": {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": json.dumps({"type": "m.room.message", "content": payload}),
            "session_id": "k",
            "sender_key": "k",
            "device_id": "D",
            "m.relates_to": RELATION,
        },
    }
    event = await Reader(cast("Any", SimpleNamespace(crypto=crypto))).read(raw)
    assert event.type == "m.room.message"
    assert replaced_event(event.content) == "$original"
    assert {key: event.content["m.new_content"][key] for key in new} == new


def test_halves_of_surrogate_pairs_are_no_text() -> None:
    """JSON can hold them, also inside the ciphertext, and then neither a database nor a calendar could."""
    content = json.loads('{"body": "!meet neu \\ud800Runde \\ud83d\\ude00 \\udfff", "m.x": ["\\udc00"]}')
    raw = {"type": "m.room.message", "event_id": "$e", "room_id": ROOM, "sender": ANNA, "content": content}
    assert clear_event(raw).content == {"body": "!meet neu ?Runde \U0001f600 ?", "m.x": ["?"]}
