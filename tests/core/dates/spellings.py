"""The many ways in which people write a day, a time, a range and a length, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from calbot.core.dates import Locale

WEEKDAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
SHORT_WEEKDAYS = {
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
SHORT_MONTHS = {
    "de": ("Jan.", "Feb.", "Mär.", "Apr.", "Mai", "Jun.", "Jul.", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
ORDINALS = {
    "de": ("erster", "zweiter", "dritter", "vierter"),
    "en": ("first", "second", "third", "fourth"),
}
NUMBERS = {
    "de": ("eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    "en": ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
}


@dataclass(frozen=True)
class Writer:
    """Writes what only one reading fits, as seen from a day."""

    locale: Locale
    today: date
    random: Random

    @property
    def german(self) -> bool:
        return self.locale == "de"

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def listed(self, names: Sequence[str]) -> str:
        joined = ", ".join(names[:-1])
        return f"{joined} {'und' if self.german else 'and'} {names[-1]}" if joined else names[-1]

    def written(self, day: date, *, year: bool = True) -> str:
        """A date in one plain form."""
        if self.german:
            return f"{day.day}.{day.month}.{day.year if year else ''}"
        return f"{day.day} {MONTHS['en'][day.month - 1]} {day.year if year else ''}".rstrip()

    def names(self, day: date) -> list[str]:
        """Ways to write a day that cannot mean another."""
        ahead = (day - self.today).days
        names = self.absolute(day, ahead) + self.of_week(day, ahead)
        if ahead in (1, 2):
            near = ("morgen", "übermorgen") if self.german else ("tomorrow", "the day after tomorrow")
            names.append(near[ahead - 1])
        if ahead != 8 or not self.german:  # "in 8 Tagen" is a week to many
            names += [f"in {ahead} Tagen" if self.german else f"in {ahead} days"] if ahead > 1 else []
        if ahead % 7 == 0:
            names += [f"heute in {ahead // 7} Wochen" if self.german else f"in {ahead // 7} weeks"] * (ahead > 7)
        return names

    def absolute(self, day: date, ahead: int) -> list[str]:
        number, month, year = day.day, day.month, day.year
        weekday = self.pick(WEEKDAYS[self.locale][day.weekday()], SHORT_WEEKDAYS[self.locale][day.weekday()])
        name = self.pick(MONTHS[self.locale][month - 1], SHORT_MONTHS[self.locale][month - 1])
        yearless = ahead <= 330
        names = [f"{year}-{month:02}-{number:02}"]
        if self.german:
            names += [
                f"{number}.{month}.{year}",
                f"{number:02}.{month:02}.{year}",
                f"{number}. {month}. {year}",
                f"{number}.{month}.{year % 100}",
                f"am {number}. {name} {year}",
                f"{weekday}, {number}.{month}.{year}",
                f"{weekday}, den {number}. {name} {year}",
            ]
            if yearless:
                names += [
                    f"{number}.{month}.",
                    f"am {number:02}.{month:02}.",
                    f"{number}. {name}",
                    f"{number} {name}",
                    f"{weekday} {number}.{month}.",
                    f"am {weekday}, dem {number}. {name}",
                    f"{number}.{month}. ({weekday})",
                ]
        else:
            suffix = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
            names += [
                f"{name} {number}, {year}",
                f"{number} {name} {year}",
                f"{weekday}, {name} {number}{suffix} {year}",
                f"the {number}{suffix} of {name} {year}",
            ]
            if number > 12 or number == month:
                names += [
                    f"{month}/{number}/{year}",
                    f"{number}/{month}/{year}",
                    f"{month:02}/{number:02}/{year % 100}",
                ]
            if yearless:
                names += [
                    f"{name} {number}",
                    f"{number} {name}",
                    f"{name} {number}{suffix}",
                    f"{weekday} {number} {name}",
                    f"on {weekday}, {number}{suffix} of {name}",
                ]
        return names

    def of_week(self, day: date, ahead: int) -> list[str]:
        weekday = self.pick(WEEKDAYS[self.locale][day.weekday()], SHORT_WEEKDAYS[self.locale][day.weekday()])
        weeks = (day - timedelta(days=day.weekday()) - self.today + timedelta(days=self.today.weekday())).days // 7
        year, number, _ = day.isocalendar()
        names = [f"{weekday} KW {number}/{year}"] if self.german else []
        this_year, this_week, _ = self.today.isocalendar()
        if year == this_year or (year == this_year + 1 and number < this_week):
            names += (
                [f"KW {number} {weekday}", f"{weekday} KW{number}"] if self.german else [f"week {number} {weekday}"]
            )
        if ahead < 7:
            names += [weekday, f"am {weekday}" if self.german else f"on {weekday}"]
        if weeks == 0:
            names += [f"diesen {weekday}", f"{weekday} diese Woche"] if self.german else [f"this {weekday}"]
        if weeks == 1:
            names += (
                [f"nächste Woche {weekday}", f"{weekday} nächste Woche", f"{weekday} der nächsten Woche"]
                if self.german
                else [f"next week {weekday}", f"{weekday} next week", f"{weekday} of next week"]
            )
        if weeks == 2:
            names += [f"übernächste Woche {weekday}"] if self.german else [f"{weekday} in the week after next"]
        if ahead < 330 and (day.day - 1) // 7 < 4 and self.safe_nth(day):
            ordinal, month = ORDINALS[self.locale][(day.day - 1) // 7], MONTHS[self.locale][day.month - 1]
            long = WEEKDAYS[self.locale][day.weekday()]
            names += [f"{ordinal} {long} im {month}"] if self.german else [f"the {ordinal} {long} in {month}"]
        return names

    def safe_nth(self, day: date) -> bool:
        """Whether the same weekday of that month a year before is long over."""
        return (day - self.today).days < 320

    def clocks(self, minutes: int) -> list[str]:
        hour, minute = divmod(minutes, 60)
        dial = hour % 12 or 12
        exact = f"{hour:02}:{minute:02}"
        if not self.german:
            half = "am" if hour < 12 else "pm"
            names = [exact, f"at {exact}", f"{dial}:{minute:02}{half}", f"{dial}.{minute:02} {half}"]
            if minute == 0:
                names += [f"{dial}{half}", f"at {dial} {half}", f"{dial} {half[0]}.m."]
            names += self.spoken_english(minutes)
            return names
        names = [
            exact,
            f"{hour}:{minute:02}",
            f"um {exact} Uhr",
            f"{hour}.{minute:02} Uhr",
            f"um {hour:02}.{minute:02} Uhr",
        ]
        if hour >= 7:
            names += [f"{hour}h{minute:02}"]
        if minute == 0 and hour >= 7:
            names += [f"{hour} Uhr", f"um {hour}", f"um {hour} Uhr", f"{hour}h"]
        elif minute >= 10:
            names += [f"{hour} Uhr {minute}"]
        return names + self.spoken_german(minutes)

    def spoken_german(self, minutes: int) -> list[str]:
        hour, minute = divmod(minutes, 60)
        if not 7 <= hour < 18:
            return []
        named = {0: hour, 15: hour, 30: hour + 1, 45: hour + 1}.get(minute)
        words = {0: "um {0}", 15: "viertel nach {0}", 30: "halb {0}", 45: "viertel vor {0}"}
        # Bare hours from 1 to 6 are in the afternoon, others in the morning, and noon is twelve.
        if named is None or not (8 <= named <= 12 if hour < 12 else 13 <= named <= 18):
            return []
        dial = named if named <= 12 else named - 12
        forms = [words[minute].format(name) for name in (str(dial), NUMBERS["de"][dial - 1])]
        if minute == 45:
            forms.append(f"dreiviertel {dial}")
        return forms

    def spoken_english(self, minutes: int) -> list[str]:
        hour, minute = divmod(minutes, 60)
        named = {0: hour, 15: hour, 30: hour, 45: hour + 1}.get(minute)
        words = {0: "at {0}", 15: "at quarter past {0}", 30: "half past {0}", 45: "quarter to {0}"}
        if named is None or not (8 <= named <= 12 if hour < 12 else 13 <= named <= 18):
            return []
        dial = named if named <= 12 else named - 12
        return [words[minute].format(name) for name in (str(dial), NUMBERS["en"][dial - 1])]

    def spans(self, start: int, end: int) -> list[str]:
        (h1, m1), (h2, m2) = divmod(start, 60), divmod(end % 1440, 60)
        dash = self.pick("-", " - ", "–", " – ")
        a, b = f"{h1:02}:{m1:02}", f"{h2:02}:{m2:02}"
        if self.german:
            names = [f"{a}{dash}{b}", f"{a}{dash}{b} Uhr", f"von {a} bis {b}", f"{a} Uhr bis {b} Uhr"]
            names += [f"von {h1}.{m1:02} bis {h2}.{m2:02} Uhr"]
            if m1 == m2 == 0 and h1 >= 7 and h2 >= 7:
                names += [f"{h1}{dash}{h2} Uhr", f"von {h1} bis {h2} Uhr", f"{h1} Uhr bis {h2} Uhr"]
            return names
        names = [f"{a}{dash}{b}", f"from {a} to {b}", f"{a} until {b}"]
        x, y = ("am" if h < 12 else "pm" for h in (h1, h2))
        c, d = (f"{h % 12 or 12}:{m:02}" for h, m in ((h1, m1), (h2, m2)))
        names += [f"{c}{x}{dash}{d}{y}", f"from {c}{x} to {d}{y}"]
        return names

    def lengths(self, minutes: int) -> list[str]:
        hours, rest = divmod(minutes, 60)
        names = [f"für {minutes} min" if self.german else f"for {minutes} min"]
        names += [f"{minutes} Minuten" if self.german else f"{minutes} minutes"]
        if rest == 0:
            names += [f"{hours}h", f"für {hours} Stunden" if self.german else f"for {hours} hours"]
        elif hours and rest == 30:
            names += [f"{hours}h30", f"{hours},5 Stunden" if self.german else f"{hours}.5 hours"]
        return names
