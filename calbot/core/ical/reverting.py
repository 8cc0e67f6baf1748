"""Takes a change back in an object that others may have changed since, in something else.

A change is known by the object before and after it. Property by property, what it changed is put back where it still
says what the change made of it. What others have changed meanwhile stays; where both changed the same, nothing is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.model import RecurrenceId, Uid
from calbot.core.recurrence_rule import parts_of
from calbot.errors import BadCalendarData

from .building import stamp
from .content import Component, Line
from .editing import read_to_edit, written
from .reading import CALBOT_ATTENDEE, ParsedObject, attendee_of
from .recurrence import series_of

_BOOKKEEPING: Final = frozenset({"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "CREATED", "X-MOZ-GENERATION"})
_PEOPLE: Final = frozenset({"ATTENDEE", CALBOT_ATTENDEE})
_LISTS: Final = frozenset({"EXDATE", "RDATE", "CATEGORIES"})
_SIGNIFICANT: Final = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "STATUS"})

_Identity = tuple[Uid, RecurrenceId | None]
_Value = tuple[str, tuple[tuple[str, tuple[str, ...]], ...], str]


class Overlap(Exception):
    """Somebody changed the same since."""


def reverted(data: str, before: str, after: str, *, zone: ZoneInfo, now: datetime) -> str | None:
    """`data` without what changed from `before` to `after`; None where it is so already. Overlap where it cannot be."""
    current, was, became = (read_to_edit(text, zone) for text in (data, before, after))
    there, old, new = _by_identity(current), _by_identity(was), _by_identity(became)
    changed = False
    for identity in [*old, *(one for one in new if one not in old)]:
        if identity in old and identity in new:
            changed |= _revert(there.get(identity), old[identity], new[identity], now)
        elif identity in new:
            changed |= _take_out(current, there.get(identity), new[identity])
        else:
            changed |= _put_back(current, there.get(identity), old[identity], now)
    return written(current) if changed else None


def _by_identity(parsed: ParsedObject) -> Mapping[_Identity, Component]:
    series = series_of(parsed)
    return {
        (event.uid, None if event.recurrence_id is None else series.slot_id(event.recurrence_id)): event.component
        for event in parsed.events
    }


# --------------------------------------------------------------------------------------------------- whole components


def _take_out(current: ParsedObject, component: Component | None, new: Component) -> bool:
    """A component that the change added."""
    if component is None:
        return False
    if any(_values(component, name) != _values(new, name) for name in _names(component, new) - _PEOPLE):
        raise Overlap
    for root in current.roots:
        root.items = [item for item in root.items if item is not component]
    return True


def _put_back(current: ParsedObject, component: Component | None, old: Component, now: datetime) -> bool:
    """A component that the change took out."""
    if component is not None:
        if any(_values(component, name) != _values(old, name) for name in _names(component, old) - _PEOPLE):
            raise Overlap
        return False
    restored = old.copy()
    stamp(restored, now, significant=True)
    root = current.roots[0]
    places = [i for i, item in enumerate(root.items) if isinstance(item, Component) and item.name == "VEVENT"]
    root.items.insert(max(places) + 1, restored)
    return True


# --------------------------------------------------------------------------------------------------------- properties


def _revert(component: Component | None, old: Component, new: Component, now: datetime) -> bool:
    names = [name for name in _names(old, new) if _values(old, name) != _values(new, name)]
    if not names:
        return False
    if component is None:
        raise Overlap
    done: set[str] = set()
    for name in names:
        if name in _PEOPLE:
            if _revert_people(component, name, old, new):
                done.add(name)
        elif (found := _values(component, name)) == _values(new, name):
            component.replace(name, *old.all(name))
            done.add(name)
        elif found != _values(old, name):
            raise Overlap
    if done:
        stamp(component, now, significant=not _SIGNIFICANT.isdisjoint(done))
    return bool(done)


def _revert_people(component: Component, name: str, old: Component, new: Component) -> bool:
    """People are put on and taken off again, whatever they have answered since."""
    was, became = _people(old, name), _people(new, name)
    here = _people(component, name)
    gone = [line for person, line in here.items() if person in became and person not in was]
    back = [line for person, line in was.items() if person not in became and person not in here]
    for line in gone:
        component.swap(line)
    for line in back:
        component.append(line)
    return bool(gone or back)


def _people(component: Component, name: str) -> Mapping[str, Line]:
    return {(one := attendee_of(line)).address or one.user or one.name: line for line in component.all(name)}


def _names(*components: Component) -> set[str]:
    return {line.name for component in components for line in component.lines} - _BOOKKEEPING


def _values(component: Component, name: str) -> Counter[_Value]:
    """What a property says, however a server may have written it down again."""
    return Counter(value for line in component.all(name) for value in _each(line))


def _each(line: Line) -> Iterator[_Value]:
    params = tuple(sorted(line.params.items()))
    if line.name in _LISTS:
        for value in line.value.split(","):
            yield line.name, params, value.strip()
    elif line.name == "RRULE":
        yield line.name, params, _rule(line.value)
    else:
        yield line.name, params, line.value.strip()


def _rule(value: str) -> str:
    try:
        return ";".join(sorted(f"{name}={text}" for name, text in parts_of(value)))
    except BadCalendarData:
        return value
