"""Typing a command as a person would, at the moment at which the phrases of the date reader's contract are read."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from calbot.core.commands import Command, Misunderstood, ParseContext, parse, read_text
from calbot.core.dates import Locale
from calbot.core.model import UserId

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, tzinfo=BERLIN)  # a Monday
ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
ANNA_PILL = '<a href="https://matrix.to/#/@anna:example.org">Anna</a>'
BEN_PILL = '<a href="https://matrix.to/#/@ben:example.org">Ben</a>'


def at(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def typed(
    text: str, *, locale: Locale = "de", replying: bool = False, max_options: int = 20
) -> Command | Misunderstood:
    """What the bot understands; `{anna}` and `{ben}` in the text are pills."""
    content = {"body": text}
    if "{" in text:
        markup = text.replace("\n", "<br>").replace("{anna}", ANNA_PILL).replace("{ben}", BEN_PILL)
        content = {"body": text, "format": "org.matrix.custom.html", "formatted_body": markup}
    locales: tuple[Locale, ...] = ("de", "en") if locale == "de" else ("en", "de")
    return parse(read_text(content), ParseContext(NOW, locales, replying=replying, max_options=max_options))


def refusal(text: str, *, locale: Locale = "de", replying: bool = False) -> Misunderstood:
    result = typed(text, locale=locale, replying=replying)
    assert isinstance(result, Misunderstood), result
    return result
