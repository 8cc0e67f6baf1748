"""What people can refer to, and what they were asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calbot.core.model import CalendarName, EventId, Locale, OccurrenceId, RoomId, Uid, UserId


@dataclass(frozen=True, slots=True)
class Card:
    """The message in a room that shows an event and that later changes edit. One per room and occurrence.

    `language` is the one it is written in, and stays; None: the room's.
    """

    room: RoomId
    occurrence: OccurrenceId
    calendar: CalendarName
    event_id: EventId
    language: Locale | None = None


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

    async def cards_about(self, uids: Sequence[Uid]) -> Sequence[Card]:
        """The cards of these events and their occurrences, in any room."""
        ...

    async def card_at(self, room: RoomId, event_id: EventId) -> Card | None:
        """What a message of the bot's (card, reminder, change notice) is about, if that is one event; for replies."""
        ...

    async def subjects(self, room: RoomId, event_id: EventId) -> Sequence[Card]:
        """All that a message of the bot's is about, in the order of the message."""
        ...

    async def newest(self, room: RoomId) -> Sequence[Card]:
        """What the last message in a room that is about any event is about."""
        ...

    async def note_message(self, *cards: Card) -> None:
        """Remember that another message than the card is about an occurrence, or several, and nothing else."""
        ...

    async def save_list(self, room: RoomId, user: UserId | None, event_id: EventId, items: Sequence[Listed]) -> None:
        """A list shown to `user`, or to all (None: a scheduled agenda). The three newest per room and user are kept."""
        ...

    async def lists(self, room: RoomId, user: UserId) -> Sequence[Sequence[Listed]]:
        """The last list shown to this user here and every newer one shown to all, newest first. What others asked for
        does not count.

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

    async def follow(
        self,
        calendar: CalendarName,
        uid: Uid,
        become: Callable[[OccurrenceId], OccurrenceId],
        rooms: Sequence[RoomId],
    ) -> None:
        """Whatever refers to an event or its occurrences refers to what they became: cards and other messages, what is
        `last`, and in these rooms the numbers of lists."""
        ...

    async def listed_since(self, room: RoomId, user: UserId) -> bool:
        """Whether this user was shown a list after what is `last`."""
        ...

    async def forget_gone(self, before: datetime) -> None:
        """Delete what refers to events that are in no calendar any more, and to occurrences of series that were to be
        before and that the mirror does not have."""
        ...

    async def forget_lists(self, before: datetime, now: datetime) -> None:
        """Delete the lists that were there before that already, and remember which are there now."""
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

    async def open_in(self, room: RoomId) -> Sequence[Question]:
        """The unanswered questions to anybody here, newest first."""
        ...

    async def close(self, event_id: EventId) -> bool:
        """Take a question away; False if it was gone already (answered twice)."""
        ...

    async def expired(self, now: datetime) -> Sequence[Question]: ...

    async def forget_before(self, instant: datetime) -> None:
        """Those that nobody was able to say the end of, as it should have been by then."""
        ...

    async def next_expiry(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class DirectChat:
    """The room that is for somebody and the bot alone, and how the last try went to open one.

    `invited_at`: when the bot last invited them to one, or was refused to. `key` and `since` are of a try whose outcome
    is unknown.
    """

    person: UserId
    room: RoomId | None = None
    invited_at: datetime | None = None
    key: str | None = None
    since: datetime | None = None


class DirectChats(Protocol):
    async def of(self, person: UserId) -> DirectChat | None: ...

    async def save(self, chat: DirectChat) -> None: ...
