"""Draws a room as one of its members sees it: time, who, what, wrapped for a terminal."""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from . import events

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .client import Person
    from .events import RoomEvent

ZONE = ZoneInfo("Europe/Berlin")
_NAME_WIDTH = 12
_INDENT = " " * (2 + 8 + 2 + _NAME_WIDTH + 2)

_PILL = re.compile(r'<a href="https://matrix\.to/#/@[^"]*">([^<]*)</a>')

Write = Callable[[str], None]


def _print(line: str) -> None:
    print(line, flush=True)


@dataclass(slots=True)
class Transcript:
    """Shows what `viewer` sees of the room; each call of `show_new` goes on where the last one ended."""

    viewer: Person
    room_id: str
    names: Mapping[str, str]
    write: Write = _print
    # Drawn already; what was said before the transcript began counts as that.
    shown: set[str] = field(default_factory=set)

    async def begin(self) -> None:
        await self.viewer.sync()
        self.shown.update(event.event_id for event in self.viewer.timeline(self.room_id))

    def heading(self, text: str) -> None:
        self.write("")
        self.write(bold(text))

    def note(self, text: str) -> None:
        """Something that is not said in the room."""
        for line in textwrap.wrap(text, _width() - 2):
            self.write(f"  {line}")

    def quote(self, text: str) -> None:
        """A document, line by line as it is."""
        for line in text.splitlines():
            self.write(f"    {line}")

    async def show_new(self) -> None:
        await self.viewer.sync()
        timeline = self.viewer.timeline(self.room_id)
        by_id = {event.event_id: event for event in timeline}
        for event in timeline:
            if event.event_id not in self.shown:
                self.shown.add(event.event_id)
                self._draw(event, by_id)

    def _draw(self, event: RoomEvent, by_id: Mapping[str, RoomEvent]) -> None:
        said = describe(event, by_id)
        if not said:
            return
        time = event.at.astimezone(ZONE).strftime("%H:%M:%S")
        name = self.names.get(event.sender, event.sender)
        for number, line in enumerate(said.splitlines()):
            lead = f"  {time}  {name:<{_NAME_WIDTH}}  " if number == 0 else _INDENT
            hanging = _INDENT + " " * (len(line) - len(line.lstrip()))
            wrapped = textwrap.wrap(
                line, _width(), initial_indent=lead, subsequent_indent=hanging, break_on_hyphens=False
            )
            for piece in wrapped or [""]:
                self.write(piece)


def describe(event: RoomEvent, by_id: Mapping[str, RoomEvent]) -> str:
    """The event in the words of a transcript; empty for what a client does not show as something said."""
    if not event.readable:
        return "⚠ Nachricht konnte nicht entschlüsselt werden"
    content = event.content
    if event.type == events.MESSAGE:
        if content.get("msgtype") == "m.file":
            return f"📎 {content.get('filename', event.body)}"
        return f"✎ {_with_pills(event)}" if event.replaces else _with_pills(event)
    if event.type == events.POLL_START:
        answers = [f"  ○ {text}" for _, text in events.poll_answers(event)]
        return "\n".join((f"📊 {events.poll_question(event)}", *answers))
    if event.type == events.POLL_RESPONSE:
        return _vote_in_words(event, by_id)
    if event.type == events.POLL_END:
        return "📊 Umfrage beendet"
    if event.type == events.REACTION:
        return str(event.relation.get("key", ""))
    return ""


def _with_pills(message: RoomEvent) -> str:
    """The text with people marked whom a client draws as pills: the plain body has only their names."""
    said = message.body
    for name in dict.fromkeys(map(html.unescape, _PILL.findall(message.html))):
        said = said.replace(name, f"@{name}")
    return said


def _vote_in_words(vote: RoomEvent, by_id: Mapping[str, RoomEvent]) -> str:
    poll = by_id.get(str(vote.relation.get("event_id")))
    texts = dict(events.poll_answers(poll)) if poll else {}
    chosen = [texts.get(answer, answer) for answer in vote.content[events.POLL_RESPONSE].get("answers", ())]
    return "\n".join(f"  ● {text}" for text in chosen) if chosen else "(zieht die Stimme zurück)"


def bold(text: str) -> str:
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\x1b[1m{text}\x1b[0m"
    return text


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 110)
