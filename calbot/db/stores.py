"""All stores on one database."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from mautrix.util.async_db import Database

from .calendars import DatabaseCalendars
from .inbox import DatabaseInbox
from .keeper import DatabaseKeeper
from .polls import DatabasePolls
from .questions import DatabaseQuestions
from .references import DatabaseReferences
from .reminders import DatabaseReminders
from .transaction import Transactor


class Stores:
    """`ports.Stores`."""

    def __init__(self, database: Database) -> None:
        self._sql = Transactor(database)
        self.calendars = DatabaseCalendars(self._sql)
        self.inbox = DatabaseInbox(self._sql)
        self.references = DatabaseReferences(self._sql)
        self.questions = DatabaseQuestions(self._sql)
        self.reminders = DatabaseReminders(self._sql)
        self.polls = DatabasePolls(self._sql)
        self.keeper = DatabaseKeeper(self._sql)

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._sql.transaction()
