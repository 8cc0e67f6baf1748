"""A little of the fuzzing in each test run; ``make fuzz N=1000000`` does more of the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .corpus import KEYS, MARKS, ODD, WORDS, seeds
from .judge import Wrong, forms, judge, require_sayable
from .mutations import LONGEST, Mutator

PIECES = st.one_of(st.sampled_from([*WORDS, *KEYS, *MARKS, *ODD]), st.text(max_size=6), st.just(" "))
TYPED = st.lists(PIECES, max_size=20).map(lambda pieces: "!meet " + " ".join(pieces))


@settings(deadline=None, max_examples=2000)
@given(TYPED, st.integers(0, 3))
def test_whatever_is_typed_is_a_command_or_a_refusal(text: str, form: int) -> None:
    content, context = forms(text)[form]
    assert judge(content, context, slowly=10) < 5


@pytest.mark.parametrize("seed", [1, 2])
def test_changed_commands_are_commands_or_refusals(seed: int) -> None:
    chance = random.Random(seed)
    mutator = Mutator(seeds(), chance)
    assert all(judge(*chance.choice(forms(mutator.next())), slowly=10) < 5 for _ in range(1000))


@pytest.mark.parametrize(
    "text",
    [
        'NEU "RUNRUND\nE" !MEET @ 10AM',
        "!meet<a href='matrix:u/ben:example.org'> neu Runde 24.\ud800-26.November 2026",
        '!MEET UMFRAGE "WORKSHOP" DO; FR BIS:"MI 12 UH\rR" AUTO 0',
        '!meet neu "Runde \rübernächste" Woche Freitag 9 Uhr',
        "!meet neu Runde <a href='matrix:u/be%ED%A0%80n:example.org'>B</a> morgen 10",
    ],
)
def test_what_was_found_before(text: str) -> None:
    assert all(judge(content, context, slowly=10) < 5 for content, context in forms(text))


def test_the_same_chance_makes_the_same_inputs() -> None:
    one, other = (Mutator(seeds(), random.Random(7)) for _ in range(2))
    texts = [one.next() for _ in range(200)]
    assert texts == [other.next() for _ in range(200)]
    assert len(set(texts)) > 150
    assert max(map(len, texts)) <= LONGEST


@pytest.mark.parametrize("said", ["a\x00b", "\ufffc", "x\ny"])
def test_the_judge_sees_what_must_not_be_said(said: str) -> None:
    with pytest.raises(Wrong):
        require_sayable(said)
