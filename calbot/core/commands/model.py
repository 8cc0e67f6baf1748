"""What somebody asked for, as values: one class a command, and what stands in its place if it was not understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import Enum
from typing import TypeAlias

from calbot.core.dates import At, Choice, Day, Every, Window
from calbot.core.model import PartStat, UserId
from calbot.core.poll_model import PollOptions
from calbot.core.room_settings import Setting, Value
from calbot.core.settings import Weekday
from calbot.errors import Code


class CommandId(str, Enum):
    """Names a command in help, catalogs and logs, whatever word it was typed with."""

    HELP = "help"
    NEW = "new"
    LIST = "list"
    NEXT = "next"
    FIND = "find"
    SHOW = "show"
    MOVE = "move"
    EDIT = "edit"
    CANCEL = "cancel"
    WHEN = "when"
    POLL = "poll"
    VOTE = "vote"
    CLOSE = "close"
    BOOK = "book"
    EVENT = "event"
    UNDO = "undo"
    UNTIL = "until"
    POLLS = "polls"
    IMPORT = "import"
    DIGEST = "digest"
    STATUS = "status"
    SYNC = "sync"
    REMIND = "remind"
    YES = "yes"
    NO = "no"
    MAYBE = "maybe"
    ZONE = "tz"
    LANGUAGE = "lang"
    CALENDARS = "calendars"
    MAP = "map"
    UNMAP = "unmap"
    SET = "set"
    FEED = "feed"
    MY_DATA = "data"
    FORGET_ME = "forget"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """Why a text is no command. `reason` is a catalog key below ``error.``, `params` fill it.

    `command` is the one that was meant, as far as that is known: its example goes with the answer.
    """

    reason: str
    code: Code = Code.NOT_UNDERSTOOD
    params: Mapping[str, str | int] = field(default_factory=dict)
    command: CommandId | None = None


@dataclass(frozen=True, slots=True)
class ByNumber:
    """The event with this number in the last list shown."""

    number: int


@dataclass(frozen=True, slots=True)
class Last:
    """The event of the bot's last answer to the sender."""


@dataclass(frozen=True, slots=True)
class ByReply:
    """What the message replied to is about."""


Ref: TypeAlias = ByNumber | Last | ByReply


class Scope(str, Enum):
    """How much of a series is meant."""

    UNSAID = "unsaid"
    THIS = "this"
    ALL = "all"
    FOLLOWING = "following"


@dataclass(frozen=True, slots=True)
class NeverMind:
    """The question that is open needs no answer any more."""


@dataclass(frozen=True, slots=True)
class Help:
    """About one command; without a topic about all of them: `short` what people need most, `full` a line for each."""

    topic: CommandId | None = None
    short: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class New:
    """Write an event. `duration` is what `for:` said; it is never there beside an end or an all-day `when`.

    `when` is a Choice where anything is in doubt. `titles` is there if that is about where the title ends, and has the
    title that goes with each of the readings. The sender chooses, and `chosen` takes the choice.
    """

    title: str
    when: At | Day | Every | Choice
    attendees: tuple[UserId, ...] = ()
    optional: tuple[UserId, ...] = ()
    duration: timedelta | None = None
    location: str = ""
    description: str = ""
    calendar: str | None = None
    link: bool = True
    titles: tuple[str, ...] = ()
    resource: str = ""

    def chosen(self, index: int) -> New:
        """The event with the reading at `index` of a `when` that is a Choice, and the title that belongs to it."""
        if not isinstance(self.when, Choice):
            raise TypeError("nothing to choose from")
        title = self.titles[index] if self.titles else self.title
        return replace(self, title=title, when=self.when.readings[index], titles=())


@dataclass(frozen=True, slots=True)
class List:
    """The events of the days in `window`, the second one exclusive; None: what is usual. `search` may be empty."""

    window: Window | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    pass


@dataclass(frozen=True, slots=True)
class Show:
    ref: Ref


@dataclass(frozen=True, slots=True)
class Move:
    """`when` is text: what it leaves out comes from the event, so it can only be read with the event at hand."""

    ref: Ref
    scope: Scope
    when: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be different about an event; None leaves alone, an empty text removes."""

    ref: Ref
    scope: Scope = Scope.UNSAID
    title: str | None = None
    location: str | None = None
    description: str | None = None
    resource: str | None = None
    add: tuple[UserId, ...] = ()
    optional: tuple[UserId, ...] = ()
    remove: tuple[UserId, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything was said to be different."""
        texts = (self.title, self.location, self.description, self.resource)
        return any(text is not None for text in texts) or bool(self.add or self.optional or self.remove)


@dataclass(frozen=True, slots=True)
class Import:
    """Write the events of the file that is replied to, with these people on all of them."""

    attendees: tuple[UserId, ...] = ()
    optional: tuple[UserId, ...] = ()
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    ref: Ref
    scope: Scope = Scope.UNSAID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rsvp:
    """Answer an invitation. Without a `ref`: to what was spoken of last."""

    answer: PartStat
    ref: Ref | None = None
    scope: Scope = Scope.UNSAID


@dataclass(frozen=True, slots=True)
class When:
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One option of a poll: how it was typed, and how it reads.

    More than one reading: the sender has to choose. `follows`: the day comes from the option before, so its n-th
    reading belongs to the n-th of that one, and one answer settles both.
    """

    text: str
    readings: tuple[At | Day, ...]
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Poll:
    """Open a poll. `asked` are all people named, `required` and `optional` those of them; the sender is not added.

    `until` holds every plausible reading of the deadline `until_text`, and is empty where none was given. `duration` is
    for options without an end. While `unsettled` is not None, the sender has to choose; `settled` takes the choice.
    """

    title: str
    options: tuple[Proposal, ...]
    until: tuple[datetime, ...] = ()
    until_text: str = ""
    duration: timedelta | None = None
    asked: tuple[UserId, ...] = ()
    required: tuple[UserId, ...] = ()
    optional: tuple[UserId, ...] = ()
    behaviour: PollOptions = field(default_factory=PollOptions)
    calendar: str | None = None
    location: str = ""
    description: str = ""
    resource: str = ""

    @property
    def unsettled(self) -> Choice | None:
        """The readings to choose from, of the first option that has several, else of the deadline."""
        for option in self.options:
            if len(option.readings) > 1:
                return Choice(option.readings)
        return Choice(tuple(At(moment) for moment in self.until)) if len(self.until) > 1 else None

    def settled(self, index: int) -> Poll:
        """The poll with the reading at `index` of `unsettled` chosen, here and in the options that follow that one."""
        for place, option in enumerate(self.options):
            if len(option.readings) > 1:
                end = place + 1
                while end < len(self.options) and self.options[end].follows:
                    end += 1
                chosen = tuple(replace(each, readings=(each.readings[index],)) for each in self.options[place:end])
                return replace(self, options=(*self.options[:place], *chosen, *self.options[end:]))
        return replace(self, until=(self.until[index],))


@dataclass(frozen=True, slots=True)
class Find:
    """Look for times at which people are free: those named, or everybody in the room.

    `hours` are the bounds on the clock that were said; None: those of the working day. `poll`: vote on what is found,
    and how; None: the sender picks one. `until` is text, since it can only be read with the options at hand.
    """

    duration: timedelta
    window: Window | None = None
    hours: tuple[time | None, time | None] = (None, None)
    buffer: timedelta = timedelta()
    title: str = ""
    required: tuple[UserId, ...] = ()
    optional: tuple[UserId, ...] = ()
    calendar: str | None = None
    location: str = ""
    description: str = ""
    resource: str = ""
    poll: PollOptions | None = None
    until: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """Vote for the options with these numbers; with none of them, withdraw."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Close:
    pass


@dataclass(frozen=True, slots=True)
class Book:
    """Book the winner of a poll, or the option with this number. `when` is a date, as text, for one that had none."""

    number: int | None = None
    when: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    pass


@dataclass(frozen=True, slots=True)
class Until:
    """Let a poll close at another time; every plausible reading of `text`, each of them ahead."""

    moments: tuple[datetime, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Polls:
    """List the open polls."""


@dataclass(frozen=True, slots=True)
class Event:
    """Turn the poll replied to, made by hand, into an event."""


class Off(Enum):
    """What was there before is not to be any more."""

    OFF = "off"


@dataclass(frozen=True, slots=True)
class Digest:
    """Post agendas by themselves; None: what is not said stays as it is. `standard`: all of it as the file says.

    Where nothing is said at all, only to tell how it is.
    """

    daily: time | Off | None = None
    weekly: tuple[Weekday, time] | Off | None = None
    always: bool | None = None
    standard: bool = False


@dataclass(frozen=True, slots=True)
class Remind:
    """Remind the room, or `me`, so long before all events, or before the one that `ref` names.

    Without any `leads`: not at all. None, and not `standard` (as it is without a choice): only to tell how it is.
    """

    leads: tuple[timedelta, ...] | None = None
    standard: bool = False
    me: bool = False
    ref: Ref | None = None
    scope: Scope = Scope.UNSAID

    @property
    def changes(self) -> bool:
        return self.leads is not None or self.standard


@dataclass(frozen=True, slots=True)
class Status:
    pass


@dataclass(frozen=True, slots=True)
class Sync:
    pass


@dataclass(frozen=True, slots=True)
class ChooseZone:
    """Whose clock: the sender's own, or the `room`'s. `standard`: as it is without a choice. Nothing `said`: only to
    tell how it is."""

    said: str = ""
    room: bool = False
    standard: bool = False


@dataclass(frozen=True, slots=True)
class ChooseLanguage:
    """In which language the sender, or the `room`, is answered; the rest as in `ChooseZone`."""

    said: str = ""
    room: bool = False
    standard: bool = False


@dataclass(frozen=True, slots=True)
class Calendars:
    """Tell which calendars the room shows, and which ones could be connected."""


@dataclass(frozen=True, slots=True)
class Map:
    """Connect the calendar of that name to the room; `read_only`: not to be written from there."""

    name: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Unmap:
    name: str


@dataclass(frozen=True, slots=True)
class ChooseSetting:
    """Set something in the room; `standard`: as the file says. Without a value only to tell, without a setting of all.

    The name of a calendar is as it was typed.
    """

    setting: Setting | None = None
    value: Value = None
    standard: bool = False

    @property
    def changes(self) -> bool:
        return self.value is not None or self.standard


@dataclass(frozen=True, slots=True)
class Feed:
    """Give the sender a link to what the room shows, for their calendar program; `renew`: another one."""

    renew: bool = False


@dataclass(frozen=True, slots=True)
class MyData:
    """Tell the sender what is stored about them."""


@dataclass(frozen=True, slots=True)
class ForgetMe:
    """Erase what is stored about the sender."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The number that answers a question of the bot."""

    number: int


Command: TypeAlias = (
    Help
    | NeverMind
    | New
    | List
    | Next
    | Find
    | Show
    | Move
    | Edit
    | Import
    | Cancel
    | When
    | Poll
    | Vote
    | Close
    | Book
    | Undo
    | Until
    | Polls
    | Event
    | Digest
    | Remind
    | Rsvp
    | Status
    | Sync
    | ChooseZone
    | ChooseLanguage
    | Calendars
    | Map
    | Unmap
    | ChooseSetting
    | Feed
    | MyData
    | ForgetMe
    | Answer
)
