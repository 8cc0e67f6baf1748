"""Language and zone as they are set, in words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from calbot.core.i18n import Reader
from calbot.core.languages import name_of
from calbot.core.model import Kind, Locale, Message

from .text import Rich, lines, own, say
from .times import hour_text


class Source(str, Enum):
    """Where somebody's zone comes from."""

    CHOSEN = "chosen"
    PROFILE = "profile"
    ROOM = "room"
    ORGANISATION = "organisation"


def zone_of_sender(reader: Reader, source: Source, *, changed: bool) -> Message:
    """The sender's zone, which is the reader's here."""
    head = say(
        reader,
        "zone.yours_now" if changed else "zone.yours",
        zone=reader.zone.key,
        time=own(hour_text(reader, reader.now)),
        source=own(reader.catalog.text(f"zone.from.{source.value}")),
    )
    body = lines(head, say(reader, "zone.means"), _how(reader, "zone.how", "zone.how_back"))
    return _message(body, zone=reader.zone.key)


def zone_of_room(reader: Reader, *, changed: bool) -> Message:
    id = "zone.rooms_now" if changed else "zone.rooms"
    head = say(reader, id, zone=reader.zone.key, time=own(hour_text(reader, reader.now)))
    return _message(lines(head, _how(reader, "zone.how_room", "zone.how_room_back")), zone=reader.zone.key)


def _how(reader: Reader, id: str, otherwise: str) -> Rich:
    """How it can be changed; `otherwise` has another example, for whom the first one is the zone that holds already."""
    how = say(reader, id)
    return say(reader, otherwise) if f"{reader.zone.key}," in how.text else how


def language_of_sender(reader: Reader, spoken: Sequence[Locale], *, changed: bool) -> Message:
    """In which language the reader is answered, and which others there are."""
    others = ", ".join(f"{name_of(one, reader.locale)} ({one})" for one in spoken if one != reader.locale)
    name = name_of(reader.locale, reader.locale)
    head = say(reader, "language.yours_now" if changed else "language.yours", language=own(name))
    body = lines(head, say(reader, "language.others", languages=own(others)), say(reader, "language.how"))
    return _message(body, language=reader.locale)


def language_of_room(reader: Reader, language: Locale, *, changed: bool) -> Message:
    name = own(name_of(language, reader.locale))
    head = say(reader, "language.rooms_now" if changed else "language.rooms", language=name)
    return _message(lines(head, say(reader, "language.how_room")), language=language)


def _message(body: Rich, **data: str) -> Message:
    return Message(Kind.OK, body.text, body.html, data, discloses=False)
