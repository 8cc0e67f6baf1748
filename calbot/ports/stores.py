"""All stores together, on one database."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from .calendars import CalendarStore
from .conversations import Questions, References
from .effects import Keeper, PollStore, ReminderStore
from .intake import Inbox


class Transactions(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[None]:
        """All store calls inside, of this task, take effect together or not at all. No network call inside."""
        ...


class Stores(Transactions, Protocol):
    """All stores, on one database."""

    @property
    def calendars(self) -> CalendarStore: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def references(self) -> References: ...
    @property
    def questions(self) -> Questions: ...
    @property
    def reminders(self) -> ReminderStore: ...
    @property
    def polls(self) -> PollStore: ...
    @property
    def keeper(self) -> Keeper: ...
