"""What goes wrong around the bot: servers that are away, overloaded or forgetful, rooms that it is thrown out of."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from calbot.core.model import RoomId
from calbot.errors import CalendarUnavailable
from tests.fakes.clock import FakeClock

from .department import Department
from .expectations import Expectations
from .servers import CalendarServers, Homeserver

Act = Callable[[], None]


class Misfortunes:
    """Each begins one, has the model know of it, and sees that it ends (`at`)."""

    def __init__(
        self,
        clock: FakeClock,
        chances: random.Random,
        department: Department,
        chat: Homeserver,
        servers: CalendarServers,
        model: Expectations,
        at: Callable[[datetime, Act], None],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._chances = chances
        self._department = department
        self._chat = chat
        self._servers = servers
        self._model = model
        self._at = at

    def homeserver_outage(self) -> None:
        if self._chat.down:
            return
        self.counts["homeserver outages"] += 1
        self._chat.down = True
        self._model.tell(self._clock(), "the homeserver is away")
        self._model.trouble("homeserver", self._clock())
        self._at(self._clock() + self._length(), self._homeserver_back)

    def _homeserver_back(self) -> None:
        self._chat.down = False
        self._model.tell(self._clock(), "the homeserver is back")
        self._model.over("homeserver", self._clock())

    def homeserver_busy(self) -> None:
        self.counts["overloads"] += 1
        self._chat.busy = self._chances.choice((0.1, 0.3, 0.6))
        self._model.trouble("busy", self._clock())
        self._model.tell(self._clock(), "the homeserver refuses some")
        self._at(self._clock() + timedelta(minutes=self._chances.randint(5, 90)), self._homeserver_calm)

    def _homeserver_calm(self) -> None:
        self._chat.busy = 0.0
        self._model.over("busy", self._clock())
        self._model.tell(self._clock(), "the homeserver refuses none")

    def homeserver_forgetful(self) -> None:
        self.counts["times of lost answers"] += 1
        self._chat.forgetful = self._chances.choice((0.2, 0.5, 1.0))
        self._model.trouble("forgetful", self._clock())
        self._model.tell(self._clock(), "the homeserver's answers get lost")
        self._at(self._clock() + timedelta(minutes=self._chances.randint(5, 120)), self._homeserver_clear)

    def _homeserver_clear(self) -> None:
        self._chat.forgetful = 0.0
        self._model.over("forgetful", self._clock())
        self._model.tell(self._clock(), "the homeserver's answers arrive")

    def room_lost(self) -> None:
        """The bot is thrown out of a room, and let in again."""
        room = RoomId(self._chances.choice(sorted(self._department.rooms)))
        if self._chat.user not in self._chat.rooms[room].members:
            return
        self.counts["kicks"] += 1
        self._chat.kick(room)
        self._model.tell(self._clock(), f"the bot is out of {room}")
        self._model.trouble("kicked", self._clock(), room)
        self._at(self._clock() + self._length(), lambda: self._room_found(room))

    def _room_found(self, room: RoomId) -> None:
        self._chat.rooms[room].members[self._chat.user] = "Calbot"
        self._model.tell(self._clock(), f"the bot is in {room} again")
        self._model.over("kicked", self._clock(), room)

    def calendar_outage(self) -> None:
        server = self._chances.choice(sorted(self._department.servers))
        if self._servers.servers[server][0] in self._servers.down:
            return
        self.counts["calendar outages"] += 1
        reason = self._chances.choice(("calendar_timeout", "calendar_unreachable"))
        self._servers.break_down(server, CalendarUnavailable(reason))
        self._model.tell(self._clock(), f"{server} is away")
        self._at(self._clock() + self._length(), lambda: self._calendar_back(server))

    def _calendar_back(self, server: str) -> None:
        self._servers.recover(server)
        self._model.tell(self._clock(), f"{server} is back")

    def calendar_flaky(self) -> None:
        self._servers.flaky = self._chances.choice((0.1, 0.5))
        self._at(self._clock() + timedelta(minutes=self._chances.randint(5, 90)), self._calendar_steady)
        if self._chances.random() < 0.3:
            self._servers.forget_cursors(self._chances.choice(self._department.calendars))

    def _calendar_steady(self) -> None:
        self._servers.flaky = 0.0

    def _length(self) -> timedelta:
        choice = self._chances.random()
        if choice < 0.7:
            return timedelta(minutes=self._chances.randint(1, 90))
        if choice < 0.95:
            return timedelta(hours=self._chances.randint(2, 14))
        return timedelta(hours=self._chances.randint(14, 40))
