"""What a phrase says, before it is known which day and hour that is: the values that the grammar builds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto
from typing import Literal, TypeAlias

from .holidays import Feast
from .vocabulary import PartOfDay


class Form(Enum):
    """How an hour is written, which decides what it may mean."""

    BARE = auto()  # "3 Uhr", "half past 3": of a clock with twelve hours, if it is at most 12
    EXACT = auto()  # "3:00", "03", "15:30"
    AM = auto()
    PM = auto()


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: an hour and the minutes that are added to it ("viertel vor 9" is 9 and -15)."""

    hour: int
    minutes: int
    form: Form


class Which(Enum):
    """Which weekday is meant."""

    BARE = auto()
    NEXT = auto()
    AFTER_NEXT = auto()
    COMING = auto()
    THIS = auto()
    LAST = auto()


@dataclass(frozen=True, slots=True)
class OnWeekday:
    weekday: int
    which: Which = Which.BARE


@dataclass(frozen=True, slots=True)
class FromToday:
    days: int


@dataclass(frozen=True, slots=True)
class Later:
    """ "in 2 Wochen", "a week from …": from today, or from the day that is said with it."""

    number: int
    unit: Literal["days", "weeks", "months", "years"]


@dataclass(frozen=True, slots=True)
class OnDate:
    day: int
    month: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class OnDayOfMonth:
    """ "am 24."; `months_ahead` None is the next one, whichever month that is in."""

    day: int
    months_ahead: int | None = None


@dataclass(frozen=True, slots=True)
class OnEither:
    """A date whose day and month may stand in either order: "01/12/2027"."""

    first: int
    second: int
    year: int | None


@dataclass(frozen=True, slots=True)
class OnNth:
    """The n-th weekday of a month; -1 is the last. `month` None counts `months_ahead` from this one."""

    number: int
    weekday: int
    month: int | None
    months_ahead: int = 0
    year: int | None = None


@dataclass(frozen=True, slots=True)
class EndOf:
    """The last day of a month, or of this year."""

    month: int | None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class StartOf:
    """The first day of a month: "ab Januar"."""

    month: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class OnFeast:
    """A day by its name: "Heiligabend"."""

    feast: Feast
    year: int | None = None


@dataclass(frozen=True, slots=True)
class InWeek:
    """A week counted from the current one."""

    ahead: int


@dataclass(frozen=True, slots=True)
class InCalendarWeek:
    number: int
    year: int | None = None


DayExpression: TypeAlias = (
    OnWeekday
    | FromToday
    | Later
    | OnDate
    | OnDayOfMonth
    | OnEither
    | OnNth
    | OnFeast
    | EndOf
    | StartOf
    | InWeek
    | InCalendarWeek
)


@dataclass(frozen=True, slots=True)
class Said:
    """A day expression in a phrase. `loose`: its spelling could as well be a time ("9.10")."""

    day: DayExpression
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """A range of days that share a month: "24.-26.11."."""

    first: DayExpression
    last: DayExpression


@dataclass(frozen=True, slots=True)
class Span:
    start: Clock
    end: Clock


@dataclass(frozen=True, slots=True)
class InZone:
    """The zone of a time, by its IANA key or its `offset` from UTC; `shown` is the name that it has to have then."""

    key: str
    shown: str = ""
    offset: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Midnight:
    """Midnight by name, at which a day begins as well as ends."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day: it says which of two hours is meant; only midday is a time by itself."""

    part: PartOfDay


@dataclass(frozen=True, slots=True)
class Lasting:
    """A length. Days are counted by the calendar, the rest by the clock."""

    days: int = 0
    time: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class AllDay:
    pass


@dataclass(frozen=True, slots=True)
class FromNow:
    """ "in 2 Stunden"."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class Stamp:
    """An ISO 8601 time with an offset from UTC."""

    day: date
    clock: Clock
    offset: timedelta


@dataclass(frozen=True, slots=True)
class Starting:
    """ "ab", "from" and a day: where a range or a series begins."""

    days: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """ "bis", "-" and a day, with a time if it has one. `dash`: it can only end a range."""

    days: tuple[Said, ...]
    clock: Clock | None
    dash: bool


@dataclass(frozen=True, slots=True)
class Times:
    count: int


Frequency: TypeAlias = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]


@dataclass(frozen=True, slots=True)
class Repeating:
    """A rule of repetition. `days` are (n, weekday), n of the month and 0 where it does not apply.

    Without a frequency it is no rule, but words that may be meant as one.
    `or_monthly`: "every second Tuesday" may mean every other one or the second of each month.
    """

    frequency: Frequency | None = None
    interval: int = 1
    days: tuple[tuple[int, int], ...] = ()
    month_day: int | None = None
    or_monthly: bool = False


PhrasePart: TypeAlias = (
    Said
    | Between
    | Clock
    | Span
    | InZone
    | Midnight
    | Part
    | Lasting
    | AllDay
    | FromNow
    | Stamp
    | Starting
    | Ending
    | Times
    | Repeating
)
