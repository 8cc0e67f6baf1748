"""What the people of the department do to their calendars, with programs of their own."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from calbot.core.model import Href

from .department import Department, Secretary
from .events import UTC, Event, Override, Texts, occurrences, written
from .servers import CalendarServers

_BERLIN = ZoneInfo("Europe/Berlin")
_VERSIONS_KEPT = 30

Note = Callable[[str, datetime, str], None]


class Authors:
    """`there`: what lies on the servers, by calendar and uid."""

    def __init__(self, department: Department, servers: CalendarServers, chances: random.Random, note: Note) -> None:
        self.there: dict[tuple[str, str], Event] = {}
        self._servers = servers
        self._department = department
        self._chances = chances
        self._note = note
        self._versions: dict[tuple[str, Href], deque[tuple[str, Event]]] = {}
        self._removed: deque[tuple[str, Event]] = deque(maxlen=200)
        self._secretary = Secretary(chances, department.people)
        self._acts: tuple[tuple[int, Callable[[datetime], None]], ...] = (
            (30, self.make_meeting),
            (10, self.make_meeting_soon),
            (1, self.make_series),
            (60, self.change_something),
            (6, self.remove),
            (6, self.restore),
            (4, self.to_another_calendar),
            (4, self.copy),
        )

    def version(self, calendar: str, href: Href | str, etag: str) -> Event:
        """The event that some version of an object holds."""
        for known, event in self._versions[calendar, Href(href)]:
            if known == etag:
                return event
        raise KeyError(etag)

    def act(self, now: datetime) -> None:
        """Somebody does something."""
        weights, acts = zip(*self._acts, strict=True)
        self._chances.choices(acts, weights)[0](now)

    def disturb(self, calendar: str, uid: str, now: datetime) -> None:
        """Do something to an event that people are about to be reminded of."""
        event = self.there.get((calendar, uid))
        if event is not None:
            self._chances.choice((self._change, self._change, self._change, self._delete))(calendar, event, now)

    # ----------------------------------------------------------------------------------------------- what they do

    def make_meeting(self, now: datetime) -> None:
        self._put(self._chances.choice(self._department.calendars), self._secretary.meeting(now), now)

    def make_meeting_soon(self, now: datetime) -> None:
        self._put(self._chances.choice(self._department.calendars), self._secretary.meeting_soon(now), now)

    def make_series(self, now: datetime) -> None:
        self._put(self._chances.choice(self._department.calendars), self._secretary.series(now), now)

    def change_something(self, now: datetime) -> None:
        found = self._some(now)
        if found is not None:
            self._change(*found, now)

    def remove(self, now: datetime) -> None:
        found = self._some(now)
        if found is not None and (not found[1].rule or self._chances.random() < 0.2):
            self._delete(*found, now)

    def restore(self, now: datetime) -> None:
        if self._removed:
            calendar, event = self._chances.choice(self._removed)
            if (calendar, event.uid) not in self.there:
                self._put(calendar, event, now)

    def to_another_calendar(self, now: datetime) -> None:
        found = self._some(now)
        other = self._chances.choice(self._department.calendars)
        if found is not None and (other, found[1].uid) not in self.there:
            self._put(other, found[1], now)
            self._delete(*found, now)

    def copy(self, now: datetime) -> None:
        """The same event in two calendars, such as the team's and the meeting room's."""
        found = self._some(now)
        other = self._chances.choice(self._department.calendars)
        if found is not None and (other, found[1].uid) not in self.there:
            self._put(other, found[1], now)

    def archive(self, now: datetime) -> None:
        """Take away what is long over."""
        for (calendar, uid), event in list(self.there.items()):
            if not event.rule and _starts(event) < now - timedelta(days=40):
                self._servers.remove(calendar, uid)
                del self.there[calendar, uid]
                self._versions.pop((calendar, self._servers.href(calendar, uid)))

    def close(self) -> None:
        """Forget versions that no object has any more."""
        alive = {(calendar, self._servers.href(calendar, uid)) for calendar, uid in self.there}
        alive |= {(calendar, self._servers.href(calendar, event.uid)) for calendar, event in self._removed}
        self._versions = {name: one for name, one in self._versions.items() if name in alive}

    # ------------------------------------------------------------------------------------------------ changes

    def _change(self, calendar: str, event: Event, now: datetime) -> None:
        changed = self._changed(event, now)
        everywhere = self._chances.random() < 0.8
        for other, uid in [name for name in self.there if name[1] == event.uid]:
            if everywhere or other == calendar:
                self._put(other, changed, now, uid)

    def _changed(self, event: Event, now: datetime) -> Event:
        if not event.readable:
            return event.changed(readable=True)
        choice = self._chances.random()
        if choice < 0.02:
            return event.changed(readable=False)
        if event.rule and choice < 0.7:
            return self._changed_series(event, now)
        if choice < 0.45 and isinstance(event.start, datetime):
            return event.changed(start=self._moved(event.start))
        if choice < 0.5 and not event.rule:
            return event.changed(length=timedelta(days=1) if event.all_day else self._secretary.length())
        if choice < 0.55:
            return event.changed(alarms=self._secretary.alarms())
        return event.changed(texts=self._changed_texts(event.texts))

    def _changed_texts(self, texts: Texts) -> Texts:
        match self._chances.randrange(6):
            case 0:
                return replace(texts, title=self._secretary.title())
            case 1:
                return replace(texts, place=self._secretary.place())
            case 2:
                return replace(texts, description=self._secretary.title())
            case 3:
                return replace(texts, guests=self._secretary.guests())
            case _:
                return replace(texts, cancelled=not texts.cancelled)

    def _changed_series(self, event: Event, now: datetime) -> Event:
        ahead = [one for one in self._ahead(event, now) if one not in event.gone]
        if not ahead:
            return event.changed(texts=self._changed_texts(event.texts))
        one = self._chances.choice(ahead[:4])
        overrides = dict(event.overrides)
        there = overrides.get(one, Override(one, event.texts))
        choice = self._chances.random()
        if choice < 0.3:
            overrides[one] = Override(self._moved(there.start), there.texts)
        elif choice < 0.45:
            overrides[one] = Override(there.start, self._changed_texts(there.texts))
        elif choice < 0.65:
            overrides.pop(one, None)
            return event.changed(gone=event.gone | {one}, overrides=tuple(sorted(overrides.items(), key=_by_slot)))
        elif choice < 0.72 and event.gone:
            return event.changed(gone=event.gone - {self._chances.choice(sorted(event.gone))})
        elif choice < 0.8:
            overrides.pop(one, None)
        elif choice < 0.85 and "COUNT" not in event.rule:
            return event.changed(until=None if event.until else ahead[-1])
        else:
            return event.changed(texts=self._changed_texts(event.texts))
        return event.changed(overrides=tuple(sorted(overrides.items(), key=_by_slot)))

    def _ahead(self, event: Event, now: datetime) -> list[datetime]:
        """The slots of a series in the next weeks."""
        zone = ZoneInfo(event.zone)
        plain = replace(event, overrides=())
        found = occurrences(plain, _BERLIN, now, now + timedelta(days=40))
        return [one.start.astimezone(zone).replace(tzinfo=None, fold=0) for one in found if _is_plain(one.start, zone)]

    def _moved(self, start: datetime) -> datetime:
        by = self._chances.choice((-120, -60, -30, -15, 5, 10, 15, 30, 60, 120, 24 * 60, 48 * 60, 7 * 24 * 60))
        return start + timedelta(minutes=by)

    def _some(self, now: datetime) -> tuple[str, Event] | None:
        """An event that is not over, rather one of the next days."""
        for _ in range(40):
            if not self.there:
                return None
            calendar, uid = self._chances.choice(list(self.there))
            event = self.there[calendar, uid]
            if event.rule or _starts(event) > now - timedelta(hours=3):
                return calendar, event
        return None

    # ---------------------------------------------------------------------------------------------- on the server

    def _put(self, calendar: str, event: Event, now: datetime, name: str | None = None) -> None:
        name = name or event.uid
        stored = self._servers.put(calendar, name, written(event))
        self.there[calendar, event.uid] = event
        versions = self._versions.setdefault((calendar, stored.href), deque(maxlen=_VERSIONS_KEPT))
        versions.append((stored.etag or "", event))
        self._note(event.uid, now, f"written to {calendar} as {stored.etag} r{event.revision}")

    def _delete(self, calendar: str, event: Event, now: datetime) -> None:
        self._servers.remove(calendar, event.uid)
        del self.there[calendar, event.uid]
        self._removed.append((calendar, event))
        self._note(event.uid, now, f"deleted from {calendar}")


def _starts(event: Event) -> datetime:
    if not isinstance(event.start, datetime):
        return datetime(event.start.year, event.start.month, event.start.day, tzinfo=UTC)
    return event.start.replace(tzinfo=ZoneInfo(event.zone or "Europe/Berlin"))


def _by_slot(pair: tuple[datetime, Override]) -> datetime:
    return pair[0]


def _is_plain(instant: datetime, zone: ZoneInfo) -> bool:
    """Not in an hour that the clock change takes away or gives twice: authors do not touch those."""
    there = instant.astimezone(zone)
    return (
        there.replace(tzinfo=None).replace(tzinfo=zone).astimezone(UTC) == instant
        and there.hour != 3
        and not there.fold
    )
