"""The German words for dates."""

from __future__ import annotations

from collections.abc import Iterator

from .vocabulary import PARTS, PartOfDay, Word, build_lexicon

_WEEKDAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_WEEKDAYS_SHORT = ("mo", "di", "mi", "do", "fr", "sa", "so")
_MONTHS = (
    "januar jänner jan",
    "februar feber febr feb",
    "märz mär mrz",
    "april apr",
    "mai",
    "juni jun",
    "juli jul",
    "august aug",
    "september sept sep",
    "oktober okt",
    "november nov",
    "dezember dez",
)
_NUMBERS = (
    "eins",
    "zwei zwo",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
    "zwanzig",
    "einundzwanzig",
    "zweiundzwanzig",
    "dreiundzwanzig",
    "vierundzwanzig",
)
_ORDINALS = ("erst", "zweit", "dritt", "viert", "fünft")
_PARTS = (
    ("morgen", PartOfDay.MORNING),
    ("früh", PartOfDay.MORNING),
    ("vormittag", PartOfDay.FORENOON),
    ("mittag", PartOfDay.MIDDAY),
    ("nachmittag", PartOfDay.AFTERNOON),
    ("abend", PartOfDay.EVENING),
    ("nacht", PartOfDay.LATE_NIGHT),
)


def _inflected(*stems: str) -> str:
    return " ".join(stem + ending for stem in stems for ending in ("e", "er", "en", "em", "es"))


def _weekdays() -> Iterator[tuple[Word, int, str]]:
    for number, (long, short) in enumerate(zip(_WEEKDAYS, _WEEKDAYS_SHORT, strict=True)):
        names = (long, "sonnabend") if long == "samstag" else (long,)
        yield Word.WEEKDAY, number, " ".join((*names, short))
        yield Word.WEEKDAYS, number, " ".join(name + "s" for name in names)
        for name in names:
            for part, meaning in _PARTS:
                yield Word.WEEKDAY_PART, number * 16 + PARTS.index(meaning), name + part
                if part not in ("früh", "morgen"):
                    yield Word.WEEKDAY_PARTS, number * 16 + PARTS.index(meaning), name + part + "s"


def _entries() -> Iterator[tuple[Word, int, str]]:
    yield from _weekdays()
    for number, names in enumerate(_MONTHS, start=1):
        yield Word.MONTH, number, names
    for number, names in enumerate(_NUMBERS, start=1):
        yield Word.NUMBER, number, names
        if number > 1:
            yield Word.COUNT, number, names.split()[0] + "mal"
    yield Word.ARTICLE, 1, "ein eine einer einem einen"
    for number, tens in ((30, "dreißig"), (40, "vierzig"), (45, "fünfundvierzig"), (60, "sechzig"), (90, "neunzig")):
        yield Word.NUMBER, number, tens
    for number, stem in enumerate(_ORDINALS, start=1):
        yield Word.ORDINAL, number, _inflected(stem)
    yield Word.ORDINAL, -1, _inflected("letzt")
    yield Word.ORDINAL, -2, _inflected("vorletzt")
    for part, meaning in _PARTS[2:]:
        if part == "mittag":
            continue
        habitual = PartOfDay.AT_NIGHT if meaning is PartOfDay.LATE_NIGHT else meaning
        yield Word.PART, PARTS.index(meaning), part
        yield Word.PART, PARTS.index(habitual), part + "s"
    yield Word.PART, PARTS.index(PartOfDay.MORNING), "morgens früh frühmorgens"
    yield Word.TOMORROW_OR_MORNING, PARTS.index(PartOfDay.MORNING), "morgen"
    for offset, names in (
        (-2, "vorgestern"),
        (-1, "gestern"),
        (0, "heute heut"),
        (2, "übermorgen"),
        (3, "überübermorgen"),
    ):
        yield Word.DAY_OFFSET, offset, names
    yield Word.NOON, 0, "mittag mittags"
    yield Word.MIDNIGHT, 0, "mitternacht mitternachts"
    yield Word.HALF_TO, 0, "halb"
    yield Word.QUARTER, 15, "viertel"
    yield Word.QUARTER_OF, 45, "viertel"
    yield Word.QUARTER_OF, 15, "dreiviertel"
    yield Word.BEFORE, 0, "vor"
    yield Word.AFTER, 0, "nach"
    yield Word.CLOCK, 0, "uhr"
    yield Word.SHARP, 0, "punkt genau pünktlich s.t."
    yield Word.ACADEMIC, 15, "c.t."
    yield Word.TIME_H, 0, "h"
    yield Word.ISO_T, 0, "t"
    yield Word.ISO_Z, 0, "z"
    yield Word.AT, 0, "um"
    yield Word.ON, 0, "am an"
    yield Word.IN, 0, "in im"
    yield Word.THE, 0, "der den dem die das"
    yield Word.OF, 0, "der des"
    yield Word.AND, 0, "und sowie"
    yield Word.FROM, 0, "von vom"
    yield Word.STARTING, 0, "ab beginnend erstmals erstmalig"
    yield Word.UNTIL, 0, "bis"
    yield Word.FOR, 0, "für"
    yield Word.LASTING, 0, "dauer lang"
    yield Word.HALF, 0, _inflected("halb")
    for half_hours, stem in ((3, "eineinhalb"), (3, "anderthalb"), (5, "zweieinhalb"), (7, "dreieinhalb")):
        yield Word.HALF_HOURS, half_hours, stem
    yield Word.MINUTES, 0, "minuten minute min mins m"
    yield Word.HOURS, 0, "stunden stunde std stdn"
    for minutes, name in ((15, "viertelstunde"), (30, "halbstunde"), (45, "dreiviertelstunde")):
        yield Word.HOUR_PARTS, minutes, name
    yield Word.DAYS, 0, "tage tagen tag tages d t"
    yield Word.WEEKS, 0, "wochen woche w"
    yield Word.MONTHS, 0, "monate monaten monat monats"
    yield Word.YEARS, 0, "jahre jahren jahr jahres"
    yield Word.WEEK_NUMBER, 0, "kw kalenderwoche"
    yield Word.NOW, 0, "jetzt sofort"
    yield Word.NEXT, 0, _inflected("nächst")
    yield Word.AFTER_NEXT, 0, _inflected("übernächst")
    yield Word.COMING, 0, _inflected("kommend")
    yield Word.THIS, 0, "diese dieser diesen diesem dieses"
    yield Word.LAST, 0, _inflected("letzt", "vorig", "vergangen")
    yield Word.EVERY, 0, "jeden jede jedes jeder jedem"
    yield Word.EVERY_FEW, 0, "alle"
    yield Word.ALWAYS, 0, "immer jeweils"
    yield Word.EXCEPT, 0, "außer ausgenommen"
    yield Word.DAILY, 0, "täglich"
    yield Word.WORKDAYS, 0, "werktags werktäglich werktagen arbeitstags arbeitstäglich"
    yield Word.WORKDAY, 0, "werktag arbeitstag"
    yield Word.WEEKLY, 0, "wöchentlich"
    yield Word.FORTNIGHTLY, 0, "vierzehntägig vierzehntäglich zweiwöchentlich zweiwöchig"
    yield Word.MONTHLY, 0, "monatlich"
    yield Word.YEARLY, 0, "jährlich alljährlich"
    yield Word.FOLD, 1, "tägig täglich"
    yield Word.FOLD, 7, "wöchig wöchentlich"
    yield Word.TIMES, 0, "mal x termine"
    yield Word.ALTOGETHER, 0, "insgesamt"
    yield Word.ALL, 0, "ganzen ganzer ganztags"
    yield Word.ALL_DAY, 0, "ganztägig ganztägige ganztägiger ganztags"
    yield Word.END, 0, "ende"
    yield Word.YEAR_END, 0, "jahresende"


LEXICON = build_lexicon(
    _entries(),
    modifiers="""
        vor nach seit gegen ca circa etwa ungefähr nicht außer kein keine keinen spätestens frühestens zwischen oder
        statt anstatt bitte
    """,
    seasons="weihnachten ostern pfingsten fasching karneval nikolaus wochenende monatsende ultimo ferien",
    numbered="""
        raum zimmer saal büro haus gebäude nr nummer version kapitel abschnitt punkt top stock etage ebene block teil
        phase sprint klasse gruppe runde team release paragraf
    """,
)
