"""Questions with numbered choices."""

from __future__ import annotations

from typing import Any

from calbot.core.ask import Ask, Choice, Say
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message, Occurrence

from .events import event_data, title, when_line
from .readings import reading_line
from .text import Rich, blocks, lines, say, strong

_KEYCAPS = 10  # reactions exist for 1 to 10


def question(reader: Reader, ask: Ask) -> Message:
    """The question, its choices, and how to answer. To be posted with a mention of who was asked."""
    choices = [_label(reader, choice) for choice in ask.choices]
    numbered = [
        say(reader, "question.choice", number=number, choice=choice) for number, choice in enumerate(choices, 1)
    ]
    how = "question.how" if len(choices) <= _KEYCAPS else "question.how_typed"
    key = "when_for" if ask.key == "when" and ask.params.get("title") else ask.key
    body = blocks(
        strong(say(reader, f"ask.{key}", **ask.params)), lines(*numbered), say(reader, how, last=len(choices))
    )
    part = {
        "choices": [
            {"number": number, "text": label.text, **_choice_data(reader, choice)}
            for number, (label, choice) in enumerate(zip(choices, ask.choices, strict=True), 1)
        ]
    }
    return Message(Kind.QUESTION, body.text, body.html, part, notify=True)


def _label(reader: Reader, choice: Choice) -> Rich:
    if isinstance(choice, Say):
        return say(reader, f"choice.{choice.id}", **choice.params)
    if isinstance(choice, Occurrence):
        return say(reader, "question.event", title=title(reader, choice), when=when_line(reader, choice.when))
    return reading_line(reader, choice)


def _choice_data(reader: Reader, choice: Choice) -> dict[str, Any]:
    if isinstance(choice, Occurrence):
        return {"event": event_data(reader, choice)}
    return {}
