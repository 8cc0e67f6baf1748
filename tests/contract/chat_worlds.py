"""Two worlds in which the same things can be done: chat in memory, and a homeserver with people's encrypted clients."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from maubot.matrix import MaubotMatrixClient
from mautrix.client import MemorySyncStore
from mautrix.crypto import OlmMachine, PgCryptoStateStore, PgCryptoStore
from mautrix.types import DeviceID, Event, EventType, UserID
from mautrix.util.async_db import Database

from calbot.core.model import EventId, RoomId, UserId
from calbot.matrix.chat import MatrixChat
from calbot.ports import Chat, Encryption
from demo.accounts import Homeserver, Login
from demo.client import Person
from demo.process import LOOPBACK, free_port
from demo.synapse import synapse
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock

SERVER_NAME = "chat.example.org"
_SECRET = "registration"
_PASSWORD = "password"
_LOG = logging.getLogger("tests.chat")


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as another member's client has it."""

    type: str
    content: Mapping[str, Any]
    was_encrypted: bool


class World(Protocol):
    """The bot, and Anna and Ben, who use other clients."""

    @property
    def chat(self) -> Chat: ...
    @property
    def deaf(self) -> Chat:
        """The same bot without encryption."""
        ...

    anna: UserId
    ben: UserId

    async def room(self, *, encrypted: bool, ben: bool = False) -> RoomId:
        """A room of Anna's and the bot's; with Ben only invited, if he is to be there."""
        ...

    async def invitation(self) -> RoomId:
        """A room that Anna has invited the bot to."""
        ...

    async def sends(self, room: RoomId, event_type: str, content: Mapping[str, Any]) -> EventId:
        """Anna sends something, encrypted if the room is."""
        ...

    async def seals(self, room: RoomId) -> EventId:
        """Anna sends something to which the bot has no key."""
        ...

    async def uploads(self, room: RoomId, name: str, data: bytes, *, claimed: int | None = None) -> EventId:
        """Anna posts a file, encrypted if the room is, and says how large it is; if not as it is, as `claimed`."""
        ...

    async def redacts(self, room: RoomId, event: EventId) -> None: ...

    async def kicks(self, room: RoomId) -> None: ...

    async def joins(self, room: RoomId) -> None:
        """Anna accepts an invitation of the bot's."""
        ...

    async def encrypts(self, room: RoomId) -> None:
        """Anna turns encryption on; returns when the bot's client has heard of it."""
        ...

    async def upgrades(self, room: RoomId) -> RoomId:
        """Anna upgrades a room, and invites the bot to the new one."""
        ...

    async def lives_in(self, zone: str) -> None:
        """Anna says so in her profile."""
        ...

    async def heard(self, room: RoomId, event: EventId) -> Heard: ...

    async def heard_from_bot(self, room: RoomId) -> int:
        """How many events of the bot's, membership aside, Anna sees."""
        ...

    async def download(self, room: RoomId, event: EventId) -> bytes: ...


class FakeWorld:
    def __init__(self, clock: FakeClock) -> None:
        self.chat = FakeChat(clock)
        self.anna = UserId("@anna:example.org")
        self.ben = UserId("@ben:example.org")
        self._numbers = iter(range(1000))

    @property
    def deaf(self) -> FakeChat:
        self.chat.crypto = Encryption.OFF
        return self.chat

    async def room(self, *, encrypted: bool, ben: bool = False) -> RoomId:
        room = self.chat.add_room(f"!room{next(self._numbers)}:example.org", self.anna, encrypted=encrypted)
        if ben:
            self.chat.rooms[room].invited.add(self.ben)
        self._empower(room)
        return room

    async def invitation(self) -> RoomId:
        room = await self.room(encrypted=False)
        self.chat.kick(room)
        self.chat.rooms[room].invited.add(self.chat.user)
        return room

    async def sends(self, room: RoomId, event_type: str, content: Mapping[str, Any]) -> EventId:
        return self.chat.sends(room, self.anna, event_type, content).id

    async def uploads(self, room: RoomId, name: str, data: bytes, *, claimed: int | None = None) -> EventId:
        url = f"mxc://chat.example.org/{len(self.chat.files)}"
        self.chat.files[url] = data
        info = {"mimetype": "text/calendar", "size": len(data) if claimed is None else claimed}
        place = {"file": {"url": url}} if self.chat.rooms[room].encrypted else {"url": url}
        return await self.sends(room, "m.room.message", {"msgtype": "m.file", "body": name, "info": info, **place})

    async def seals(self, room: RoomId) -> EventId:
        sealed = self.chat.sends(room, self.anna, "m.room.message", {"msgtype": "m.text", "body": "?"}).id
        self.chat.rooms[room].sealed.add(sealed)
        return sealed

    async def redacts(self, room: RoomId, event: EventId) -> None:
        self.chat.redacts(room, event)

    async def kicks(self, room: RoomId) -> None:
        self.chat.kick(room)

    async def joins(self, room: RoomId) -> None:
        self.chat.enter(room, self.anna)

    async def encrypts(self, room: RoomId) -> None:
        self.chat.rooms[room].encrypted = True

    async def upgrades(self, room: RoomId) -> RoomId:
        new = await self.invitation()
        self.chat.rooms[room].successor, self.chat.rooms[new].predecessor = new, room
        return new

    async def lives_in(self, zone: str) -> None:
        self.chat.zones[self.anna] = zone

    async def heard(self, room: RoomId, event: EventId) -> Heard:
        found = next(known for known in self.chat.rooms[room].events if known.id == event)
        encrypted = self.chat.rooms[room].encrypted and self.chat.crypto is not Encryption.OFF
        return Heard(found.type, found.content, was_encrypted=encrypted and found.type != "m.reaction")

    async def heard_from_bot(self, room: RoomId) -> int:
        return sum(event.sender == self.chat.user for event in self.chat.rooms[room].events)

    async def download(self, room: RoomId, event: EventId) -> bytes:
        (posted,) = (posted for posted in self.chat.posted if posted.event == event)
        assert posted.file is not None
        return posted.file.data

    def _empower(self, room: RoomId) -> None:
        from_anna = self.chat.rooms[room].power
        self.chat.rooms[room].power = type(from_anna)(users={self.anna: 100})


class SynapseWorld:
    """`start` it once; every test makes rooms of its own."""

    def __init__(
        self,
        homeserver: Homeserver,
        client: MaubotMatrixClient,
        deaf_client: MaubotMatrixClient,
        logins: Mapping[str, Login],
        anna: Person,
    ) -> None:
        self.chat = MatrixChat(client, _LOG)
        self.deaf = MatrixChat(deaf_client, _LOG)
        self.anna = UserId(logins["anna"].mxid)
        self.ben = UserId(logins["ben"].mxid)
        self._homeserver = homeserver
        self._client = client
        self._logins = logins
        self._person = anna

    async def sign_the_bots_device(self) -> None:
        """As an admin does, once for the account."""
        assert self._client.crypto is not None
        await self._client.crypto.generate_recovery_key()

    async def room(self, *, encrypted: bool, ben: bool = False) -> RoomId:
        invited = [self._logins["calbot"].mxid, *([self.ben] if ben else [])]
        room = RoomId(
            await self._homeserver.create_room(self._logins["anna"], "A room", invite=invited, encrypted=encrypted)
        )
        await self.chat.join(room)
        await self._person.sync()
        return room

    async def invitation(self) -> RoomId:
        invited = [self._logins["calbot"].mxid]
        return RoomId(await self._homeserver.create_room(self._logins["anna"], "A room", invite=invited))

    async def sends(self, room: RoomId, event_type: str, content: Mapping[str, Any]) -> EventId:
        return EventId(await self._person.send(room, event_type, dict(content)))

    async def uploads(self, room: RoomId, name: str, data: bytes, *, claimed: int | None = None) -> EventId:
        shared = EventId(await self._person.share_file(room, name, data, "text/calendar"))
        if claimed is None:
            return shared
        content = (await self.heard(room, shared)).content
        return await self.sends(room, "m.room.message", {**content, "info": {"size": claimed}})

    async def seals(self, room: RoomId) -> EventId:
        content = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg",
            "device_id": "ELSEWHERE",
            "sender_key": "IlRMeOPX2e0MurIyfWEucYBRVOEEUMrOHqn/8mLqMjA",
            "session_id": "X3lUlvLELLYxeTx4yOVu6UDpasGEVO0Jbu+QFnm0cKQ",
        }
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.encrypted/sealed"
        token = self._logins["anna"].access_token
        answer = await self._homeserver.request("PUT", path, token=token, json=content)
        return EventId(answer["event_id"])

    async def redacts(self, room: RoomId, event: EventId) -> None:
        await self._person.redact(room, event)

    async def kicks(self, room: RoomId) -> None:
        path = f"/_matrix/client/v3/rooms/{room}/kick"
        body = {"user_id": self.chat.user}
        await self._homeserver.request("POST", path, token=self._logins["anna"].access_token, json=body)

    async def joins(self, room: RoomId) -> None:
        token = self._logins["anna"].access_token
        await self._homeserver.request("POST", f"/_matrix/client/v3/rooms/{room}/join", token=token, json={})
        await self._person.sync()

    async def encrypts(self, room: RoomId) -> None:
        heard = asyncio.Event()

        async def hear(event: Event) -> None:
            if event.room_id == room:
                heard.set()

        self._client.add_event_handler(EventType.ROOM_ENCRYPTION, hear)
        content = {"algorithm": "m.megolm.v1.aes-sha2"}
        await self._homeserver.set_state(self._logins["anna"], room, "m.room.encryption", content)
        await asyncio.wait_for(heard.wait(), 20)
        self._client.remove_event_handler(EventType.ROOM_ENCRYPTION, hear)
        await self._person.sync()

    async def upgrades(self, room: RoomId) -> RoomId:
        token = self._logins["anna"].access_token
        path = f"/_matrix/client/v3/rooms/{room}/upgrade"
        answer = await self._homeserver.request("POST", path, token=token, json={"new_version": "11"})
        new = RoomId(answer["replacement_room"])
        body = {"user_id": self.chat.user}
        await self._homeserver.request("POST", f"/_matrix/client/v3/rooms/{new}/invite", token=token, json=body)
        return new

    async def lives_in(self, zone: str) -> None:
        login = self._logins["anna"]
        path = f"/_matrix/client/v3/profile/{login.mxid}/m.tz"
        await self._homeserver.request("PUT", path, token=login.access_token, json={"m.tz": zone})

    async def heard(self, room: RoomId, event: EventId) -> Heard:
        await self._person.sync()
        (found,) = (known for known in self._person.timeline(room) if known.event_id == event)
        return Heard(found.type, found.content, found.was_encrypted)

    async def heard_from_bot(self, room: RoomId) -> int:
        await self._person.sync()
        return sum(event.sender == self.chat.user and event.state_key is None for event in self._person.timeline(room))

    async def download(self, room: RoomId, event: EventId) -> bytes:
        await self._person.sync()
        (found,) = (known for known in self._person.timeline(room) if known.event_id == event)
        return await self._person.download(found)


@asynccontextmanager
async def running_homeserver(directory: Path) -> AsyncIterator[Homeserver]:
    port = free_port()
    server = synapse(directory, port, server_name=SERVER_NAME, registration_secret=_SECRET)
    async with server, aiohttp.ClientSession() as http:
        yield Homeserver(http, f"http://{LOOPBACK}:{port}", _SECRET)


@asynccontextmanager
async def synapse_world(directory: Path) -> AsyncIterator[SynapseWorld]:
    async with AsyncExitStack() as stack:
        homeserver = await stack.enter_async_context(running_homeserver(directory / "synapse"))
        names = ("anna", "ben", "calbot")
        logins = {name: await homeserver.register(name, _PASSWORD, display_name=name.title()) for name in names}
        anna = Person(homeserver, logins["anna"], display_name="Anna", store=directory / "anna")
        stack.push_async_callback(anna.close)
        await anna.sync()
        bot = await stack.enter_async_context(bot_client(homeserver, logins["calbot"], directory / "bot.db"))
        deaf_login = await homeserver.login("calbot", _PASSWORD, device_name="without encryption")
        deaf = _client(homeserver, deaf_login, state_store=None)
        yield SynapseWorld(homeserver, bot, deaf, logins, anna)


@asynccontextmanager
async def bot_client(
    homeserver: Homeserver, login: Login, database: Path, *, sync: bool = True
) -> AsyncIterator[MaubotMatrixClient]:
    """A client as maubot makes them, with encryption, from its database; `sync=False` leaves the sync to others."""
    async with AsyncExitStack() as stack:
        db = Database.create(f"sqlite:{database}", upgrade_table=PgCryptoStore.upgrade_table)
        await db.start()
        stack.push_async_callback(db.stop)
        await PgCryptoStateStore.upgrade_table.upgrade(db)
        state_store = PgCryptoStateStore(db)
        store = PgCryptoStore(account_id=login.mxid, pickle_key="pickle", db=db)
        client = _client(homeserver, login, state_store=state_store)
        crypto = OlmMachine(client, store, state_store)
        client.crypto = crypto
        await store.open()
        await crypto.load()
        await store.put_device_id(DeviceID(login.device_id))
        await crypto.share_keys()
        if not sync:
            yield client
            return
        task = client.start(None)
        try:
            yield client
        finally:
            client.stop()
            await task


def _client(homeserver: Homeserver, login: Login, *, state_store: PgCryptoStateStore | None) -> MaubotMatrixClient:
    return MaubotMatrixClient(
        mxid=UserID(login.mxid),
        device_id=DeviceID(login.device_id),
        base_url=homeserver.url,
        token=login.access_token,
        client_session=homeserver.http,
        log=logging.getLogger("mau.client.tests"),
        sync_store=MemorySyncStore(),
        state_store=state_store,
    )
