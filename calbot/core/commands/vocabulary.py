"""The words for commands. Help, documentation and parser read the same table, and both languages always work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from calbot.core.model import Locale

from .model import CommandId
from .tokens import fold


@dataclass(frozen=True, slots=True)
class Entry:
    """A command's words by language, the one to recommend first. `writes`: a typing mistake could do harm."""

    command: CommandId
    en: tuple[str, ...]
    de: tuple[str, ...]
    writes: bool = False

    def names(self, locale: Locale) -> tuple[str, ...]:
        return self.de if locale == "de" else self.en


# "termin" is two commands: with arguments it writes an event, as an answer to a poll it books that poll. The later
# entry is the one that the word leads to; its parser tells them apart.
ENTRIES = (
    Entry(CommandId.HELP, ("help", "?"), ("hilfe",)),
    Entry(CommandId.NEW, ("new",), ("neu", "termin"), writes=True),
    Entry(CommandId.LIST, ("list", "events"), ("liste", "agenda", "termine")),
    Entry(CommandId.NEXT, ("next",), ("nächster", "nächste", "nächstes", "nächsten")),
    Entry(CommandId.FIND, ("find",), ("finde", "finden", "suche-zeit"), writes=True),
    Entry(CommandId.SHOW, ("show",), ("zeige", "zeigen", "zeig")),
    Entry(CommandId.MOVE, ("move",), ("verschiebe", "verschieben", "verschieb"), writes=True),
    Entry(CommandId.EDIT, ("edit",), ("ändere", "ändern"), writes=True),
    Entry(CommandId.CANCEL, ("cancel",), ("absagen", "absage"), writes=True),
    Entry(CommandId.YES, ("yes", "accept"), ("ja", "zusagen", "zusage"), writes=True),
    Entry(CommandId.NO, ("no", "decline"), ("nein", "ablehnen", "ablehne"), writes=True),
    Entry(CommandId.MAYBE, ("maybe", "tentative"), ("vielleicht", "eventuell"), writes=True),
    Entry(CommandId.POLL, ("poll",), ("umfrage",), writes=True),
    Entry(CommandId.VOTE, ("vote",), ("stimme", "stimmen"), writes=True),
    Entry(CommandId.CLOSE, ("close",), ("schließen", "schließe"), writes=True),
    Entry(CommandId.BOOK, ("book",), ("buche", "buchen"), writes=True),
    Entry(CommandId.UNTIL, ("until",), ("frist", "bis"), writes=True),
    Entry(CommandId.POLLS, ("polls",), ("umfragen",)),
    Entry(CommandId.EVENT, ("event",), ("termin",), writes=True),
    Entry(CommandId.IMPORT, ("import",), ("importiere", "importieren"), writes=True),
    Entry(CommandId.UNDO, ("undo",), ("rückgängig",), writes=True),
    Entry(CommandId.WHEN, ("when",), ("wann",)),
    Entry(CommandId.REMIND, ("remind",), ("erinnere", "erinnern", "erinnerung", "erinnerungen"), writes=True),
    Entry(CommandId.DIGEST, ("digest",), ("übersicht",), writes=True),
    Entry(CommandId.ZONE, ("tz", "timezone"), ("zeitzone",), writes=True),
    Entry(CommandId.LANGUAGE, ("lang", "language"), ("sprache",), writes=True),
    Entry(CommandId.CALENDARS, ("calendars",), ("kalender",)),
    Entry(CommandId.MAP, ("map",), ("verbinde", "verbinden"), writes=True),
    Entry(CommandId.UNMAP, ("unmap",), ("trenne", "trennen"), writes=True),
    Entry(CommandId.SET, ("set",), ("setze", "setzen"), writes=True),
    Entry(CommandId.FEED, ("feed",), ("abo", "abonnement"), writes=True),
    Entry(CommandId.MY_DATA, ("my data", "mydata"), ("meine daten", "meinedaten"), writes=True),
    Entry(CommandId.FORGET_ME, ("forget me", "forgetme"), ("vergiss mich", "vergissmich"), writes=True),
    Entry(CommandId.STATUS, ("status",), ("zustand",)),
    Entry(CommandId.SYNC, ("sync",), ("abgleich", "abgleichen")),
)

# What the commands are about, as help and documentation group them. What is in no group is about settings.
GROUPS: Mapping[str, tuple[CommandId, ...]] = {
    "events": (
        CommandId.NEW,
        CommandId.LIST,
        CommandId.NEXT,
        CommandId.SHOW,
        CommandId.FIND,
        CommandId.MOVE,
        CommandId.EDIT,
        CommandId.CANCEL,
        CommandId.YES,
        CommandId.NO,
        CommandId.MAYBE,
        CommandId.IMPORT,
        CommandId.UNDO,
        CommandId.WHEN,
    ),
    "polls": (
        CommandId.POLL,
        CommandId.VOTE,
        CommandId.CLOSE,
        CommandId.BOOK,
        CommandId.UNTIL,
        CommandId.POLLS,
        CommandId.EVENT,
    ),
    "posted": (CommandId.REMIND, CommandId.DIGEST),
}
SETTINGS = "settings"

# What people call a command whose name they do not know. Suggested, never run.
_MEANT: Mapping[str, str] = {
    **dict.fromkeys(("loesche", "loeschen", "storno", "storniere", "stornieren", "entferne", "entfernen"), "absagen"),
    **dict.fromkeys(("delete", "remove", "del"), "cancel"),
    **dict.fromkeys(("bestaetigen", "bestaetige"), "buche"),
    **dict.fromkeys(("beenden", "beende"), "schließen"),
    **dict.fromkeys(("abstimmen", "abstimmung"), "stimme"),
    **dict.fromkeys(("meine", "daten", "auskunft"), "meine daten"),
    **dict.fromkeys(("abonnieren", "abonieren", "abonniere", "aboniere"), "abo"),
    "data": "my data",
    "forget": "forget me",
    "subscribe": "feed",
    "confirm": "book",
    "end": "close",
}

SEARCH_WORDS = frozenset({"search", "suche", "suchen"})
_BARE_WINDOWS = ("heute", "morgen", "woche", "today", "tomorrow", "week")  # lists all, if they are the whole command

_BY_WORD: Mapping[str, CommandId] = {fold(name): entry.command for entry in ENTRIES for name in (*entry.en, *entry.de)}


def grouped(entries: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    """Entries by what they are about, each group in its order; settings in the order that they come in."""
    by_id = {entry.command: entry for entry in entries}
    groups = {group: [by_id[id] for id in ids if id in by_id] for group, ids in GROUPS.items()}
    placed = {id for ids in GROUPS.values() for id in ids}
    groups[SETTINGS] = [entry for entry in entries if entry.command not in placed]
    return {group: found for group, found in groups.items() if found}


def entry_of(command: CommandId) -> Entry:
    return next(entry for entry in ENTRIES if entry.command is command)


def find(word: str) -> CommandId | None:
    """The command that a word names, in any spelling and with the punctuation of a sentence after it."""
    folded = fold(word)
    return _BY_WORD.get(folded) or _BY_WORD.get(folded.rstrip(".,:!?"))


def find_pair(first: str, second: str) -> CommandId | None:
    """The command whose name is these two words."""
    return find(f"{first} {second}")


def synonym(word: str) -> str | None:
    """The command that is meant by another word for it."""
    return _MEANT.get(fold(word).rstrip(".,:!?"))


def suggest(word: str) -> str | None:
    """The name that was probably meant: one mistake away, two in long words of commands that change nothing."""
    folded = fold(word)
    if not 3 <= len(folded) <= 20:
        return None
    near = sorted(
        (mistakes, place, name)
        for place, (name, allowed) in enumerate(_suggestible())
        if (mistakes := distance(folded, fold(name))) <= (allowed if len(folded) >= 5 else 1)
    )
    return near[0][2] if near and near[0][0] else None


def _suggestible() -> Iterator[tuple[str, int]]:
    for entry in sorted(ENTRIES, key=lambda entry: entry.writes):
        for name in (*entry.en, *entry.de):
            if len(name) > 2:
                yield name, 1 if entry.writes else 2
    for name in (*sorted(SEARCH_WORDS), *_BARE_WINDOWS):
        yield name, 2


def distance(one: str, other: str) -> int:
    """How many letters were added, left out, replaced or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for line, letter in enumerate(one, start=1):
        before, above, row = row, before, [line]
        for column, against in enumerate(other, start=1):
            cost = min(before[column] + 1, row[-1] + 1, before[column - 1] + (letter != against))
            swapped = line > 1 and column > 1 and letter == other[column - 2] and one[line - 2] == against
            row.append(min(cost, above[column - 2] + 1) if swapped else cost)
    return row[-1]
