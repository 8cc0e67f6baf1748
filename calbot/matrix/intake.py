"""What comes in: records it before anything is done about it.

mautrix stores its position in the sync stream before it hands out what came, and what is handed out then lives in
memory only. Here every event lies in the inbox, together with the position from which to ask again after a crash,
before the next request is sent; from there `delivery` hands it on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from logging import DEBUG, WARNING, Logger
from typing import Any

from mautrix.client import Client, InternalEventType

from calbot.core.model import RoomId, UserId
from calbot.errors import ChatForbidden
from calbot.ports import Clock, Inbox, Listening
from calbot.typed_maubot import stored_filter

from .delivery import Delivery, Listener, Waits
from .history import messages_back
from .keys import Keys
from .reading import Reader
from .server import Server, client_path
from .syncing import SyncOwner, SyncRunner, SyncSetup
from .timeline import Raw, Update, is_own_join, is_recorded, read_update

# No more events than this are asked for where a room's timeline has a gap.
_MAX_GAP = 1000
_FIRST_PAUSE, _MAX_PAUSE = 0.5, 30.0
_INVITATIONS_ONLY = json.dumps(
    {
        "room": {
            "timeline": {"limit": 0, "types": []},
            "state": {"types": []},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
        "presence": {"types": []},
        "account_data": {"types": []},
    }
)


class Intake:
    """`reach`: how far back the gap in a room's timeline is filled that a long absence leaves."""

    def __init__(
        self,
        client: Client,
        inbox: Inbox,
        listener: Listener,
        clock: Clock,
        log: Logger,
        *,
        reach: timedelta = timedelta(days=1),
        waits: Waits | None = None,
        server: Server | None = None,
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._listener = listener
        self._clock = clock
        self._log = log
        self._reach = reach
        self._server = server or Server(client)
        self._keys = Keys(client, log)
        self._sync = SyncRunner(client, log)
        self._delivery = Delivery(Reader(client), inbox, listener, clock, log, waits or Waits())
        self._own = UserId(client.mxid)
        # Where the request began whose response comes next. Recorded with what that response holds: after a crash it
        # is asked for again, as mautrix may not have finished with it (devices, members); the inbox knows its events.
        self._since: str | None = None
        self._ready = asyncio.Event()
        self._closing = asyncio.Event()
        self._starting: asyncio.Task[None] | None = None
        self._heard_at = clock()

    def listening(self) -> Listening:
        setup = self._sync.setup()
        return Listening(setup.running, setup.owner is SyncOwner.OWN, self._heard_at)

    def setup(self) -> SyncSetup:
        return self._sync.setup()

    async def start(self) -> None:
        """Listen from now on. What was left unfinished or missed, and the sync itself, follow in the background."""
        self._since = await self._sync.position()
        self._client.add_event_handler(InternalEventType.SYNC_SUCCESSFUL, self._synced, wait_sync=True)
        self._sync.watch()
        self._starting = asyncio.create_task(self._begin(), name="calbot intake")

    async def close(self, grace: float = 10.0) -> None:
        """Stop the sync if it is ours, let what is being acted on end, leave the rest to the next start."""
        self._closing.set()
        self._client.remove_event_handler(InternalEventType.SYNC_SUCCESSFUL, self._synced)
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        self._ready.set()
        await self._sync.stop()
        await self._delivery.close(grace)

    async def _begin(self) -> None:
        """Go on where the last run ended: with what it had not finished, then with what came since."""
        if not await self._persistently(self._resume):
            return
        await self._persistently(self._meet_the_present)
        self._ready.set()
        await self._persistently(self._ask_for_invitations)

    async def _resume(self) -> None:
        for incoming in await self._inbox.unfinished():
            self._delivery.put(incoming)

    async def _meet_the_present(self) -> None:
        token = await self._inbox.token()
        if self._sync.is_ours():
            self._since = token or self._since
            await self._sync.start(self._since)
        elif token is not None and token != self._since:
            await self._catch_up(token)

    async def _catch_up(self, token: str) -> None:
        """Ask for what came between `token` and the place where somebody else's sync goes on.

        Keys that came meanwhile are with mautrix if it was there. If not, they are lost: the sync should be ours.
        """
        query = {"since": token, "timeout": "0", "set_presence": "offline"}
        stored = stored_filter(self._client)
        if stored is not None:
            query["filter"] = stored
        response = await self._server.request("GET", client_path("sync"), query=query)
        await self._record(read_update(response, self._own), token)

    async def _ask_for_invitations(self) -> None:
        """A sync tells of an invitation once, when it comes; only one from the beginning tells of all that wait."""
        query = {"filter": _INVITATIONS_ONLY, "timeout": "0", "set_presence": "offline"}
        response = await self._server.request("GET", client_path("sync"), query=query)
        for invitation in read_update(response, self._own).invitations:
            self._delivery.put_job(invitation.room, partial(self._listener.on_invite, invitation))

    async def _synced(self, dispatched: Mapping[str, Any]) -> None:
        """A response has come. mautrix goes on to the next request when this is done."""
        response = dispatched["data"]
        self._heard_at = self._clock()
        await self._keys.take(response)
        await self._ready.wait()
        if await self._persistently(partial(self._record, read_update(response, self._own), self._since)):
            self._since = response["next_batch"]

    async def _record(self, update: Update, since: str | None) -> None:
        events: list[Raw] = []
        for room in update.rooms:
            if room.gap is not None and since is not None:
                events += await self._fill_gap(room.room, room.gap, since)
            elif room.members_changed:
                # mautrix would, but takes the change for known where another client of this maubot met it first: they
                # share one store of members.
                await self._keys.forget_members(room.room)
            events += room.events
        if since is None:
            # The first sync of all shows rooms as they were long before there was a bot to talk to.
            events = [raw for raw in events if self._delivery.is_recent(raw.get("origin_server_ts", 0))]
        for incoming in await self._inbox.accept(events, since):
            self._delivery.put(incoming)
        for room in update.rooms:
            for change in room.state:
                self._delivery.put_job(room.room, partial(self._listener.on_state, change))
        for invitation in update.invitations:
            self._delivery.put_job(invitation.room, partial(self._listener.on_invite, invitation))
        for left in update.left:
            self._delivery.put_job(left, partial(self._listener.on_left, left))

    async def _fill_gap(self, room: RoomId, gap: str, since: str) -> list[Raw]:
        """What the server left out of a long timeline, oldest first."""
        oldest = (self._clock() - self._reach).timestamp() * 1000
        found: list[Raw] = []
        seen = 0
        try:
            await self._keys.forget_members(room)
            async for raw in messages_back(self._server, room, start=gap, end=since):
                seen += 1
                too_old = raw.get("origin_server_ts", 0) < oldest
                if seen > _MAX_GAP or too_old or is_own_join(raw, self._own):
                    break
                if is_recorded(raw, self._own):
                    found.append(raw)
        except ChatForbidden:
            self._log.info("%s cannot be read any more", room)
        return found[::-1]

    async def _persistently(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Repeat what needs the database and the homeserver until it works; False where the bot is closed first."""
        pause, failed = _FIRST_PAUSE, False
        while not self._closing.is_set():
            try:
                await step()
            except ChatForbidden:
                self._log.warning("The homeserver refuses to say what came in")
                return False
            except Exception as error:  # noqa: BLE001 - mautrix would log it and go on; what came would be lost
                self._log.log(DEBUG if failed else WARNING, "What comes in cannot be recorded now: %r", error)
            else:
                if failed:
                    self._log.info("What comes in is recorded again")
                return True
            failed = True
            await self._pause(pause)
            pause = min(pause * 2, _MAX_PAUSE)
        return False

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
