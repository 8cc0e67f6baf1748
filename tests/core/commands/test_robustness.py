"""Whatever is sent: a command or a refusal, never an exception, never a long wait."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core.commands import (
    Command,
    Misunderstood,
    New,
    ParseContext,
    addressed,
    parse,
    read_text,
    reply_target,
    thread_root,
)
from calbot.core.model import UserId

NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Berlin"))
BOT = UserId("@calbot:example.org")
CONTEXT = ParseContext(NOW, ("de", "en"))
IN_REPLY = ParseContext(NOW, ("en", "de"), replying=True)

WORDS = """
neu termin liste zeige verschiebe absagen umfrage stimme wann hilfe schließen suche event next
morgen heute Di Mi 10 14-15 Uhr nächsten 24.11. 9:30 alle jeden Woche 3 #2 letzten folgende
ort: ort:Rathaus for:1h until:Mo bis: link:no optional: required: quorum:5 raum:1 farbe:rot einzeln auto
" „ “ ' ’ « » ‚ ; , : - ( ) mit und @anna:example.org Jour fixe !meet
<br> <b> </b> <p> <li> <ol> & &quot; < >
"""
LINK = '<a href="https://matrix.to/#/@anna:example.org">Anna</a>'
PIECES = st.sampled_from([*WORDS.split(), LINK, '"Budget runde"', "\n", "\t", "\u00a0", "\u200b", "\ufffc"])
TYPED = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=14).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda blank: blank.join(pieces))
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
KEYS = st.sampled_from(["body", "formatted_body", "format", "m.relates_to", "msgtype", "m.mentions"])
FORMATS = st.sampled_from(["org.matrix.custom.html", "x"])
CONTENTS = st.one_of(
    st.dictionaries(KEYS, JSON),
    st.builds(lambda body: {"body": body}, TYPED),
    st.builds(lambda html, form: {"body": "x", "format": form, "formatted_body": html}, TYPED, FORMATS),
)


def understood(content: Mapping[str, Any]) -> Command | Misunderstood | None:
    reply_target(content)
    thread_root(content)
    said = addressed(read_text(content), prefix="!meet", bot=BOT, bot_name="Termin Bot", direct=True)
    if said is None:
        return None
    parse(said, IN_REPLY)
    return parse(said, CONTEXT)


@settings(deadline=None, max_examples=300)
@given(CONTENTS)
def test_any_content_is_a_command_or_a_refusal(content: dict[str, Any]) -> None:
    result = understood(content)
    if isinstance(result, Misunderstood):
        for value in result.params.values():
            assert str(value).encode() is not None  # no lone surrogate, which no database and no server would take
            assert "\ufffc" not in str(value)
    if isinstance(result, New):
        # Nothing that acts on what is around it. What has no name yet may be an emoji newer than this Python.
        assert {unicodedata.category(letter) for letter in result.title}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
        assert 0 < len(result.title) <= 200


@settings(deadline=None, max_examples=100)
@given(TYPED)
def test_what_was_said_does_not_depend_on_how_the_bot_was_addressed(text: str) -> None:
    plain = addressed(read_text({"body": f"!meet {text}"}), prefix="!meet", bot=BOT, bot_name="", direct=False)
    named = addressed(read_text({"body": f"@calbot {text}"}), prefix="!meet", bot=BOT, bot_name="", direct=False)
    assert plain is not None
    assert named is not None
    if not text.lstrip().startswith("!meet"):
        assert parse(plain, CONTEXT) == parse(named, CONTEXT)


@pytest.mark.parametrize("command", ["", "neu ", "umfrage ", "liste ", "stimme ", "absagen 1 ", "wann ", "suche "])
@pytest.mark.parametrize(
    "unit",
    [
        "<a ",
        "<!--",
        "<b>",
        "&#",
        '"a ',
        "„",
        "'a ",
        ";",
        "a;",
        "@a:b ",
        "Di ",
        "10 ",
        "morgen 10 ",
        "1. ",
        "ort:a ",
        "x:y ",
        "optional: ",
        "mit ",
        "und @a:b ",
        "://;",
        "\n",
        "Di 14; ",
        "Di 14\n",
    ],
)
def test_nothing_takes_long(command: str, unit: str) -> None:
    text = command + unit * (9_900 // len(unit))
    for content in ({"body": text}, {"body": "", "format": "org.matrix.custom.html", "formatted_body": text}):
        before = time.process_time()
        understood(content)
        assert time.process_time() - before < 0.5
