from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.model import EventId, UserId
from calbot.core.poll_events import (
    POLL_TYPES,
    Answer,
    PollStart,
    annotated_event,
    is_end,
    is_response,
    is_start,
    number_reaction,
    reaction_number,
    read_reaction,
    read_response,
    read_start,
    referenced_event,
    replaced_event,
)
from calbot.core.poll_model import Vote, Way

ANNA = UserId("@anna:example.org")

ELEMENT_WEB: dict[str, Any] = {
    "org.matrix.msc3381.poll.start": {
        "question": {"org.matrix.msc1767.text": "When?", "body": "When?", "msgtype": "m.text"},
        "kind": "org.matrix.msc3381.poll.disclosed",
        "max_selections": 2,
        "answers": [
            {"id": "3vLhdxn7nEgvfkqD", "org.matrix.msc1767.text": "Mon 10:00"},
            {"id": "iLdP14XfRhEnSeHx", "org.matrix.msc1767.text": "Tue 10:00"},
        ],
    },
    "org.matrix.msc1767.text": "When?\n1. Mon 10:00\n2. Tue 10:00",
}
READ = PollStart("When?", (Answer("3vLhdxn7nEgvfkqD", "Mon 10:00"), Answer("iLdP14XfRhEnSeHx", "Tue 10:00")), 2, True)


def unstable(**changes: Any) -> dict[str, Any]:
    """A start by the unstable names; an argument replaces a key of the poll, None takes it away."""
    part = {**ELEMENT_WEB["org.matrix.msc3381.poll.start"], **changes}
    return {"org.matrix.msc3381.poll.start": {key: value for key, value in part.items() if value is not None}}


def answers(*ids: str) -> list[dict[str, str]]:
    return [{"id": one, "org.matrix.msc1767.text": one.upper()} for one in ids]


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("as Element Web sends it", ELEMENT_WEB),
        (
            "the same shape under the stable name, as matrix-js-sdk reads it",
            {"m.poll.start": unstable()["org.matrix.msc3381.poll.start"]},
        ),
        (
            "the shape of the accepted proposal",
            {
                "m.text": [{"body": "When? 1. Mon 10:00"}],
                "m.poll": {
                    "kind": "m.disclosed",
                    "max_selections": 2,
                    "question": {"m.text": [{"body": "<b>When?</b>", "mimetype": "text/html"}, {"body": "When?"}]},
                    "answers": [
                        {"m.id": "3vLhdxn7nEgvfkqD", "m.text": [{"body": "Mon 10:00", "mimetype": "text/plain"}]},
                        {"m.id": "iLdP14XfRhEnSeHx", "m.text": [{"body": "Tue 10:00"}]},
                    ],
                },
            },
        ),
        (
            "an edit, which comes as another start",
            {
                "m.new_content": ELEMENT_WEB,
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$poll"},
                "org.matrix.msc3381.poll.start": {"question": {"body": "* old"}, "answers": []},
            },
        ),
    ],
)
def test_a_start_is_read_in_every_shape(what: str, content: dict[str, Any]) -> None:
    assert read_start(content) == READ, what


@pytest.mark.parametrize(
    ("kind", "disclosed"),
    [
        ("org.matrix.msc3381.poll.disclosed", True),
        ("m.disclosed", True),
        ("m.poll.disclosed", True),
        ("org.matrix.msc3381.poll.undisclosed", False),
        ("m.undisclosed", False),
        ("something new", False),
        (None, False),
        (7, False),
    ],
)
def test_a_poll_is_undisclosed_unless_it_says_otherwise(kind: object, disclosed: bool) -> None:
    start = read_start(unstable(kind=kind))
    assert start is not None
    assert start.disclosed is disclosed


@pytest.mark.parametrize(
    ("given_", "read"), [(1, 1), (2, 2), (50, 50), (0, 1), (-3, 1), (None, 1), ("2", 1), (2.0, 1), (True, 1), ([2], 1)]
)
def test_max_selections_is_at_least_one(given_: object, read: int) -> None:
    start = read_start(unstable(max_selections=given_))
    assert start is not None
    assert start.max_selections == read


def test_answers_beyond_the_twentieth_are_cut_off() -> None:
    ids = [f"a{number}" for number in range(25)]
    start = read_start(unstable(answers=answers(*ids)))
    assert start is not None
    assert [answer.id for answer in start.answers] == ids[:20]


def test_what_is_cut_off_may_be_malformed() -> None:
    start = read_start(unstable(answers=[*answers(*(f"a{number}" for number in range(20))), {"id": 7}]))
    assert start is not None
    assert len(start.answers) == 20


@pytest.mark.parametrize(
    ("why", "content"),
    [
        ("redacted", {}),
        ("null", {"org.matrix.msc3381.poll.start": None}),
        ("not a mapping", {"org.matrix.msc3381.poll.start": "poll"}),
        ("no question", unstable(question=None)),
        ("a question without text", unstable(question={"msgtype": "m.text"})),
        ("a question in HTML alone", unstable(question={"m.text": [{"body": "<b>?</b>", "mimetype": "text/html"}]})),
        ("a question that is a text", unstable(question="When?")),
        ("no answers", unstable(answers=None)),
        ("an empty list of answers", unstable(answers=[])),
        ("answers that are no list", unstable(answers={"id": "a"})),
        ("an answer without id", unstable(answers=[*answers("a"), {"org.matrix.msc1767.text": "B"}])),
        ("an answer whose id is a number", unstable(answers=[*answers("a"), {"id": 2, "body": "B"}])),
        ("an answer whose id is empty", unstable(answers=answers("a", ""))),
        ("an answer without text", unstable(answers=[*answers("a"), {"id": "b"}])),
        ("an answer that is a text", unstable(answers=[*answers("a"), "b"])),
        ("the same id twice", unstable(answers=answers("a", "b", "a"))),
        ("an edit without content", {**ELEMENT_WEB, "m.relates_to": {"rel_type": "m.replace", "event_id": "$poll"}}),
    ],
)
def test_what_is_no_poll(why: str, content: dict[str, Any]) -> None:
    assert read_start(content) is None, why


@pytest.mark.parametrize(
    ("what", "content", "chosen"),
    [
        ("unstable", {"org.matrix.msc3381.poll.response": {"answers": ["a"]}}, ("a",)),
        ("several", {"org.matrix.msc3381.poll.response": {"answers": ["b", "a", "b"]}}, ("b", "a", "b")),
        ("js-sdk's stable shape", {"m.poll.response": {"answers": ["a"]}}, ("a",)),
        ("the accepted proposal", {"m.selections": ["a", "b"]}, ("a", "b")),
        ("an empty list withdraws", {"org.matrix.msc3381.poll.response": {"answers": []}}, ()),
        ("js-sdk withdraws without answers", {"org.matrix.msc3381.poll.response": {}}, ()),
        ("withdrawn by the accepted proposal", {"m.selections": []}, ()),
        ("unknown ids are for the count to judge", {"m.selections": ["nobody knows"]}, ("nobody knows",)),
        ("nothing of a response in it", {"m.relates_to": {"rel_type": "m.reference", "event_id": "$poll"}}, None),
        ("null", {"org.matrix.msc3381.poll.response": None}, None),
        ("not a mapping", {"org.matrix.msc3381.poll.response": ["a"]}, None),
        ("answers null", {"org.matrix.msc3381.poll.response": {"answers": None}}, None),
        ("answers a text", {"org.matrix.msc3381.poll.response": {"answers": "a"}}, None),
        ("answers a mapping", {"org.matrix.msc3381.poll.response": {"answers": {"a": True}}}, None),
        ("a number among the answers", {"org.matrix.msc3381.poll.response": {"answers": ["a", 1]}}, None),
        ("selections a text", {"m.selections": "a"}, None),
    ],
)
def test_a_response(what: str, content: dict[str, Any], chosen: tuple[str, ...] | None) -> None:
    vote = read_response(EventId("$vote"), ANNA, 1000, content)
    assert vote == Vote(EventId("$vote"), ANNA, 1000, Way.RESPONSE, chosen), what


@pytest.mark.parametrize(
    ("key", "number"),
    [
        *((f"{digit}\ufe0f\u20e3", digit) for digit in range(1, 10)),  # as keyboards send them
        *((f"{digit}\u20e3", digit) for digit in range(1, 10)),
        ("1\u20e3\ufe0f", 1),
        ("2\ufe0e\u20e3", 2),
        ("🔟", 10),
        ("🔟\ufe0f", 10),
        ("0\ufe0f\u20e3", None),
        ("#\ufe0f\u20e3", None),
        ("1", None),
        ("11\u20e3", None),
        ("👍", None),
        ("\ufe0f", None),
        ("", None),
    ],
)
def test_number_reactions(key: str, number: int | None) -> None:
    assert reaction_number(key) == number


@pytest.mark.parametrize(
    ("what", "relation", "chosen"),
    [
        ("a number of an option", {"rel_type": "m.annotation", "event_id": "$text", "key": "2️⃣"}, ("b",)),
        ("a number of no option", {"rel_type": "m.annotation", "event_id": "$text", "key": "4️⃣"}, None),
        ("no number", {"rel_type": "m.annotation", "event_id": "$text", "key": "👍"}, None),
        ("no key", {"rel_type": "m.annotation", "event_id": "$text"}, None),
        ("a key that is no text", {"rel_type": "m.annotation", "event_id": "$text", "key": 2}, None),
        ("no reaction", {"rel_type": "m.reference", "event_id": "$text", "key": "2️⃣"}, None),
        ("redacted", None, None),
    ],
)
def test_a_reaction(what: str, relation: dict[str, Any] | None, chosen: tuple[str, ...] | None) -> None:
    content = {} if relation is None else {"m.relates_to": relation}
    vote = read_reaction(EventId("$vote"), ANNA, 1000, content, ["a", "b", "c"])
    assert vote == (chosen and Vote(EventId("$vote"), ANNA, 1000, Way.REACTION, chosen)), what


@pytest.mark.parametrize(
    ("relation", "referenced", "annotated", "replaced"),
    [
        ({"rel_type": "m.reference", "event_id": "$a"}, "$a", None, None),
        ({"rel_type": "m.annotation", "event_id": "$a", "key": "1️⃣"}, None, "$a", None),
        ({"rel_type": "m.replace", "event_id": "$a"}, None, None, "$a"),
        ({"rel_type": "m.thread", "event_id": "$a"}, None, None, None),
        ({"rel_type": "m.reference", "event_id": 7}, None, None, None),
        ({"rel_type": "m.reference", "event_id": ""}, None, None, None),
        ({"rel_type": "m.reference"}, None, None, None),
        ({"rel_type": ["m.reference"], "event_id": "$a"}, None, None, None),
        ("m.reference", None, None, None),
        (None, None, None, None),
    ],
)
def test_what_an_event_is_about(
    relation: object, referenced: str | None, annotated: str | None, replaced: str | None
) -> None:
    content = {"m.relates_to": relation}
    assert (referenced_event(content), annotated_event(content), replaced_event(content)) == (
        referenced,
        annotated,
        replaced,
    )


def test_every_poll_event_type_is_one_thing() -> None:
    kinds = {name: (is_start(name), is_response(name), is_end(name)) for name in POLL_TYPES}
    assert kinds == {
        "org.matrix.msc3381.poll.start": (True, False, False),
        "m.poll.start": (True, False, False),
        "org.matrix.msc3381.poll.response": (False, True, False),
        "m.poll.response": (False, True, False),
        "org.matrix.msc3381.poll.end": (False, False, True),
        "m.poll.end": (False, False, True),
    }
    other = "m.room.message"
    assert (is_start(other), is_response(other), is_end(other)) == (False, False, False)


KEYS = st.sampled_from(
    [
        "org.matrix.msc3381.poll.start", "m.poll.start", "m.poll", "org.matrix.msc3381.poll.response",
        "m.poll.response", "m.selections", "answers", "question", "id", "m.id", "m.text", "org.matrix.msc1767.text",
        "body", "mimetype", "kind", "max_selections", "m.relates_to", "m.new_content", "rel_type", "event_id", "key",
    ]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("m.replace")
JSON = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=4) | st.dictionaries(KEYS, part, max_size=4), max_leaves=20
)


@given(st.dictionaries(KEYS, JSON, max_size=5))
def test_no_content_whatever_breaks_the_readers(content: dict[str, Any]) -> None:
    start = read_start(content)
    if start is not None:
        assert 1 <= len(start.answers) <= 20
        assert start.max_selections >= 1
        assert len({answer.id for answer in start.answers}) == len(start.answers)
    vote = read_response(EventId("$vote"), ANNA, 0, content)
    assert vote.answers is None or all(isinstance(answer, str) for answer in vote.answers)
    assert read_reaction(EventId("$vote"), ANNA, 0, content, ["a"]) is None or start is None


@pytest.mark.parametrize(("number", "key"), [(1, "1️⃣"), (9, "9️⃣"), (10, "🔟")])
def test_a_number_to_tap_on_is_the_one_that_clients_send(number: int, key: str) -> None:
    assert number_reaction(number) == key
    assert reaction_number(key) == number
