"""Reactions as answers: the last one added counts, and each can be taken back."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.answers import Answer, Reacted, read_reaction, standing, taken_back
from calbot.core.model import CalendarName, EventId, OccurrenceId, PartStat, RoomId, Uid, UserId

YES, NO, MAYBE, OPEN = PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.NEEDS_ACTION


def reacted(name: int, answer: PartStat, before: Answer) -> Reacted:
    return Reacted(
        EventId(f"${name}"),
        RoomId("!a:example.org"),
        EventId("$card"),
        UserId("@ben:example.org"),
        CalendarName("it"),
        OccurrenceId(Uid("u")),
        answer,
        before,
        name,
    )


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("👍", YES),
        ("👍🏿", YES),
        ("✅", YES),
        ("👎🏻", NO),
        ("❌", NO),
        ("🤔", MAYBE),
        ("❓", MAYBE),
        ("💤", None),
        ("🏿", None),
        ("", None),
        ("👍 ", None),
        ("❔", None),
    ],
)
def test_what_a_reaction_says(key: str, answer: PartStat | None) -> None:
    assert read_reaction(key) is answer


def test_of_an_answer_that_was_replaced_in_another_way_nothing_stands() -> None:
    given = [reacted(1, YES, OPEN)]
    assert standing(given, YES) == given
    assert standing(given, NO) == ()
    assert standing(given, None) == ()
    assert standing([], YES) == ()


def test_taken_back() -> None:
    one, two, three = reacted(1, YES, None), reacted(2, NO, YES), reacted(3, MAYBE, NO)
    assert taken_back([one, two, three], three.reaction) == ([one, two], three)
    assert taken_back([one, two], one.reaction) == ((reacted(2, NO, None),), None)
    assert taken_back([one, two, three], two.reaction) == ((one, reacted(3, MAYBE, YES)), None)
    assert taken_back([one], EventId("$other")) == ([one], None)


@given(
    first=st.sampled_from([OPEN, YES, NO, MAYBE, None]),
    answers=st.lists(st.sampled_from([YES, NO, MAYBE]), max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_in_whatever_order_they_are_taken_back(first: Answer, answers: list[PartStat], order: Random) -> None:
    """What holds is always the last of those that are left, and in the end what was there at first."""
    given_now: list[Reacted] = []
    current: Answer = first
    for name, answer in enumerate(answers):
        given_now.append(reacted(name, answer, current))
        current = answer
    left = list(given_now)
    order.shuffle(left)
    while left:
        gone = left.pop()
        kept, given_way = taken_back(given_now, gone.reaction)
        given_now = list(kept)
        if given_way is not None:
            current = given_way.before
        assert current is (given_now[-1].answer if given_now else first)
