"""What each task is doing for whom, for the record of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from calbot.core.audit import Doing
from calbot.core.model import RecurrenceId


@dataclass(slots=True)
class Act:
    """`recurrence_id`: of a series, the one date that it is about."""

    cause: Doing
    recurrence_id: RecurrenceId | None = None


@dataclass(slots=True)
class Acts:
    """By task, and not by context: alarms that a command sets are none of its doing."""

    _by_task: dict[asyncio.Task[Any] | None, Act] = field(default_factory=dict)

    @contextmanager
    def doing(self, cause: Doing) -> Iterator[None]:
        task = asyncio.current_task()
        outer = self._by_task.get(task)
        self._by_task[task] = Act(cause)
        try:
            yield
        finally:
            if outer is None:
                del self._by_task[task]
            else:
                self._by_task[task] = outer

    def current(self) -> Act | None:
        return self._by_task.get(asyncio.current_task())
