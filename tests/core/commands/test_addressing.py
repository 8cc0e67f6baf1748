"""Who is spoken to: the prefix in all its spellings, the bot's name, a direct chat."""

from __future__ import annotations

import pytest

from calbot.core.commands import addressed, called_by_name, read_text
from calbot.core.commands.tokens import written
from calbot.core.model import UserId

BOT = UserId("@calbot:example.org")
PILL = '<a href="https://matrix.to/#/@calbot:example.org">Termin Bot</a>'
OTHER = '<a href="https://matrix.to/#/@anna:example.org">Anna</a>'


def said(text: str, *, direct: bool = False, prefix: str = "!meet", name: str = "Termin Bot") -> str | None:
    content = {"body": text}
    if "<a" in text:
        content = {"body": "x", "format": "org.matrix.custom.html", "formatted_body": text}
    rest = addressed(read_text(content), prefix=prefix, bot=BOT, bot_name=name, direct=direct)
    return None if rest is None else written(rest.tokens)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("!meet", ""),
        ("!meet liste", "liste"),
        ("!MEET Liste", "Liste"),
        ("  !meet   liste", "liste"),
        ("!meet\tliste", "liste"),
        ("!meet\nliste", "liste"),
        ("!meet\u00a0liste", "liste"),
        ("\u200b!meet\u200b liste", "liste"),
        ("!meet: liste", "liste"),
        ("!meet, liste", "liste"),
        ("!meetliste", "liste"),
        ("!meet2", "2"),
        ('!meet"Jour fixe" morgen', '"Jour fixe" morgen'),
        ('!meetneu"Jour fixe" morgen', 'neu"Jour fixe" morgen'),
        ("@calbot liste", "liste"),
        ("@calbot: liste", "liste"),
        ("calbot: liste", "liste"),
        ("Calbot, liste", "liste"),
        ("@Termin Bot liste", "liste"),
        ("termin bot: liste", "liste"),
        ("@calbot:example.org liste", "liste"),
        ("@calbot:example.org: liste", "liste"),
        (f"{PILL} liste", "liste"),
        (f"{PILL}: liste", "liste"),
        (f"{PILL}<br>liste", "liste"),
        (f"{PILL} !meet liste", "liste"),
        (PILL, ""),
    ],
)
def test_the_bot_is_meant(text: str, rest: str) -> None:
    assert said(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "liste",
        "!meetings heute",
        "!meeting",
        "!meets",
        "! meet liste",
        "meet liste",
        "bitte !meet liste",
        "calbot ist toll",
        "calbot",
        "@calbots liste",
        "@calbot:elsewhere.org liste",
        f"{OTHER} !meet liste",
        f"{OTHER}: liste",
        f"danke {PILL}",
        '"!meet" liste',
        "Termin: liste",
        "> !meet liste",
    ],
)
def test_somebody_else_is_meant(text: str) -> None:
    assert said(text) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("liste", "liste"),
        ("!meet liste", "liste"),
        ("@calbot liste", "liste"),
        ("2", "2"),
        ("Danke!", "Danke!"),
        ("", None),
    ],
)
def test_in_a_direct_chat_no_address_is_needed(text: str, rest: str | None) -> None:
    assert said(text, direct=True) == rest


@pytest.mark.parametrize(
    ("prefix", "text"), [("!Termin", "!termin liste"), ("/kal", "/KAL liste"), ("ß!", "SS! liste")]
)
def test_the_prefix_is_configurable(prefix: str, text: str) -> None:
    assert said(text, prefix=prefix) == "liste"
    assert said("!meet liste", prefix=prefix) is None


def test_a_bot_without_a_name_is_known_by_its_id() -> None:
    assert said("@calbot liste", name="") == "liste"


def test_faults_of_the_text_stay_with_it() -> None:
    typed = read_text({"body": '!meet neu "offen'})
    rest = addressed(typed, prefix="!meet", bot=BOT, bot_name="", direct=False)
    assert rest is not None
    assert rest.fault == typed.fault is not None


@pytest.mark.parametrize(
    ("text", "by_name"),
    [
        ("Termin Bot: heute", True),
        ("calbot, heute", True),
        ("!meet heute", False),
        ("!meetliste", False),
        ("calbot: !meet heute", False),
        (f"{PILL}: heute", False),
    ],
)
def test_a_name_in_plain_words_is_less_than_a_mention(text: str, by_name: bool) -> None:
    content = {"body": text}
    if "<a" in text:
        content = {"body": "x", "format": "org.matrix.custom.html", "formatted_body": text}
    assert called_by_name(read_text(content), prefix="!meet") is by_name
