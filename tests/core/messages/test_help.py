"""Help and the short messages."""

from __future__ import annotations

import pytest

from calbot.core.messages import (
    CommandHelp,
    HelpExtent,
    cannot_read_hint,
    help_command,
    help_overview,
    not_encrypted_hint,
    ok,
    welcome,
    welcome_unmapped,
    when_text,
)
from calbot.core.model import Kind, Locale

from .examples import BEN, TUESDAY, member, reader

NEW = CommandHelp("new", ("new", "neu", "termin"))
HELP = CommandHelp("help", ("help", "hilfe"))
STATUS = CommandHelp("status", ("status", "zustand"))
GROUPS = {
    "events": (NEW, CommandHelp("list", ("list", "liste")), CommandHelp("cancel", ("cancel", "absagen"))),
    "polls": (CommandHelp("polls", ("polls", "umfragen")),),
    "settings": (HELP, STATUS),
}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
Das kann ich für Sie tun

neu: trägt einen Termin ein
!kal neu Budgetrunde Di 14-15 Uhr
liste: zeigt die nächsten Termine

Termine: absagen
Umfragen: umfragen
Einstellungen: hilfe, zustand

Alle mit Erklärung: !kal hilfe alles
Mehr zu einem Befehl: !kal hilfe neu""",
        ),
        (
            "en",
            """\
What I can do for you

new: adds an event
!kal new Budget round Tue 2-3pm
list: shows the coming events

Events: cancel
Polls: polls
Settings: help, status

All, with a line for each: !kal help all
More about a command: !kal help new""",
        ),
    ],
)
def test_the_overview_begins_with_what_people_do_most_and_names_the_rest(locale: Locale, text: str) -> None:
    message = help_overview(reader(locale), "!kal", GROUPS)
    assert message.text == text
    assert message.kind is Kind.HELP
    assert not message.discloses
    ids = ["new", "list", "cancel", "polls", "help", "status"]
    assert [command["id"] for command in message.data["commands"]] == ids


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
Das kann ich für Sie tun

Termine
neu: trägt einen Termin ein
liste: zeigt die nächsten Termine
absagen: sagt einen Termin für alle ab

Umfragen
umfragen: zeigt die offenen Umfragen

Einstellungen
hilfe: zeigt, was Sie hier tun können
zustand: zeigt, ob alles funktioniert

Mehr zu einem Befehl: !kal hilfe neu""",
        ),
        (
            "en",
            """\
What I can do for you

Events
new: adds an event
list: shows the coming events
cancel: cancels an event for everybody

Polls
polls: lists the open polls

Settings
help: shows what you can do here
status: shows whether everything works

More about a command: !kal help new""",
        ),
    ],
)
def test_the_full_one_has_a_line_for_each_command(locale: Locale, text: str) -> None:
    assert help_overview(reader(locale), "!kal", GROUPS, extent=HelpExtent.FULL).text == text


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
Das kann ich für Sie tun

Mit diesem Raum ist noch kein Kalender verbunden. Verbinden kann ihn die Stelle, die diesen Bot betreibt.

hilfe: zeigt, was Sie hier tun können
zustand: zeigt, ob alles funktioniert

Mehr zu einem Befehl: !meet hilfe hilfe""",
        ),
        (
            "en",
            """\
What I can do for you

No calendar is connected to this room yet. Whoever runs this bot can connect one.

help: shows what you can do here
status: shows whether everything works

More about a command: !meet help help""",
        ),
    ],
)
def test_without_a_calendar_it_says_so_and_shows_what_works(locale: Locale, text: str) -> None:
    assert help_overview(reader(locale), "!meet", {"settings": (HELP, STATUS)}, unmapped=True).text == text


@pytest.mark.parametrize(
    ("locale", "who"),
    [
        (
            "de",
            "Schreiben Sie das als Antwort auf die Umfrage. "
            "Das darf, wer sie erstellt hat, oder die Moderation des Raums. "
            "Läuft die Umfrage noch, trage ich den Termin an ihrem Ende ein.",
        ),
        (
            "en",
            "Write that as a reply to the poll. Whoever made the poll may do this, and the moderators of the room. "
            "If the poll is still open, I book the date when it ends.",
        ),
    ],
)
def test_help_says_who_may_make_an_event_of_a_poll(locale: Locale, who: str) -> None:
    assert who in help_command(reader(locale), "!meet", CommandHelp("event", ("event", "termin"))).text.split("\n\n")


def test_one_command() -> None:
    message = help_command(reader(), "!meet", NEW)
    assert message.text == (
        "!meet neu: trägt einen Termin ein\n\n"
        "So schreiben Sie es: !meet neu TITEL WANN [@Personen] [ort:ORT] [dauer:DAUER]\n\n"
        "Überall hinter dem Titel möglich: @Personen, optional: vor Personen, ort:, dauer:, text:, "
        "kal: für den Kalender, raum: für einen buchbaren Raum, link:nein. "
        "Werte mit Leerzeichen gehören in Anführungszeichen. "
        "Das Wort termin allein, als Antwort auf eine Umfrage, macht aus dieser einen Termin: !meet hilfe event\n\n"
        "Zum Beispiel:\n!meet neu Budgetrunde Di 14-15 Uhr\n"
        '!meet neu "Jour fixe" jeden Dienstag 10 Uhr dauer:30m ort:"Raum 4.12"\n\n'
        "Auch möglich: new, termin"
    )
    assert "<code>!meet neu Budgetrunde Di 14-15 Uhr</code>" in message.html


def test_a_command_without_other_names() -> None:
    assert "Auch möglich" not in help_command(reader(), "!meet", CommandHelp("list", ("liste",))).text


def test_a_short_answer() -> None:
    message = ok(reader(), "voted", title="<Budget>", options="Di., 24.11.")
    assert message.text == "Ihre Stimme in „<Budget>“: Di., 24.11."
    assert message.html == "Ihre Stimme in „&lt;Budget&gt;“: Di., 24.11."
    assert message.kind is Kind.OK


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "„Budget“ steht schon da: Di., 24.11.2026, 14:00–15:00 Uhr. Es wurde nichts verschoben."),
        ("en", "“Budget” is already there: Tue, 24 Nov 2026, 14:00–15:00. Nothing was moved."),
    ],
)
def test_nothing_to_move(locale: Locale, text: str) -> None:
    eyes = reader(locale)
    assert ok(eyes, "already_there", title="Budget", when=when_text(eyes, TUESDAY)).text == text


def test_somebody_who_cannot_be_read_is_told_by_a_mention() -> None:
    message = cannot_read_hint(reader(), member(BEN))
    assert message.mentions == (BEN,)
    assert message.notify
    assert not message.discloses
    assert message.text.startswith("Ben Maier, ich kann Ihre Nachrichten nicht entschlüsseln.\n")


def test_without_encryption_it_says_why_and_nothing_of_a_calendar() -> None:
    message = not_encrypted_hint(reader("en"))
    assert message.text.startswith("This room is encrypted, but my encryption does not work.")
    assert message.data == {"code": "not_encrypted"}
    assert not message.discloses


def test_welcome_to_a_mapped_room() -> None:
    assert welcome(reader(), ["it-team", "<b>"]).text == (
        "Guten Tag! Ich zeige hier den Kalender it-team, <b>.\n"
        "Die Termine der nächsten Tage: !meet liste\nWas ich kann: !meet hilfe"
    )


def test_welcome_to_a_room_without_a_calendar_says_how_to_connect_one() -> None:
    message = welcome_unmapped(reader(), "!abc:example.org")
    assert message.text.endswith("unter rooms mit der Kennung dieses Raums: !abc:example.org")
    assert "<code>!abc:example.org</code>" in message.html
    assert not message.discloses


@pytest.mark.parametrize(("locale", "how"), [("de", "Alle Befehle: !kal hilfe"), ("en", "All commands: !kal help")])
def test_the_short_one_has_what_people_do_most_and_how_to_see_the_rest(locale: Locale, how: str) -> None:
    text = help_overview(reader(locale), "!kal", GROUPS, extent=HelpExtent.SHORT).text
    assert how in text
    assert len(text) < len(help_overview(reader(locale), "!kal", GROUPS).text)
    assert "!kal neu" in text or "!kal new" in text


def test_where_little_works_the_short_help_is_the_whole() -> None:
    few = {"events": (CommandHelp("when", ("when", "wann")),), "settings": (HELP,)}
    whole = help_overview(reader("de"), "!kal", few, unmapped=True)
    assert help_overview(reader("de"), "!kal", few, unmapped=True, extent=HelpExtent.SHORT) == whole
