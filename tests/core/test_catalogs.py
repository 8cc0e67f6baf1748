"""The catalogs fit each other, and the code fits them. What is checked is in `tests.catalog_check`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from calbot.core import commands
from calbot.core.dates import Locale
from calbot.core.messages.help import FIRST
from calbot.core.model import UserId
from tests import catalog_check

HELP = ("name", "summary", "syntax", "example1", "example2")
LOCALES: tuple[Locale, ...] = ("de", "en")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
FILLED = {
    "number": "1",
    "days": "27.11. – 29.11.",
    "suggestion": "Budget 24.11.2026 10:00",
    "title": "Budget",
    "text": "Budget",
    "when": "24.11.2026 10:00",
    "numbers": "1 2",
    "search": "Budget",
    "command": "status",
    "example": "Europe/Vienna",
    "calendar": "it-team",
    "near": "it-team",
    "name": "it-team",
}
# Commands whose value is called something else.
VALUES = {
    "data": "mydata",
    "forget": "forgetme",
    "tz": "choosezone",
    "lang": "chooselanguage",
    "set": "choosesetting",
    **dict.fromkeys(("yes", "no", "maybe"), "rsvp"),
}
NUMBER = {"de": "NUMMER", "en": "NUMBER"}  # stands for one that whoever reads it has to put there
IN_REPLIES = ("help.event.", "error.poll_not_attached", "error.reason_without_quotes_reply")


def test_the_languages_have_the_same_texts() -> None:
    assert list(catalog_check.differences()) == []


def test_every_text_that_the_code_names_is_there() -> None:
    assert list(catalog_check.missing()) == []


def test_every_text_is_used() -> None:
    assert list(catalog_check.unused()) == []


def test_nothing_is_said_past_the_catalogs() -> None:
    assert list(catalog_check.said_past_the_catalogs()) == []


def test_the_check_sees_the_errors_of_the_code() -> None:
    """An empty result of the others means something only if the code was read."""
    seen = {id for use in catalog_check.uses() for id in use.ids}
    assert {"error.event_gone", "error.unknown_command", "error.bad_rule", "ask.when", "note.no_address"} <= seen


@pytest.mark.parametrize("entry", commands.ENTRIES, ids=lambda entry: entry.command.value)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_command_has_its_help(locale: Locale, entry: commands.Entry) -> None:
    texts = catalog_check.catalog(locale)
    assert [part for part in HELP if f"help.{entry.command.value}.{part}" not in texts] == []
    name = texts[f"help.{entry.command.value}.name"].forms[0]
    assert name in entry.names(locale)
    assert texts[f"help.{entry.command.value}.syntax"].forms[0].startswith(f"{{prefix}} {name}")


def test_what_help_shows_first_are_commands() -> None:
    assert set(FIRST) <= {entry.command.value for entry in commands.ENTRIES}


def suggested() -> Iterator[tuple[Locale, str, str]]:
    """Every command that a text tells people to type."""
    for locale in LOCALES:
        for id, entry in catalog_check.catalog(locale).items():
            typed = [part for form in entry.forms for part in re.findall("`([^`]*)`", form)]
            if id.startswith("help.") and id.rpartition(".")[2] in ("example1", "example2"):
                typed.append(entry.forms[0])
            yield from ((locale, id, text) for text in dict.fromkeys(typed) if text.startswith("{prefix}"))


@pytest.mark.parametrize(("locale", "id", "text"), list(suggested()))
def test_what_people_are_told_to_type_works(locale: Locale, id: str, text: str) -> None:
    typed = text.replace("{prefix} {suggestion}", "{prefix} status").replace("{prefix}", "!meet")
    typed = re.sub(rf"\b{NUMBER[locale]}\b", "1", typed)
    for name, value in FILLED.items():
        typed = typed.replace(f"{{{name}}}", value)
    assert "{" not in typed
    said = commands.addressed(
        commands.read_text({"body": typed}), prefix="!meet", bot=UserId("@bot:example.org"), bot_name="", direct=False
    )
    assert said is not None
    command = commands.parse(said, commands.ParseContext(NOW, (locale,), replying=id.startswith(IN_REPLIES)))
    assert not isinstance(command, commands.Misunderstood)
    if id.startswith("help."):
        name = id.split(".")[1]
        assert type(command).__name__.casefold() in (VALUES.get(name, name), "help")


@pytest.mark.parametrize(("locale", "id", "text"), list(suggested()))
def test_advice_names_no_event_that_might_be_there(locale: Locale, id: str, text: str) -> None:
    """Who copies an example from help expects one; in an error it would be carried out on somebody's event."""
    if not id.startswith("help."):
        said = commands.read_text({"body": text.removeprefix("{prefix} ")}).tokens
        word = str(getattr(said[0], "text", ""))
        on_events = word in ("ja", "nein", "absagen", "verschiebe", "ändere", "yes", "no")
        on_events = on_events or word in ("cancel", "move", "edit")
        assert not (on_events and re.search(r"^\S+ \S+ \d", text))


TYPED = ("syntax", "example1", "example2", "titled", "private")  # texts that are commands from end to end


@pytest.mark.parametrize("locale", LOCALES)
def test_the_texts_are_set_with_care(locale: Locale) -> None:
    """Typographic quotes and apostrophes, no stray blanks, none at which a number and its unit could part."""
    found = []
    for id, entry in catalog_check.catalog(locale).items():
        for form in entry.forms:
            prose = "" if id.startswith("help.") and id.rpartition(".")[2] in TYPED else re.sub("`[^`]*`", "", form)
            parted = re.search(r"[\d}] (?:%|[KMG]B)", prose)
            if parted or form != form.strip() or "  " in form or re.search("[\"']|\\.\\.\\.| - ", prose):
                found.append(f"{id}: {form}")
    assert found == []
