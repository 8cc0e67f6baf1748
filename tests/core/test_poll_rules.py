"""Every rule by which votes are counted, with its source, from the events as clients send them to who voted for what.

Sources: MSC3381 (matrix-spec-proposals 3381, accepted), what matrix-js-sdk 43 and ruma do where the text leaves room or
clients differ from it, and calbot's own contract with its users ("ours").
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core import polls
from calbot.core.model import CalendarName, EventId, RoomId, UserId
from calbot.core.permissions import PowerLevels
from calbot.core.poll_events import is_end, is_response, read_reaction, read_response
from calbot.core.poll_model import End, Option, Poll, PollOptions, PollState, Vote, Way
from calbot.core.polls import Excluded, Tally

BOT = UserId("@calbot:example.org")
ANNA, BEN, CARL, EVA = (UserId(f"@{name}:example.org") for name in ("anna", "ben", "carl", "eva"))
STRANGER = UserId("@stranger:evil.example")
MODERATOR = UserId("@moderator:example.org")
JOINED = frozenset({ANNA, BEN, CARL, MODERATOR, BOT, STRANGER})  # Eva has left
SERVERS = frozenset({"example.org"})
POWER = PowerLevels(users={MODERATOR: 50, STRANGER: 100})
IDS = ("a", "b", "c")

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Sent:
    """An event as the server has it; a redacted one is without its content and relation."""

    id: str
    sender: UserId
    at: int
    type: str
    content: Content


def sent(sender: UserId, at: int, type: str, content: Content, id: str = "") -> Sent:
    return Sent(id or f"${sender}-{at}-{type}", sender, at, type, content)


def unstable(sender: UserId, at: int, *answers: str, id: str = "") -> Sent:
    """As Element Web and Element X send it."""
    part = {"org.matrix.msc3381.poll.response": {"answers": list(answers)}}
    return sent(sender, at, "org.matrix.msc3381.poll.response", part, id)


def js_stable(sender: UserId, at: int, *answers: str) -> Sent:
    """What matrix-js-sdk calls stable."""
    return sent(sender, at, "m.poll.response", {"m.poll.response": {"answers": list(answers)}})


def stable(sender: UserId, at: int, *answers: str) -> Sent:
    """As the proposal was accepted."""
    return sent(sender, at, "m.poll.response", {"m.selections": list(answers)})


def raw(sender: UserId, at: int, part: object) -> Sent:
    return sent(sender, at, "org.matrix.msc3381.poll.response", {"org.matrix.msc3381.poll.response": part})


def typed(sender: UserId, at: int, *answers: str) -> Sent:
    """`!meet vote`, as it is stored."""
    return sent(sender, at, "vote", {"answers": answers})


def react(sender: UserId, at: int, number: str) -> Sent:
    relation = {"rel_type": "m.annotation", "event_id": "$text", "key": f"{number}\ufe0f\u20e3"}
    return sent(sender, at, "m.reaction", {"m.relates_to": relation}, f"${sender}-{at}-{number}")


def redacted(event: Sent) -> Sent:
    """The server takes the relation away, so it is not among what refers to the poll any more."""
    return replace(event, content={}, type="")


def ended(sender: UserId, at: int, type: str = "org.matrix.msc3381.poll.end") -> Sent:
    return sent(sender, at, type, {type: {}, "m.poll.results": {"a": 99}})


def poll(most: int = 3, creator: UserId = BOT) -> Poll:
    return Poll(
        key="poll",
        room=RoomId("!room:example.org"),
        asker=ANNA,
        by_bot=creator == BOT,
        creator=creator,
        created_at=10,
        title="Budgetrunde",
        options=tuple(Option(id, id.upper(), None) for id in IDS),
        max_selections=most,
        behaviour=PollOptions(single=most == 1),
        asked=(),
        required=(),
        optional=(),
        calendar=CalendarName("it-team"),
        until=None,
        state=PollState.CLOSING,
    )


def count(events: Sequence[Sent], asked: Poll, power: PowerLevels = POWER) -> Tally:
    """As the bot does it: what refers to the poll, read and counted up to the end that holds."""
    votes: list[Vote] = []
    ends: list[End] = []
    for event in events:
        id = EventId(event.id)
        if is_response(event.type):
            votes.append(read_response(id, event.sender, event.at, event.content))
        elif is_end(event.type):
            ends.append(End(id, event.sender, event.at))
        elif event.type == "m.reaction":
            reaction = read_reaction(id, event.sender, event.at, event.content, IDS)
            votes += [reaction] if reaction is not None else []
        elif event.type == "vote":
            votes.append(Vote(id, event.sender, event.at, Way.COMMAND, event.content["answers"]))
    end = polls.valid_end(ends, asked.creator, power, servers=SERVERS)
    cutoff = None if end is None else end.at
    return polls.count(asked, votes, cutoff=cutoff, joined=JOINED, bot=BOT, servers=SERVERS)


SINGLE = poll(most=1)
TWO = poll(most=2)
BENS = poll(creator=BEN)

# source, rule, what was sent, the poll, who voted for what
RULES: Sequence[tuple[str, str, Sequence[Sent], Poll, Mapping[UserId, str]]] = [
    # the three shapes
    ("MSC3381", "unstable responses are read", [unstable(BEN, 20, "a")], poll(), {BEN: "a"}),
    ("MSC3381", "stable responses are read", [stable(BEN, 20, "a", "c")], poll(), {BEN: "ac"}),
    ("js-sdk", "so are those of its own stable shape", [js_stable(BEN, 20, "b")], poll(), {BEN: "b"}),
    ("MSC3381", "shapes replace one another", [unstable(BEN, 20, "a"), stable(BEN, 30, "b")], poll(), {BEN: "b"}),
    # one vote of each
    ("MSC3381", "the latest by origin_server_ts", [unstable(BEN, 20, "a"), unstable(BEN, 30, "b")], poll(), {BEN: "b"}),
    ("MSC3381", "whatever came first", [unstable(BEN, 30, "b"), unstable(BEN, 20, "a")], poll(), {BEN: "b"}),
    ("MSC3381", "the latest, even if invalid", [unstable(BEN, 20, "a"), unstable(BEN, 30, "z")], poll(), {}),
    (
        "ours",
        "of the same millisecond: the smaller event id",
        [unstable(BEN, 20, "b", id="$2"), unstable(BEN, 20, "a", id="$1")],
        poll(),
        {BEN: "a"},
    ),
    ("ours", "the same event twice is one vote", [unstable(BEN, 20, "a"), unstable(BEN, 20, "a")], poll(), {BEN: "a"}),
    ("MSC3381", "before the poll counts: clocks differ", [unstable(BEN, 1, "a")], poll(), {BEN: "a"}),
    # what is in a vote
    ("MSC3381", "one unknown id spoils all", [unstable(BEN, 20, "a", "z")], poll(), {}),
    ("MSC3381", "unknown ids spoil beyond the limit too", [unstable(BEN, 20, "a", "b", "z")], TWO, {}),
    ("MSC3381", "too many are cut off", [unstable(BEN, 20, "c", "a", "b")], TWO, {BEN: "ac"}),
    ("MSC3381", "of a single choice the first counts", [unstable(BEN, 20, "b", "a")], SINGLE, {BEN: "b"}),
    ("ruma", "cut off before what is double counts once", [unstable(BEN, 20, "b", "b", "a")], TWO, {BEN: "b"}),
    ("MSC3381", "an empty list withdraws", [unstable(BEN, 20, "a"), unstable(BEN, 30)], poll(), {}),
    ("js-sdk", "so do missing answers", [unstable(BEN, 20, "a"), raw(BEN, 30, {})], poll(), {}),
    ("MSC3381", "an empty stable list withdraws", [stable(BEN, 20, "a"), stable(BEN, 30)], poll(), {}),
    ("MSC3381", "answers that are no list spoil", [unstable(BEN, 20, "a"), raw(BEN, 30, {"answers": "b"})], poll(), {}),
    ("MSC3381", "answers that are no texts spoil", [raw(BEN, 30, {"answers": ["a", 1]})], poll(), {}),
    ("MSC3381", "a vote after a withdrawal counts", [unstable(BEN, 20), unstable(BEN, 30, "c")], poll(), {BEN: "c"}),
    (
        "MSC3381",
        "a redacted vote uncovers the one before",
        [unstable(BEN, 20, "a"), redacted(unstable(BEN, 30, "b"))],
        poll(),
        {BEN: "a"},
    ),
    ("MSC3381", "an only one that is redacted is none", [redacted(unstable(BEN, 20, "a"))], poll(), {}),
    # the three ways
    ("ours", "`vote` replaces a response", [unstable(BEN, 20, "a"), typed(BEN, 30, "b", "c")], poll(), {BEN: "bc"}),
    ("ours", "a response replaces `vote`", [typed(BEN, 20, "b"), unstable(BEN, 30, "a")], poll(), {BEN: "a"}),
    ("ours", "`vote none` withdraws a response", [unstable(BEN, 20, "a"), typed(BEN, 30)], poll(), {}),
    ("ours", "reactions together are one vote", [react(BEN, 20, "1"), react(BEN, 30, "3")], poll(), {BEN: "ac"}),
    ("ours", "dated by the last one added", [react(BEN, 20, "1"), unstable(BEN, 30, "b")], poll(), {BEN: "b"}),
    (
        "ours",
        "which brings back those before",
        [react(BEN, 20, "1"), typed(BEN, 30, "b"), react(BEN, 40, "3")],
        poll(),
        {BEN: "ac"},
    ),
    ("ours", "a reaction taken back is none", [react(BEN, 20, "1"), redacted(react(BEN, 30, "3"))], poll(), {BEN: "a"}),
    ("ours", "of too many the last added count", [react(BEN, 20, "1"), react(BEN, 30, "3")], SINGLE, {BEN: "c"}),
    ("ours", "a number of no option is nothing", [unstable(BEN, 20, "a"), react(BEN, 30, "9")], poll(), {BEN: "a"}),
    # who votes
    ("ours", "only who is in the room", [unstable(EVA, 20, "a"), unstable(BEN, 20, "b")], poll(), {BEN: "b"}),
    ("ours", "nobody of a server that is not allowed", [unstable(STRANGER, 20, "a")], poll(), {}),
    ("ours", "not the bot", [unstable(BOT, 20, "a"), typed(BOT, 30, "a")], poll(), {}),
    # until when
    (
        "MSC3381",
        "not after the end",
        [unstable(BEN, 20, "a"), ended(BOT, 30), unstable(BEN, 31, "b")],
        poll(),
        {BEN: "a"},
    ),
    ("MSC3381", "at the time of the end counts", [ended(BOT, 30), unstable(BEN, 30, "b")], poll(), {BEN: "b"}),
    ("MSC3381", "no vote but one after the end", [ended(BOT, 30), unstable(BEN, 40, "b")], poll(), {}),
    (
        "MSC3381",
        "a withdrawal after the end is none",
        [unstable(BEN, 20, "a"), ended(BOT, 30), unstable(BEN, 40)],
        poll(),
        {BEN: "a"},
    ),
    (
        "ours",
        "a reaction after the end adds nothing",
        [react(BEN, 20, "1"), ended(BOT, 30), react(BEN, 40, "3")],
        poll(),
        {BEN: "a"},
    ),
    ("MSC3381", "an end by anybody is none", [ended(CARL, 15), unstable(BEN, 20, "a")], poll(), {BEN: "a"}),
    (
        "MSC3381",
        "nor by the asker: the bot made the poll",
        [ended(ANNA, 15), unstable(BEN, 20, "a")],
        poll(),
        {BEN: "a"},
    ),
    ("MSC3381", "one by the creator holds", [ended(BEN, 15), unstable(CARL, 20, "a")], BENS, {}),
    ("MSC3381", "one by who may redact holds", [ended(MODERATOR, 15), unstable(BEN, 20, "a")], poll(), {}),
    ("ours", "never one of a foreign server", [ended(STRANGER, 15), unstable(BEN, 20, "a")], poll(), {BEN: "a"}),
    (
        "MSC3381",
        "the first valid one of several holds",
        [ended(BOT, 50), ended(MODERATOR, 25), unstable(BEN, 20, "a"), unstable(CARL, 40, "b")],
        poll(),
        {BEN: "a"},
    ),
    (
        "MSC3381",
        "a wrong one before does not",
        [ended(CARL, 15), ended(BOT, 30), unstable(BEN, 20, "a"), unstable(CARL, 40, "b")],
        poll(),
        {BEN: "a"},
    ),
    ("MSC3381", "stable ends hold too", [ended(BOT, 15, "m.poll.end"), unstable(BEN, 20, "a")], poll(), {}),
    ("MSC3381", "results in an end are not believed", [ended(BOT, 30), unstable(BEN, 20, "b")], poll(), {BEN: "b"}),
    ("MSC3381", "a redacted end is none", [redacted(ended(BOT, 15)), unstable(BEN, 20, "a")], poll(), {BEN: "a"}),
]


@pytest.mark.parametrize(
    ("source", "rule", "events", "asked", "votes"), RULES, ids=[f"{source}: {rule}" for source, rule, *_ in RULES]
)
def test_a_rule(source: str, rule: str, events: Sequence[Sent], asked: Poll, votes: Mapping[UserId, str]) -> None:
    expected = {user: tuple(chosen) for user, chosen in votes.items()}
    assert count(events, asked).ballots == expected
    assert count(events[::-1], asked).ballots == expected


def test_creators_of_a_room_of_version_12_end_polls_without_a_level() -> None:
    events = [ended(CARL, 15), unstable(BEN, 20, "a")]
    assert count(events, poll(), PowerLevels(creators=frozenset({CARL}))).ballots == {}
    assert count(events, poll(), PowerLevels()).ballots == {BEN: ("a",)}


def test_whose_vote_does_not_count_is_known() -> None:
    tally = count(
        [unstable(ANNA, 20, "z"), unstable(BEN, 20), unstable(EVA, 20, "a"), unstable(STRANGER, 20, "a")], poll()
    )
    assert (tally.spoiled, tally.withdrawn) == ((ANNA,), (BEN,))
    assert tally.excluded == {EVA: Excluded.LEFT, STRANGER: Excluded.FOREIGN}


EVENTS = [event for _, _, events, *_ in RULES for event in events]


@given(
    drawn=st.lists(st.sampled_from(EVENTS), max_size=25),
    chance=st.randoms(use_true_random=False),
    cut=st.integers(0, 25),
    most=st.integers(1, 3),
)
def test_neither_order_nor_duplicates_nor_restarts_change_the_result(
    drawn: list[Sent], chance: random.Random, cut: int, most: int
) -> None:
    """Whatever was read of the poll before a restart, and counted: what is read again after it decides."""
    events = list({event.id: event for event in drawn}.values())  # an id is one event, redacted or not
    whole = count(events, poll(most))
    part = events[:cut]
    count(part, poll(most))
    arrived = [*events, *part]
    chance.shuffle(arrived)
    again = count(arrived, poll(most))
    assert again == whole
    assert list(again.ballots) == list(whole.ballots)
