"""Links to calendar feeds."""

from __future__ import annotations

from datetime import datetime

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message

from .text import Rich, blocks, code, data, lines, own, say
from .times import day_text


def feed_link(reader: Reader, calendars: str, address: str, *, renewed: bool) -> Message:
    """For nobody but whom the link is for."""
    id = "feed.renewed" if renewed else "feed.link"
    body = blocks(
        lines(say(reader, id, calendars=data(calendars)), code(address)),
        lines(say(reader, "feed.how"), say(reader, "feed.leaves"), say(reader, "feed.ends")),
    )
    return Message(Kind.OK, body.text, body.html, {"feed": address})


def feed_known(reader: Reader, calendars: str, since: datetime) -> Message:
    """That there is a link already, which nobody can repeat."""
    day = day_text(reader, since.astimezone(reader.zone).date())
    return _brief(lines(say(reader, "feed.known", calendars=data(calendars), day=own(day)), say(reader, "feed.renew")))


def feed_sent(reader: Reader) -> Message:
    """Where others read along: that the link was sent elsewhere."""
    return _brief(say(reader, "feed.sent"))


def _brief(body: Rich) -> Message:
    return Message(Kind.OK, body.text, body.html, discloses=False)
