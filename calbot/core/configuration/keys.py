"""Keys, groups of keys, and maps by name: what a description of the configuration is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from .kinds import Kind

if TYPE_CHECKING:
    from .section import Section


@dataclass(frozen=True, slots=True)
class Key:
    """A key with a value, or, with `many`, a list of values of that kind. Its default is that of the settings' field.

    `if_wrong` holds in place of a value that is wrong, where the default would not be the strictest sense. A list that
    has to name something is `filled`: that is the text which says so.
    """

    name: str
    kind: Kind[Any]
    required: bool = False
    if_wrong: Any = None
    many: bool = False
    filled: str = ""
    collect: Callable[[Iterable[Any]], Any] = tuple


@dataclass(frozen=True, slots=True)
class Group:
    """A map whose keys are known. `of` are the settings that it becomes, field by field; `finish` is told what was
    read, the section, and how many errors there were before, says what does not go together, and has the last word."""

    name: str
    of: type[Any]
    entries: tuple[Entry, ...]
    finish: Callable[[Any, Section, int], Any] | None = None

    def key(self, name: str) -> Key:
        return next(entry for entry in self.entries if isinstance(entry, Key) and entry.name == name)

    def default(self, key: Key) -> Any:
        """What holds where the key is not given; None where it has to be, or where something else says it."""
        found = _fields(self.of)[key.name]
        if found.default_factory is not dataclasses.MISSING:
            return found.default_factory()
        return None if found.default is dataclasses.MISSING else found.default


@dataclass(frozen=True, slots=True)
class Names:
    """A map whose keys are names: those that the admin chose, or of a kind. Below each are keys, or a value."""

    name: str
    placeholder: str
    each: Group | Kind[Any]
    named: Kind[Any] | None = None


Entry: TypeAlias = "Key | Group | Names"


@dataclass(frozen=True, slots=True)
class Place:
    """A key where it stands. In its path, names that the admin chose are placeholders."""

    path: str
    key: Key
    group: Group | None

    @property
    def default(self) -> Any:
        return None if self.group is None else self.group.default(self.key)


def places(group: Group, path: str = "") -> Iterator[Place]:
    """Every key of the configuration, in the order of the file."""
    for entry in group.entries:
        here = f"{path}.{entry.name}" if path else entry.name
        if isinstance(entry, Key):
            yield Place(here, entry, group)
        elif isinstance(entry, Group):
            yield from places(entry, here)
        elif isinstance(entry.each, Group):
            yield from places(entry.each, f"{here}.{entry.placeholder}")
        else:
            yield Place(f"{here}.{entry.placeholder}", Key(entry.placeholder, entry.each), None)


def _fields(of: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    return {one.name: one for one in dataclasses.fields(of)}
