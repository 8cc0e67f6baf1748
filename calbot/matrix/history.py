"""Reads what happened in a room from the server, page by page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from calbot.core.model import EventId, RoomId
from calbot.errors import Code, UserError

from .server import Server, chunk, room_path

_PAGE = 100
_MAX_RELATION_PAGES = 200


async def related_events(server: Server, room: RoomId, target: EventId, rel_type: str) -> Sequence[Mapping[str, Any]]:
    """All events that relate to `target`, oldest first, those whose content was removed left out.

    UserError where there are more than anybody can have meant: an incomplete count would be a wrong one.
    """
    path = room_path(room, "relations", target, rel_type, version="v1")
    found: list[Mapping[str, Any]] = []
    token: str | None = None
    for _ in range(_MAX_RELATION_PAGES):
        query = {"limit": str(_PAGE), "dir": "b", **({"from": token} if token else {})}
        answer = await server.request("GET", path, query=query)
        found.extend({**event, "room_id": room} for event in chunk(answer))
        token = answer.get("next_batch")
        if not token:
            return found[::-1]
    raise UserError(Code.LIMIT, "too_many_relations")


async def messages_back(
    server: Server,
    room: RoomId,
    *,
    start: str | None = None,
    end: str | None = None,
    senders: Sequence[str] | None = None,
) -> AsyncIterator[Mapping[str, Any]]:
    """Events of the timeline, newest first: from `start` (a token, else now) back to `end`."""
    event_filter: dict[str, Any] = {"lazy_load_members": True}
    if senders is not None:
        event_filter["senders"] = list(senders)
    token = start
    while True:
        query = {"dir": "b", "limit": str(_PAGE), "filter": json.dumps(event_filter)}
        if token:
            query["from"] = token
        if end:
            query["to"] = end
        answer = await server.request("GET", room_path(room, "messages"), query=query)
        for event in chunk(answer):
            yield {**event, "room_id": room}
        # An empty page may be one that only the filter emptied; without a token there is nothing further.
        following = answer.get("end")
        if not following or following == token:
            return
        token = following
