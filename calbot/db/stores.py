"""All stores on one database."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from mautrix.util.async_db import Database

from calbot.quiet_loggers import keep_quiet

from .addresses import DatabaseAddresses
from .answers import DatabaseAnswers
from .audit import DatabaseAudit
from .calendars import DatabaseCalendars
from .changes import DatabaseChangeLog
from .direct_chats import DatabaseDirectChats
from .feeds import DatabaseFeeds
from .figures import DatabaseFigures
from .inbox import DatabaseInbox
from .join_links import DatabaseJoinLinks
from .keeper import DatabaseKeeper
from .mail import DatabaseMail
from .mappings import DatabaseMappings
from .notices import DatabaseNotices
from .own_data import DatabaseOwnData
from .polls import DatabasePolls
from .preferences import DatabasePreferences
from .questions import DatabaseQuestions
from .references import DatabaseReferences
from .reminders import DatabaseReminders
from .rooms import DatabaseRooms
from .transaction import Transactor
from .undo import DatabaseUndo


class Stores:
    """`ports.Stores`."""

    def __init__(self, database: Database) -> None:
        keep_quiet()  # it logs statements with their values
        self._sql = Transactor(database)
        self.calendars = DatabaseCalendars(self._sql)
        self.changes = DatabaseChangeLog(self._sql)
        self.inbox = DatabaseInbox(self._sql)
        self.references = DatabaseReferences(self._sql)
        self.direct_chats = DatabaseDirectChats(self._sql)
        self.questions = DatabaseQuestions(self._sql)
        self.reminders = DatabaseReminders(self._sql)
        self.notices = DatabaseNotices(self._sql)
        self.mail = DatabaseMail(self._sql)
        self.polls = DatabasePolls(self._sql)
        self.rooms = DatabaseRooms(self._sql)
        self.mappings = DatabaseMappings(self._sql)
        self.preferences = DatabasePreferences(self._sql)
        self.addresses = DatabaseAddresses(self._sql)
        self.answers = DatabaseAnswers(self._sql)
        self.undo = DatabaseUndo(self._sql)
        self.feeds = DatabaseFeeds(self._sql)
        self.figures = DatabaseFigures(self._sql)
        self.join_links = DatabaseJoinLinks(self._sql)
        self.keeper = DatabaseKeeper(self._sql)
        self.audit = DatabaseAudit(self._sql)
        self.own_data = DatabaseOwnData(self._sql)

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._sql.transaction()
