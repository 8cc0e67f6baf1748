"""Words for commands: found in any spelling, suggested where nearly right, and nothing that does not exist yet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.commands import ENTRIES, CommandId, Entry, entry_of
from calbot.core.commands.tokens import fold
from calbot.core.commands.vocabulary import distance, find, suggest, synonym


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("help", CommandId.HELP),
        ("HILFE", CommandId.HELP),
        ("?", CommandId.HELP),
        ("Neu", CommandId.NEW),
        ("neu:", CommandId.NEW),
        ("liste.", CommandId.LIST),
        ("agenda", CommandId.LIST),
        ("nächster", CommandId.NEXT),
        ("naechster", CommandId.NEXT),
        ("NÄCHSTER", CommandId.NEXT),
        ("na\u0308chster", CommandId.NEXT),
        ("zeige", CommandId.SHOW),
        ("verschieben", CommandId.MOVE),
        ("absagen", CommandId.CANCEL),
        ("umfrage", CommandId.POLL),
        ("stimme", CommandId.VOTE),
        ("schließen", CommandId.CLOSE),
        ("schliessen", CommandId.CLOSE),
        ("SCHLIESSEN", CommandId.CLOSE),
        ("buche", CommandId.BOOK),
        ("Rückgängig", CommandId.UNDO),
        ("rueckgaengig", CommandId.UNDO),
        ("event", CommandId.EVENT),
        ("termin", CommandId.EVENT),
        ("wann", CommandId.WHEN),
        ("zustand", CommandId.STATUS),
        ("abgleich", CommandId.SYNC),
    ],
)
def test_words_in_any_spelling(word: str, command: CommandId) -> None:
    assert find(word) is command


@pytest.mark.parametrize("word", ["karte", "", "...", "!meet"])
def test_commands_that_do_not_exist_are_not_known(word: str) -> None:
    assert find(word) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lsite", "liste"),
        ("lissste", "liste"),
        ("hlife", "hilfe"),
        ("umfrgae", "umfrage"),
        ("verschibe", "verschiebe"),
        ("absgaen", "absagen"),
        ("umfraegn", "umfragen"),
        ("nwe", "new"),
        ("heuet", "heute"),
        ("staus", "status"),
    ],
)
def test_mistypings_get_the_nearest_command(typed: str, meant: str) -> None:
    assert suggest(typed) == meant


@pytest.mark.parametrize("typed", ["absage42", "umfrgaaae", "verschobn", "mvoee", "finde", "xyz", "ja", "", "x" * 5000])
def test_nothing_that_writes_is_suggested_from_afar(typed: str) -> None:
    writing = {name for entry in ENTRIES if entry.writes for name in (*entry.en, *entry.de)}
    assert suggest(typed) not in writing


@given(st.text(max_size=25))
def test_a_suggestion_is_near(word: str) -> None:
    name = suggest(word)
    assert name is None or distance(fold(word), fold(name)) <= 2


@given(st.text(max_size=12), st.text(max_size=12))
def test_distance_is_symmetric_and_zero_for_equals_only(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) <= max(len(one), len(other))


def test_each_command_but_an_answer_has_a_word_in_both_languages() -> None:
    assert {entry.command for entry in ENTRIES} == set(CommandId) - {CommandId.ANSWER}
    assert all(entry.names("de") and entry.names("en") for entry in ENTRIES)
    assert entry_of(CommandId.NEW).names("de")[0] == "neu"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.command.value)
def test_no_command_has_another_word_for_another(entry: Entry) -> None:
    for name in (*entry.en, *entry.de):
        assert synonym(name) is None


@pytest.mark.parametrize(
    ("word", "meant"), [("Löschen", "absagen"), ("loesche", "absagen"), ("remove", "cancel"), ("Termin", None)]
)
def test_other_words_for_a_command(word: str, meant: str | None) -> None:
    assert synonym(word) == meant
    assert meant is None or find(meant) is CommandId.CANCEL
