"""What the use cases need of the world, by role: the adapters in `matrix`, `dav`, `db` and `scheduling` provide it.

No type of maubot, mautrix, caldav or a database crosses here. Adapters raise only `calbot.errors`. Instants are aware
datetimes; where a number is a time it says its unit.
"""

from __future__ import annotations

from .addresses import AddressStore, FoundAddress
from .answers import AnswerStore
from .audit import AuditLog
from .calendars import (
    CalendarFacts,
    CalendarGateway,
    CalendarState,
    CalendarStore,
    FoundPerson,
    Principal,
    StoredObject,
)
from .changes import ChangeLog, OwnWrite
from .chat import Chat, ChatEvent, Encryption, Relations
from .conversations import Card, DirectChat, DirectChats, Listed, Question, Questions, References
from .effects import Keeper, PollStore, ReminderStore
from .feeds import Feed, FeedStore
from .figures import Figures, Stored, Waiting
from .intake import Inbox, InboxState, Incoming, Listening
from .join_links import JoinLinks, WantedLink
from .mail import Mailer, MailSession, MailStore
from .mappings import MappingStore
from .notices import NoticeStore
from .preferences import Preferences
from .rooms import RoomStore
from .stores import Stores, Transactions
from .time import Alarm, Clock
from .undo import UndoStore

__all__ = [
    "AddressStore",
    "Alarm",
    "AnswerStore",
    "AuditLog",
    "CalendarFacts",
    "CalendarGateway",
    "CalendarState",
    "CalendarStore",
    "Card",
    "ChangeLog",
    "Chat",
    "ChatEvent",
    "Clock",
    "DirectChat",
    "DirectChats",
    "Encryption",
    "Feed",
    "FeedStore",
    "Figures",
    "FoundAddress",
    "FoundPerson",
    "Inbox",
    "InboxState",
    "Incoming",
    "JoinLinks",
    "Keeper",
    "Listed",
    "Listening",
    "MailSession",
    "MailStore",
    "Mailer",
    "MappingStore",
    "NoticeStore",
    "OwnWrite",
    "PollStore",
    "Preferences",
    "Principal",
    "Question",
    "Questions",
    "References",
    "Relations",
    "ReminderStore",
    "RoomStore",
    "Stored",
    "StoredObject",
    "Stores",
    "Transactions",
    "UndoStore",
    "Waiting",
    "WantedLink",
]
