"""A map of the configuration being read, by the description of its keys."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .findings import LONGEST_KEY, Findings, below, spelled
from .keys import Group, Key, Names
from .kinds import Kind

T = TypeVar("T")

_AFTER_WORD = re.compile(r"[\s:=]")


class Section:
    """Keys without a value (``key:``) count as not given."""

    def __init__(self, findings: Findings, path: str, value: object) -> None:
        self.findings = findings
        self.path = path
        self._known: list[str] = []
        self._values: Mapping[object, object] = value if isinstance(value, Mapping) else {}
        self.is_map = value is None or isinstance(value, Mapping)
        if not self.is_map:
            findings.error(path, "expected_map")

    def at(self, key: str) -> str:
        """The path of a key."""
        return below(self.path, key)

    def given(self, key: str) -> object:
        self._known.append(key)
        return self._values.get(key)

    def below(self, key: str) -> Section:
        return Section(self.findings, self.at(key), self.given(key))

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key for key in self._values if isinstance(key, str))

    def build(self, group: Group, *instead: Key) -> Any:
        """The settings that the group becomes: what is given and right, and the defaults for the rest."""
        before = self.findings.errors
        built = group.of(**self.record(group, *instead))
        self.end()
        return built if group.finish is None else group.finish(built, self, before)

    def record(self, group: Group, *instead: Key, **found: Any) -> dict[str, Any]:
        """What is given and right, by its key. `instead` are keys of which more is known here than in general, `found`
        is what was read before. Maps by name whose parts refer to others are left to who knows these."""
        better = {key.name: key for key in instead}
        for entry in group.entries:
            name = entry.name
            if name in found:
                continue
            if isinstance(entry, Key):
                found |= self.take(better.get(name, entry))
            elif isinstance(entry, Group):
                found[name] = self.below(name).build(entry)
            elif not isinstance(entry.each, Group):
                found[name] = self.below(name)._values_by_name(entry, entry.each)
        return found

    def take(self, key: Key) -> dict[str, Any]:
        """The value of a key by its name; nothing where it is not given, or is wrong and nothing stands in for it."""
        value = self.given(key.name)
        if value is None:
            if key.required:
                self.findings.error(self.at(key.name), key.filled or "expected_value")
            return {}
        if key.many:
            return self._items(key, value)
        found = self.findings.read(self.at(key.name), value, key.kind, key.if_wrong)
        return {} if found is None else {key.name: found}

    def _items(self, key: Key, value: object) -> dict[str, Any]:
        """The items of a list that are in order, each once."""
        if not isinstance(value, list | tuple):
            self.findings.error(self.at(key.name), "expected_list")
            return {}
        read = [self.findings.read(f"{self.at(key.name)}[{at}]", item, key.kind) for at, item in enumerate(value)]
        items = dict.fromkeys(item for item in read if item is not None)
        if key.filled and not value:
            self.findings.error(self.at(key.name), key.filled)
        if key.filled and not items:
            return {}
        return {key.name: key.collect(items)}

    def each(self, names: Names, read: Callable[[str], T | None]) -> dict[str, T]:
        """What `read` makes of each name, as far as the name and all below it are in order."""
        found = {}
        for name in self._values:
            if not isinstance(name, str) or not name:
                self.findings.error(below(self.path, spelled(name)), "expected_name")
                continue
            before = self.findings.errors
            if names.named is not None:
                self.findings.read(self.at(name), name, names.named)
            part = read(name)
            if part is not None and self.findings.errors == before:
                found[name] = part
        return found

    def _values_by_name(self, names: Names, kind: Kind[Any]) -> dict[str, Any]:
        return self.each(names, lambda name: self.take(Key(name, kind, required=True)).get(name))

    def end(self) -> None:
        """Report the keys that nobody took."""
        for key in self._values:
            if not isinstance(key, str) or key not in self._known:
                self._unknown(spelled(key))

    def _unknown(self, key: str) -> None:
        word = _AFTER_WORD.split(key, maxsplit=1)[0]
        nearest = difflib.get_close_matches(word[:LONGEST_KEY], self._known, n=1)
        if nearest and word != key:  # `{password:secret}`, where YAML wants a blank: the value is in the key
            key = f"{word}…"
        if nearest:
            self.findings.error(below(self.path, key), "unknown_key_nearest", nearest=nearest[0])
        else:
            self.findings.error(below(self.path, key), "unknown_key")
