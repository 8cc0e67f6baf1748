"""Phrases whose meaning is known because they are made from it.

A moment, a zone and a meaning are drawn first, then one of the many ways in which people write that meaning. Nothing
here asks the reader that is tested; what needs a calendar is counted out day by day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

from calbot.core.dates import Base, Locale

from .spellings import MONTHS, ORDINALS, SHORT_MONTHS, SHORT_WEEKDAYS, WEEKDAYS, Writer
from .templates import Made, Templates

ZONES = (
    *("Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kathmandu"),
    *("Pacific/Auckland", "Pacific/Apia", "Australia/Lord_Howe"),
)
AWKWARD = (
    "2026-11-29T23:59",
    "2026-12-31T18:00",
    "2027-01-01T00:00",
    "2027-02-28T12:00",
    "2027-03-27T20:00",
    "2027-03-28T01:30",
    "2027-10-30T22:00",
    "2028-02-28T09:00",
    "2028-02-29T09:00",
)
DAY = timedelta(days=1)

RULES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
STRAY = {
    "de": ("vielleicht", "oder", "bald", "ungefähr", "Raum", "Dienstg", "bitte"),
    "en": ("maybe", "or", "soon", "roughly", "room", "tuesdy", "please"),
}


_WEIGHTS = (30, 8, 12, 6, 10, 5, 4, 5, 6, 5, 4, 2, 5, 3)
_MAY_BE_MISTYPED = ("date and time", "next weekday", "feast", "part of the day", "series")


@dataclass(frozen=True)
class Variant:
    """A phrase and what it means, in the notation of the tables."""

    locale: Locale
    phrase: str
    expected: str
    now: datetime
    template: str
    base: Base | None = None
    mistyped: bool = False
    """Whether a letter is wrong in it, so that it may be refused as well."""


@dataclass(frozen=True)
class WindowVariant:
    """The window of a list, and the days that it means, the last one exclusive."""

    locale: Locale
    phrase: str
    days: tuple[date, date]
    now: datetime


def variants(number: int, seed: int) -> Iterator[Variant]:
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    for _ in range(number):
        yield _Maker(random).variant()


def window_variants(number: int, seed: int) -> Iterator[WindowVariant]:
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    for _ in range(number):
        maker = _Maker(random)
        phrase, first, end = maker.templates.windows()
        yield WindowVariant(maker.locale, maker.respell(phrase), (first, end), maker.now)


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.locale: Locale = random.choice(("de", "en"))
        self.zone = ZoneInfo(random.choice(ZONES))
        if random.random() < 0.3:
            naive = datetime.fromisoformat(random.choice(AWKWARD))
        else:
            naive = datetime(2026, 1, 1) + timedelta(minutes=random.randrange(3 * 365 * 24 * 60))  # noqa: DTZ001 - below
        self.now = naive.replace(tzinfo=self.zone).astimezone(timezone.utc).astimezone(self.zone)
        self.today = self.now.date()
        self.writer = Writer(self.locale, self.today, random)
        self.templates = Templates(random, self.locale, self.now, self.zone, self.writer)

    @property
    def german(self) -> bool:
        return self.locale == "de"

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def variant(self) -> Variant:
        template, make = self.random.choices(tuple(self.kinds().items()), weights=_WEIGHTS)[0]
        made = make()
        made = made if isinstance(made, Made) else Made(*made)
        phrase, mistyped = self.respell(made.phrase), False
        if template in _MAY_BE_MISTYPED and self.random.random() < 0.1:
            typed = self.mistype(phrase)
            phrase, mistyped = typed, typed != phrase
        template = f"{template}, mistyped" if mistyped else template
        return Variant(self.locale, phrase, made.expected, self.now, template, made.base, mistyped)

    def kinds(self) -> dict[str, Callable[[], Made | tuple[str, str]]]:
        """The kinds of phrases by their names, in the order of `_WEIGHTS`."""
        more = self.templates
        return {
            "date and time": self.single,
            "whole days": self.whole_days,
            "series": self.series,
            "next weekday": self.next_weekday,
            "something wrong": self.refused,
            "time zone": more.zoned,
            "feast": more.feast,
            "part of the day": more.part_of_day,
            "bare hour": more.bare_hour,
            "counted": more.counted,
            "day and time to day and time": more.days_with_times,
            "after next": more.after_next,
            "moved event": more.moved,
            "poll option": more.option,
        }

    # Days -------------------------------------------------------------------------------------------------------------

    def day(self) -> tuple[date, list[str]]:
        """A day from tomorrow on, and ways to write it."""
        near = self.random.random() < 0.5
        day = self.today + DAY * self.random.randrange(1, 7 if near else 330)
        return day, self.writer.names(day)

    # Times ------------------------------------------------------------------------------------------------------------

    def clock(self) -> tuple[int, list[str]]:
        """A minute of the day, and ways to write it."""
        minutes = self.random.randrange(0, 24 * 60, self.random.choice((5, 15, 30, 60)))
        return minutes, self.writer.clocks(minutes)

    def span(self) -> tuple[int, int, list[str]]:
        """Start and end in minutes, and ways to write the range."""
        start = self.random.randrange(0, 24 * 60, 15)
        end = start + self.random.randrange(15, 8 * 60, 15)
        return start, end, self.writer.spans(start, end)

    def duration(self) -> tuple[int, list[str]]:
        minutes = self.random.choice((15, 30, 45, 60, 90, 120, 150, 180))
        return minutes, self.writer.lengths(minutes)

    def at(self, day: date, start: int, end: int | None = None, length: int | None = None) -> str | None:
        """The notation of a timed reading; None where the clock skips one of its times."""
        begins = self.local(day, start)
        if begins is None:
            return None
        if length is not None:
            ends: datetime | None = (begins.astimezone(timezone.utc) + timedelta(minutes=length)).astimezone(self.zone)
        elif end is not None:
            ends = self.local(day, end)
            if ends is None or ends.timestamp() <= begins.timestamp():
                return None
        else:
            return f"{begins:%Y-%m-%dT%H:%M}"
        return f"{begins:%Y-%m-%dT%H:%M}/{ends:%Y-%m-%dT%H:%M}"

    def local(self, day: date, minutes: int) -> datetime | None:
        naive = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
        moment = naive.replace(tzinfo=self.zone)
        there_and_back = datetime.fromtimestamp(moment.timestamp(), self.zone)
        return moment if there_and_back.replace(tzinfo=None) == naive else None

    # Phrases ----------------------------------------------------------------------------------------------------------

    def timed_words(self) -> tuple[int, int | None, int | None, str]:
        """Start, end, length, and words for them."""
        if self.random.random() < 0.4:
            start, end, names = self.span()
            return start, end, None, self.random.choice(names)
        start, names = self.clock()
        words = self.random.choice(names)
        if self.random.random() < 0.3:
            length, lengths = self.duration()
            return start, None, length, f"{words} {self.random.choice(lengths)}"
        return start, None, None, words

    def single(self) -> tuple[str, str]:
        day, names = self.day()
        start, end, length, words = self.timed_words()
        at = self.at(day, start, end, length)
        return self.join(self.random.choice(names), words), f"at {at}" if at else "no"

    def join(self, day: str, time: str) -> str:
        comma = self.pick(" ", " ", ", ")
        if self.random.random() < 0.15 and not time.split()[-1].isalpha():
            return f"{time}{comma}{day}" if day[0].isalpha() and not day.startswith("morgen") else f"{day}{comma}{time}"
        return f"{day}{comma}{time}"

    def whole_days(self) -> tuple[str, str]:
        first = self.today + DAY * self.random.randrange(1, 250)
        last = first + DAY * self.random.randrange(1, 40)
        a, b = first, last
        if self.random.random() < 0.4:
            day, names = self.day()
            suffix = self.pick("", " ganztägig" if self.german else " all day")
            return self.random.choice(names) + suffix, f"day {day}/{day}"
        if self.german:
            names = [f"{a.day}.{a.month}.-{b.day}.{b.month}.", f"vom {a.day}.{a.month}. bis {b.day}.{b.month}.{b.year}"]
            if a.month == b.month:
                names += [f"{a.day}.-{b.day}.{b.month}.", f"{a.day}. bis {b.day}. {MONTHS['de'][b.month - 1]}"]
        else:
            m, n = SHORT_MONTHS["en"][a.month - 1], MONTHS["en"][b.month - 1]
            names = [f"{m} {a.day} - {n} {b.day}", f"from {a.day} {m} to {b.day} {n} {b.year}"]
            if a.month == b.month:
                names += [f"{m} {a.day}-{b.day}", f"{a.day}-{b.day} {n}"]
        return self.random.choice(names), f"day {first}/{last}"

    def next_weekday(self) -> tuple[str, str]:
        weekday = self.random.randrange(7)
        start, names = self.clock()
        monday = self.today - timedelta(days=self.today.weekday())
        days = [day for day in (monday + DAY * weekday, monday + DAY * (weekday + 7)) if day > self.today]
        spans = [self.at(day, start) for day in days]
        word = "nächsten" if self.german else "next"
        phrase = f"{word} {WEEKDAYS[self.locale][weekday]} {self.random.choice(names)}"
        if None in spans:
            return phrase, "no"
        found = [span for span in spans if span is not None]
        return phrase, f"at {found[0]}" if len(found) == 1 else "choice " + " | ".join(found)

    def series(self) -> tuple[str, str]:
        start, end, length, words = self.timed_words()
        kind = self.random.choice(("weekly", "fortnightly", "daily", "workdays", "monthly"))
        weekdays = sorted(self.random.sample(range(7), self.random.choice((1, 1, 2, 3))))
        long, short = WEEKDAYS[self.locale], SHORT_WEEKDAYS[self.locale]
        rule, names = "", [""]
        days = set(range(7))
        number = self.random.randrange(1, 5)
        if kind == "weekly":
            days = set(weekdays)
            rule = "FREQ=WEEKLY;BYDAY=" + ",".join(RULES[day] for day in weekdays)
            listed = self.writer.listed([long[day] for day in weekdays])
            names = [f"jeden {listed}" if self.german else f"every {listed}"]
            names += [f"jeden {self.writer.listed([short[day] for day in weekdays])}"] if self.german else []
            habits = self.writer.listed([(long[day].lower() + "s") for day in weekdays])
            names += [habits if self.german else f"on {habits}"]
        elif kind == "fortnightly":
            days, day = {weekdays[0]}, weekdays[0]
            rule = f"FREQ=WEEKLY;INTERVAL=2;BYDAY={RULES[day]}"
            names = (
                [f"alle {often} {long[day].lower()}s" for often in ("zwei Wochen", "2 Wochen", "14 Tage")]
                if self.german
                else [f"every other {long[day]}", f"every two weeks on {long[day]}", f"every 2 weeks on {short[day]}"]
            )
        elif kind == "daily":
            rule, names = "FREQ=DAILY", ["täglich", "jeden Tag"] if self.german else ["daily", "every day"]
        elif kind == "workdays":
            days, rule = set(range(5)), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
            names = ["werktags", "jeden Werktag"] if self.german else ["every weekday", "on weekdays"]
        else:
            days, day = {weekdays[0]}, weekdays[0]
            rule = f"FREQ=MONTHLY;BYDAY={number}{RULES[day]}"
            ordinal = ORDINALS[self.locale][number - 1]
            names = (
                [f"jeden {ordinal[:-1]}n {long[day]} im Monat", f"am {number}. {long[day]} jedes Monats"]
                if self.german
                else [f"the {ordinal} {long[day]} of every month", f"every {ordinal} {long[day]} of the month"]
            )
        first: str | None = None
        for ahead in range(70):
            day_ = self.today + DAY * ahead
            if day_.weekday() not in days or (kind == "monthly" and (day_.day - 1) // 7 + 1 != number):
                continue
            begins = self.local(day_, start)
            if begins is None:
                break
            if begins.timestamp() <= self.now.timestamp():
                if begins.replace(fold=1).timestamp() > self.now.timestamp():
                    break
                continue
            first = self.at(day_, start, end, length)
            break
        phrase = f"{self.random.choice(names)} {words}"
        if first and self.random.random() < 0.2:
            times = self.random.randrange(2, 30)
            phrase, rule = f"{phrase} {times} {'mal' if self.german else 'times'}", f"{rule};COUNT={times}"
        elif first and self.random.random() < 0.2:
            until = self.today + DAY * self.random.randrange(80, 300)
            phrase = f"{phrase} {'bis' if self.german else 'until'} {self.writer.written(until)}"
            rule = f"{rule};UNTIL={until:%Y%m%d}"
        return phrase, f"every {first};{rule}" if first else "no"

    def refused(self) -> tuple[str, str]:
        """A phrase with something wrong in it."""
        day, names = self.day()
        words = self.random.choice(self.clock()[1])
        kind = self.random.randrange(5)
        if kind == 0:
            parts = f"{self.random.choice(names)} {words}".split()
            parts.insert(self.random.randrange(len(parts) + 1), self.random.choice(STRAY[self.locale]))
            return " ".join(parts), "no"
        if kind == 1:
            wrong = WEEKDAYS[self.locale][(day.weekday() + self.random.randrange(1, 7)) % 7]
            return f"{wrong}, {self.writer.written(day)} {words}", "no"
        if kind == 2:
            passed = self.today - DAY * self.random.randrange(1, 30)
            return f"{self.writer.written(passed, year=False)} {words}", "no"
        if kind == 3:
            month = self.random.choice((2, 4, 6, 9, 11))
            number = 30 if month == 2 else 31
            missing = f"{number}.{month}." if self.german else f"{MONTHS['en'][month - 1]} {number}"
            return f"{missing} {words}", "no"
        hour, minute = self.random.choice(((25, 0), (24, 30), (12, 60), (99, 99)))
        return f"{self.random.choice(names)} {hour}:{minute:02}", "no"

    def mistype(self, phrase: str) -> str:
        """The phrase with a letter left out, doubled or swapped in one of its longer words."""
        words = phrase.split(" ")
        places = [place for place, word in enumerate(words) if len(word) >= 6 and word.isalpha()]
        if not places:
            return phrase
        place = self.random.choice(places)
        word, at = words[place], self.random.randrange(1, 5)
        before, letter, after = word[:at], word[at], word[at + 1 :]
        words[place] = self.pick(
            before + after, before + letter + letter + after, before + after[0] + letter + after[1:]
        )
        return " ".join(words)

    # Spelling ---------------------------------------------------------------------------------------------------------

    def respell(self, phrase: str) -> str:
        """The phrase as somebody else would have typed it."""
        random = self.random
        if random.random() < 0.05:
            phrase += random.choice("?!")
        if random.random() < 0.2:
            phrase = random.choice((str.lower, str.upper, str.capitalize))(phrase)
        if random.random() < 0.2:
            for letter, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "AE"), ("Ö", "OE"), ("Ü", "UE")):
                phrase = phrase.replace(letter, spelled)
        if random.random() < 0.1:
            phrase = phrase.replace(" ", random.choice(("  ", "\N{NO-BREAK SPACE}", "\t", "\N{NARROW NO-BREAK SPACE}")))
        if random.random() < 0.1:
            phrase = f" {phrase} "
        return phrase
