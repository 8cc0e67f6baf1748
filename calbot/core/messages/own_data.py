"""What is stored about somebody, in words; and what becomes of it when they want to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping

from calbot.core.ask import Ask
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message

from .questions import question
from .text import NAME, NOTHING, blocks, lines, own, say, strong, visible


def own_data(reader: Reader, stored: Mapping[str, int], *, events: int) -> Message:
    """What is in the file that follows: by table, how many entries there are."""
    counted = [(name, number) for name, number in (*stored.items(), ("events", events)) if number]
    entries = [
        say(reader, "own_data.counted", about=own(reader.catalog.text(f"own_data.{name}")), number=number)
        for name, number in counted
    ]
    head = strong(say(reader, "own_data.head" if counted else "own_data.nothing"))
    how = say(reader, "own_data.how") if counted else NOTHING
    body = blocks(head, lines(*entries), lines(say(reader, "own_data.elsewhere"), say(reader, "own_data.log")), how)
    return Message(Kind.OK, body.text, body.html, {"stored": dict(counted)}, discloses=False)


def forget_question(reader: Reader, ask: Ask) -> Message:
    """What goes and what stays, and whether that is meant."""
    said = ("forget.goes", "forget.events_made", "forget.stays", "forget.open_polls", "forget.audit")
    return question(reader, ask, lines(*(say(reader, id) for id in said)))


def forgotten(reader: Reader, *, address: str | None) -> Message:
    """What remains, too: also the address that follows from the configuration for this person."""
    body = lines(
        strong(say(reader, "forget.done")),
        say(reader, "forget.stays"),
        say(reader, "forget.open_polls"),
        say(reader, "forget.address", address=visible(address, NAME)) if address else NOTHING,
    )
    return Message(Kind.OK, body.text, body.html, {"forgotten": True}, discloses=False)
