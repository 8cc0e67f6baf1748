"""Content lines and components of iCalendar (RFC 5545, 3.1), kept exactly as they were written.

A document is a tree of components and lines. Every line keeps its text, folds included, and is written out again as
it was unless it is replaced, so an edit leaves what it does not understand alone: unknown properties, parameters,
their order. Only line ends become CRLF. What servers really hold is read leniently: LF alone, a byte order mark,
lines that are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from calbot.errors import BadCalendarData

_FOLD = 75  # octets, without the line end
_MAX_DEPTH = 8
MAX_LINE = 1024 * 1024  # characters
MAX_PARAMETERS = 1_000  # of one line
_LINES_BETWEEN_PAUSES = 200
# One after the other: to split a large text at once would keep every other thread waiting. With the name in front.
_LOGICAL_LINE = re.compile(r"(?:([A-Za-z0-9-]+)(?=[;:]))?[^\n]+(?:\n[ \t][^\n]*)*")
_NAME = re.compile(r"[A-Za-z0-9-]+(?=[;:])")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_CARET = {"^n": "\n", "^'": '"', "^^": "^"}  # RFC 6868
_NO_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # and halves of surrogate pairs: no octets at all


class Line:
    """A content line. `raw` is how it was written, with folds; `name` is upper case, empty for what is no line.

    A value, of which millions are made: as a dataclass each would take three times as long.
    """

    __slots__ = ("_parts", "name", "raw")

    def __init__(self, raw: str, name: str | None = None) -> None:
        self.raw: Final = raw
        self.name: Final = _name_of(raw) if name is None else name
        self._parts: tuple[Mapping[str, tuple[str, ...]], str] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Line) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"Line({self.raw!r})"

    @property
    def _text(self) -> str:
        return _unfolded(self.raw)

    @property
    def params(self) -> Mapping[str, tuple[str, ...]]:
        return (self._parts or self._take_apart())[0]

    @property
    def value(self) -> str:
        return (self._parts or self._take_apart())[1]

    def _take_apart(self) -> tuple[Mapping[str, tuple[str, ...]], str]:
        """When somebody asks, and once: many lines nobody asks."""
        self._parts = parts = _taken_apart(_unfolded(self.raw), len(self.name))
        return parts

    def param(self, name: str) -> str:
        """The first value of a parameter, or nothing."""
        values = self.params.get(name)
        return values[0] if values else ""

    def with_params(self, changes: Mapping[str, str | None]) -> Line:
        """The same line with some parameters set or, with None, taken out; the others keep text and place."""
        position, kept, left = len(self.name), [], dict(changes)
        while match := _PARAMETER.match(self._text, position):
            name = match[1].upper()
            if name not in changes:
                kept.append(match[0])
            elif name in left and (value := left.pop(name)) is not None:
                kept.append(f";{name}={quoted(value)}")
            position = match.end()
        kept += [f";{name}={quoted(value)}" for name, value in left.items() if value is not None]
        return Line(fold(f"{self._text[: len(self.name)]}{''.join(kept)}{self._text[position:]}"))


def _name_of(raw: str) -> str:
    # A name folded in the middle is legal, and never seen.
    match = _NAME.match(raw) or _NAME.match(_unfolded(raw))
    return match[0].upper() if match else ""


def _unfolded(raw: str) -> str:
    return raw.replace("\r\n ", "").replace("\r\n\t", "") if "\r\n" in raw else raw


def _taken_apart(text: str, position: int) -> tuple[Mapping[str, tuple[str, ...]], str]:
    if text[position : position + 1] == ":":
        return _NO_PARAMETERS, text[position + 1 :]
    params: dict[str, tuple[str, ...]] = {}
    number = 0
    while match := _PARAMETER.match(text, position):
        number += 1
        if number > MAX_PARAMETERS:
            raise BadCalendarData("object_too_big")
        values = re.findall(r'"[^"]*"|[^",]+', match[2])
        params[match[1].upper()] = tuple(re.sub(r"\^[n'^]", lambda m: _CARET[m[0]], v.strip('"')) for v in values)
        position = match.end()
    if text[position : position + 1] != ":":
        # A parameter that is not well-formed: the value is what follows the first colon after it.
        position = text.find(":", position)
    return params, text[position + 1 :] if position >= 0 else ""


@dataclass(slots=True)
class Component:
    """BEGIN to END. `items` are its lines and components in their order; edits replace them in place."""

    name: str
    items: list[Line | Component] = field(default_factory=list)

    @property
    def lines(self) -> Iterator[Line]:
        return (item for item in self.items if isinstance(item, Line))

    @property
    def components(self) -> Iterator[Component]:
        return (item for item in self.items if isinstance(item, Component))

    def all(self, name: str) -> list[Line]:
        return [item for item in self.items if item.name == name and isinstance(item, Line)]

    def first(self, name: str) -> Line | None:
        for item in self.items:
            if item.name == name and isinstance(item, Line):
                return item
        return None

    def value(self, name: str) -> str:
        line = self.first(name)
        return line.value.strip() if line else ""

    def replace(self, name: str, *lines: Line) -> None:
        """Put `lines` where the first property of that name stands, or after all lines; drop the others of it."""
        places = [index for index, item in enumerate(self.items) if isinstance(item, Line) and item.name == name]
        for index in reversed(places):
            del self.items[index]
        self.items[(place := places[0] if places else self.end_of_lines()) : place] = lines

    def swap(self, old: Line, *new: Line) -> None:
        """Put other lines in the place of this one."""
        index = next(index for index, item in enumerate(self.items) if item is old)
        self.items[index : index + 1] = new

    def append(self, line: Line) -> None:
        """Add a property after the others."""
        self.items.insert(self.end_of_lines(), line)

    def end_of_lines(self) -> int:
        return next((i for i, item in enumerate(self.items) if isinstance(item, Component)), len(self.items))

    def copy(self) -> Component:
        """A copy of its own, down to the sub-components; lines are values and shared."""
        return Component(self.name, [item.copy() if isinstance(item, Component) else item for item in self.items])

    def write(self) -> Iterator[str]:
        yield f"BEGIN:{self.name}"
        for item in self.items:
            if isinstance(item, Component):
                yield from item.write()
            elif item.raw:
                yield item.raw
        yield f"END:{self.name}"


def without_pause() -> None:
    """For what is read where nobody has to be let past."""


def read_components(data: str, pause: Callable[[], None] = without_pause) -> list[Component]:
    """The outermost components of a stream (RFC 5545, 3.4: usually one VCALENDAR).

    BadCalendarData for what is no iCalendar, or has a line that is longer than anybody's. `pause` is called now and
    then, for others to have their turn.
    """
    text = data.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    roots: list[Component] = []
    open_ones: list[Component] = []
    for number, found in enumerate(_LOGICAL_LINE.finditer(text)):
        if number % _LINES_BETWEEN_PAUSES == 0:
            pause()
        physical = found[0]
        if len(physical) > MAX_LINE:
            raise BadCalendarData("object_too_big")
        raw = physical.replace("\n", "\r\n") if "\n" in physical else physical
        name = found[1].upper() if found[1] else _name_of(raw)
        if name == "BEGIN":
            component = Component(_taken_apart(_unfolded(raw), len(name))[1].strip().upper())
            (open_ones[-1].items if open_ones else roots).append(component)
            open_ones.append(component)
            if len(open_ones) > _MAX_DEPTH:
                raise BadCalendarData("not_icalendar")
        elif name == "END":
            ended = _taken_apart(_unfolded(raw), len(name))[1].strip().upper()
            if not open_ones or open_ones.pop().name != ended:
                raise BadCalendarData("not_icalendar")
        elif open_ones:
            open_ones[-1].items.append(Line(raw, name))
        elif physical.strip():
            raise BadCalendarData("not_icalendar")
    if open_ones or not roots:
        raise BadCalendarData("not_icalendar")
    return roots


def write_components(roots: list[Component]) -> str:
    return "".join(f"{line}\r\n" for root in roots for line in root.write())


def property_line(name: str, value: str, params: Mapping[str, str | None] | None = None) -> Line:
    """A new property; `value` is already escaped as its type wants. Parameters that are None or empty are left out."""
    text = "".join(f";{key}={quoted(item)}" for key, item in (params or {}).items() if item)
    return Line(fold(f"{name}{text}:{_CONTROL.sub('', value)}"))


def quoted(value: str) -> str:
    """A parameter value: in quotes where it has to be, what may not be inside them by RFC 6868."""
    clean = _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    clean = clean.replace("^", "^^").replace("\n", "^n").replace('"', "^'")
    return f'"{clean}"' if re.search(r"[,;:]", clean) else clean


def fold(text: str) -> str:
    """Lines of at most 75 octets, never within a character (RFC 5545, 3.1)."""
    if len(text) * 4 <= _FOLD or len(text.encode()) <= _FOLD:
        return text
    pieces, size, begin = [], 0, 0
    for index, character in enumerate(text):
        octets = len(character.encode())
        if size + octets > _FOLD:
            pieces.append(text[begin:index])
            size, begin = 1, index  # the blank that continues counts
        size += octets
    pieces.append(text[begin:])
    return "\r\n ".join(pieces)
