"""The English words for dates."""

from __future__ import annotations

from collections.abc import Iterator

from .vocabulary import PARTS, PartOfDay, Word, build_lexicon

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS_SHORT = ("mon", "tue tues", "wed weds", "thu thur thurs", "fri", "sat", "sun")
_MONTHS = (
    "january jan",
    "february feb",
    "march mar",
    "april apr",
    "may",
    "june jun",
    "july jul",
    "august aug",
    "september sept sep",
    "october oct",
    "november nov",
    "december dec",
)
_NUMBERS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
)


def _entries() -> Iterator[tuple[Word, int, str]]:
    for number, (long, short) in enumerate(zip(_WEEKDAYS, _WEEKDAYS_SHORT, strict=True)):
        yield Word.WEEKDAY, number, f"{long} {short}"
        yield Word.WEEKDAYS, number, f"{long}s"
    for number, names in enumerate(_MONTHS, start=1):
        yield Word.MONTH, number, names
    for number, names in enumerate(_NUMBERS, start=1):
        yield Word.NUMBER, number, names
    yield Word.ARTICLE, 1, "a an"
    for number, tens in ((30, "thirty"), (40, "forty"), (60, "sixty"), (90, "ninety")):
        yield Word.NUMBER, number, tens
    for number, name in enumerate(("first", "second", "third", "fourth", "fifth"), start=1):
        yield Word.ORDINAL, number, name
    yield Word.ORDINAL, -1, "last"
    for offset, name in ((-1, "yesterday"), (0, "today"), (1, "tomorrow tmrw")):
        yield Word.DAY_OFFSET, offset, name
    yield Word.TONIGHT, PARTS.index(PartOfDay.EVENING), "tonight"
    for name, part in (
        ("morning", PartOfDay.MORNING),
        ("afternoon", PartOfDay.AFTERNOON),
        ("evening", PartOfDay.EVENING),
        ("night", PartOfDay.LATE_NIGHT),
    ):
        yield Word.PART, PARTS.index(part), name
    yield Word.NOON, 0, "noon midday"
    yield Word.MIDNIGHT, 0, "midnight"
    yield Word.HALF_PAST, 0, "half"
    yield Word.HALF, 0, "half"
    yield Word.QUARTER, 15, "quarter"
    yield Word.BEFORE, 0, "to of before"
    yield Word.AFTER, 0, "past after"
    yield Word.AM, 0, "am a.m."
    yield Word.PM, 0, "pm p.m."
    yield Word.CLOCK, 0, "o'clock oclock"
    yield Word.SHARP, 0, "sharp"
    yield Word.TIME_H, 0, "h"
    yield Word.ISO_T, 0, "t"
    yield Word.ISO_Z, 0, "z"
    yield Word.AT, 0, "at"
    yield Word.ON, 0, "on"
    yield Word.IN, 0, "in"
    yield Word.THE, 0, "the"
    yield Word.OF, 0, "of in"
    yield Word.AND, 0, "and"
    yield Word.FROM, 0, "from"
    yield Word.STARTING, 0, "starting beginning"
    yield Word.UNTIL, 0, "until till til to through thru"
    yield Word.FOR, 0, "for"
    yield Word.LASTING, 0, "long"
    yield Word.MINUTES, 0, "minutes minute min mins m"
    yield Word.HOURS, 0, "hours hour hr hrs"
    yield Word.DAYS, 0, "days day d"
    yield Word.WEEKS, 0, "weeks week w"
    yield Word.FORTNIGHT, 0, "fortnight"
    yield Word.MONTHS, 0, "months month"
    yield Word.YEARS, 0, "years year"
    yield Word.WEEK_NUMBER, 0, "week wk cw kw w"
    yield Word.NOW, 0, "now"
    yield Word.NEXT, 0, "next"
    yield Word.COMING, 0, "coming upcoming"
    yield Word.THIS, 0, "this"
    yield Word.LAST, 0, "last"
    yield Word.EVERY, 0, "every each"
    yield Word.OTHER, 0, "other alternate"
    yield Word.ALWAYS, 0, "always"
    yield Word.EXCEPT, 0, "except excluding"
    yield Word.DAILY, 0, "daily"
    yield Word.WORKDAYS, 0, "weekdays workdays"
    yield Word.WORKDAY, 0, "weekday workday"
    yield Word.WEEKLY, 0, "weekly"
    yield Word.FORTNIGHTLY, 0, "fortnightly"
    yield Word.MONTHLY, 0, "monthly"
    yield Word.YEARLY, 0, "yearly annually"
    yield Word.TIMES, 0, "times x occurrences"
    yield Word.ALL, 0, "all whole"
    yield Word.ALL_DAY, 0, "allday"
    yield Word.END, 0, "end"


LEXICON = build_lexicon(
    _entries(),
    modifiers="before after since about around approximately not except between or by instead please pls",
    seasons="christmas xmas easter whitsun thanksgiving weekend eod cob",
    numbered="room chapter version section building floor level part phase sprint class group round team release",
)
