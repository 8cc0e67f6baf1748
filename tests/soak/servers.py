"""The world outside: a homeserver and calendar servers that fail as real ones do."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calbot.core.model import CalendarName, EventId, Href, RoomId
from calbot.errors import CalendarUnavailable, ChatUnavailable
from calbot.matrix.content import key_of
from tests.fakes.calendar import FakeCalendarGateway, _Collection
from tests.fakes.chat import FakeChat, Posted
from tests.fakes.clock import FakeClock

from .life import Life

_TRANSACTIONS_KEPT = timedelta(hours=24)
_EVENTS_KEPT = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that the homeserver took, for the first time. `fresh`: nobody had tried to send it before."""

    at: datetime
    room: RoomId
    event: EventId
    key: str
    type: str
    content: Mapping[str, Any]
    fresh: bool


class Homeserver(FakeChat):
    """Synapse, seen from the bot: takes an event once per transaction id and device, for a day.

    `busy`: the chance that it refuses for being overloaded. `forgetful`: the chance that its answer gets lost.
    """

    def __init__(self, clock: FakeClock, chances: random.Random, arrived: Callable[[Arrival], None]) -> None:
        super().__init__(clock)
        self.life = Life()
        self.busy = 0.0
        self.forgetful = 0.0
        self._clock_now = clock
        self._chances = chances
        self._arrived = arrived
        self._taken: dict[tuple[RoomId, str, str], tuple[datetime, EventId]] = {}
        self._attempted: dict[str, datetime] = {}
        self.posted_count = 0

    def _answer(self) -> None:
        self.life.step("homeserver")
        super()._answer()

    def _send(self, posted: Posted, *, discloses: bool) -> EventId:
        now = self._clock_now()
        fresh = posted.key not in self._attempted
        self._attempted.setdefault(posted.key, now)
        state = self._enter(posted.room)  # counts as the step before
        if self.busy and self._chances.random() < self.busy:
            raise ChatUnavailable(retry_after=self._chances.choice((None, 2.0, 30.0, 120.0)))
        transaction = (posted.room, posted.key, self.device)
        since = self._repeating_since.get()
        if since is not None and posted.edits is None:
            for known in state.events:
                mine = known.sender == self._user and key_of(known.content) == posted.key
                if mine and known.at >= since.timestamp() * 1000:
                    return known.id
        taken = self._taken.get(transaction)
        if taken is None or now - taken[0] > _TRANSACTIONS_KEPT:
            event = self.sends(posted.room, self._user, posted.type, posted.content)
            taken = self._taken[transaction] = (now, event.id)
            self.posted_count += 1
            self._arrived(Arrival(now, posted.room, event.id, posted.key, posted.type, posted.content, fresh))
        self.life.step("homeserver took it")
        if self.forgetful and self._chances.random() < self.forgetful:
            raise ChatUnavailable
        return taken[1]

    def forget_old(self) -> None:
        now = self._clock_now()
        self._taken = {name: one for name, one in self._taken.items() if now - one[0] < _TRANSACTIONS_KEPT}
        self._attempted = {key: at for key, at in self._attempted.items() if now - at < _EVENTS_KEPT}
        oldest = (now - _EVENTS_KEPT).timestamp() * 1000
        for room in self.rooms.values():
            room.events[:] = [event for event in room.events if event.at >= oldest]


class CalendarServers(FakeCalendarGateway):
    """All calendars, on several servers. `dirty`: calendars in which something happened that the bot has not seen.

    `flaky`: the chance that a single request fails.
    """

    def __init__(self, servers: Mapping[str, Iterable[str]], clock: FakeClock, chances: random.Random) -> None:
        super().__init__([name for names in servers.values() for name in names])
        self.life = Life()
        self.servers = {server: tuple(CalendarName(name) for name in names) for server, names in servers.items()}
        self.down: dict[CalendarName, CalendarUnavailable] = {}
        self.flaky = 0.0
        self.dirty: dict[CalendarName, datetime] = {}
        self.touched: Callable[[CalendarName], None] = lambda _: None
        self._now = clock
        self._chances = chances

    def break_down(self, server: str, error: CalendarUnavailable) -> None:
        for calendar in self.servers[server]:
            self.down[calendar] = error
            self._touch(calendar)

    def recover(self, server: str) -> None:
        for calendar in self.servers[server]:
            self.down.pop(calendar, None)
            self.dirty[calendar] = self._now()

    def etags(self, calendar: CalendarName) -> dict[Href, str]:
        return {href: one.etag or "" for href, one in self._collections[calendar].objects.items()}

    def names(self) -> tuple[CalendarName, ...]:
        return tuple(self._collections)

    async def _called(self, method: str, calendar: CalendarName, *, writes: bool = False) -> _Collection:
        self.life.step("calendar server")
        if calendar in self.down:
            raise self.down[calendar]
        if self.flaky and self._chances.random() < self.flaky:
            self.dirty.setdefault(calendar, self._now())
            raise CalendarUnavailable("calendar_timeout")
        return self._collections[calendar]

    def _store(self, calendar: CalendarName, href: Href, data: str) -> Any:
        stored = super()._store(calendar, href, data)
        self._touch(calendar)
        return stored

    def _drop(self, calendar: CalendarName, href: Href) -> None:
        super()._drop(calendar, href)
        self._touch(calendar)

    def _touch(self, calendar: CalendarName) -> None:
        self.dirty.setdefault(calendar, self._now())
        self.touched(calendar)


def shortened(content: Mapping[str, Any]) -> str:
    """What was said, on one line."""
    return str(content.get("body", ""))[:120].replace("\n", " | ")
