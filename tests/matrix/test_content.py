"""Contents of the bot's events are what clients and servers expect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.model import EventId, Kind, Message, UserId
from calbot.errors import Code, UserError
from calbot.matrix.content import (
    edit_content,
    key_of,
    keyed,
    mentioned_in,
    message_content,
    related,
    require_size,
    transaction_id,
)

ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")


@given(st.text(), st.text())
def test_transaction_ids_differ_as_keys_do(one: str, other: str) -> None:
    assert (transaction_id(one) == transaction_id(other)) == (one == other)


@given(st.text())
def test_transaction_ids_are_short_and_safe_in_a_url(key: str) -> None:
    txn = transaction_id(key)
    assert len(txn) <= 71
    assert all(character.isascii() and (character.isalnum() or character in "-_.") for character in txn)


def test_a_readable_key_stays_readable() -> None:
    assert transaction_id("poll-4711-end") == "calbot-poll-4711-end"


@pytest.mark.parametrize(
    ("message", "msgtype", "mentions"),
    [
        (Message(Kind.AGENDA, "a", "a"), "m.notice", {}),
        (Message(Kind.REMINDER, "a", "a", notify=True), "m.text", {}),
        (Message(Kind.REMINDER, "a", "a").mentioning(ANNA, BEN, ANNA), "m.text", {"user_ids": [ANNA, BEN]}),
        (Message(Kind.REMINDER, "a", "a", notify=True, mention_room=True), "m.text", {"room": True}),
    ],
)
def test_only_what_shall_notify_does(message: Message, msgtype: str, mentions: dict[str, object]) -> None:
    content = message_content(message, "k")
    assert (content["msgtype"], content["m.mentions"]) == (msgtype, mentions)


def test_an_edit_carries_everything_in_its_new_content() -> None:
    card = Message(Kind.MEETING, "14:00", "<b>14:00</b>", {"uid": "u"}).mentioning(ANNA, BEN)
    content = edit_content(card, "k", EventId("$card"), frozenset({ANNA}))
    assert content == {
        "msgtype": "m.text",
        "body": "* 14:00",
        "format": "org.matrix.custom.html",
        "formatted_body": "* <b>14:00</b>",
        "m.mentions": {"user_ids": [BEN]},
        "m.new_content": message_content(card, "k"),
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$card"},
    }
    assert key_of(content) == "k"
    assert mentioned_in(content) == {ANNA, BEN}


def test_a_message_that_answers_nothing_has_no_relation() -> None:
    assert related({"body": "a"}, None, None) == {"body": "a"}


def test_keys_are_found_again() -> None:
    assert key_of(keyed({"org.matrix.msc3381.poll.start": {}}, "k")) == "k"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"io.calbot": None},
        {"io.calbot": {"key": 1}},
        {"m.new_content": [], "io.calbot": "x"},
        {"m.new_content": {}},
    ],
)
def test_contents_of_others_have_no_key(content: dict[str, object]) -> None:
    assert key_of(content) is None


@pytest.mark.parametrize("mentions", [None, [], {"user_ids": None}, {"user_ids": [1, None]}, {"room": True}])
def test_odd_mentions_mention_nobody(mentions: object) -> None:
    assert mentioned_in({"m.mentions": mentions}) == frozenset()


def test_the_limit_is_that_of_the_encrypted_event() -> None:
    require_size({"body": "x" * 45_000})
    with pytest.raises(UserError) as refused:
        require_size({"body": "ü" * 10_000})  # six bytes each in the JSON that is encrypted
    assert refused.value.code is Code.LIMIT
