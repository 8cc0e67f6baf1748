"""A client of mautrix with its real sync loop and handlers, whose server is a script and whose keys are plain words.

"Encrypted" events hold their content as JSON; whether one can be read depends on whether its session has come, as a
message to the device, before.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import aiohttp
from maubot.matrix import MaubotMatrixClient
from mautrix.client import MemorySyncStore
from mautrix.client.state_store import MemoryStateStore
from mautrix.types import JSON, EncryptedEvent, Event, FilterID, PresenceState, SyncToken, ToDeviceEvent, UserID

from calbot.core.model import EventId, RoomId
from calbot.core.model import UserId as OwnUserId
from calbot.errors import ChatUnavailable
from calbot.matrix.delivery import Unread, Waits
from calbot.matrix.intake import Intake
from calbot.matrix.server import Server
from calbot.matrix.timeline import Invitation, StateChange
from calbot.ports import ChatEvent, Inbox, Incoming
from tests.fakes.clock import FakeClock

BOT, ANNA, BEN = "@calbot:example.org", "@anna:example.org", "@ben:example.org"
ROOM = "!room:example.org"
QUICK = Waits(first=timedelta(seconds=0.05), telling=timedelta(seconds=0.1), longest=timedelta(minutes=15))

Raw = dict[str, Any]


class KnownSessions:
    """The crypto store, as far as it is asked."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.forgotten: list[str] = []

    async def has_group_session(self, room: str, session: str) -> bool:
        return session in self.sessions

    async def remove_outbound_group_session(self, room: str) -> None:
        self.forgotten.append(room)


class PlainCrypto:
    """Stands for mautrix's OlmMachine. Messages to the device that come side by side are lost, as they are there."""

    def __init__(self) -> None:
        self.crypto_store = KnownSessions()
        self.taken: list[str] = []
        self._busy = False
        self._came = asyncio.Condition()

    async def handle_to_device_event(self, event: ToDeviceEvent) -> None:
        if self._busy:
            return
        self._busy = True
        await asyncio.sleep(0)
        session: str = event.content.serialize()["sender_key"]
        self.taken.append(session)
        self.crypto_store.sessions.add(session)
        self._busy = False
        async with self._came:
            self._came.notify_all()

    async def wait_for_session(self, room: str, session: str, timeout: float) -> bool:
        async def come() -> None:
            async with self._came:
                await self._came.wait_for(lambda: session in self.crypto_store.sessions)

        try:
            await asyncio.wait_for(come(), timeout)
        except asyncio.TimeoutError:
            return False
        return True

    async def decrypt_megolm_event(self, event: EncryptedEvent) -> Event:
        inner = json.loads(event.content.ciphertext)
        whole = {
            **inner,
            "room_id": event.room_id,
            "event_id": event.event_id,
            "sender": event.sender,
            "origin_server_ts": event.timestamp,
        }
        decrypted: Event = Event.deserialize(whole)
        return decrypted


class ScriptedClient(MaubotMatrixClient):
    """Answers /sync with what the test puts in, and notes from where it was asked. Asked too much, it waits."""

    def __init__(self, session: aiohttp.ClientSession, store: MemorySyncStore, *, crypto: bool = True) -> None:
        super().__init__(
            mxid=UserID(BOT),
            base_url="http://127.0.0.1:1",
            client_session=session,
            sync_store=store,
            state_store=MemoryStateStore(),
            log=logging.getLogger("tests.client"),
        )
        self.responses: asyncio.Queue[Raw] = asyncio.Queue()
        self.asked_from: list[str | None] = []
        self.plain_crypto = PlainCrypto() if crypto else None
        self._crypto = cast("Any", self.plain_crypto)
        self._asked = asyncio.Condition()

    async def sync(
        self,
        since: SyncToken | None = None,
        timeout: int = 0,
        filter_id: FilterID | None = None,
        full_state: bool = False,
        set_presence: PresenceState | None = None,
    ) -> JSON:
        self.asked_from.append(since)
        async with self._asked:
            self._asked.notify_all()
        return cast("JSON", await self.responses.get())

    async def asked(self, requests: int) -> None:
        """Wait until that many requests were made, so that what was answered before is recorded."""
        async with self._asked:
            await asyncio.wait_for(self._asked.wait_for(lambda: len(self.asked_from) >= requests), 5)


class ServerRow(MemorySyncStore):
    """A maubot server's row of a client, which is its sync store too."""

    filter_id = "7"

    def __init__(self, next_batch: str | None = None, *, sync: bool, autojoin: bool = False) -> None:
        super().__init__(SyncToken(next_batch) if next_batch else None)
        self.sync = sync
        self.autojoin = autojoin


class ScriptedServer(Server):
    """Answers requests other than the sync's: the first handler whose path fits, else an empty /sync."""

    def __init__(self, client: MaubotMatrixClient) -> None:
        super().__init__(client)
        self.answers: list[tuple[str, Callable[[Mapping[str, str]], Raw]]] = []
        self.failures = 0

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        if self.failures:
            self.failures -= 1
            raise ChatUnavailable
        for part, answer in self.answers:
            if part in path:
                return answer(query or {})
        return {"next_batch": "now"}


@dataclass
class Diary:
    """A listener that writes down what it is told. `acts` says what is something to act on."""

    inbox: Inbox
    acts: Callable[[ChatEvent], bool] = lambda event: str(event.content.get("body", "")).startswith("!meet")
    events: list[ChatEvent] = field(default_factory=list)
    unreadable: list[tuple[str, Unread]] = field(default_factory=list)
    states: list[StateChange] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)
    left: list[RoomId] = field(default_factory=list)
    hold: asyncio.Event | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def on_event(self, event: ChatEvent, incoming: Incoming) -> bool:
        self.events.append(event)
        await self._tell()
        if self.hold is not None:
            await self.hold.wait()
        if not self.acts(event):
            return False
        await self.inbox.start(incoming.event_id, incoming.raw)
        await self.inbox.finish(incoming.event_id)
        return True

    async def on_unreadable(self, room: RoomId, sender: OwnUserId, event: EventId, reason: Unread) -> None:
        self.unreadable.append((event, reason))
        await self._tell()

    async def on_state(self, change: StateChange) -> None:
        self.states.append(change)
        await self._tell()

    async def on_invite(self, invitation: Invitation) -> None:
        self.invitations.append(invitation)
        await self._tell()

    async def on_left(self, room: RoomId) -> None:
        self.left.append(room)
        await self._tell()

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.events]

    async def until(self, fulfilled: Callable[[], bool]) -> None:
        """Wait for news until it is so."""
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(fulfilled), 5)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


@dataclass
class Bot:
    client: ScriptedClient
    server: ScriptedServer
    diary: Diary
    intake: Intake


def bot(
    session: aiohttp.ClientSession,
    store: MemorySyncStore,
    inbox: Inbox,
    clock: FakeClock,
    *,
    crypto: bool = True,
    waits: Waits = QUICK,
) -> Bot:
    client = ScriptedClient(session, store, crypto=crypto)
    server = ScriptedServer(client)
    diary = Diary(inbox)
    intake = Intake(client, inbox, diary, clock, logging.getLogger("tests.intake"), waits=waits, server=server)
    return Bot(client, server, diary, intake)


class Script:
    """Makes /sync responses, their times by the clock."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def said(self, id: str, body: str = "!meet liste", *, sender: str = ANNA, ago: timedelta = timedelta()) -> Raw:
        return self.event(id, "m.room.message", {"msgtype": "m.text", "body": body}, sender=sender, ago=ago)

    def encrypted(self, id: str, session: str, *, sender: str = ANNA, ago: timedelta = timedelta()) -> Raw:
        inner = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": f"!meet {session}"}}
        content = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "session_id": session,
            "ciphertext": json.dumps(inner),
        }
        return self.event(id, "m.room.encrypted", content, sender=sender, ago=ago)

    def event(self, id: str, event_type: str, content: Raw, *, sender: str = ANNA, ago: timedelta = timedelta()) -> Raw:
        at = int((self._clock() - ago).timestamp() * 1000)
        return {"event_id": id, "type": event_type, "sender": sender, "origin_server_ts": at, "content": content}


def response(token: str, *events: Raw, room: str = ROOM, keys: tuple[str, ...] = (), **timeline: Any) -> Raw:
    to_device = [{"type": "m.room.encrypted", "sender": ANNA, "content": _olm(key)} for key in keys]
    join = {room: {"timeline": {"events": list(events), **timeline}}} if events or timeline else {}
    return {"next_batch": token, "to_device": {"events": to_device}, "rooms": {"join": join}}


def _olm(session: str) -> Raw:
    return {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": session, "ciphertext": {}}
