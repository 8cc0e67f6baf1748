"""What must be told of changes: what people see of an event in a room and have not been told, once.

The model keeps, for each room, each event as it was when the room last heard of it. What differs from that, ahead of
now, has to be told soon; a message about an event of which the room knows all is one too many.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .events import Event, occurrences
from .expectations import Difference, RoomRules
from .servers import Arrival

_AHEAD = timedelta(days=40)  # less than series are known for
_SOON = timedelta(minutes=8)  # several changes are waited for, five minutes at most
_MURKY = timedelta(hours=1)
_FAR = timedelta(days=60)
_TOLD_WITHIN = timedelta(days=7)

Versions = tuple[tuple[str, Event], ...]  # by calendar, in the order of the room's calendars


class Seen(NamedTuple):
    """An occurrence as people see it."""

    start: datetime
    end: datetime
    title: str
    place: str
    guests: frozenset[str]


class Announcements:
    """`clear_since(room, now)`: since when sending to a room has been possible, None while it is not."""

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
        self._shown: set[tuple[str, str]] = set()  # rooms and calendars of which changes are told
        self._told: dict[str, dict[str, Versions]] = defaultdict(dict)  # by room and uid, where it is not as it is now
        self._murky: dict[tuple[str, str], datetime] = {}  # events of which the model cannot say what a room was told
        self._far: dict[tuple[str, str], datetime] = {}  # and of which it may have been told later than at once
        self._untold_since: dict[tuple[str, str], datetime] = {}
        self._deadlines: list[tuple[datetime, int, str, str]] = []
        self._numbers = itertools.count()

    def before(self, calendar: str, uid: str, new: Event | None, now: datetime) -> None:
        """The bot is about to learn of a change."""
        for room, rules in self._rooms().items():
            if calendar not in rules.calendars:
                continue
            there = [name for name in rules.calendars if uid in self._known[name]]
            readable = all(self._known[name][uid].readable for name in there) and (new is None or new.readable)
            if (room, calendar) not in self._shown or len({*there, calendar}) > 1 or not readable:
                # Which of the copies people were told of last, or what became of nonsense, is open.
                self._murky[room, uid] = now
                self._told[room].pop(uid, None)
                continue
            if uid not in self._told[room]:
                self._told[room][uid] = self._versions(room, uid)
                self._untold_since[room, uid] = now
            self._expect(room, uid, now + _SOON)

    def read(self, calendar: str) -> None:
        """The whole of a calendar is known to the bot: from now on the rooms that show it hear of changes."""
        self._shown |= {(room, calendar) for room, rules in self._rooms().items() if calendar in rules.calendars}

    def configured(self, changed: Iterable[str], now: datetime) -> None:
        """What a room is told of all that is new there is said of the calendar as a whole."""
        rooms = self._rooms()
        self._shown = {(room, name) for room, name in self._shown if room in rooms and name in rooms[room].calendars}
        for room in changed:
            for uid in self._told.pop(room, {}):
                self._murky[room, uid] = now

    def advance(self, now: datetime) -> None:
        while self._deadlines and self._deadlines[0][0] < now:
            at, _, room, uid = heapq.heappop(self._deadlines)
            told = self._told[room].get(uid) if room in self._told else None
            if told is None or room not in self._rooms() or at < self._untold_since[room, uid] + _SOON:
                continue  # told, no longer shown, or the deadline of a change that was told before the one that waits
            if not self._differences(room, uid, told, at):
                # Over, taken back, or so far ahead that a series is not known until then.
                if _plain(told) != _plain(self._versions(room, uid)):
                    self._far[room, uid] = at
                    del self._told[room][uid]
                continue
            clear = self._clear_since(room, now)
            if now - self._untold_since[room, uid] > _TOLD_WITHIN:
                # Nobody is told of a change that long after it; of one that takes it back they may be.
                self._far[room, uid] = now
            if clear is None:
                self._expect(room, uid, now + timedelta(minutes=10))
            elif clear + _SOON > now:
                self._expect(room, uid, clear + _SOON)
            elif not self._is_murky(room, uid, at):
                self._say("missed", at, room, uid, "a change was not told")
                del self._told[room][uid]

    def arrived(self, one: Arrival, part: Mapping[str, Any], *, fresh: bool) -> None:
        """Something of changes was told in a room."""
        self.counts["change messages"] += 1
        if "uid" not in part and "items" not in part:
            self.counts["summaries"] += 1
            if not self._told.get(one.room) and fresh and not self._has_murk(one.room, one.at):
                self._say("wrong", one.at, one.room, "", "a summary of nothing")
            for uid in self._told.pop(one.room, {}):
                # What changed since it was tried first, or a moment ago, may be told by other messages.
                if not fresh or one.at - self._untold_since[one.room, uid] < _SOON:
                    self._murky[one.room, uid] = one.at
            return
        items: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for item in part.get("items", [part]):
            self.counts["changes told"] += 1
            items[str(item["uid"])].append(item)
        for uid, theirs in items.items():
            self._told_one(one, uid, theirs, fresh=fresh)

    def _told_one(self, one: Arrival, uid: str, items: list[Mapping[str, Any]], *, fresh: bool) -> None:
        told = self._told[one.room].pop(uid, None)
        if not fresh:
            self._murky[one.room, uid] = one.at  # what changed since it was tried first is told by another message
        if self._is_murky(one.room, uid, one.at):
            return
        if told is None or _plain(told) == _plain(self._versions(one.room, uid)):
            # Far ahead a series may not have been known yet when it changed, and is when it changes back.
            if any(_starts(item) < one.at + _AHEAD for item in items):
                self._say("doubled", one.at, one.room, uid, "nothing is new")
            return
        for item in items:
            gone = item["change"] in ("cancelled", "removed")
            versions = told if gone else self._versions(one.room, uid)
            there = self._view(one.room, versions, one.at - timedelta(days=3), _AHEAD * 20)
            shown = (item["start"].get("utc"), item["title"])
            if not item["all_day"] and shown not in {
                (f"{seen.start:%Y-%m-%dT%H:%M:%SZ}", seen.title) for seen in there.values()
            }:
                self._say("wrong", one.at, one.room, uid, f"told {shown}, which is not so")

    def _expect(self, room: str, uid: str, at: datetime) -> None:
        heapq.heappush(self._deadlines, (at, next(self._numbers), room, uid))

    def _versions(self, room: str, uid: str) -> Versions:
        calendars = self._rooms()[room].calendars
        return tuple((name, self._known[name][uid]) for name in calendars if uid in self._known[name])

    def _differences(self, room: str, uid: str, told: Versions, now: datetime) -> bool:
        before = self._view(room, told, now, _AHEAD)
        after = self._view(room, self._versions(room, uid), now, _AHEAD)
        return before != after

    def _view(self, room: str, versions: Versions, now: datetime, ahead: timedelta) -> dict[str | None, Seen]:
        zone = ZoneInfo(self._rooms()[room].zone)
        found: dict[str | None, Seen] = {}
        for _, event in reversed(versions):
            for one in occurrences(event, zone, now, now + ahead):
                found.pop(one.recurrence_id, None)
                if not one.texts.cancelled:
                    guests = frozenset() if one.hidden else frozenset(guest.address for guest in one.texts.guests)
                    title, place = ("busy", "") if one.hidden else (one.texts.title, one.texts.place)
                    found[one.recurrence_id] = Seen(one.start, one.end, title, place, guests)
        return found

    def _is_murky(self, room: str, uid: str, at: datetime) -> bool:
        since, far = self._murky.get((room, uid)), self._far.get((room, uid))
        clear = self._clear_since(room, at)
        # As long as nothing can be sent the room is told nothing that would make it clear.
        murky = since is not None and (clear is None or at - max(since, clear) < _MURKY * 24)
        return murky or (far is not None and at - far < _FAR)

    def _has_murk(self, room: str, at: datetime) -> bool:
        return any(one == room and at - since < _MURKY for (one, _), since in self._murky.items())

    def forget_old(self, now: datetime) -> None:
        self._murky = {name: since for name, since in self._murky.items() if now - since < _TOLD_WITHIN * 2}
        self._far = {name: since for name, since in self._far.items() if now - since < _FAR}

    def _say(self, what: str, at: datetime, room: str, uid: str, text: str) -> None:
        self.counts[f"{what} (changes)"] += 1
        self._differs(Difference(what, at, room, uid, f"changes: {text}"))


def _starts(item: Mapping[str, Any]) -> datetime:
    value = item["start"]
    return datetime.fromisoformat(
        value["utc"].replace("Z", "+00:00") if "utc" in value else f"{value['date']}T00:00+00:00"
    )


def _plain(versions: Versions) -> list[tuple[str, Event]]:
    """Without what people do not see: descriptions, answers, alarms."""
    return [(calendar, _seen(event)) for calendar, event in versions]


def _seen(event: Event) -> Event:
    def texts_of(texts: Any) -> Any:
        guests = tuple(sorted((replace(guest, partstat="") for guest in texts.guests), key=lambda one: one.address))
        return replace(texts, description="", guests=guests)

    overrides = tuple((slot, replace(one, texts=texts_of(one.texts))) for slot, one in event.overrides)
    return replace(event, texts=texts_of(event.texts), overrides=overrides, alarms=(), revision=0)
