"""Walks through a map of the configuration, takes its keys, and notes what is wrong and where."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

from calbot.core.settings import Problem, Severity

T = TypeVar("T")

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
_LONGEST_KEY = 80


class Unexpected(Exception):
    """A value is not what it should be. `expected` is a catalog key below ``config.``; the value itself is not told."""

    def __init__(self, expected: str, **params: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.params = params


class Findings:
    """What was found so far. `errors` only grows: a part is in order if it stayed the same while it was read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.errors = 0

    def error(self, path: str, expected: str, **params: str) -> None:
        self.problems.append(Problem(path, expected, params))
        self.errors += 1

    def notice(self, path: str, expected: str, **params: str) -> None:
        self.problems.append(Problem(path, expected, params, Severity.NOTICE))

    def notice_once(self, path: str, expected: str, **params: str) -> None:
        """Where several parts come across the same."""
        if not any((one.path, one.expected) == (path, expected) for one in self.problems):
            self.notice(path, expected, **params)

    def read(self, path: str, value: object, read: Callable[[object], T]) -> T | None:
        """What `read` makes of the value; None, and an error, if it does not like it."""
        try:
            return read(value)
        except Unexpected as unexpected:
            self.error(path, unexpected.expected, **unexpected.params)
            return None


class Section:
    """A map being read. Keys without a value (``key:``) count as not given."""

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

    def take(self, key: str, read: Callable[[object], T], default: T, *, if_wrong: T | None = None) -> T:
        """The value of a key; the default if it is not given; the default, or `if_wrong`, if it is wrong."""
        value = self.given(key)
        if value is None:
            return default
        result = self.findings.read(self.at(key), value, read)
        if result is not None:
            return result
        return default if if_wrong is None else if_wrong

    def need(self, key: str, read: Callable[[object], T]) -> T | None:
        """The value of a key that has to be there; None, and an error, if it is not or is wrong."""
        value = self.given(key)
        if value is None:
            self.findings.error(self.at(key), "expected_value")
            return None
        return self.findings.read(self.at(key), value, read)

    def each(self, key: str, read: Callable[[object], T]) -> tuple[T, ...] | None:
        """The items of a list that are in order, each once; None if the key is not given."""
        value = self.given(key)
        if value is None:
            return None
        if not isinstance(value, list | tuple):
            self.findings.error(self.at(key), "expected_list")
            return ()
        items = (self.findings.read(f"{self.at(key)}[{at}]", item, read) for at, item in enumerate(value))
        return tuple(dict.fromkeys(item for item in items if item is not None))

    def below(self, key: str) -> Section:
        return Section(self.findings, self.at(key), self.given(key))

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key for key in self._values if isinstance(key, str))

    def names(self) -> Iterator[str]:
        """The keys of a map whose keys are names that the admin chose; once, for it reports what is no name."""
        for key in self._values:
            if isinstance(key, str) and key:
                self._known.append(key)
                yield key
            else:
                self.findings.error(below(self.path, _spelled(key)), "expected_name")

    def end(self, *, unused: Collection[str] = ()) -> None:
        """Report the keys that nobody took: those known but not used yet, and those unknown."""
        known = [*self._known, *unused]
        for key in self._values:
            if not isinstance(key, str) or key not in known:
                self._unknown(_spelled(key), known)
            elif key in unused and key not in self._known:
                self.findings.notice(self.at(key), "not_used_yet")

    def _unknown(self, key: str, known: Collection[str]) -> None:
        nearest = difflib.get_close_matches(key[:_LONGEST_KEY], known, n=1)
        if nearest:
            self.findings.error(below(self.path, key), "unknown_key_nearest", nearest=nearest[0])
        else:
            self.findings.error(below(self.path, key), "unknown_key")


def below(path: str, key: str) -> str:
    """`accounts.city`, or `rooms["!abc:example.org"]` where the key is no plain word."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    quoted = json.dumps(key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…", ensure_ascii=False)
    # A line separator or a mark of writing direction in a key would change the line that the finding is shown in.
    return f"{path}[{''.join(letter if letter.isprintable() else '?' for letter in quoted)}]"


def _spelled(key: object) -> str:
    try:
        return str(key)
    except ValueError:  # an integer of thousands of digits
        return type(key).__name__


def is_error(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR
