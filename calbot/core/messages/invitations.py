"""Invitations by mail: what people read who have no calendar program, or not here."""

from __future__ import annotations

from dataclasses import dataclass

from calbot.core.i18n import Reader
from calbot.core.ical.itip import Letter, News
from calbot.core.model import AllDay

from .series import series_text
from .text import NAME, URL, printable
from .times import when_text

_LONGEST_DESCRIPTION = 4_000


@dataclass(frozen=True, slots=True)
class MailText:
    subject: str
    text: str


def invitation(reader: Reader, letter: Letter) -> MailText:
    """Subject and text. Everything is shown to whom it is sent: they are on the event, also where it is private."""
    catalog = reader.catalog
    title = printable(letter.title) or catalog.text("event.untitled")
    when = "" if letter.when is None else when_text(reader, letter.when)
    id = f"mail.subject.{letter.news.value}"
    subject = catalog.text(id, title=title, when=when) if when else catalog.text(f"{id}_undated", title=title)
    facts = [
        _line(reader, "mail.when", value=_with_zone(reader, letter, when)),
        _line(reader, "mail.before", value="" if letter.before is None else when_text(reader, letter.before)),
        _line(reader, "mail.series", value=_series(reader, letter)),
        _line(reader, "mail.where", value=printable(letter.location, URL) if letter.location != letter.link else ""),
        _line(reader, "mail.link", value=letter.link),
    ]
    cancelled = letter.news is News.CANCELLED
    blocks = [
        catalog.text(f"mail.opening.{letter.news.value}", title=title),
        "\n".join(fact for fact in facts if fact),
        "" if cancelled else letter.description.strip()[:_LONGEST_DESCRIPTION],
        "" if cancelled else catalog.text("mail.answer"),
        catalog.text("mail.automatic", organizer=printable(letter.organizer, NAME)),
    ]
    return MailText(subject, "\n\n".join(block for block in blocks if block))


def _line(reader: Reader, id: str, *, value: str) -> str:
    return reader.catalog.text(id, value=value) if value else ""


def _with_zone(reader: Reader, letter: Letter, when: str) -> str:
    """Mail is read anywhere, unlike what is said in a room."""
    if not when or isinstance(letter.when, AllDay):
        return when
    return reader.catalog.text("mail.zone", when=when, zone=reader.zone.key)


def _series(reader: Reader, letter: Letter) -> str:
    if not letter.rule:
        return ""
    all_day = isinstance(letter.when, AllDay)
    return series_text(reader, letter.rule, all_day=all_day) or reader.catalog.text("mail.series_other")
