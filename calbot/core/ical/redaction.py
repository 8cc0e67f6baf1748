"""What may be kept of an event that is not to be seen: identity, times, status."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .content import Component, Line, property_line, read_components, without_pause, write_components

_EVENT = frozenset(
    [
        "UID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "STATUS",
        "TRANSP",
        "CLASS",
        "SEQUENCE",
        "DTSTAMP",
    ]
)
_ZONE = frozenset(["TZID", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE", "X-LIC-LOCATION"])
_PARAMETERS = ("TZID", "VALUE", "RANGE")


def redacted(data: str) -> str:
    """The same object with everything taken out but UID, times, rules, status, class, sequence and zones."""
    return without_contents(read_components(data))


def without_contents(components: Iterable[Component], pause: Callable[[], None] = without_pause) -> str:
    """Likewise, of an object that was read. `pause` is called now and then, for others to have their turn."""
    roots = []
    for root in components:
        kept = Component(root.name, [line for line in root.lines if line.name in ("VERSION", "PRODID")])
        for component in root.components:
            pause()
            if component.name == "VEVENT":
                kept.items.append(Component(component.name, _kept(component, _EVENT)))
            elif component.name == "VTIMEZONE":
                parts = [Component(part.name, _kept(part, _ZONE)) for part in component.components]
                kept.items.append(Component(component.name, [*_kept(component, _ZONE), *parts]))
        roots.append(kept)
    return write_components(roots)


def _kept(component: Component, names: frozenset[str]) -> list[Line | Component]:
    return [_bare(line) for line in component.lines if line.name in names]


def _bare(line: Line) -> Line:
    return property_line(line.name, line.value, {name: line.param(name) for name in _PARAMETERS})
