"""What a use case gets from somebody who typed a command, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from calbot.core import identity
from calbot.core.ask import Ask
from calbot.core.i18n import Reader
from calbot.core.model import (
    Attachment,
    CalendarName,
    EventId,
    Message,
    Occurrence,
    OccurrenceId,
    RoomId,
    UserId,
)
from calbot.core.settings import Room
from calbot.ports import ChatEvent, Listed


class Asked(Exception):
    """Stops a command before any effect: the bot has to ask first. The answer runs the same command again.

    `message` is the question where it is more than a list of choices.
    """

    def __init__(self, ask: Ask, message: Message | None = None) -> None:
        super().__init__(ask.key)
        self.ask = ask
        self.message = message


class Declined(Exception):
    """Ends a command before any effect: asked whether it is to be done, the sender said no."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.text)
        self.message = message


class Picks:
    """The answers that the sender gave to the questions of this command so far.

    An answer holds for the very choices that were shown. Where they have changed by the time it comes, or a repeat of
    the command no longer has to ask something, it must not be taken for the answer to anything else.
    """

    def __init__(self, given: Sequence[tuple[str, int]] = ()) -> None:
        self._given = {question: number for question, number in given if number}
        self._keys = {question.partition(":")[0] for question, _ in given}
        self._all = tuple(given)

    @property
    def answered(self) -> tuple[tuple[str, int], ...]:
        """The questions that were answered, with the numbers picked, in their order."""
        return tuple((question, number) for question, number in self._all if number)

    def take(self, ask: Ask) -> int:
        """The answer to `ask`, counting from 0; Asked if it was not answered yet."""
        number = self._given.get(name_of(ask))
        if number is None:
            raise Asked(ask)
        return number - 1

    def recall(self, key: str) -> tuple[str, int] | None:
        """What the question with that key was asked with (`Ask.memo`), and the number that answered it; 0 while none
        has."""
        return next(
            ((name.partition(":")[2], number) for name, number in self._all if name.partition(":")[0] == key), None
        )

    def was_asked(self, key: str) -> bool:
        """Whether a question with that key was asked, whatever the choices were."""
        return key in self._keys


def name_of(ask: Ask) -> str:
    """What names a question with its choices."""
    return f"{ask.key}:{ask.memo}" if ask.memo else identity.key_for(f"{ask.key}:", repr(ask.choices))


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is said, and whose calendars count there.

    In a mapped room that is the room; in a direct chat all mapped rooms that the other person is in.
    """

    room: RoomId
    direct: bool
    encrypted: bool
    mapped: tuple[Room, ...]

    @property
    def calendars(self) -> tuple[CalendarName, ...]:
        return tuple(dict.fromkeys(name for room in self.mapped for name in room.calendars))


@dataclass(frozen=True, slots=True)
class Request:
    """A command as it was typed. `now` is when, on the sender's clock and never later than the bot's."""

    event: ChatEvent
    place: Place
    reader: Reader
    now: datetime
    duration: timedelta  # of an event whose end is not said
    thread: EventId | None
    replying_to: EventId | None
    replying: bool  # to a message that stands for one event or poll: no number is needed to name it
    picks: Picks
    given: tuple[int, ...] = ()  # all answers so far
    before: Occurrence | None = None  # of a repeated command: what it changes, as it was before
    amends: EventId | None = None  # the message that this is the edited text of

    @property
    def sender(self) -> UserId:
        return self.event.sender

    @property
    def zone(self) -> ZoneInfo:
        """On whose clock the sender means times; the reader's may be the room's."""
        zone = self.now.tzinfo
        return zone if isinstance(zone, ZoneInfo) else self.reader.zone


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and what people can refer to afterwards.

    `about`: what `last` and a reply to the message mean. `card`: the message is the event's card from now on. `listed`:
    what the numbers in it mean. `attachment` follows the message.
    """

    message: Message
    about: tuple[CalendarName, OccurrenceId] | None = None
    card: bool = False
    listed: tuple[Listed, ...] = ()
    attachment: Attachment | None = field(default=None)
