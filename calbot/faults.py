"""Errors that nobody expected, for the log: where they came from and of what kind they are, and not what they say.

What an exception says is often what it stumbled over: a title that is no number, the row that a database refuses. None
of that belongs in a log.
"""

from __future__ import annotations

import traceback


def of(error: BaseException) -> str:
    """A traceback without the words of the exceptions in it."""
    told = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        told.append(f"{frames}{type(current).__module__}.{type(current).__qualname__}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nwhile handling\n".join(told)
