"""What is planned of looks at calendars, and what is known between them; a restart knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calbot.core.model import CalendarName, Mark
from calbot.ports import CalendarState

Home = CalendarName  # calendars that lie together are known by the first of them


@dataclass(slots=True)
class Looks:
    """By calendar, and by home where several lie together."""

    homes: dict[Home, tuple[CalendarName, ...]] = field(default_factory=dict)
    home_of: dict[CalendarName, Home] = field(default_factory=dict)
    homes_planned: dict[Home, datetime] = field(default_factory=dict)
    home_failures: dict[Home, int] = field(default_factory=dict)
    failing: set[CalendarName] = field(default_factory=set)
    split: dict[Home, datetime] = field(default_factory=dict)  # until when to look at each by itself
    planned: dict[CalendarName, datetime] = field(default_factory=dict)
    marks: dict[CalendarName, Mark] = field(default_factory=dict)  # seen, but what is behind them is not read yet
    touched: dict[CalendarName, datetime] = field(default_factory=dict)  # when somebody last had to do with it
    starts: dict[CalendarName, datetime | None] = field(default_factory=dict)  # when the next thing begins there
    wanted_since: dict[CalendarName, datetime] = field(default_factory=dict)  # when a room began to show it
    new: set[CalendarName] = field(default_factory=set)  # rooms may see them now that did not before

    def arrange(
        self, groups: Iterable[Sequence[CalendarName]], calendars: Iterable[CalendarName], now: datetime
    ) -> None:
        """Begin anew with these calendars, of which some lie together. What people did to them stays known."""
        self.homes = {group[0]: tuple(group) for group in groups}
        self.home_of = {name: home for home, names in self.homes.items() for name in names}
        self.new = set(calendars)
        for memory in (self.homes_planned, self.home_failures, self.split, self.planned, self.marks, self.starts):
            memory.clear()
        self.touched = {name: at for name, at in self.touched.items() if name in self.new}
        self.wanted_since = {name: self.wanted_since.get(name, now) for name in self.new}

    def waiting_since(self, state: CalendarState) -> datetime | None:
        """Since when a calendar waits to be read (again); None where nobody waits yet."""
        return state.synced_at or self.wanted_since.get(state.calendar)

    def is_alone(self, calendar: CalendarName) -> bool:
        """Whether nobody looks at it but by itself."""
        home = self.home_of.get(calendar)
        return home is None or home in self.split

    def next(self, calendar: CalendarName) -> datetime | None:
        """When it is looked at next, in whatever way."""
        times = [self.planned.get(calendar)]
        if not self.is_alone(calendar):
            times.append(self.homes_planned.get(self.home_of[calendar]))
        return min((at for at in times if at is not None), default=None)
