"""More phrases made from their meaning: zones, feasts, parts of the day, hours without "Uhr", and what is left out.

As in `generator`, the meaning comes first and is counted out day by day; nothing here asks the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

from calbot.core.dates import At, Base, Day, Locale

from .spellings import NUMBERS, SHORT_WEEKDAYS, WEEKDAYS, Writer

DAY = timedelta(days=1)
UTC = timezone.utc

# Name in each language, zone, and the name that zoneinfo has for it, where it stands for winter or summer time only.
ZONE_NAMES = (
    ("MEZ", "CET", "Europe/Berlin", "CET"),
    ("MESZ", "CEST", "Europe/Berlin", "CEST"),
    ("UTC", "UTC", "UTC", "UTC"),
    ("GMT", "GMT", "UTC", "UTC"),
    ("EDT", "EDT", "America/New_York", "EDT"),
    ("ET", "ET", "America/New_York", ""),
    ("Berliner Zeit", "Berlin time", "Europe/Berlin", ""),
    ("Londoner Zeit", "London time", "Europe/London", ""),
)
# Sundays that the church calendars of these years print.
EASTER = {year: date.fromisoformat(day) for year, day in (
    (2025, "2025-04-20"),
    (2026, "2026-04-05"),
    (2027, "2027-03-28"),
    (2028, "2028-04-16"),
    (2029, "2029-04-01"),
    (2030, "2030-04-21"),
)}  # fmt: skip
MOVING = {
    "de": (
        ("Rosenmontag", -48),
        ("Aschermittwoch", -46),
        ("Karfreitag", -2),
        ("Ostermontag", 1),
        ("Pfingstmontag", 50),
    ),
    "en": (("Ash Wednesday", -46), ("Good Friday", -2), ("Easter Monday", 1), ("Whit Monday", 50)),
}
FIXED = {
    "de": (("Heiligabend", 12, 24), ("Silvester", 12, 31), ("Neujahr", 1, 1), ("Allerheiligen", 11, 1)),
    "en": (("Christmas Eve", 12, 24), ("Boxing Day", 12, 26), ("New Year's Eve", 12, 31), ("New Year's Day", 1, 1)),
}
PARTS = {
    "de": (("früh", 7, 10), ("vormittags", 8, 11), ("nachmittags", 13, 17), ("abends", 17, 22)),
    "en": (("in the morning", 7, 11), ("in the afternoon", 13, 17), ("in the evening", 17, 22)),
}


@dataclass(frozen=True)
class Made:
    """A phrase, what it means in the notation of the tables, and what it is about where it leaves something out."""

    phrase: str
    expected: str
    base: Base | None = None


class Templates:
    """Draws phrases of these kinds for one moment, zone and language."""

    def __init__(self, random: Random, locale: Locale, now: datetime, zone: ZoneInfo, writer: Writer) -> None:
        self.random, self.locale, self.now, self.zone, self.writer = random, locale, now, zone, writer
        self.german = locale == "de"
        self.today = now.date()

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def local(self, day: date, minutes: int, zone: ZoneInfo | None = None) -> datetime | None:
        """The moment that a clock shows; None where it skips it."""
        naive = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
        moment = naive.replace(tzinfo=zone or self.zone)
        there_and_back = datetime.fromtimestamp(moment.timestamp(), zone or self.zone)
        return moment if there_and_back.replace(tzinfo=None) == naive else None

    def at(self, start: datetime | None, end: datetime | None = None, *, ends: bool = False) -> str:
        if start is None or (ends and end is None):
            return "no"
        return f"at {start:%Y-%m-%dT%H:%M}" + (f"/{end:%Y-%m-%dT%H:%M}" if end else "")

    def later_day(self, least: int = 1, most: int = 300) -> date:
        return self.today + DAY * self.random.randrange(least, most)

    def exact(self, minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}" + (self.pick("", " Uhr") if self.german else "")

    # Kinds ------------------------------------------------------------------------------------------------------------

    def zoned(self) -> Made:
        german, english, key, shown = self.random.choice(ZONE_NAMES)
        zone, day = ZoneInfo(key), self.later_day(3)
        minutes = self.random.randrange(0, 1440, 15)
        start, length = self.local(day, minutes, zone), self.random.choice((None, 30, 60))
        end = None if length is None or minutes + length >= 1440 else self.local(day, minutes + length, zone)
        words = f"{minutes // 60:02}:{minutes % 60:02}"
        if length is not None and minutes + length < 1440:
            words += f"-{(minutes + length) // 60:02}:{(minutes + length) % 60:02}"
        else:
            length = None
        if self.german:
            words += self.pick("", " Uhr")
        name = german if self.german else english
        phrase = f"{self.writer.written(day)} {words} " + self.pick(name, f"({name})")
        moments = [one for one in (start, end) if one is not None]
        if len(moments) < (1 if length is None else 2):
            return Made(phrase, "no")
        if shown:
            named = [next((m for m in (one, one.replace(fold=1)) if m.tzname() == shown), None) for one in moments]
            if None in named:
                return Made(phrase, "no")
            moments = [one for one in named if one is not None]
        here = [one.astimezone(UTC).astimezone(self.zone) for one in moments]
        if len(here) == 2 and here[0] >= here[1]:
            return Made(phrase, "no")
        return Made(phrase, self.at(here[0], here[1] if len(here) == 2 else None))

    def feast(self) -> Made:
        if self.random.random() < 0.5:
            name, days = self.random.choice(MOVING[self.locale])
            dates = [easter + DAY * days for easter in EASTER.values()]
        else:
            name, month, number = self.random.choice(FIXED[self.locale])
            dates = [date(year, month, number) for year in EASTER]
        clock = self.random.choice((None, 9 * 60, 15 * 60 + 30))
        words = "" if clock is None else f" {self.exact(clock)}"
        if self.random.random() < 0.3:
            day = self.random.choice([day for day in dates if day > self.today])
            phrase = f"{name} {day.year}{words}"
        else:
            phrase = f"{name}{words}"
            if any(0 < (self.today - day).days < 31 for day in dates):
                return Made(phrase, "no")
            day = min(day for day in dates if day >= self.today)
        if clock is None:
            return Made(phrase, f"day {day}/{day}")
        start = self.local(day, clock)
        over = start is not None and start.timestamp() < self.now.timestamp() // 60 * 60
        return Made(phrase, "no" if over else self.at(start))

    def part_of_day(self) -> Made:
        part, first, last = self.random.choice(PARTS[self.locale])
        hour, day = self.random.randrange(first, last), self.later_day(1, 7)
        dial = hour if hour <= 12 else hour - 12
        weekday = WEEKDAYS[self.locale][day.weekday()]
        if self.german:
            times = [f"{part} um {dial}", f"um {dial} Uhr {part}", f"{part} {dial} Uhr", f"{dial} Uhr {part}"]
        else:
            times = [f"at {dial} {part}", f"{dial} o'clock {part}"]
        minute = self.random.choice((0, 0, 15, 30, 45))
        if minute:
            times = [f"{dial}:{minute} {part}", f"{'um' if self.german else 'at'} {dial}:{minute} {part}"]
        named = {"vormittags": "vormittag", "nachmittags": "nachmittag", "abends": "abend"}
        phrase = f"{weekday} {self.random.choice(times)}"
        if part in named and self.random.random() < 0.4:
            phrase = f"{weekday}{named[part]} um {dial}" + (f":{minute}" if minute else "")
        if minute and dial != hour:  # "7:30" is in the morning, whatever stands beside it
            return Made(phrase, "no")
        return Made(phrase, self.at(self.local(day, hour * 60 + minute)))

    def bare_hour(self) -> Made:
        day, hour = self.later_day(1, 7), self.random.randrange(7, 19)
        dial = hour if hour < 13 or self.random.random() < 0.5 else hour - 12
        if hour in (13, 14, 15, 16, 17, 18) and dial < 13:
            dial = hour - 12
        names = self.writer.names(day)
        weekday = self.pick(WEEKDAYS[self.locale][day.weekday()], SHORT_WEEKDAYS[self.locale][day.weekday()])
        words = [f"{dial}"]
        if dial <= 12:
            words.append(NUMBERS[self.locale][dial - 1])
        if self.random.random() < 0.4:
            end = hour + self.random.randrange(1, 4)
            shown = end if dial > 12 or end <= 12 else end - 12
            if dial <= 6 and shown > 6:
                end, shown = hour, dial
            if end > hour:
                finish = self.local(day, end * 60)
                return Made(f"{weekday} {dial}-{shown}", self.at(self.local(day, hour * 60), finish, ends=True))
        phrase = f"{weekday} {self.random.choice(words)}"
        if self.random.random() < 0.3:
            phrase = f"{self.random.choice(names)} {'um' if self.german else 'at'} {dial}"
        return Made(phrase, self.at(self.local(day, hour * 60)))

    def counted(self) -> Made:
        """From now, or weeks after another day."""
        kind = self.random.randrange(3)
        if kind == 0:
            minutes = self.random.choice((15, 30, 45, 60, 90, 120, 180, 24 * 60))
            moment = datetime.fromtimestamp(self.now.timestamp() // 60 * 60 + 60 * minutes, UTC).astimezone(self.zone)
            words = {15: "einer Viertelstunde", 30: "einer halben Stunde", 60: "einer Stunde", 90: "anderthalb Stunden"}
            english = {30: "half an hour", 60: "an hour", 90: "an hour and a half"}
            named = (words if self.german else english).get(minutes)
            number, unit = (24, "Stunden") if minutes == 24 * 60 else (minutes, "Minuten")
            plain = (
                f"{number} {unit if self.german else unit.replace('Stunden', 'hours').replace('Minuten', 'minutes')}"
            )
            return Made(f"in {self.pick(*(named, plain) if named else (plain,))}", self.at(moment))
        weeks = self.random.randrange(1, 5)
        often = self.pick(str(weeks), NUMBERS[self.locale][weeks - 1])
        if weeks == 1:
            often = "einer" if self.german else "a"
        clock = self.random.randrange(8 * 60, 18 * 60, 15)
        unit = ("Woche" if weeks == 1 else "Wochen") if self.german else ("week" if weeks == 1 else "weeks")
        if kind == 1:
            weekday = self.random.randrange(7)
            day = next(
                self.today + DAY * ahead for ahead in range(7) if (self.today + DAY * ahead).weekday() == weekday
            )
            name = WEEKDAYS[self.locale][weekday]
            start = f"{name} in {often} {unit}" if self.german else f"{often} {unit} from {name}"
        else:
            ahead = self.random.randrange(0, 2)
            day = self.today + DAY * ahead
            name = (("heute", "morgen") if self.german else ("today", "tomorrow"))[ahead]
            start = f"{name} in {often} {unit}" if self.german else f"{often} {unit} from {name}"
        day += 7 * weeks * DAY
        word = "um" if self.german else "at"
        return Made(f"{start} {word} {clock // 60:02}:{clock % 60:02}", self.at(self.local(day, clock)))

    def days_with_times(self) -> Made:
        """From one day and time to another."""
        first = self.later_day(1, 200)
        last = first + DAY * self.random.randrange(1, 10)
        a, b = (self.random.randrange(7 * 60, 22 * 60, 15) for _ in range(2))
        words = [f"{self.writer.written(day)} {m // 60:02}:{m % 60:02}" for day, m in ((first, a), (last, b))]
        to = self.pick(" - ", " – ", " bis " if self.german else " to ")
        return Made(to.join(words), self.at(self.local(first, a), self.local(last, b), ends=True))

    def after_next(self) -> Made:
        """Always a week after what "next" means."""
        weekday = self.random.randrange(7)
        monday = self.today - DAY * self.today.weekday()
        days = [day + 7 * DAY for day in (monday + DAY * weekday, monday + DAY * (weekday + 7)) if day > self.today]
        clock = self.random.randrange(8 * 60, 18 * 60, 15)
        starts = [self.local(day, clock) for day in days]
        if self.german:
            phrase = f"übernächsten {WEEKDAYS['de'][weekday]} um {clock // 60:02}:{clock % 60:02} Uhr"
        else:
            name, week = WEEKDAYS["en"][weekday], "the week after next"
            phrase = f"{name} {week} at {clock // 60:02}:{clock % 60:02}"
            starts = [self.local(monday + DAY * (weekday + 14), clock)]
        if None in starts:
            return Made(phrase, "no")
        shown = [f"{start:%Y-%m-%dT%H:%M}" for start in starts if start]
        return Made(phrase, f"at {shown[0]}" if len(shown) == 1 else "choice " + " | ".join(shown))

    def moved(self) -> Made:
        """What `move` is told: what is left out comes from the event."""
        day, clock, length = self.later_day(2, 100), self.random.randrange(8 * 60, 20 * 60, 15), 45
        start = self.local(day, clock)
        if start is None:
            return self.moved()
        end = (start.astimezone(UTC) + timedelta(minutes=length)).astimezone(self.zone)
        base = Base.of(At(start, end))
        to_day, to_clock = self.later_day(2, 100), self.random.randrange(8 * 60, 20 * 60, 15)
        kind = self.random.randrange(4)
        if kind == 0:
            phrase, moved = self.writer.written(to_day), self.local(to_day, clock)
        elif kind == 1:
            phrase, moved = self.exact(to_clock), self.local(day, to_clock)
        elif kind == 2:
            phrase, moved = f"{self.writer.written(to_day)} {self.exact(to_clock)}", self.local(to_day, to_clock)
        else:
            phrase, moved = ("ganztägig" if self.german else "all day"), None
            return Made(f"{self.writer.written(to_day)} {phrase}", f"day {to_day}/{to_day}", base)
        if moved is None:
            return Made(phrase, "no", base)
        until = (moved.astimezone(UTC) + timedelta(minutes=length)).astimezone(self.zone)
        return Made(phrase, self.at(moved, until), base)

    def option(self) -> Made:
        """A further option of a poll, which is about the day of the one before."""
        day, hour = self.later_day(2, 100), self.random.randrange(8, 12)
        length = self.random.randrange(1, 3)
        start, end = self.local(day, hour * 60), self.local(day, (hour + length) * 60)
        base = Base.after(Day(day, day))
        phrase = self.pick(f"{hour}-{hour + length}", f"{hour:02}:00-{hour + length:02}:00")
        if self.random.random() < 0.3:
            return Made(self.pick(f"{hour}", f"{hour:02}:00"), self.at(start), base)
        return Made(phrase, self.at(start, end, ends=True), base)

    def windows(self) -> tuple[str, date, date]:
        """What `list` and `find` are told: the days, the last one exclusive."""
        monday = self.today - DAY * self.today.weekday()
        day, number = self.later_day(1, 60), self.random.randrange(1, 60)
        german = self.german
        first, last = sorted((self.later_day(1, 60), self.later_day(1, 60)))
        options = [
            ("heute" if german else "today", self.today, self.today + DAY),
            ("morgen" if german else "tomorrow", self.today + DAY, self.today + 2 * DAY),
            ("woche" if german else "week", self.today, monday + 7 * DAY),
            ("nächste Woche" if german else "next week", monday + 7 * DAY, monday + 14 * DAY),
            (f"{number}{'t' if german else 'd'}", self.today, self.today + number * DAY),
            (f"{number} Tage" if german else f"{number} days", self.today, self.today + number * DAY),
            (self.writer.written(day), day, day + DAY),
        ]
        if last > first:
            to = " bis " if german else " to "
            options.append((f"{self.writer.written(first)}{to}{self.writer.written(last)}", first, last + DAY))
        return self.random.choice(options)
