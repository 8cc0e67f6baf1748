"""What a file would put on a calendar, and what it has put there."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from calbot.core.ask import Ask, Say
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message, Occurrence

from .card import note_lines, series_line
from .events import event_data, title, when_line
from .text import NAME, NOTHING, Rich, blocks, data, joined, lines, own, say, say_n, strong, visible

SHOWN_BEFORE = 5  # events of a question
SHOWN_AFTER = 20
_ROOM = 36_000  # bytes; mentions, relations and encryption want some of the 64 KiB of an event, too


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is not taken over from a file: events that are on the calendar already, that nobody can read, that the
    server refused; entries of another kind; and, where `people`, who was on the events."""

    present: int = 0
    unreadable: int = 0
    refused: int = 0
    left_out: int = 0
    people: bool = False


def import_question(
    reader: Reader,
    ask: Ask,
    events: Sequence[Occurrence],
    *,
    filename: str,
    calendar: str,
    remainder: Remainder,
    notes: Sequence[Say] = (),
) -> Message:
    """What will be written if the answer is yes."""
    head = say_n(
        reader, "import.question", len(events), filename=visible(filename, NAME), calendar=data(calendar, NAME)
    )
    choices = [
        say(reader, "question.choice", number=number, choice=say(reader, f"choice.{choice.id}"))
        for number, choice in enumerate((one for one in ask.choices if isinstance(one, Say)), 1)
    ]

    def with_events(shown: int) -> Message:
        body = blocks(
            strong(head),
            lines(*(_entry(reader, "import.entry", one) for one in events[:shown]), _more(reader, len(events) - shown)),
            lines(*remainder_lines(reader, remainder), note_lines(reader, notes)),
            lines(*choices),
            say(reader, "question.how"),
        )
        part = {
            "choices": [{"number": number, "text": choice.text} for number, choice in enumerate(choices, 1)],
            "items": [event_data(reader, one) for one in events[:shown]],
        }
        return Message(Kind.QUESTION, body.text, body.html, part, notify=True)

    return _fitting(with_events, min(SHOWN_BEFORE, len(events)))


def imported(
    reader: Reader,
    items: Sequence[tuple[int, Occurrence]],
    *,
    number: int,
    calendar: str,
    remainder: Remainder,
    notes: Sequence[Say] = (),
) -> Message:
    """What was written, `number` events in all; `items` are the first of them, numbered like a list."""

    def with_items(shown: int) -> Message:
        body = blocks(
            strong(say_n(reader, "import.done", number, calendar=data(calendar, NAME))),
            lines(
                *(_entry(reader, "import.numbered", one, number=place) for place, one in items[:shown]),
                _more(reader, number - shown),
            ),
            lines(*remainder_lines(reader, remainder), note_lines(reader, notes), say(reader, "import.undo")),
        )
        part = {"items": [{"ref": place, **event_data(reader, one)} for place, one in items[:shown]]}
        return Message(Kind.AGENDA, body.text, body.html, part)

    return _fitting(with_items, min(SHOWN_AFTER, len(items)))


def _fitting(with_entries: Callable[[int], Message], most: int) -> Message:
    """The message with as many entries as there is room for: a file may be full of titles that are nothing but emoji,
    and what was written must not go without an answer for that."""
    for number in range(most, 0, -1):
        message = with_entries(number)
        if len(json.dumps([message.text, message.html, message.data])) <= _ROOM:
            return message
    return with_entries(0)


def _more(reader: Reader, number: int) -> Rich:
    return say_n(reader, "import.more", number) if number else NOTHING


def nothing_to_import(reader: Reader, remainder: Remainder) -> Message:
    """All of it that can be read is there already."""
    body = lines(say(reader, "import.nothing_new"), *remainder_lines(reader, replace(remainder, people=False)))
    return Message(Kind.OK, body.text, body.html)


def undone_import(reader: Reader, *, gone: int, stayed: int) -> Message:
    """What was written is deleted again, but for what somebody has changed since."""
    body = lines(say_n(reader, "undo.import", gone), say_n(reader, "undo.import_stayed", stayed) if stayed else NOTHING)
    return Message(Kind.OK, body.text, body.html)


def remainder_notes(reader: Reader, remainder: Remainder) -> list[Say]:
    """The same for a card."""
    said = remainder_lines(reader, remainder)
    return [Say("import_remainder", {"text": joined(" ", said).text})] if said else []


def remainder_lines(reader: Reader, remainder: Remainder) -> list[Rich]:
    counted = {
        "import.present": remainder.present,
        "import.unreadable": remainder.unreadable,
        "import.refused": remainder.refused,
        "import.left_out": remainder.left_out,
    }
    said = [say_n(reader, id, number) for id, number in counted.items() if number]
    return [*said, say(reader, "import.people")] if remainder.people else said


def _entry(reader: Reader, id: str, occurrence: Occurrence, **params: int) -> Rich:
    """Title and time on a line, a series with its rule."""
    rule = series_line(reader, occurrence)
    when = when_line(reader, occurrence.when)
    line = say(reader, id, title=title(reader, occurrence), when=when, **params)
    return say(reader, "import.in_series", entry=line, rule=own(rule.text)) if rule else line
