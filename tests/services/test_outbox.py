"""Who is next, and how long the homeserver is left in peace."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.model import Recipient, RoomId, UserId
from calbot.errors import ChatUnavailable, InvitationsLimited
from calbot.services.outbox import Outbox, Urgency

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


def room(number: int) -> RoomId:
    return RoomId(f"!{number}:example.org")


def urgency(rank: int, seconds: int) -> Urgency:
    return Urgency(rank, NOW + seconds * SECOND)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1), st.integers(0, 50))))
def test_each_is_taken_once_the_most_urgent_first(put: list[tuple[int, int, int]]) -> None:
    outbox = Outbox()
    best: dict[Recipient, Urgency] = {}
    for number, rank, seconds in put:
        outbox.put(room(number), urgency(rank, seconds))
        best[room(number)] = min(best.get(room(number), urgency(9, 0)), urgency(rank, seconds))
    taken = []
    while (recipient := outbox.take(NOW)) is not None:
        taken.append(recipient)
    assert sorted(taken) == sorted(best)
    assert [best[recipient] for recipient in taken] == sorted(best.values())
    assert len(outbox) == 0


def test_nobody_is_served_twice_at_the_same_time() -> None:
    outbox = Outbox()
    outbox.put(room(1), urgency(0, 0))
    assert outbox.take(NOW) == room(1)
    outbox.put(room(1), urgency(0, 5))
    outbox.put(room(2), urgency(1, 0))
    assert outbox.take(NOW) == room(2)
    assert outbox.take(NOW) is None
    outbox.done(room(1))
    assert outbox.take(NOW) == room(1)


@pytest.mark.parametrize("seconds", [0, 0.0001, -5])
def test_peace_for_no_time_is_a_moment_all_the_same(seconds: float) -> None:
    """What was put off to this very instant was not seen to become due, and waited for the next ring."""
    assert Outbox().refused(room(1), ChatUnavailable(retry_after=seconds), NOW, 0.5) == NOW + SECOND


def test_a_server_that_asks_for_peace_gets_it_from_all() -> None:
    outbox = Outbox()
    assert outbox.refused(room(1), ChatUnavailable(retry_after=30), NOW, 0.5) == NOW + 30 * SECOND
    # A shorter wish of a request that was under way does not cut it short.
    outbox.refused(room(2), ChatUnavailable(retry_after=1), NOW, 0.5)
    outbox.put(room(3), urgency(0, 0))
    assert outbox.take(NOW + 29 * SECOND) is None
    assert outbox.take(NOW + 30 * SECOND) == room(3)


def test_a_day_of_peace_is_too_much() -> None:
    until = Outbox().refused(room(1), ChatUnavailable(retry_after=86_400), NOW, 0.5)
    assert until == NOW + timedelta(hours=1)


def test_one_that_fails_waits_longer_each_time_until_something_gets_through() -> None:
    outbox = Outbox()
    waits = [(outbox.refused(room(1), ChatUnavailable(), NOW, 0.5) - NOW) / SECOND for _ in range(6)]
    assert waits == [5, 10, 20, 40, 60, 60]
    assert not outbox.is_away(NOW)
    assert outbox.took(room(1)) is False
    assert outbox.refused(room(1), ChatUnavailable(), NOW, 0.5) == NOW + 5 * SECOND


def test_when_nothing_gets_through_to_anybody_everything_waits_and_is_tried_again_soon() -> None:
    outbox = Outbox()
    for number in range(3):
        assert not outbox.is_held(NOW)
        until = outbox.refused(room(number), ChatUnavailable(), NOW, 0.5)
    assert until == NOW + 10 * SECOND
    assert outbox.is_away(NOW)
    assert outbox.is_held(NOW + 9 * SECOND)
    assert outbox.took(room(7)) is True
    assert not outbox.is_away(NOW)


def test_what_was_refused_long_ago_says_nothing_of_the_homeserver_now() -> None:
    """What waited may have been taken back, and nothing was sent since."""
    outbox = Outbox()
    for number in range(3):
        outbox.refused(room(number), ChatUnavailable(), NOW, 0.5)
    later = NOW + timedelta(hours=1)
    assert not outbox.is_away(later)
    assert outbox.refused(room(1), ChatUnavailable(), later, 0.5) > later
    assert not outbox.is_away(later), "one alone may have trouble of its own"
    for number in range(2, 4):
        outbox.refused(room(number), ChatUnavailable(), later, 0.5)
    assert outbox.is_away(later)


def test_why_somebody_waits_is_news_once() -> None:
    outbox = Outbox()
    assert [outbox.note_reason(room(1), reason) for reason in ("gone", "gone", "exposed")] == [True, False, True]
    outbox.took(room(1))
    assert outbox.note_reason(room(1), "exposed")


def test_limited_invitations_hold_up_nobody_who_needs_none() -> None:
    outbox = Outbox()
    until = outbox.refused(UserId("@anna:example.org"), InvitationsLimited(retry_after=30), NOW, 0.5)
    assert until >= NOW + 30 * SECOND
    assert not outbox.is_held(NOW)
    assert not outbox.is_away(NOW)
