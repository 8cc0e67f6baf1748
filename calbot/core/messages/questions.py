"""Questions with numbered choices."""

from __future__ import annotations

from typing import Any

from calbot.core.ask import Ask, Choice, Say
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message, Occurrence

from .events import event_data, title, when_line
from .readings import reading_line
from .text import NOTHING, Rich, blocks, lines, own, say, strong

_KEYCAPS = 10  # reactions exist for 1 to 10


def question(reader: Reader, ask: Ask, details: Rich = NOTHING) -> Message:
    """The question, what has to be known for it, its choices, and how to answer. To be posted with a mention of who was
    asked."""
    choices = [_label(reader, choice) for choice in ask.choices]
    numbered = [
        say(reader, "question.choice", number=number, choice=choice) for number, choice in enumerate(choices, 1)
    ]
    how = "question.how" if len(choices) <= _KEYCAPS else "question.how_typed"
    key = "when_for" if ask.key == "when" and ask.params.get("title") else ask.key
    body = blocks(
        strong(say(reader, f"ask.{key}", **ask.params)), details, lines(*numbered), say(reader, how, last=len(choices))
    )
    part = {
        "choices": [
            {"number": number, "text": label.text, **_choice_data(reader, choice)}
            for number, (label, choice) in enumerate(zip(choices, ask.choices, strict=True), 1)
        ]
    }
    return Message(Kind.QUESTION, body.text, body.html, part, notify=True)


def question_answered(reader: Reader, body: str, number: int) -> Message | None:
    """What becomes of a question, posted with the text `body`, once it has its answer; None if that cannot be seen."""
    texts = [line.strip() for line in body.splitlines() if line.strip()]
    mark = say(reader, "question.choice", number=number, choice="").text
    chosen = [text for text in texts if text.startswith(mark)]
    if not chosen:
        return None
    choice = say(reader, "ok.question_answered", choice=own(chosen[-1].removeprefix(mark)))
    told = lines(strong(own(texts[0])), choice)
    return Message(Kind.QUESTION, told.text, told.html, {"choices": []})


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
