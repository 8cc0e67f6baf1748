"""What is wrong with the configuration, and where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeVar

from calbot.core.settings import Problem, Severity

T = TypeVar("T")

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
LONGEST_KEY = 80
# Places of findings that are about no key.
WHOLE, AT_LINE = "configuration", "line "


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

    def read(self, path: str, value: object, read: Callable[[object], T], otherwise: T | None = None) -> T | None:
        """What `read` makes of the value; `otherwise`, and an error, if it cannot read it."""
        try:
            return read(value)
        except Unexpected as unexpected:
            self.error(path, unexpected.expected, **unexpected.params)
            return otherwise


def below(path: str, key: str) -> str:
    """`accounts.city`, or `rooms["!abc:example.org"]` where the key is no plain word."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    quoted = json.dumps(key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}…", ensure_ascii=False)
    # A line separator or a mark of writing direction in a key would change the line that the finding is shown in.
    return f"{path}[{''.join(letter if letter.isprintable() else '?' for letter in quoted)}]"


def spelled(key: object) -> str:
    """A key as text, whatever YAML made of it."""
    try:
        return str(key)
    except ValueError:  # an integer of thousands of digits
        return type(key).__name__


def is_error(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR


def is_consequence(problem: Problem) -> bool:
    """Whether a part is in order itself, and only left out for what is wrong with another."""
    return problem.expected.startswith("left_out_")
