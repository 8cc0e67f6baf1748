"""A person with an end-to-end encrypted Matrix client.

The client is matrix-nio, whose cryptography (vodozemac) shares no code with the bot's (libolm): what the two agree on
is Matrix. It syncs when it is asked something, never in the background, so that nothing happens behind a test's back.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import nio
from nio.crypto import decrypt_attachment, encrypt_attachment

from . import events
from .events import Content, Pill, RoomEvent, read_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .accounts import Homeserver, Login

_LONG_POLL = 30.0
_FILTER = {"room": {"timeline": {"limit": 5000}}, "presence": {"not_types": ["*"]}}


class NotHeard(AssertionError):
    """What was waited for did not come in time; the text says what came instead."""


class Refused(RuntimeError):
    """The homeserver refused a request of this client."""


class Person:
    """Somebody with an account, one device and a name."""

    def __init__(self, homeserver: Homeserver, login: Login, *, display_name: str, store: Path) -> None:
        store.mkdir(parents=True, exist_ok=True)
        # Losing the connection has to be seen here, not retried for ever inside of the library.
        config = nio.AsyncClientConfig(max_timeouts=0, encryption_enabled=True)
        self.login = login
        self.display_name = display_name
        self._homeserver = homeserver
        self._client = nio.AsyncClient(homeserver.url, login.mxid, login.device_id, str(store), config)
        self._client.restore_login(login.mxid, login.device_id, login.access_token)
        self._rounds = 0
        self._syncing = asyncio.Lock()
        self._timelines: dict[str, dict[str, RoomEvent]] = {}
        self._unreadable: dict[str, nio.MegolmEvent] = {}
        self._last_sent: dict[str, str] = {}

    @property
    def mxid(self) -> str:
        return self.login.mxid

    @property
    def pill(self) -> Pill:
        return Pill(self.mxid, self.display_name)

    async def close(self) -> None:
        await self._client.close()
        self._client.store.database.close()

    # Rooms

    async def join(self, room_id: str) -> None:
        """Join, and know the room's members and their devices afterwards."""
        await self._homeserver.join(self.login, room_id)
        await self.sync()

    async def invites(self) -> list[str]:
        """Rooms that wait for an answer."""
        await self.sync()
        return sorted(self._client.invited_rooms)

    # Sending; each returns the id of the event.

    async def say(self, room_id: str, *parts: str | Pill | Person, thread: str | None = None) -> str:
        """A text from words and people, who become pills."""
        content = text(*parts)
        return await self.send(room_id, events.MESSAGE, events.in_thread(content, thread) if thread else content)

    async def reply(self, room_id: str, event_id: str, *parts: str | Pill | Person, thread: str | None = None) -> str:
        content = text(*parts)
        related = events.in_thread(content, thread, reply_to=event_id) if thread else events.as_reply(content, event_id)
        return await self.send(room_id, events.MESSAGE, related)

    async def edit(self, room_id: str, event_id: str, *parts: str | Pill | Person) -> str:
        return await self.send(room_id, events.MESSAGE, events.as_edit(text(*parts), event_id))

    async def react(self, room_id: str, event_id: str, key: str) -> str:
        return await self.send(room_id, events.REACTION, events.reaction_content(event_id, key))

    async def redact(self, room_id: str, event_id: str) -> str:
        response = await self._checked(self._client.room_redact(room_id, event_id))
        return self._sent(room_id, response.event_id)

    async def poll(self, room_id: str, question: str, *answers: str, max_selections: int = 1) -> str:
        content = events.poll_content(question, answers, max_selections=max_selections)
        return await self.send(room_id, events.POLL_START, content)

    async def vote(self, poll: RoomEvent, *numbers: int) -> str:
        """Vote for the answers with these numbers, counted from 1 as people do; for none, withdraw."""
        ids = [answer_id for answer_id, _ in events.poll_answers(poll)]
        chosen = [ids[number - 1] for number in numbers]
        return await self.send(poll.room_id, events.POLL_RESPONSE, events.vote_content(poll.event_id, chosen))

    async def end_poll(self, poll: RoomEvent) -> str:
        content = events.poll_end_content(poll.event_id, "The poll has ended.")
        return await self.send(poll.room_id, events.POLL_END, content)

    async def share_file(self, room_id: str, name: str, data: bytes, mimetype: str) -> str:
        """An attachment, encrypted as the room is."""
        await self.sync()
        content: Content = {"msgtype": "m.file", "body": name, "m.mentions": {}}
        content["info"] = {"mimetype": mimetype, "size": len(data)}
        if self._client.rooms[room_id].encrypted:
            data, keys = encrypt_attachment(data)
            content["file"] = {**keys, "url": await self._upload(data)}
        else:
            content["url"] = await self._upload(data)
        return await self.send(room_id, events.MESSAGE, content)

    async def send(self, room_id: str, event_type: str, content: Content) -> str:
        """Any event; encrypted if the room is (except for reactions, as in all clients)."""
        # The bot may have joined or got a new device a moment ago: without knowing that, it would get no key.
        await self.sync()
        response = await self._checked(
            self._client.room_send(room_id, event_type, content, str(uuid4()), ignore_unverified_devices=True)
        )
        return self._sent(room_id, response.event_id)

    def _sent(self, room_id: str, event_id: str) -> str:
        self._last_sent[room_id] = event_id
        return event_id

    # Hearing

    async def hears(
        self,
        room_id: str,
        wanted: Callable[[RoomEvent], bool],
        *,
        timeout: float = 20.0,
        after: str | None = None,
    ) -> RoomEvent:
        """The first wanted event of others after `after`, by default after what this person sent last in the room."""
        start = after or self._last_sent.get(room_id)
        return await self._wait(room_id, lambda event: event.sender != self.mxid and wanted(event), timeout, start)

    async def sees(self, room_id: str, event_id: str, *, timeout: float = 20.0) -> RoomEvent:
        """This very event, whoever sent it, once it has come."""
        return await self._wait(room_id, lambda event: event.event_id == event_id, timeout, None)

    async def _wait(
        self, room_id: str, wanted: Callable[[RoomEvent], bool], timeout: float, after: str | None
    ) -> RoomEvent:
        deadline = time.monotonic() + timeout
        while True:
            seen = self._rounds
            later = self.timeline(room_id, after=after)
            for event in later:
                if wanted(event):
                    return event
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise NotHeard(f"{self.display_name} waited {timeout:g} s in {room_id}; heard {_summary(later)}")
            await self._sync_round(seen, min(remaining, _LONG_POLL))

    def timeline(self, room_id: str, *, after: str | None = None) -> list[RoomEvent]:
        """What this client has seen of the room, in the server's order."""
        known = self._timelines.get(room_id, {})
        if after is None:
            return list(known.values())
        ids = list(known)
        return list(known.values())[ids.index(after) + 1 :] if after in known else []

    async def history(self, room_id: str) -> list[RoomEvent]:
        """The whole room as the server has it now, oldest first."""
        found: list[RoomEvent] = []
        token: str | None = None
        while True:
            page = await self._client.room_messages(room_id, token, direction=nio.MessageDirection.back, limit=500)
            self._raise_if_refused(page)
            found.extend(self._read(room_id, event) for event in page.chunk if hasattr(event, "event_id"))
            token = page.end
            if token is None:
                return found[::-1]

    async def download(self, message: RoomEvent) -> bytes:
        """The attachment of a message, decrypted if need be."""
        file = message.content.get("file")
        mxc = str(file["url"] if file else message.content["url"])
        url = f"{self._homeserver.url}/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}"
        async with self._homeserver.http.get(url, headers=self._authorization) as response:
            response.raise_for_status()
            data = await response.read()
        if file:
            plain: bytes = decrypt_attachment(data, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
            return plain
        return data

    async def sync(self) -> None:
        """Take what the server has, without waiting for more."""
        await self._sync_round(self._rounds, 0)

    async def _sync_round(self, seen: int, wait: float) -> None:
        async with self._syncing:
            if self._rounds != seen:
                return  # somebody else's round brought news meanwhile
            first = not self._client.next_batch
            response = await self._checked(
                self._client.sync(0 if first else int(wait * 1000), sync_filter=_FILTER, full_state=first or None)
            )
            for room_id, room in response.rooms.join.items():
                self._take(room_id, room.timeline.events)
            self._read_again()
            await self._keep_keys_in_order()
            self._rounds += 1

    async def _keep_keys_in_order(self) -> None:
        if self._client.should_upload_keys:
            await self._checked(self._client.keys_upload())
        if self._client.should_query_keys:
            await self._checked(self._client.keys_query())
        if self._client.should_claim_keys:
            await self._checked(self._client.keys_claim(self._client.get_users_for_key_claiming()))
        await self._client.send_to_device_messages()

    def _take(self, room_id: str, received: Sequence[Any]) -> None:
        timeline = self._timelines.setdefault(room_id, {})
        for event in received:
            if isinstance(event, nio.MegolmEvent):
                self._unreadable[event.event_id] = event
            if hasattr(event, "event_id"):
                timeline[event.event_id] = self._read(room_id, event)

    def _read_again(self) -> None:
        """Keys may come after the messages they open."""
        for event_id, event in list(self._unreadable.items()):
            read = self._read(event.room_id, event)
            if read.readable:
                self._timelines[event.room_id][event_id] = read
                del self._unreadable[event_id]

    def _read(self, room_id: str, event: Any) -> RoomEvent:
        if isinstance(event, nio.MegolmEvent):
            event.room_id = room_id
            try:
                event = self._client.decrypt_event(event)
            except nio.EncryptionError:
                return read_event(room_id, event.source, was_encrypted=True)
        return read_event(room_id, event.source, was_encrypted=bool(event.decrypted))

    async def _upload(self, data: bytes) -> str:
        headers = {**self._authorization, "Content-Type": "application/octet-stream"}
        url = f"{self._homeserver.url}/_matrix/media/v3/upload"
        async with self._homeserver.http.post(url, data=data, headers=headers) as response:
            response.raise_for_status()
            return str((await response.json())["content_uri"])

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.login.access_token}"}

    async def _checked(self, request: Any) -> Any:
        response = await request
        self._raise_if_refused(response)
        return response

    def _raise_if_refused(self, response: object) -> None:
        if isinstance(response, nio.ErrorResponse):
            raise Refused(f"{self.display_name}: {response}")


def text(*parts: str | Pill | Person) -> Content:
    return events.text_content([part.pill if isinstance(part, Person) else part for part in parts])


def _summary(timeline: Sequence[RoomEvent]) -> str:
    if not timeline:
        return "nothing"
    return "; ".join(f"{event.sender} {event.type} {event.kind} {event.body[:80]!r}" for event in timeline[-8:])
