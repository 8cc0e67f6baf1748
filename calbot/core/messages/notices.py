"""Short answers, hints, and what the bot says when it comes into a room."""

from __future__ import annotations

from collections.abc import Sequence

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Member, Message

from .text import NAME, NOTHING, code, data, joined, lines, pill, say, strong, visible


def ok(reader: Reader, id: str, /, **params: str | int) -> Message:
    """An answer of one sentence; `id` is a catalog id below ``ok.``"""
    body = say(reader, f"ok.{id}", **params)
    return Message(Kind.OK, body.text, body.html)


def not_encrypted_hint(reader: Reader) -> Message:
    """Why the bot says nothing of a calendar here."""
    body = lines(say(reader, "hint.not_encrypted"), say(reader, "hint.not_encrypted_how"))
    return Message(Kind.ERROR, body.text, body.html, {"code": "not_encrypted"}, discloses=False)


def cannot_read_hint(reader: Reader, member: Member) -> Message:
    """Told once to somebody whose messages the bot cannot decrypt."""
    body = lines(
        say(reader, "hint.cannot_read", name=pill(member.user, member.name)), say(reader, "hint.cannot_read_how")
    )
    return Message(Kind.ERROR, body.text, body.html, {"code": "internal"}, discloses=False).mentioning(member.user)


def welcome(reader: Reader, calendars: Sequence[str]) -> Message:
    """On joining a mapped room: which calendars it shows, and how to begin."""
    shown = strong(joined(", ", (data(name, NAME) for name in calendars)))
    body = lines(
        say(reader, "welcome.mapped", calendars=shown), say(reader, "welcome.start"), say(reader, "welcome.help")
    )
    return Message(Kind.OK, body.text, body.html)


def moved_here(reader: Reader, calendars: Sequence[str], ended_polls: Sequence[str]) -> Message:
    """In the room that replaces a mapped one: what goes on here, and which polls do not."""
    shown = strong(joined(", ", (data(name, NAME) for name in calendars)))
    polls = joined(", ", (visible(title, NAME) for title in ended_polls))
    body = lines(
        say(reader, "welcome.moved_here", calendars=shown),
        say(reader, "welcome.polls_ended", polls=polls) if ended_polls else NOTHING,
    )
    return Message(Kind.OK, body.text, body.html)


def welcome_unmapped(reader: Reader, room: str) -> Message:
    """On joining a room without a calendar: how an administrator connects one. `room` is its id."""
    body = lines(say(reader, "welcome.unmapped"), say(reader, "welcome.unmapped_how", room=code(room)))
    return Message(Kind.OK, body.text, body.html, discloses=False)
