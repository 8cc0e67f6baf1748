"""What somebody answered to an invitation, as the bot took it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calbot.core.answers import Answer
from calbot.core.ask import Say
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message, Occurrence, PartStat

from .card import note_lines, series_line
from .events import event_data, title, when_line
from .text import NOTHING, Rich, blocks, lines, say, strong


def answered(
    reader: Reader,
    occurrence: Occurrence,
    answer: PartStat,
    *,
    extent: str | None = None,
    already: bool = False,
    notes: Sequence[Say] = (),
) -> Message:
    """An answer is on the calendar. `extent`: for how much of a series, `one`, `all` or `following`; None outside of
    one."""
    family = "already" if already else "answer"
    body = blocks(
        lines(
            say(reader, f"{family}.{_word(answer)}", title=strong(title(reader, occurrence))),
            _time(reader, occurrence, extent),
        ),
        note_lines(reader, notes),
    )
    return Message(Kind.OK, body.text, body.html, _data(reader, occurrence, answer))


def undone_answer(reader: Reader, occurrence: Occurrence, answer: Answer) -> Message:
    """An answer was taken back; `answer` is what holds again."""
    body = lines(
        say(reader, "undo.answer", title=strong(title(reader, occurrence))),
        say(reader, f"undo.answer_{'none' if answer is None else _word(answer)}"),
    )
    return Message(Kind.OK, body.text, body.html, _data(reader, occurrence, answer))


def _time(reader: Reader, occurrence: Occurrence, extent: str | None) -> Rich:
    when = when_line(reader, occurrence.when)
    if extent == "following":
        return say(reader, "answer.from", when=when)
    if extent == "all":
        return series_line(reader, occurrence) or say(reader, "answer.all")
    return lines(when, say(reader, "answer.one") if extent == "one" else NOTHING)


def _data(reader: Reader, occurrence: Occurrence, answer: Answer) -> dict[str, Any]:
    """Which answer is the sender's, beside what it is about."""
    return {**event_data(reader, occurrence), "answer": None if answer is None else _word(answer)}


def _word(answer: PartStat) -> str:
    return answer.value.lower().replace("-", "_")
