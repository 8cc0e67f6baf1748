"""Opens direct chats with people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from mautrix.client import Client
from mautrix.types import Membership, RoomID

from calbot.core.model import RoomId, UserId
from calbot.errors import ChatForbidden

from .server import MAUTRIX_REQUEST_ERRORS, Server, client_path, refusal_of

_PART = "io.calbot"


async def create(server: Server, user: UserId, key: str) -> RoomId:
    answer = await server.request("POST", client_path("createRoom"), body=_request(user, key))
    return RoomId(answer["room_id"])


def _request(user: UserId, key: str) -> Mapping[str, Any]:
    """The key lies in the event of creation, by which the room is found if the answer is lost: creating rooms has no
    transaction ids. Nobody but the bot lets others in."""
    state = {
        "m.room.encryption": {"algorithm": "m.megolm.v1.aes-sha2"},
        "m.room.history_visibility": {"history_visibility": "shared"},
        "m.room.guest_access": {"guest_access": "forbidden"},
    }
    return {
        "preset": "private_chat",
        "is_direct": True,
        "invite": [user],
        "creation_content": {_PART: {"key": key}},
        "power_level_content_override": {"invite": 50},
        "initial_state": [{"type": name, "state_key": "", "content": content} for name, content in state.items()],
    }


async def find(
    server: Server,
    own: UserId,
    creation: Callable[[RoomId], Awaitable[Mapping[str, Any]]],
    key: str,
    since: datetime,
) -> RoomId | None:
    """The room that was made with this key. Asks about every room the bot is in, so only after a failure."""
    oldest = int(since.astimezone(timezone.utc).timestamp() * 1000)
    answer = await server.request("GET", client_path("joined_rooms"))
    for room in map(RoomId, answer["joined_rooms"]):
        try:
            event = await creation(room)
        except ChatForbidden:  # left meanwhile
            continue
        part = event["content"].get(_PART)
        keyed = isinstance(part, Mapping) and part.get("key") == key
        if keyed and event["sender"] == own and event["origin_server_ts"] >= oldest:
            return room
    return None


async def let_read(client: Client, room: RoomId) -> None:
    """Let whoever is invited have the keys of what is sent before they join: mautrix would ask for joined members only
    when it sends for the first time."""
    if client.crypto is None:
        return
    try:
        await client.get_members(RoomID(room), not_membership=Membership.LEAVE)
    except MAUTRIX_REQUEST_ERRORS as error:
        raise refusal_of(error) from error
