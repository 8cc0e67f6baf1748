"""What must be in the rooms when: the contract's rules about reminders, applied to what became known when.

A reminder is named by room, event, occurrence, start and lead. It has to come if its event, as the bot could know it,
called for it no later than when it was due, and still does when it can be sent.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .events import UTC, Event, Occurrence, occurrences
from .servers import Arrival, shortened

_AHEAD = timedelta(days=12)  # up to here the model has worked out what is due; worked out again every week
_BACK = timedelta(days=3)
_KEPT = timedelta(days=60)
_ON_TIME = timedelta(seconds=5)
_LATE = timedelta(seconds=60)
_RECOVERY = timedelta(minutes=11)  # the longest back-off, twice, and a little
_FIRST_LOOK = timedelta(seconds=60)  # a start waits for a look at the calendars
_SHORTEST_ALL_DAY = 12 * 60 * 60


class Name(NamedTuple):
    room: str
    uid: str
    recurrence_id: str | None
    start: datetime
    lead: int

    @property
    def due(self) -> datetime:
        return self.start - timedelta(seconds=self.lead)


@dataclass(frozen=True, slots=True)
class RoomRules:
    """What the configuration says of a room."""

    calendars: tuple[str, ...]
    leads: tuple[int, ...]
    alarms: bool = True
    mention: str = "attendees"
    zone: str = "Europe/Berlin"
    language: str = "de"
    daily: time | None = None


@dataclass(slots=True)
class Expected:
    """A reminder that is called for. `since` is when that became known for sure, None while that is open."""

    occurrence: Occurrence
    calendar: str
    earliest: datetime
    since: datetime | None
    longer: bool = False  # its end was moved after it was due: what was given up may stay given up


@dataclass(frozen=True, slots=True)
class Difference:
    what: str  # missed, doubled, wrong
    at: datetime
    room: str
    uid: str
    text: str

    def __str__(self) -> str:
        return f"{self.what} at {self.at:%Y-%m-%d %H:%M:%S}Z in {self.room}, event {self.uid}: {self.text}"


@dataclass(slots=True)
class Trouble:
    """Times in which sending was not possible: `open` until it ends, then `ended`."""

    open: set[str] = field(default_factory=set)
    ended: datetime | None = None
    patience: timedelta = timedelta(0)


class Expectations:
    def __init__(self, members: Mapping[str, frozenset[str]]) -> None:
        self.members = members
        self.rooms: dict[str, RoomRules] = {}
        self.known: dict[str, dict[str, Event]] = defaultdict(dict)  # by calendar and uid, as the bot knows them
        self.differences: list[Difference] = []
        self.counts: dict[str, int] = defaultdict(int)
        self.histories: dict[str, deque[str]] = {}
        self.events: deque[tuple[datetime, str]] = deque(maxlen=2000)  # in the world around
        self._wanted: dict[str, dict[str, dict[Name, Expected]]] = defaultdict(lambda: defaultdict(dict))
        self._sent: dict[Name, datetime] = {}
        self._covered: set[Name] = set()
        self._deadlines: list[tuple[datetime, int, Name]] = []
        self._numbers = itertools.count()
        self._everywhere = Trouble()
        self._in_room: dict[str, Trouble] = defaultdict(Trouble)
        self._ring: tuple[int, dict[str, list[tuple[datetime, bool]]]] = (0, {})
        self._doubtful: set[str] = set()
        self.found: Callable[[Difference], None] = lambda _: None
        self.killed_sending: datetime | None = (
            None  # what was due by then may have been tried, unseen by the homeserver
        )

    # ----------------------------------------------------------------------------------------- what becomes known

    def note(self, uid: str, at: datetime, text: str) -> None:
        self.histories.setdefault(uid, deque(maxlen=40)).append(f"{at:%Y-%m-%d %H:%M:%S}Z {text}")

    def tell(self, at: datetime, text: str) -> None:
        """Note what happens in the world around."""
        self.events.append((at, text))

    def around(self, difference: Difference) -> list[str]:
        """What happened to the event, and around it."""
        since, to = difference.at - timedelta(hours=30), difference.at + timedelta(hours=1)
        near = [f"{at:%Y-%m-%d %H:%M:%S}Z * {text}" for at, text in self.events if since <= at <= to]
        return sorted([*self.histories.get(difference.uid, ()), *near])

    def learns(self, calendar: str, uid: str, event: Event | None, now: datetime) -> None:
        """The bot knows an event as it is now; None: that it is gone."""
        self.note(uid, now, f"known in {calendar}: {_described(event)}")
        if event is None:
            self.known[calendar].pop(uid, None)
        else:
            self.known[calendar][uid] = event
        for room, rules in self.rooms.items():
            if calendar in rules.calendars:
                self._replan(room, uid, now)

    def configured(self, rooms: Mapping[str, RoomRules], now: datetime) -> list[str]:
        """Other settings are in force; in which rooms?"""
        changed = [room for room in self.rooms.keys() | rooms.keys() if self.rooms.get(room) != rooms.get(room)]
        self.rooms = dict(rooms)
        for room in changed:
            self.replan_room(room, now)
        return changed

    def doubt(self, rooms: Iterable[str], at: datetime) -> None:
        """The bot was killed while it put settings in force that it knew from `at` on: it may only know some of it."""
        self._doubtful.update(rooms)
        for room in rooms:
            for wanted in self._wanted[room].values():
                for one in wanted.values():
                    if one.earliest == at:
                        one.since = None

    def certain(self, now: datetime) -> None:
        """Settings are in force without doubt."""
        for room in self._doubtful:
            for wanted in self._wanted[room].values():
                for one in wanted.values():
                    one.since = one.since or now
        self._doubtful.clear()

    def replan_room(self, room: str, now: datetime) -> None:
        rules = self.rooms.get(room)
        if rules is None:
            self._wanted.pop(room, None)
            return
        uids = {uid for calendar in rules.calendars for uid in self.known[calendar]}
        for uid in sorted(uids | self._wanted[room].keys()):
            self._replan(room, uid, now)

    def roll(self, now: datetime) -> None:
        """Work out what is due in the next days; once a week."""
        for room in self.rooms:
            self.replan_room(room, now)
        self._sent = {name: end for name, end in self._sent.items() if now - end < _KEPT}
        self._covered &= self._sent.keys()
        alive = {uid for events in self.known.values() for uid in events}
        self.histories = {uid: lines for uid, lines in self.histories.items() if uid in alive}

    def _replan(self, room: str, uid: str, now: datetime) -> None:
        rules = self.rooms[room]
        before = self._wanted[room][uid]
        after: dict[Name, Expected] = {}
        for name, calendar, occurrence in self._called_for(room, rules, uid, now):
            if name in self._sent:
                continue
            known = before.get(name)
            if known is not None:
                longer = known.longer or (name.due <= now and occurrence.end > known.occurrence.end)
                after[name] = Expected(occurrence, calendar, known.earliest, known.since, longer)
            elif name.due >= now:
                after[name] = Expected(occurrence, calendar, now, now)
                heapq.heappush(self._deadlines, (name.due + _ON_TIME, next(self._numbers), name))
        if after:
            self._wanted[room][uid] = after
        else:
            del self._wanted[room][uid]

    def _called_for(
        self, room: str, rules: RoomRules, uid: str, now: datetime
    ) -> Iterable[tuple[Name, str, Occurrence]]:
        zone = ZoneInfo(rules.zone)
        seen: set[str | None] = set()
        for calendar in rules.calendars:
            event = self.known[calendar].get(uid)
            if event is None:
                continue
            here = list(occurrences(event, zone, now - _BACK, now + _AHEAD))
            for one in here:
                if one.recurrence_id in seen or one.texts.cancelled:
                    continue
                leads = {lead for lead in rules.leads if one.day is None or lead >= _SHORTEST_ALL_DAY}
                leads.update(one.alarms if rules.alarms else ())
                for lead in sorted(leads):
                    name = Name(room, uid, one.recurrence_id, one.start, lead)
                    if one.end > now or name.due >= now:
                        yield name, calendar, one
            seen.update(one.recurrence_id for one in here)

    # ------------------------------------------------------------------------------------------------ what can be sent

    def trouble(self, cause: str, now: datetime, room: str | None = None) -> None:
        state = self._everywhere if room is None else self._in_room[room]
        state.open.add(cause)

    def over(self, cause: str, now: datetime, room: str | None = None, patience: timedelta = _RECOVERY) -> None:
        state = self._everywhere if room is None else self._in_room[room]
        state.open.discard(cause)
        if state.ended is None or now + patience > state.ended + state.patience:
            state.ended, state.patience = now, patience

    def started(self, now: datetime) -> None:
        self.over("bot down", now, patience=_FIRST_LOOK)

    def clear_since(self, room: str, now: datetime) -> datetime | None:
        """Since when nothing has been in the way of sending to a room; None where something is."""
        troubles = (self._everywhere, self._in_room[room])
        if any(one.open for one in troubles):
            return None
        return max((one.ended + one.patience for one in troubles if one.ended), default=now - _KEPT)

    def is_troubled(self, now: datetime) -> bool:
        """Everywhere, now or a short while ago."""
        ended = self._everywhere.ended
        return bool(self._everywhere.open) or (ended is not None and now - ended < timedelta(hours=1))

    def advance(self, now: datetime) -> None:
        """Time has passed: what should have come by now?"""
        while self._deadlines and self._deadlines[0][0] < now:
            at, _, name = heapq.heappop(self._deadlines)
            expected = self._wanted[name.room].get(name.uid, {}).get(name) if name.room in self._wanted else None
            if expected is None or name in self._sent:
                continue
            clear = self.clear_since(name.room, now)
            if clear is None:
                if at < expected.occurrence.end:
                    heapq.heappush(self._deadlines, (at + timedelta(minutes=10), next(self._numbers), name))
                continue
            deadline = max(name.due + _ON_TIME, clear)
            if deadline >= now:
                heapq.heappush(self._deadlines, (deadline, next(self._numbers), name))
            elif deadline < expected.occurrence.end or deadline - name.due <= _LATE:
                certain = expected.since is not None and expected.since <= name.due and not expected.longer
                if certain:
                    self._differs("missed", deadline, name, f"lead {name.lead}, start {name.start}")
                else:
                    self.counts["left open"] += 1
            else:
                self.counts["too late"] += 1

    # ------------------------------------------------------------------------------------------------ what was sent

    def reminded(self, one: Arrival, part: Mapping[str, Any], ring: int) -> None:
        self.counts["messages"] += 1
        items = part.get("items", [part])
        mentioned: set[str] = set()
        exact = True
        names: list[Name] = []
        for item in items:
            expected, name = self._find(one, item)
            if expected is None:
                exact = False
                continue
            names.append(name)
            self._check(one, item, name, expected)
            mentioned |= self._guests(name.room, expected.occurrence)
            self._take(one, name, expected, late=bool(item["late"]))
        if exact:
            self._check_mentions(one, mentioned)
        if names and self.is_fresh(one, min(name.due for name in names)):
            self._check_order(one, ring, min(name.start for name in names), late=all(item["late"] for item in items))

    def _find(self, one: Arrival, item: Mapping[str, Any]) -> tuple[Expected | None, Name]:
        uid, lead = str(item["uid"]), int(item["lead"])
        zone = ZoneInfo(self.rooms[one.room].zone if one.room in self.rooms else "UTC")
        start = _instant(item["start"], zone)
        name = Name(one.room, uid, item["recurrence_id"], start, lead)
        self.note(uid, one.at, f"reminded in {one.room} of {start} lead {lead}: {shortened(one.content)}")
        if name in self._covered:
            # Said by a message about the same meeting already; what had been tried before that is sent as it was.
            self._covered.discard(name)
            if self.is_fresh(one, name.due):
                self._differs("wrong", one.at, name, f"late ones in several messages: lead {lead}, start {start}")
            return None, name
        if name in self._sent:
            self._differs("doubled", one.at, name, f"lead {lead}, start {start}, key {one.key}")
            return None, name
        expected = self._wanted[one.room].get(uid, {}).get(name) if one.room in self._wanted else None
        if expected is None and name not in self._sent:
            self._differs("wrong", one.at, name, f"not called for: lead {lead}, start {start}")
        return expected, name

    def _take(self, one: Arrival, name: Name, expected: Expected, *, late: bool) -> None:
        """It has come, and with it what would only say the same: longer leads of the meeting that are late as well."""
        wanted = self._wanted[name.room][name.uid]
        for other in list(wanted):
            same = other[:4] == name[:4]
            if other == name or (same and late and other.lead > name.lead and one.at - other.due > _LATE):
                del wanted[other]
                self._sent[other] = expected.occurrence.end
                self.counts["reminders"] += 1
                if other != name:
                    self._covered.add(other)
                    self.counts["merged"] += 1
        if late:
            self.counts["late"] += 1

    def _check(self, one: Arrival, item: Mapping[str, Any], name: Name, expected: Expected) -> None:
        occurrence, text = expected.occurrence, str(one.content["body"])
        zone = ZoneInfo(self.rooms[one.room].zone)
        late = one.at - name.due > _LATE
        hidden = occurrence.hidden
        facts: dict[str, tuple[object, object]] = {
            "late": (item["late"], late),
            "title": (item["title"], "busy" if hidden else occurrence.texts.title),
            "calendar": (item["calendar"], expected.calendar),
            "all_day": (item["all_day"], occurrence.day is not None),
            "status": (item["status"], "confirmed"),
        }
        if occurrence.day is None:
            facts["end"] = (_instant(item["end"], zone), occurrence.end)
            facts["zone"] = (item["start"]["timezone"], occurrence.zone if "/" in occurrence.zone else zone.key)
            there = occurrence.start.astimezone(ZoneInfo(item["start"]["timezone"]))
            facts["local time"] = (item["start"]["localtime"], f"{there:%Y-%m-%dT%H:%M:%S}")
            if self.rooms[one.room].language == "de":
                facts["hour in words"] = (f"{occurrence.start.astimezone(zone):%H:%M}" in text, True)
        else:
            facts["last day"] = (item["end"], {"date": f"{occurrence.last_day}"})
        for said in (occurrence.texts.title, occurrence.texts.place):
            if said and not (
                hidden and "items" in one.content["io.calbot"]
            ):  # another meeting may be in the same place
                facts[f"says {said}"] = (said in text, not hidden)
        if one.at < name.due - _ON_TIME:
            facts["not early"] = (one.at, name.due)
        if late and one.at >= occurrence.end:
            facts["not after the end"] = (one.at, occurrence.end)
        facts["text, so that it notifies"] = (one.content["msgtype"], "m.text")
        for what, (is_, should) in facts.items():
            if is_ != should:
                self._differs("wrong", one.at, name, f"{what} is {is_!r} instead of {should!r}")

    def _guests(self, room: str, occurrence: Occurrence) -> set[str]:
        if self.rooms[room].mention != "attendees" or occurrence.hidden:
            return set()
        there = {f"@{guest.address.partition('@')[0]}:example.org" for guest in occurrence.texts.guests
                 if guest.partstat != "DECLINED"}  # fmt: skip
        return there & self.members[room]

    def _check_mentions(self, one: Arrival, expected: set[str]) -> None:
        mentions = one.content["m.mentions"]
        found = set(mentions.get("user_ids", ()))
        whole = bool(mentions.get("room"))
        if found != expected or whole != (self.rooms[one.room].mention == "room"):
            name = Name(one.room, str(one.content["io.calbot"].get("uid")), None, one.at, 0)
            self._differs("wrong", one.at, name, f"mentions {sorted(found)} instead of {sorted(expected)}")

    def _check_order(self, one: Arrival, ring: int, start: datetime, *, late: bool) -> None:
        """Within one round of sending: in order of start, and what is late as one message. What had been tried before
        is sent again as it was, first."""
        if self._ring[0] != ring:
            self._ring = (ring, {})
        before = self._ring[1].setdefault(one.room, [])
        name = Name(one.room, str(one.content["io.calbot"].get("uid")), None, start, 0)
        if any(earlier > start for earlier, _ in before):
            self._differs("wrong", one.at, name, "not in order of start")
        if late and any(was_late for _, was_late in before):
            self._differs("wrong", one.at, name, "late ones of one room in several messages")
        before.append((start, late))

    def is_fresh(self, one: Arrival, due: datetime) -> bool:
        """Never tried before, as the bot sees it."""
        return one.fresh and (self.killed_sending is None or due > self.killed_sending)

    def soon(self, now: datetime, within: timedelta) -> list[Name]:
        """Which are due next, for those who want to disturb them."""
        return [name for _, _, name in self._deadlines if now < name.due <= now + within]

    def differ(self, difference: Difference) -> None:
        self.differences.append(difference)
        self.found(difference)
        self.note(difference.uid, difference.at, f"!!! {difference.what}: {difference.text}")

    def _differs(self, what: str, at: datetime, name: Name, text: str) -> None:
        self.counts[what] += 1
        self.differ(Difference(what, at, name.room, name.uid, text))


def _instant(value: Mapping[str, str], zone: ZoneInfo) -> datetime:
    if "date" in value:
        return datetime.fromisoformat(value["date"]).replace(tzinfo=zone).astimezone(UTC)
    return datetime.strptime(value["utc"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _described(event: Event | None) -> str:
    if event is None:
        return "gone"
    moved = "".join(f" [{at}→{one.start}{' cancelled' * one.texts.cancelled}]" for at, one in event.overrides)
    return (
        f"r{event.revision} {event.texts.title!r} {event.start} {event.length} {event.zone} {event.rule}"
        f"{' cancelled' * event.texts.cancelled}{f' {len(event.gone)} exdates' * bool(event.gone)}{moved}"
    )
