"""All stores together, on one database."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from .addresses import AddressStore
from .answers import AnswerStore
from .audit import AuditLog
from .calendars import CalendarStore
from .changes import ChangeLog
from .conversations import DirectChats, Questions, References
from .effects import Keeper, PollStore, ReminderStore
from .feeds import FeedStore
from .figures import Figures
from .intake import Inbox
from .join_links import JoinLinks
from .mail import MailStore
from .mappings import MappingStore
from .notices import NoticeStore
from .own_data import OwnData
from .preferences import Preferences
from .rooms import RoomStore
from .undo import UndoStore


class Transactions(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[None]:
        """All store calls inside, of this task, take effect together or not at all. No network call inside."""
        ...


class Stores(Transactions, Protocol):
    """All stores, on one database."""

    @property
    def calendars(self) -> CalendarStore: ...
    @property
    def changes(self) -> ChangeLog: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def references(self) -> References: ...
    @property
    def questions(self) -> Questions: ...
    @property
    def direct_chats(self) -> DirectChats: ...
    @property
    def reminders(self) -> ReminderStore: ...
    @property
    def notices(self) -> NoticeStore: ...
    @property
    def mail(self) -> MailStore: ...
    @property
    def polls(self) -> PollStore: ...
    @property
    def rooms(self) -> RoomStore: ...
    @property
    def mappings(self) -> MappingStore: ...
    @property
    def preferences(self) -> Preferences: ...
    @property
    def addresses(self) -> AddressStore: ...
    @property
    def answers(self) -> AnswerStore: ...
    @property
    def undo(self) -> UndoStore: ...
    @property
    def feeds(self) -> FeedStore: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def join_links(self) -> JoinLinks: ...
    @property
    def keeper(self) -> Keeper: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def own_data(self) -> OwnData: ...
