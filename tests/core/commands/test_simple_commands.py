"""Commands without dates of their own, and everything that is no command."""

from __future__ import annotations

from datetime import date

import pytest

from calbot.core.commands import (
    Answer,
    ByNumber,
    ByReply,
    Close,
    Command,
    CommandId,
    Event,
    ForgetMe,
    Help,
    Last,
    List,
    Misunderstood,
    MyData,
    Next,
    Show,
    Status,
    Sync,
    Vote,
    When,
)
from calbot.core.dates import Locale
from calbot.errors import Code

from .typing_in import refusal, typed


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Help(short=True)),
        ("help", Help()),
        ("hilfe", Help()),
        ("HILFE!", Help()),
        ("?", Help()),
        ("hilfe alles", Help(full=True)),
        ("help all", Help(full=True)),
        ("Hilfe Befehle", Help(full=True)),
        ("hilfe neu", Help(CommandId.NEW)),
        ("hilfe termin", Help(CommandId.NEW)),
        ("help event", Help(CommandId.EVENT)),
        ('hilfe "neu"', Help(CommandId.NEW)),
        ("help search", Help(CommandId.LIST)),
        ("hilfe umfrage", Help(CommandId.POLL)),
        ("2", Answer(2)),
        ("#2", Answer(2)),
        ("2.", Answer(2)),
        ("2️⃣", Answer(2)),
        ("next", Next()),
        ("nächster", Next()),
        ("Naechster", Next()),
        ("close", Close()),
        ("schließen", Close()),
        ("SCHLIESSEN", Close()),
        ("status", Status()),
        ("zustand", Status()),
        ("sync", Sync()),
        ("abgleich", Sync()),
        ("when nächsten Di 14-15", When("nächsten Di 14-15")),
        ('wann "morgen  10 Uhr"', When("morgen 10 Uhr")),
        ("wann morgen for:2h", When("morgen for:2h")),
        ("show 3", Show(ByNumber(3))),
        ("zeige #3", Show(ByNumber(3))),
        ("zeige Nr. 3", Show(ByNumber(3))),
        ("zeige Termin 3", Show(ByNumber(3))),
        ("zeigen 3.", Show(ByNumber(3))),
        ("show last", Show(Last())),
        ("zeige letzten", Show(Last())),
    ],
)
def test_commands(text: str, command: Command) -> None:
    assert typed(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("show", Show(ByReply())),
        ("zeige 3", Show(ByNumber(3))),
        ("event", Event()),
        ("Termin", Event()),
        ("TERMIN.", Event()),
    ],
)
def test_in_a_reply(text: str, command: Command) -> None:
    assert typed(text, replying=True) == command


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("vote 1", (1,)),
        ("vote 1 3", (1, 3)),
        ("stimme 1,3", (1, 3)),
        ("stimme 1, 3 und 4", (1, 3, 4)),
        ("stimme für 2", (2,)),
        ("stimme Option 2 & 3", (2, 3)),
        ("stimmen 3; 1", (3, 1)),
        ("vote 1\n3", (1, 3)),
        ("vote 2 2 #2", (2,)),
        ("vote 1️⃣ 3️⃣", (1, 3)),
        ("vote 42", (42,)),
        ("vote none", ()),
        ("stimme keine", ()),
        ("STIMME KEINE", ()),
    ],
)
def test_votes(text: str, numbers: tuple[int, ...]) -> None:
    assert typed(text) == Vote(numbers)


@pytest.mark.parametrize(
    "text",
    ["vote", "stimme", "vote ja", "vote 1-3", "vote 0", "vote 1 none", "vote 99999", "stimme und", "vote 1 vielleicht"],
)
def test_votes_that_are_none(text: str) -> None:
    result = refusal(text)
    says = text.removeprefix("vote").removeprefix("stimme").removesuffix("und")
    assert (result.reason, result.command) == (
        "vote_words" if any(map(str.isalnum, says)) else "vote_numbers",
        CommandId.VOTE,
    )


@pytest.mark.parametrize(
    ("text", "locale", "window", "search"),
    [
        ("list", "en", None, ""),
        ("Liste", "de", None, ""),
        ("agenda", "de", None, ""),
        ("liste heute", "de", (date(2026, 11, 23), date(2026, 11, 24)), ""),
        ("heute", "de", (date(2026, 11, 23), date(2026, 11, 24)), ""),
        ("today", "en", (date(2026, 11, 23), date(2026, 11, 24)), ""),
        ("today", "de", (date(2026, 11, 23), date(2026, 11, 24)), ""),
        ("morgen", "de", (date(2026, 11, 24), date(2026, 11, 25)), ""),
        ("list tomorrow", "en", (date(2026, 11, 24), date(2026, 11, 25)), ""),
        ("woche", "de", (date(2026, 11, 23), date(2026, 11, 30)), ""),
        ("liste Woche", "de", (date(2026, 11, 23), date(2026, 11, 30)), ""),
        ("week", "en", (date(2026, 11, 23), date(2026, 11, 30)), ""),
        ("next week", "en", (date(2026, 11, 30), date(2026, 12, 7)), ""),
        ("NEXT WEEK", "de", (date(2026, 11, 30), date(2026, 12, 7)), ""),
        ("nächste Woche", "de", (date(2026, 11, 30), date(2026, 12, 7)), ""),
        ("naechste\nwoche", "de", (date(2026, 11, 30), date(2026, 12, 7)), ""),
        ("liste nächste Woche", "de", (date(2026, 11, 30), date(2026, 12, 7)), ""),
        ("liste 24.12.", "de", (date(2026, 12, 24), date(2026, 12, 25)), ""),
        ("24.12.", "de", (date(2026, 12, 24), date(2026, 12, 25)), ""),
        ("list search:Budget runde", "en", None, "Budget runde"),
        ("liste suche:Budget runde", "de", None, "Budget runde"),
        ("liste suche: Budget", "de", None, "Budget"),
        ("liste Suche:„Jour fixe“", "de", None, "Jour fixe"),
        ("liste morgen suche:budget", "de", (date(2026, 11, 24), date(2026, 11, 25)), "budget"),
        ("liste suche:budget\nmorgen", "de", (date(2026, 11, 24), date(2026, 11, 25)), "budget"),
        ("search Budget", "en", None, "Budget"),
        ("suche Budget for:2h", "de", None, "Budget for:2h"),
        ("suche:Budget", "de", None, "Budget"),
        ("Suche Anna", "de", None, "Anna"),
        ("suche {anna}", "de", None, "Anna"),
    ],
)  # fmt: skip
def test_lists(text: str, locale: Locale, window: tuple[date, date] | None, search: str) -> None:
    assert typed(text, locale=locale) == List(window, search)


@pytest.mark.parametrize("text", ["liste 14d", "liste 14t", "14t", "list 14d"])
def test_a_number_of_days(text: str) -> None:
    result = typed(text)
    assert isinstance(result, List)
    assert result.window is not None
    assert result.window == (date(2026, 11, 23), date(2026, 12, 7))


@pytest.mark.parametrize(
    ("text", "reason", "command"),
    [
        ("suche", "search_empty", CommandId.LIST),
        ("liste suche:", "search_empty", CommandId.LIST),
        ("liste irgendwann", "date_not_understood", CommandId.LIST),
        ("liste farbe:rot", "unknown_option", CommandId.LIST),
        ("next morgen vielleicht", "date_not_understood", CommandId.NEXT),
        ("zeige", "ref_missing", CommandId.SHOW),
        ("zeige Jour fixe", "ref_not_understood", CommandId.SHOW),
        ("zeige 3 bitte", "words_left", CommandId.SHOW),
        ("close 3", "close_names_poll", CommandId.CLOSE),
        ("status x", "words_left", CommandId.STATUS),
        ("wann", "when_missing", CommandId.WHEN),
        ("umfragen bitte", "unknown_command_near", CommandId.POLLS),
        ("frist", "until_missing", CommandId.UNTIL),
        ("bis", "until_missing", CommandId.UNTIL),
        ("until whenever", "date_not_understood", CommandId.UNTIL),
        ("frist jeden Montag", "poll_until_not_a_moment", CommandId.UNTIL),
        ("frist 24.-25.11.", "poll_until_not_a_moment", CommandId.UNTIL),
        ("hilfe xyz", "unknown_command", CommandId.HELP),
        ("hilfe umfrgae", "unknown_command_near", CommandId.HELP),
        ('neu "Jour fixe morgen', "quote_open", CommandId.NEW),
        ('"Jour fixe morgen', "quote_open", None),
        ("liste 0t", "window_days", CommandId.LIST),
        ("liste 1000t", "window_days", CommandId.LIST),
        ("list 0d", "window_days", CommandId.LIST),
        ("liste KW 60", "date_impossible", CommandId.LIST),
        ("abo bitte", "words_left", CommandId.FEED),
        ("feed renew now", "words_left", CommandId.FEED),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str, command: CommandId | None) -> None:
    result = refusal(text)
    assert (result.reason, result.command, result.code) == (reason, command, Code.NOT_UNDERSTOOD)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("lsite", "liste"),
        ("umfrgae X Di 14; Mi 10", "umfrage"),
        ("absagne 3", "absagen"),
        ("lösche 3", "absagen"),
        ("bestätigen", "buche"),
        ("beenden", "schließen"),
        ("abstimmen 1 2", "stimme"),
        ("confirm", "book"),
        ("Storno 3", "absagen"),
        ("stornieren: 3", "absagen"),
        ("delete 3", "cancel"),
        ('umfragen "X" Di 14; Mi 10', "umfrage"),
        ("meine", "meine daten"),
        ("Daten", "meine daten"),
        ("forget", "forget me"),
        ("abonieren", "abo"),
        ("vergiss das", None),
        ("Jour fixe morgen 10 Uhr", None),
        ('"Jour fixe" morgen', None),
        ("{anna} liste", None),
        ("x" * 3000, None),
        ("heute 14-15 Zahnarzt", None),
        ("99999", None),
        ("-1", None),
    ],
)
def test_unknown_words_are_quoted_and_never_run(text: str, suggestion: str | None) -> None:
    result = refusal(text)
    assert result.reason == ("unknown_command" if suggestion is None else "unknown_command_near")
    assert result.params.get("suggestion") == suggestion
    assert len(str(result.params["word"])) <= 60


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("meine Daten", MyData()),
        ("Meine  Daten!", MyData()),
        ("MY DATA", MyData()),
        ("mydata", MyData()),
        ("vergiss mich", ForgetMe()),
        ("vergiss\nmich", None),
        ("forget me.", ForgetMe()),
        ("Vergiss mich!", ForgetMe()),
        ("forgetme", ForgetMe()),
        ("hilfe vergiss mich", Help(CommandId.FORGET_ME)),
        ("help my data", Help(CommandId.MY_DATA)),
        ("hilfe meinedaten", Help(CommandId.MY_DATA)),
    ],
)
def test_commands_of_two_words(text: str, command: Command | None) -> None:
    result = typed(text)
    assert result == command if command is not None else isinstance(result, Misunderstood)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("meine", "unknown_command_near"),
        ("my", "unknown_command"),
        ("meine Daten löschen", "words_left"),
        ("vergiss mich bitte", "words_left"),
        ("vergiss", "unknown_command"),
        ("forget 3", "unknown_command_near"),
        ("vergiss 3", "unknown_command"),
        ("meine Termine", "unknown_command_near"),
        ("my events", "unknown_command"),
    ],
)
def test_what_is_nearly_one_of_them_is_none(text: str, reason: str) -> None:
    assert refusal(text).reason == reason


def test_days_that_are_over_can_be_listed() -> None:
    yesterday = List((date(2026, 11, 22), date(2026, 11, 23)))
    assert [typed("liste gestern"), typed("gestern"), typed("list yesterday", locale="en")] == [yesterday] * 3


def test_a_day_that_is_over_and_cannot_be_listed_is_said_to_be_over() -> None:
    assert refusal("liste 20.11.").code is Code.IN_PAST
