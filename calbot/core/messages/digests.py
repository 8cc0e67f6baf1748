"""When agendas come by themselves, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message
from calbot.core.settings import Digest, Hours

from .events import utc_text
from .text import NOTHING, Rich, lines, own, say
from .times import moment_text


def digest_set(reader: Reader, digest: Digest, following: datetime | None, *, personal: bool, changed: bool) -> Message:
    """What is set, and when the next agenda comes. `personal`: for one person, over all that they see."""
    parts = _parts(reader, digest)
    if not parts:
        body = lines(say(reader, "digest.off_now" if changed else "digest.off"), say(reader, "digest.how"))
    else:
        when = parts[0] if len(parts) == 1 else say(reader, "digest.both", first=parts[0], second=parts[1])
        body = lines(
            say(reader, "digest.personal" if personal else "digest.room", when=when),
            NOTHING if following is None else _next(reader, following, first=changed),
            say(reader, "digest.always" if digest.always else "digest.silent"),
        )
    return Message(Kind.OK, body.text, body.html, {"digest": _data(digest, following)}, discloses=False)


def clock_words(reader: Reader, clock: time) -> str:
    """ "07:30", in German "07:30 Uhr"."""
    return reader.catalog.text("when.clock", start=clock.strftime("%H:%M"))


def hours_words(hours: Hours) -> str:
    """ "20:00–07:00"."""
    return f"{hours.start:%H:%M}–{hours.end:%H:%M}"


def _parts(reader: Reader, digest: Digest) -> list[Rich]:
    parts = []
    if digest.daily is not None:
        parts.append(say(reader, "digest.daily", time=own(clock_words(reader, digest.daily))))
    if digest.weekly is not None:
        weekday, clock = digest.weekly
        on = own(reader.catalog.text(f"weekday.on.{weekday.number}"))
        parts.append(say(reader, "digest.weekly", weekday=on, time=own(clock_words(reader, clock))))
    return parts


def _next(reader: Reader, following: datetime, *, first: bool) -> Rich:
    return say(reader, "digest.first" if first else "digest.next", time=own(moment_text(reader, following)))


def _data(digest: Digest, following: datetime | None) -> Mapping[str, Any]:
    weekly = digest.weekly
    return {
        "daily": None if digest.daily is None else digest.daily.strftime("%H:%M"),
        "weekly": None if weekly is None else {"weekday": weekly[0].value, "time": weekly[1].strftime("%H:%M")},
        "always": digest.always,
        "next": None if following is None else utc_text(following),
    }
