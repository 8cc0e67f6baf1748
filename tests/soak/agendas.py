"""Which agendas must be posted: each day at the time that is set for a room, once, and what is in them."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .events import UTC, Event, occurrences
from .expectations import Difference, RoomRules
from .servers import Arrival

_WITHIN = timedelta(minutes=2)
_MOST = 20  # events in one agenda

Item = tuple[str, str | None]


class Agendas:
    """`clear_since` as for `Announcements`."""

    def __init__(
        self,
        known: Mapping[str, Mapping[str, Event]],
        rooms: Callable[[], Mapping[str, RoomRules]],
        clear_since: Callable[[str, datetime], datetime | None],
        differs: Callable[[Difference], None],
    ) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        self._known = known
        self._rooms = rooms
        self._clear_since = clear_since
        self._differs = differs
        self._since: dict[str, datetime] = {}  # since when the settings of a room are as they are
        self._posted: dict[tuple[str, date], datetime] = {}
        self._next: dict[str, datetime] = {}
        self._set: list[tuple[datetime, int, str]] = []
        self._checks: list[tuple[datetime, int, str, datetime]] = []  # what was due, and has to be there by then
        self._numbers = itertools.count()

    def configured(self, changed: Iterable[str], now: datetime) -> None:
        for room in changed:
            self._since[room] = now
            if room in self._rooms():
                self._set_next(room, now)

    def _set_next(self, room: str, now: datetime) -> None:
        rules = self._rooms()[room]
        self._next.pop(room, None)
        if rules.daily is None:
            return
        zone = ZoneInfo(rules.zone)
        days = (now.astimezone(zone).date() + timedelta(days=ahead) for ahead in range(3))
        at = next(at for day in days if (at := datetime.combine(day, rules.daily, tzinfo=zone).astimezone(UTC)) > now)
        self._next[room] = at
        heapq.heappush(self._set, (at, next(self._numbers), room))

    def advance(self, now: datetime) -> None:
        while self._set and self._set[0][0] < now:
            due, _, room = heapq.heappop(self._set)
            rules = self._rooms().get(room)
            if rules is None or self._next.get(room) != due:
                continue  # for other settings
            self._set_next(room, due)
            if self._since[room] < due - timedelta(days=1) and self._items(room, due):
                heapq.heappush(self._checks, (due + _WITHIN, next(self._numbers), room, due))
        while self._checks and self._checks[0][0] < now:
            at, _, room, due = heapq.heappop(self._checks)
            rules = self._rooms().get(room)
            if rules is None or self._since[room] >= due:
                continue
            clear = self._clear_since(room, now)
            day = due.astimezone(ZoneInfo(rules.zone)).date()
            if clear is None or clear > due or (room, day) in self._posted:
                continue
            if self._items(room, at):
                self._say("missed", due, room, f"no agenda for {day}")

    def arrived(self, one: Arrival, part: Mapping[str, Any]) -> None:
        self.counts["agendas"] += 1
        rules = self._rooms().get(one.room)
        if rules is None or rules.daily is None:
            self._say("wrong", one.at, one.room, "an agenda that nobody wants")
            return
        day = one.at.astimezone(ZoneInfo(rules.zone)).date()
        if (one.room, day) in self._posted and self._since[one.room] < self._posted[one.room, day]:
            self._say("doubled", one.at, one.room, f"agenda for {day}, and at {self._posted[one.room, day]}")
        self._posted[one.room, day] = one.at
        if one.at.astimezone(ZoneInfo(rules.zone)).time() < rules.daily:
            self._say("wrong", one.at, one.room, f"an agenda before {rules.daily}")
        found = {(str(item["uid"]), item["recurrence_id"]) for item in part["items"]}
        expected = self._items(one.room, one.at)
        # Which of two copies counts where one is cancelled is not said.
        copies = {
            item for item in found ^ expected if sum(item[0] in self._known[name] for name in rules.calendars) > 1
        }
        found, expected = found - copies, expected - copies
        if found != expected and len(expected) <= _MOST:
            self._say("wrong", one.at, one.room, f"lacks {expected - found}, has {found - expected}")

    def _items(self, room: str, now: datetime) -> set[Item]:
        """What takes place today and is not over."""
        rules = self._rooms()[room]
        zone = ZoneInfo(rules.zone)
        day = now.astimezone(zone).date()
        end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)
        found: dict[Item, bool] = {}
        for calendar in reversed(rules.calendars):
            for event in self._known[calendar].values():
                for one in occurrences(event, zone, now - timedelta(days=4), end):
                    over = one.end <= now
                    found[one.uid, one.recurrence_id] = not over and not one.texts.cancelled
        return {item for item, there in found.items() if there}

    def forget_old(self, now: datetime) -> None:
        self._posted = {name: at for name, at in self._posted.items() if now - at < timedelta(days=3)}

    def _say(self, what: str, at: datetime, room: str, text: str) -> None:
        self.counts[f"{what} (agendas)"] += 1
        self._differs(Difference(what, at, room, "agenda", text))
