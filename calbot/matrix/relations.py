"""Reads everything that refers to an event: votes, ends of polls, reactions, edits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from calbot.core.model import EventId, RoomId, UserId
from calbot.ports import ChatEvent, Relations

from .history import related_events
from .reading import KeyMissing, Reader, Unreadable, is_redacted
from .server import Server

# Late keys come within moments or not at all; all of them together are waited for once.
_LATE_KEYS = 3.0


async def read_relations(
    server: Server, reader: Reader, own: UserId, room: RoomId, target: EventId, rel_type: str
) -> Relations:
    """All relations as the server has them now, decrypted, oldest first; `own` unreadable ones are nobody's vote."""
    raws = [raw for raw in await related_events(server, room, target, rel_type) if not is_redacted(raw)]
    results = [await _read(reader, raw) for raw in raws]
    late = {result.session: result for result in results if isinstance(result, KeyMissing)}
    if late:
        await asyncio.gather(*(reader.wait_for_key(missing, _LATE_KEYS) for missing in late.values()))
        results = [
            await _read(reader, raw) if isinstance(result, KeyMissing) else result
            for raw, result in zip(raws, results, strict=True)
        ]
    unreadable = [raw["sender"] for raw, result in zip(raws, results, strict=True) if isinstance(result, Exception)]
    return Relations(
        events=tuple(result for result in results if isinstance(result, ChatEvent)),
        unreadable=tuple(dict.fromkeys(UserId(sender) for sender in unreadable if sender != own)),
    )


async def _read(reader: Reader, raw: Mapping[str, Any]) -> ChatEvent | KeyMissing | Unreadable:
    try:
        return await reader.read(raw)
    except (KeyMissing, Unreadable) as problem:
        return problem


async def own_reaction(server: Server, own: UserId, room: RoomId, target: EventId, emoji: str) -> EventId | None:
    """The bot's reaction to an event with this emoji, if it is there."""
    for raw in await related_events(server, room, target, "m.annotation"):
        if raw["sender"] == own and raw["content"].get("m.relates_to", {}).get("key") == emoji:
            return EventId(raw["event_id"])
    return None
