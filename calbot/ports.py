"""What the use cases need of the world, by role: the adapters in `matrix`, `dav`, `db` and `scheduling` provide it.

No type of maubot, mautrix, caldav or a database crosses here. Adapters raise only `calbot.errors`. Instants are aware
datetimes; where a number is a time it says its unit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from calbot.core.model import (
    Attachment,
    CalendarName,
    CalendarObject,
    Cursor,
    Delta,
    Etag,
    EventId,
    Href,
    Member,
    Message,
    Occurrence,
    OccurrenceId,
    RoomFacts,
    RoomId,
    Uid,
    UserId,
)
from calbot.core.permissions import PowerLevels
from calbot.core.poll_model import Poll, PollState, Vote
from calbot.core.reminders import Reminder


class Clock(Protocol):
    """Now, aware."""

    def __call__(self) -> datetime: ...


# --------------------------------------------------------------------------------------------------- calendar servers


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """What a server says of a calendar. `writable` is None where it does not tell: then only trying does."""

    exists: bool
    is_calendar: bool
    display_name: str = ""
    writable: bool | None = None
    syncs: bool = False  # offers sync-collection (RFC 6578)


class CalendarGateway(Protocol):
    """One organisation's calendars, on any number of servers. Calendars are named as in the configuration.

    Raises CalendarUnavailable (network, 5xx, 401, nonsense), CalendarReadOnly (403 on a write), PreconditionFailed.
    """

    async def changes(self, calendar: CalendarName, cursor: Cursor | None) -> Delta:
        """What changed since `cursor`; everything (complete) without one, or where the server no longer knows it."""
        ...

    async def fetch(self, calendar: CalendarName, hrefs: Sequence[Href]) -> Sequence[CalendarObject]:
        """The objects that are still there, in lots; whatever is gone by now is left out."""
        ...

    async def read(self, calendar: CalendarName, href: Href) -> CalendarObject | None:
        """One object as the server has it now, with a strong ETag if there is one; None if it is not there."""
        ...

    async def create(self, calendar: CalendarName, name: str, data: str) -> CalendarObject:
        """Store a new object under `name` (no path, no suffix) with If-None-Match: *; returns it as stored.

        Safe to repeat: where an object with our UID already lies at that place, it is returned as it is there.
        PreconditionFailed where something else lies there.
        """
        ...

    async def update(self, calendar: CalendarName, href: Href, data: str, etag: Etag | None) -> CalendarObject:
        """Replace with If-Match; returns the object as stored. PreconditionFailed where it changed meanwhile."""
        ...

    async def delete(self, calendar: CalendarName, href: Href, etag: Etag | None) -> None:
        """Delete with If-Match; no error where it is gone already. PreconditionFailed where it changed meanwhile."""
        ...

    async def probe(self, calendar: CalendarName) -> CalendarFacts:
        """Look at the calendar itself, for `check` and `status`."""
        ...


# -------------------------------------------------------------------------------------------------------- homeserver


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """An event of a room, decrypted if it was encrypted. `at` is origin_server_ts in milliseconds.

    `content` is what the sender wrote, untrusted. `type` is the event type, `redacted` whether its content was removed.
    """

    id: EventId
    room: RoomId
    sender: UserId
    at: int
    type: str
    content: Mapping[str, Any]
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class Relations:
    """Everything that refers to an event, as the server has it now, oldest first, and who wrote what is unreadable."""

    events: tuple[ChatEvent, ...]
    unreadable: tuple[UserId, ...]


class Encryption(str, Enum):
    """Whether the bot can take part in encrypted rooms."""

    VERIFIED = "verified"  # device signed by the account's own cross-signing key
    UNVERIFIED = "unverified"  # works, but clients that insist on verified devices shut the bot out
    OFF = "off"  # no crypto: the bot is deaf and dumb in encrypted rooms


class Chat(Protocol):
    """The rooms the bot is in.

    Every send carries a key and is safe to repeat with it. Raises ChatUnavailable (try later), ChatForbidden (never),
    NotEncrypted (the message discloses something and the room is encrypted, but the bot cannot encrypt).
    """

    @property
    def user(self) -> UserId: ...

    @property
    def device(self) -> str:
        """The device id, by which the homeserver remembers transaction ids; empty without encryption."""
        ...

    def repeating(self, since: datetime) -> AbstractContextManager[None]:
        """Inside, in this task, each post, send and attach is only done if it is not found to be done since then."""
        ...

    async def post(
        self,
        room: RoomId,
        message: Message,
        *,
        key: str,
        thread: EventId | None = None,
        reply_to: EventId | None = None,
    ) -> EventId: ...

    async def edit(self, room: RoomId, target: EventId, message: Message, *, key: str) -> EventId: ...

    async def attach(self, room: RoomId, file: Attachment, *, key: str, thread: EventId | None = None) -> EventId:
        """Upload and post a file; encrypted where the room is."""
        ...

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, Any], *, key: str) -> EventId:
        """Send an event of another type than a message (polls), encrypted where the room is."""
        ...

    async def react(self, room: RoomId, target: EventId, emoji: str, *, key: str) -> EventId: ...

    async def redact(self, room: RoomId, target: EventId, *, key: str) -> None: ...

    async def event(self, room: RoomId, event: EventId) -> ChatEvent | None:
        """One event, decrypted; None where there is none, or it cannot be read."""
        ...

    async def relations(self, room: RoomId, target: EventId, rel_type: str) -> Relations:
        """All events that relate to `target` by `rel_type` (m.reference, m.annotation), all pages, decrypted."""
        ...

    async def find_by_key(self, room: RoomId, key: str, since: datetime) -> EventId | None:
        """The bot's own message with this `io.calbot.key` sent since then; for when transaction ids are forgotten."""
        ...

    async def members(self, room: RoomId) -> Sequence[Member]:
        """Who is joined now, the bot included, asked of the server."""
        ...

    async def power_levels(self, room: RoomId) -> PowerLevels: ...

    async def is_encrypted(self, room: RoomId) -> bool: ...

    async def exposure(self, room: RoomId) -> RoomFacts:
        """Who else could read along; asked of the server."""
        ...

    async def display_name(self, room: RoomId, user: UserId) -> str:
        """The name the room knows a member by; the Matrix ID if there is none."""
        ...

    async def joined_rooms(self) -> Sequence[RoomId]: ...

    async def join(self, room: RoomId) -> None: ...

    async def leave(self, room: RoomId) -> None:
        """Leave, or decline an invitation; no error where the bot is not in it."""
        ...

    async def is_direct(self, room: RoomId, other: UserId) -> bool:
        """Exactly two joined or invited members: the bot and `other`."""
        ...

    async def encryption(self) -> Encryption: ...


# ---------------------------------------------------------------------------------------------------------- time


class Alarm(Protocol):
    """An alarm clock that only rings; the database remembers."""

    def at(self, name: str, when: datetime, ring: Callable[[], Awaitable[None]]) -> None:
        """Ring once at `when` (at once if that is over). A later call with the same name replaces the earlier one."""
        ...

    def every(self, name: str, seconds: float, ring: Callable[[], Awaitable[None]], *, jitter: float = 0) -> None:
        """Ring at an interval; never twice at the same time. The same name replaces."""
        ...

    def cancel(self, name: str) -> None: ...


# ------------------------------------------------------------------------------------------------------------- stores


class Transactions(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[None]:
        """All store calls inside, of this task, take effect together or not at all. No network call inside."""
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A calendar object with what was made of it. `problem` is a catalog key below ``problem.`` if it was set aside.

    `data` is cut down to times and status where the object is hidden. `recurring` says that its occurrences have to be
    expanded again as time goes on.
    """

    calendar: CalendarName
    href: Href
    etag: Etag | None
    uid: Uid
    data: str
    recurring: bool
    problem: str | None
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class CalendarState:
    """How far a calendar has been read. `horizon` is up to where series are expanded; `failures` are those in a row."""

    calendar: CalendarName
    cursor: Cursor | None = None
    synced_at: datetime | None = None  # last success
    tried_at: datetime | None = None
    failures: int = 0
    problem: str | None = None  # reason of the last failure, a catalog key below ``error.``; None when all is well
    horizon: datetime | None = None


class CalendarStore(Protocol):
    """The mirror of the calendars."""

    async def state(self, calendar: CalendarName) -> CalendarState: ...

    async def save_state(self, state: CalendarState) -> None: ...

    async def calendars(self) -> Sequence[CalendarName]:
        """Every calendar of which anything is stored."""
        ...

    async def forget(self, calendar: CalendarName) -> None:
        """Delete everything of a calendar that is no longer configured."""
        ...

    async def etags(self, calendar: CalendarName) -> Mapping[Href, Etag | None]: ...

    async def put(self, objects: Sequence[StoredObject]) -> None:
        """Insert or replace objects together with their occurrences."""
        ...

    async def remove(self, calendar: CalendarName, hrefs: Sequence[Href]) -> None: ...

    async def by_uid(self, calendar: CalendarName, uid: Uid) -> StoredObject | None: ...

    async def get(self, calendar: CalendarName, href: Href) -> StoredObject | None: ...

    async def recurring(self, calendar: CalendarName) -> Sequence[StoredObject]: ...

    async def occurrences(
        self,
        calendars: Sequence[CalendarName],
        start: datetime,
        end: datetime,
        *,
        search: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Occurrence]:
        """Occurrences that overlap [start, end), cancelled ones included, by start, then all-day first, then uid.

        All-day and floating ones are taken generously (they have no instant before a zone is chosen: 14 hours either
        way), so callers narrow these by the reader's zone. `search` matches title, place and description, in any case.
        """
        ...

    async def occurrence(self, calendars: Sequence[CalendarName], id: OccurrenceId) -> Occurrence | None: ...

    async def occurrences_of(self, calendar: CalendarName, uid: Uid) -> Sequence[Occurrence]: ...

    async def count_ahead(self, calendar: CalendarName, now: datetime) -> int: ...

    async def count_problems(self, calendar: CalendarName) -> int: ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete occurrences that ended before, and non-recurring objects none of whose occurrences are left."""
        ...


class InboxState(str, Enum):
    """What has become of something that came in."""

    NEW = "new"  # as it came, maybe still encrypted
    RUNNING = "running"  # taken as something to act on; its effects may have begun
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event that came in, as JSON.

    `picks` are the bot's questions about it so far, each with the number that was picked: 0 while it is open.
    """

    event_id: EventId
    room: RoomId
    sender: UserId
    at: int  # origin_server_ts, milliseconds
    position: int  # grows in the order of arrival from the server, within a room the order of the room
    raw: Mapping[str, Any]
    state: InboxState = InboxState.NEW
    picks: tuple[tuple[str, int], ...] = ()
    tries: int = 0
    before: Occurrence | None = None  # what a running command changes, as it was before; for a repeat after a crash


class Inbox(Protocol):
    """What came in and is not finished, and the position in the sync stream up to which everything is in here."""

    async def token(self) -> str | None:
        """The sync token from which on the server has to be asked again after a crash."""
        ...

    async def accept(self, events: Sequence[Mapping[str, Any]], token: str | None) -> Sequence[Incoming]:
        """Record raw events (with `room_id`) and the token in one transaction; returns those not seen before."""
        ...

    async def get(self, event_id: EventId) -> Incoming | None: ...

    async def unfinished(self) -> Sequence[Incoming]:
        """NEW and RUNNING, by position."""
        ...

    async def start(self, event_id: EventId, raw: Mapping[str, Any], picks: Sequence[tuple[str, int]] = ()) -> None:
        """Mark RUNNING, before the first effect; keeps the readable event."""
        ...

    async def note(self, event_id: EventId, before: Occurrence) -> None:
        """Keep what a running command is about to change, as it is before."""
        ...

    async def finish(self, event_id: EventId) -> None:
        """Mark DONE, after the last effect; the content is dropped, the id kept so that a replay is recognised."""
        ...

    async def postpone(self, event_id: EventId) -> int:
        """Count one more failed try of a NEW event; returns how many."""
        ...

    async def drop(self, event_ids: Sequence[EventId]) -> None:
        """Forget events that are nothing to act on."""
        ...

    async def forget_before(self, instant: datetime) -> None:
        """Delete DONE rows that came in before."""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """The message in a room that shows an event and that later changes edit. One per room and occurrence."""

    room: RoomId
    occurrence: OccurrenceId
    calendar: CalendarName
    event_id: EventId


@dataclass(frozen=True, slots=True)
class Listed:
    """What a number of a list meant. `number` counts from 1."""

    number: int
    calendar: CalendarName
    occurrence: OccurrenceId


class References(Protocol):
    """What people can mean by a number, a reply or `last`."""

    async def save_card(self, card: Card) -> None: ...

    async def card(self, room: RoomId, occurrence: OccurrenceId) -> Card | None: ...

    async def card_at(self, room: RoomId, event_id: EventId) -> Card | None:
        """What a message of the bot's (card, reminder, change notice) is about; for replies and reactions."""
        ...

    async def note_message(self, card: Card) -> None:
        """Remember that another message than the card is about an occurrence."""
        ...

    async def save_list(self, room: RoomId, user: UserId | None, event_id: EventId, items: Sequence[Listed]) -> None:
        """A list shown to `user`, or to all (None: a scheduled agenda). The three newest per room and user are kept."""
        ...

    async def lists(self, room: RoomId, user: UserId) -> Sequence[Sequence[Listed]]:
        """The last list shown to this user here and every newer one in the room, newest first.

        Somebody who was shown none means the newest of all.
        """
        ...

    async def list_at(self, room: RoomId, event_id: EventId) -> Sequence[Listed] | None: ...

    async def save_maker(self, uid: Uid, user: UserId) -> None:
        """Remember for whom the bot made an event: it is that person's own."""
        ...

    async def maker(self, uid: Uid) -> UserId | None: ...

    async def save_last(self, room: RoomId, user: UserId, calendar: CalendarName, occurrence: OccurrenceId) -> None: ...

    async def last(self, room: RoomId, user: UserId) -> tuple[CalendarName, OccurrenceId] | None: ...

    async def forget_gone(self) -> None:
        """Delete what refers to events that are in no calendar any more."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A question the bot asked. The answer, a number from 1 to `choices`, becomes the last pick of `command`."""

    event_id: EventId
    room: RoomId
    asker: UserId  # the only one who may answer
    command: EventId
    choices: int
    expires_at: datetime


class Questions(Protocol):
    async def save(self, question: Question) -> None: ...

    async def at(self, room: RoomId, event_id: EventId) -> Question | None: ...

    async def open_for(self, room: RoomId, user: UserId) -> Sequence[Question]:
        """The unanswered questions to this user here, newest first."""
        ...

    async def close(self, event_id: EventId) -> bool:
        """Take a question away; False if it was gone already (answered twice)."""
        ...

    async def expired(self, now: datetime) -> Sequence[Question]: ...


class ReminderStore(Protocol):
    """Reminders to send, and those sent."""

    async def about(self, rooms: Sequence[RoomId], uids: Sequence[Uid]) -> Sequence[Reminder]:
        """Everything stored for these events in these rooms, whatever has become of it."""
        ...

    async def waiting(self, room: RoomId) -> Sequence[Reminder]: ...

    async def waiting_rooms(self) -> Sequence[RoomId]:
        """The rooms in which any wait."""
        ...

    async def apply(self, insert: Sequence[Reminder], cancel: Sequence[str]) -> None:
        """Add new ones and take waiting ones back.

        One that is there already and waits or was taken back waits (again), with the times as given and what is known
        of attempts kept; one that was sent or skipped is left alone.
        """
        ...

    async def due(self, now: datetime) -> Sequence[Reminder]:
        """Waiting, due, and not put off beyond now; by start, then room."""
        ...

    async def next_due(self) -> datetime | None: ...

    async def attempt(self, ids: Sequence[str], batch: str, device: str, now: datetime) -> None:
        """Record, before sending, in which message (its key), since when and under which device id it is being tried.

        The first attempt stands: what is recorded already is not overwritten.
        """
        ...

    async def put_off(self, ids: Sequence[str], until: datetime) -> None: ...

    async def sent(self, ids: Sequence[str], event_id: EventId, now: datetime) -> None: ...

    async def skip(self, ids: Sequence[str]) -> None:
        """Too late or no longer right: never sent."""
        ...

    async def next_for(self, calendar: CalendarName) -> datetime | None: ...

    async def forget_before(self, instant: datetime) -> None: ...


class PollStore(Protocol):
    async def save(self, poll: Poll) -> None:
        """Insert or replace by key."""
        ...

    async def get(self, key: str) -> Poll | None: ...

    async def at(self, room: RoomId, event_id: EventId) -> Poll | None:
        """The poll whose start or accompanying text this event is."""
        ...

    async def in_room(self, room: RoomId, states: Sequence[PollState]) -> Sequence[Poll]:
        """Newest first."""
        ...

    async def in_state(self, states: Sequence[PollState]) -> Sequence[Poll]: ...

    async def next_deadline(self) -> datetime | None:
        """Earliest `until` of the open ones."""
        ...

    async def save_vote(self, key: str, vote: Vote) -> None:
        """A vote by command (the others are read from the server); by event id, a repeat changes nothing."""
        ...

    async def votes(self, key: str) -> Sequence[Vote]: ...

    async def forget_before(self, instant: datetime) -> None: ...


class Keeper(Protocol):
    """Single values that outlive a restart, by name."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, value: str) -> None: ...

    async def secret(self, name: str) -> bytes:
        """32 random bytes, made at the first call and kept."""
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
