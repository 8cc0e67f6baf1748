"""What has to hold for every input: a command or a refusal that can be said, in time, and nothing else."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from calbot.core.commands import (
    Command,
    Misunderstood,
    New,
    ParseContext,
    addressed,
    alters,
    parse,
    read_text,
    reply_target,
    thread_root,
)
from calbot.core.model import UserId

NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Berlin"))
BOT = UserId("@calbot:example.org")
GERMAN = ParseContext(NOW, ("de", "en"))
ENGLISH_REPLY = ParseContext(NOW, ("en", "de"), replying=True)
PATIENCE = 0.050  # seconds of computing for a message as people write them
LONG = 1_000  # characters, from which on a message is none as people write them
PATIENCE_WITH_LONG = 0.500

Result: TypeAlias = Command | Misunderstood | None


class Wrong(Exception):
    """What must not come of any input."""


def forms(text: str) -> Sequence[tuple[Mapping[str, Any], ParseContext]]:
    """The ways in which a text may come: plain or as markup, from whom, as a reply or not."""
    markup = text.replace("\n", "<br>")
    plain = {"msgtype": "m.text", "body": text}
    formatted = {"msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html", "formatted_body": markup}
    return [(content, context) for content in (plain, formatted) for context in (GERMAN, ENGLISH_REPLY)]


def judge(content: Mapping[str, Any], context: ParseContext, *, slowly: int = 1) -> float:
    """The seconds that a message took; Wrong if anything must not be so. `slowly`: how many times as long it may take,
    for runs in which coverage is measured."""
    said = content.get("formatted_body") or content["body"]
    patience = slowly * (PATIENCE if len(said) <= LONG else PATIENCE_WITH_LONG)
    result, took = _timed(content, context)
    if took > patience:
        # Something else may have had the machine: what is slow is slow each time.
        took = min(took, *(_timed(content, context)[1] for _ in range(3)))
        if took > patience:
            raise Wrong(f"took {took * 1000:.0f} ms")
    _check(result)
    return took


def understood(content: Mapping[str, Any], context: ParseContext = GERMAN) -> Result:
    reply_target(content)
    thread_root(content)
    said = addressed(read_text(content), prefix="!meet", bot=BOT, bot_name="Termin Bot", direct=True)
    return None if said is None else parse(said, context)


def _timed(content: Mapping[str, Any], context: ParseContext) -> tuple[Result, float]:
    began = time.thread_time()
    result = understood(content, context)
    return result, time.thread_time() - began


def _check(result: Result) -> None:
    if isinstance(result, Misunderstood):
        for value in result.params.values():
            require_sayable(str(value))
    elif isinstance(result, New):
        require_sayable(result.title, *result.titles)
        if not 0 < len(result.title) <= 200:
            raise Wrong(f"a title of {len(result.title)} characters")
    if result is not None and not isinstance(result, Misunderstood):
        alters(result)


def require_sayable(*texts: str) -> None:
    for text in texts:
        text.encode()
        if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text) or "\ufffc" in text:
            raise Wrong(f"says {text!r}")
