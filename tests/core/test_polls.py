from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core import polls
from calbot.core.model import AllDay, CalendarName, EventId, PartStat, Role, RoomId, Timed, UserId, When
from calbot.core.permissions import PowerLevels
from calbot.core.poll_events import Answer, PollStart
from calbot.core.poll_model import Decision, End, Option, Poll, PollOptions, PollState, Quorum, Vote, Way
from calbot.core.polls import (
    AllBegun,
    Excluded,
    NoVotes,
    Outcome,
    Participation,
    PollEdit,
    QuorumMissed,
    Tally,
    Winner,
    WinnerUnreadable,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 10, tzinfo=BERLIN)
BOT = UserId("@calbot:example.org")
ANNA, BEN, CARL, DORA, EVA = (UserId(f"@{name}:example.org") for name in ("anna", "ben", "carl", "dora", "eva"))
STRANGER = UserId("@stranger:evil.example")
JOINED = frozenset({ANNA, BEN, CARL, DORA, BOT, STRANGER})
SERVERS = frozenset({"example.org"})
END = 1000


def on(day: int, hour: int = 10) -> Timed:
    start = datetime(2026, 11, day, hour, tzinfo=BERLIN)
    return Timed(start, start + timedelta(hours=1))


def option(name: str, when: When | None) -> Option:
    return Option(name, name.upper(), when)


OPTIONS = (option("a", on(26)), option("b", on(25)), option("c", on(24)))


def poll(
    options: tuple[Option, ...] = OPTIONS,
    *,
    asked: tuple[UserId, ...] = (),
    required: tuple[UserId, ...] = (),
    optional: tuple[UserId, ...] = (),
    quorum: Quorum | None = None,
    most: int = 3,
    chosen: str | None = None,
) -> Poll:
    return Poll(
        key="poll-1",
        room=RoomId("!room:example.org"),
        asker=ANNA,
        by_bot=True,
        creator=BOT,
        created_at=0,
        title="Budgetrunde",
        options=options,
        max_selections=most,
        behaviour=PollOptions(quorum=quorum),
        asked=asked,
        required=required,
        optional=optional,
        calendar=CalendarName("it-team"),
        until=None,
        state=PollState.CLOSING,
        chosen=chosen,
    )


def vote(
    sender: UserId, at: int, *answers: str, way: Way = Way.RESPONSE, spoiled: bool = False, event: str = ""
) -> Vote:
    return Vote(EventId(event or f"${sender}-{at}-{way.value}"), sender, at, way, None if spoiled else answers)


def react(sender: UserId, at: int, answer: str) -> Vote:
    return vote(sender, at, answer, way=Way.REACTION)


def count(votes: Sequence[Vote], asked_in: Poll | None = None, *, cutoff: int | None = END) -> Tally:
    return polls.count(asked_in or poll(), votes, cutoff=cutoff, joined=JOINED, bot=BOT, servers=SERVERS)


# Each rule with its source: MSC3381, what clients do (matrix-js-sdk, ruma), or our own contract.
@pytest.mark.parametrize(
    ("rule", "votes", "ballots"),
    [
        ("a vote counts", [vote(BEN, 1, "a")], {BEN: ("a",)}),
        ("MSC3381: the latest by origin_server_ts", [vote(BEN, 1, "a"), vote(BEN, 2, "b")], {BEN: ("b",)}),
        ("MSC3381: by server time, not by arrival", [vote(BEN, 2, "b"), vote(BEN, 1, "a")], {BEN: ("b",)}),
        ("MSC3381: the latest counts even when it is invalid", [vote(BEN, 1, "a"), vote(BEN, 2, "x")], {}),
        ("MSC3381: later than the end is ignored", [vote(BEN, 1, "a"), vote(BEN, END + 1, "b")], {BEN: ("a",)}),
        ("MSC3381: at the time of the end counts", [vote(BEN, 1, "a"), vote(BEN, END, "b")], {BEN: ("b",)}),
        ("MSC3381: earlier than the poll counts", [vote(BEN, -5, "a")], {BEN: ("a",)}),
        ("MSC3381: one unknown answer spoils all", [vote(BEN, 1, "a", "x")], {}),
        ("MSC3381: unknown ones spoil before it is cut off", [vote(BEN, 1, "a", "b", "c", "x")], {}),
        ("MSC3381: malformed answers spoil", [vote(BEN, 1, spoiled=True)], {}),
        ("MSC3381: no answers withdraw", [vote(BEN, 1, "a"), vote(BEN, 2)], {}),
        ("MSC3381: a vote after a withdrawal counts", [vote(BEN, 1), vote(BEN, 2, "a")], {BEN: ("a",)}),
        ("clients: the same answer twice counts once", [vote(BEN, 1, "b", "b")], {BEN: ("b",)}),
        ("answers come in the poll's order", [vote(BEN, 1, "c", "a")], {BEN: ("a", "c")}),
        ("people are apart", [vote(BEN, 1, "a"), vote(CARL, 1, "b")], {BEN: ("a",), CARL: ("b",)}),
        ("same time: smaller event id", [vote(BEN, 1, "b", event="$2"), vote(BEN, 1, "a", event="$1")], {BEN: ("a",)}),
        ("a repeated event counts once", [vote(BEN, 1, "a"), vote(BEN, 1, "a")], {BEN: ("a",)}),
        (
            "`vote` replaces a response",
            [vote(BEN, 1, "a"), vote(BEN, 2, "b", way=Way.COMMAND)],
            {BEN: ("b",)},
        ),
        (
            "a response replaces `vote`",
            [vote(BEN, 1, "b", way=Way.COMMAND), vote(BEN, 2, "a")],
            {BEN: ("a",)},
        ),
        ("`vote none` withdraws", [vote(BEN, 1, "a"), vote(BEN, 2, way=Way.COMMAND)], {}),
        ("reactions together are one vote", [react(BEN, 1, "a"), react(BEN, 2, "c")], {BEN: ("a", "c")}),
        (
            "a response replaces all reactions before it",
            [react(BEN, 1, "a"), react(BEN, 2, "c"), vote(BEN, 3, "b")],
            {BEN: ("b",)},
        ),
        (
            "one more reaction brings back those before",
            [react(BEN, 1, "a"), vote(BEN, 2, "b"), react(BEN, 3, "c")],
            {BEN: ("a", "c")},
        ),
        ("a reaction after the end is ignored", [react(BEN, 1, "a"), react(BEN, END + 1, "c")], {BEN: ("a",)}),
        ("the bot does not vote", [vote(BOT, 1, "a")], {}),
        ("people of other servers do not vote", [vote(STRANGER, 1, "a")], {}),
        ("people who left do not vote", [vote(EVA, 1, "a")], {}),
        ("nobody voted", [], {}),
    ],
)  # fmt: skip
def test_counting(rule: str, votes: list[Vote], ballots: dict[UserId, tuple[str, ...]]) -> None:
    assert count(votes).ballots == ballots, rule


@pytest.mark.parametrize(
    ("most", "answers", "ballot"),
    [
        (1, ("b", "a"), ("b",)),
        (2, ("c", "a", "b"), ("a", "c")),
        (2, ("b", "b", "a"), ("b",)),  # ruma and matrix-js-sdk cut off before they take what is double once
        (20, ("a", "b", "c"), ("a", "b", "c")),
    ],
)
def test_too_many_answers_are_cut_off(most: int, answers: tuple[str, ...], ballot: tuple[str, ...]) -> None:
    assert count([vote(BEN, 1, *answers)], poll(most=most)).ballots == {BEN: ballot}


def test_of_too_many_reactions_the_last_ones_count() -> None:
    votes = [react(BEN, 1, "a"), react(BEN, 3, "c"), react(BEN, 2, "b")]
    assert count(votes, poll(most=1)).ballots == {BEN: ("c",)}
    assert count(votes, poll(most=2)).ballots == {BEN: ("b", "c")}


@pytest.mark.parametrize(
    ("what", "before", "redacted", "ballot"),
    [
        ("a response", vote(BEN, 1, "a"), [vote(BEN, 2, "b")], ("a",)),
        ("a spoiled one", vote(BEN, 1, "a"), [vote(BEN, 2, "x")], ("a",)),
        ("a withdrawal", vote(BEN, 1, "a"), [vote(BEN, 2)], ("a",)),
        ("all reactions", vote(BEN, 1, "a"), [react(BEN, 2, "b"), react(BEN, 3, "c")], ("a",)),
        ("one reaction of two", react(BEN, 1, "a"), [react(BEN, 2, "c")], ("a",)),
    ],
)
def test_what_is_redacted_uncovers_the_vote_before(
    what: str, before: Vote, redacted: list[Vote], ballot: tuple[str, ...]
) -> None:
    assert count([before, *redacted]).ballots != {BEN: ballot}, what
    assert count([before]).ballots == {BEN: ballot}, what


def test_without_an_end_everything_counts() -> None:
    assert count([vote(BEN, END + 1, "a")], cutoff=None).ballots == {BEN: ("a",)}


def test_the_tally_says_whose_vote_does_not_count_and_why() -> None:
    tally = count(
        [
            vote(ANNA, 1, "x"),
            vote(BEN, 1, "a"),
            vote(CARL, 1),
            vote(DORA, 1, spoiled=True),
            vote(EVA, 1, "a"),
            vote(STRANGER, 1, "b"),
            vote(BOT, 1, "c"),
        ]
    )
    assert tally.spoiled == (ANNA, DORA)
    assert tally.withdrawn == (CARL,)
    assert tally.excluded == {EVA: Excluded.LEFT, STRANGER: Excluded.FOREIGN, BOT: Excluded.BOT}
    assert tally.ballots == {BEN: ("a",)}


@pytest.mark.parametrize(
    ("why", "asked_in", "asked"),
    [
        ("nobody in particular: everybody in the room", poll(), (ANNA, BEN, CARL, DORA)),
        ("the asker alone names nobody", poll(required=(ANNA,)), (ANNA, BEN, CARL, DORA)),
        ("those mentioned, and the asker", poll(asked=(BEN,)), (ANNA, BEN)),
        ("required and optional ones", poll(required=(BEN,), optional=(CARL,)), (ANNA, BEN, CARL)),
        ("not who left, and not strangers", poll(asked=(BEN, EVA, STRANGER)), (ANNA, BEN)),
    ],
)
def test_who_was_asked(why: str, asked_in: Poll, asked: tuple[UserId, ...]) -> None:
    tally = count([vote(BEN, 1, "a"), vote(DORA, 1, "a")], asked_in)
    assert tally.asked == asked, why
    assert tally.silent == tuple(user for user in asked if user not in (BEN, DORA)), why


VOTES = st.builds(
    Vote,
    event_id=st.integers(0, 15).map(lambda number: EventId(f"${number}")),
    sender=st.sampled_from([ANNA, BEN, CARL, EVA, STRANGER, BOT]),
    at=st.integers(0, 6).map(lambda number: number * 250),
    way=st.sampled_from(Way),
    answers=st.none() | st.lists(st.sampled_from(["a", "b", "c", "x"]), max_size=4).map(tuple),
)


@given(votes=st.lists(VOTES, max_size=20), data=st.data(), most=st.integers(1, 3))
def test_the_result_does_not_depend_on_order_duplicates_or_restarts(
    votes: list[Vote], data: st.DataObject, most: int
) -> None:
    """A restart reads again what was read before: some of the votes once more, in another order."""
    arrived = data.draw(st.permutations(votes))
    again = data.draw(st.lists(st.sampled_from(votes), max_size=10)) if votes else []
    asked_in = poll(most=most)
    first, second = count(votes, asked_in), count([*again, *arrived], asked_in)
    assert first == second
    assert list(first.ballots) == list(second.ballots)
    assert polls.decide(asked_in, first, now=NOW, zone=BERLIN) == polls.decide(asked_in, second, now=NOW, zone=BERLIN)


@given(votes=st.lists(VOTES, max_size=20), late=st.lists(VOTES, max_size=5))
def test_what_comes_after_the_end_changes_nothing(votes: list[Vote], late: list[Vote]) -> None:
    after = [replace(one, at=END + 1 + one.at, event_id=EventId(f"$late{place}")) for place, one in enumerate(late)]
    assert count(votes) == count([*votes, *after])


@given(votes=st.lists(VOTES, max_size=20))
def test_everybody_stands_in_one_place(votes: list[Vote]) -> None:
    tally = count(votes)
    placed = [*tally.ballots, *tally.spoiled, *tally.withdrawn, *tally.excluded]
    assert sorted(placed) == sorted({one.sender for one in votes if one.at <= END})
    assert all(chosen and set(chosen) <= {"a", "b", "c"} for chosen in tally.ballots.values())


@given(votes=st.lists(VOTES, max_size=12))
def test_what_one_person_votes_is_nothing_to_the_others(votes: list[Vote]) -> None:
    without = [one for one in votes if one.sender != BEN]
    tally = count(votes)
    assert {user: chosen for user, chosen in tally.ballots.items() if user != BEN} == count(without).ballots


# ------------------------------------------------------------------------------------------------------------- the end

MODERATOR = UserId("@moderator:example.org")
POWER = PowerLevels(users={MODERATOR: 50, STRANGER: 100})


def end(sender: UserId, at: int, event: str | None = None) -> End:
    return End(EventId(event or f"${sender}-{at}"), sender, at)


@pytest.mark.parametrize(
    ("rule", "ends", "power", "valid"),
    [
        ("no end", [], POWER, None),
        ("by the creator", [end(BOT, 5)], POWER, end(BOT, 5)),
        ("by a moderator", [end(MODERATOR, 5)], POWER, end(MODERATOR, 5)),
        ("not by anybody else, not even the asker", [end(ANNA, 5)], POWER, None),
        ("the first valid one, by server time", [end(BOT, 9), end(MODERATOR, 5)], POWER, end(MODERATOR, 5)),
        ("a wrong one before does not count", [end(ANNA, 1), end(BOT, 9)], POWER, end(BOT, 9)),
        ("same time: smaller event id", [end(BOT, 5, "$2"), end(MODERATOR, 5, "$1")], POWER, end(MODERATOR, 5, "$1")),
        ("never by somebody of another server", [end(STRANGER, 5)], POWER, None),
        ("level of the room's `redact`", [end(MODERATOR, 5)], replace(POWER, redact=51), None),
        ("a room in which everybody may redact", [end(ANNA, 5)], PowerLevels(redact=0), end(ANNA, 5)),
        ("creators of a room of version 12", [end(CARL, 5)], PowerLevels(creators=frozenset({CARL})), end(CARL, 5)),
        ("a closing without an event", [End(None, BOT, 5)], POWER, End(None, BOT, 5)),
    ],
)  # fmt: skip
def test_the_valid_end(rule: str, ends: list[End], power: PowerLevels, valid: End | None) -> None:
    assert polls.valid_end(ends, BOT, power, servers=SERVERS) == valid, rule
    assert polls.valid_end(reversed(ends), BOT, power, servers=SERVERS) == valid, rule


# ------------------------------------------------------------------------------------------------------------ deciding


def tally_of(asked_in: Poll, **ballots: str) -> Tally:
    """Ballots by first names: anna="ab"."""
    votes = [vote(UserId(f"@{name}:example.org"), 1, *chosen) for name, chosen in ballots.items()]
    return count(votes, asked_in)


def decide(asked_in: Poll, *, now: datetime = NOW, **ballots: str) -> Outcome:
    return polls.decide(asked_in, tally_of(asked_in, **ballots), now=now, zone=BERLIN)


@pytest.mark.parametrize(
    ("rule", "asked_in", "ballots", "winner", "tied", "ahead"),
    [
        ("most people", poll(), {"ben": "ab", "carl": "ac"}, "a", "", ""),
        ("as many: the earlier one", poll(), {"anna": "ab"}, "b", "a", ""),
        ("as many: the earliest of all", poll(), {"anna": "abc"}, "c", "ab", ""),
        (
            "as many and as early: the first listed",
            poll((option("x", on(25)), option("y", on(25)))),
            {"anna": "xy"},
            "x",
            "y",
            "",
        ),
        (
            "required people weigh first",
            poll(required=(BEN, CARL)),
            {"anna": "a", "ben": "a", "carl": "a", "dora": "b"},
            "a",
            "",
            "",
        ),
        (
            "fewer people, but more required ones; that others had more is said",
            poll(required=(BEN,)),
            {"anna": "b", "ben": "b", "carl": "a", "dora": "a", "eva": "a"},
            "b",
            "a",
            "",
        ),
        (
            "one required outweighs any number of others",
            poll(required=(BEN,)),
            {"ben": "a", "carl": "b", "dora": "b"},
            "a",
            "",
            "b",
        ),
        (
            "the asker is always required",
            poll(),
            {"anna": "a", "ben": "b", "carl": "b"},
            "a",
            "",
            "b",
        ),
        ("as many required: most people", poll(required=(BEN,)), {"anna": "c", "ben": "a", "carl": "a"}, "a", "", ""),
    ],
)  # fmt: skip
def test_the_winner(rule: str, asked_in: Poll, ballots: dict[str, str], winner: str, tied: str, ahead: str) -> None:
    outcome = polls.decide(asked_in, tally_of(asked_in, **ballots), now=NOW, zone=BERLIN)
    assert isinstance(outcome, Winner), rule
    assert outcome.option.id == winner, rule
    assert "".join(one.id for one in outcome.tied) == tied, rule
    assert "".join(one.id for one in outcome.ahead) == ahead, rule


def test_the_winner_says_who_comes_and_which_required_people_do_not() -> None:
    outcome = decide(poll(required=(BEN, CARL, EVA)), anna="b", ben="b", dora="b", carl="a")
    assert isinstance(outcome, Winner)
    assert outcome.voters == (ANNA, BEN, DORA)
    assert outcome.required_missing == (CARL, EVA)


def test_nobody_voted() -> None:
    assert decide(poll()) == NoVotes()
    assert polls.decide(poll(), count([vote(BEN, 1), vote(CARL, 1, "x"), vote(EVA, 1, "a")]), now=NOW, zone=BERLIN) == (
        NoVotes()
    )


@pytest.mark.parametrize(
    ("why", "now", "winner"),
    [
        ("all ahead", NOW, "c"),
        ("a second before it begins", on(24).start - timedelta(seconds=1), "c"),
        ("it begins", on(24).start, "b"),
        ("it has begun", on(24).start + timedelta(minutes=5), "b"),
        ("the next has begun as well", on(25).start, "a"),
    ],
)
def test_what_has_begun_cannot_win(why: str, now: datetime, winner: str) -> None:
    outcome = decide(poll(), now=now, anna="abc", ben="bc", carl="c")
    assert isinstance(outcome, Winner), why
    assert outcome.option.id == winner, why
    better = {"c": [], "b": ["c"], "a": ["b", "c"]}[winner]
    assert [one.id for one in outcome.ahead] == better, why


def test_all_have_begun() -> None:
    assert decide(poll(), now=on(26).start, anna="abc") == AllBegun()


def test_what_nobody_voted_for_cannot_win() -> None:
    assert decide(poll(), now=on(24).start, anna="c", ben="c") == AllBegun()


def test_a_day_begins_at_midnight_in_the_room() -> None:
    day = poll((option("d", AllDay(date(2026, 11, 24), date(2026, 11, 25))),))
    before = datetime(2026, 11, 23, 22, 59, tzinfo=timezone.utc)
    assert isinstance(decide(day, now=before, anna="d"), Winner)
    assert decide(day, now=before + timedelta(minutes=1), anna="d") == AllBegun()


UNREADABLE = poll((option("a", on(26)), option("u", None), option("b", on(25))))


def test_an_unreadable_winner_is_asked_about() -> None:
    assert decide(UNREADABLE, anna="u", ben="u", carl="a") == WinnerUnreadable(option("u", None), (ANNA, BEN))


def test_among_equals_what_can_be_read_wins() -> None:
    outcome = decide(UNREADABLE, anna="u", ben="a", carl="u", dora="a")
    assert outcome == WinnerUnreadable(option("u", None), (ANNA, CARL)), "the asker is required"
    outcome = decide(UNREADABLE, ben="ua", carl="u", dora="a")
    assert isinstance(outcome, Winner)
    assert outcome.option.id == "a"
    assert [one.id for one in outcome.tied] == ["u"]


@pytest.mark.parametrize(
    ("why", "quorum", "asked", "ballots", "missed"),
    [
        ("enough people", Quorum(people=2), (), {"ben": "a", "carl": "b"}, None),
        ("too few people", Quorum(people=3), (), {"ben": "a", "carl": "b"}, QuorumMissed(2, 3)),
        ("a share of those asked and the asker", Quorum(percent=60), (BEN, CARL), {"ben": "a", "anna": "a"}, None),
        ("rounded up", Quorum(percent=67), (BEN, CARL), {"ben": "a", "anna": "a"}, QuorumMissed(2, 3)),
        ("others are no part of it", Quorum(percent=60), (BEN, CARL), {"ben": "a", "dora": "a"}, QuorumMissed(1, 2)),
        ("of everybody where nobody was asked", Quorum(percent=75), (), {"ben": "a", "dora": "a"}, QuorumMissed(2, 3)),
        ("all of everybody", Quorum(percent=100), (), {"anna": "a", "ben": "a", "carl": "a", "dora": "a"}, None),
        ("who left is not waited for", Quorum(percent=100), (BEN, EVA), {"anna": "a", "ben": "a"}, None),
    ],
)  # fmt: skip
def test_quorum(
    why: str, quorum: Quorum, asked: tuple[UserId, ...], ballots: dict[str, str], missed: QuorumMissed | None
) -> None:
    asked_in = poll(asked=asked, quorum=quorum)
    outcome = polls.decide(asked_in, tally_of(asked_in, **ballots), now=NOW, zone=BERLIN)
    if missed is None:
        assert isinstance(outcome, Winner), why
    else:
        assert outcome == missed, why


def test_without_votes_the_quorum_is_not_the_reason() -> None:
    assert decide(poll(quorum=Quorum(people=3))) == NoVotes()


def test_what_was_chosen_is_taken_whatever_speaks_against_it() -> None:
    chosen = poll(chosen="a", quorum=Quorum(people=4))
    outcome = decide(chosen, now=on(27).start, anna="b", ben="b", carl="a")
    assert outcome == Winner(OPTIONS[0], (CARL,), required_missing=(ANNA,), tied=(), ahead=(OPTIONS[1],))
    assert decide(chosen) == Winner(OPTIONS[0], (), required_missing=(ANNA,))
    assert decide(replace(UNREADABLE, chosen="u")) == WinnerUnreadable(option("u", None), ())


@pytest.mark.parametrize(
    ("why", "asked_in", "now", "ballots", "closes"),
    [
        ("all required can do one", poll(required=(BEN,)), NOW, {"anna": "ab", "ben": "b"}, True),
        ("no common option", poll(required=(BEN,)), NOW, {"anna": "a", "ben": "b"}, False),
        ("one is missing", poll(required=(BEN, CARL)), NOW, {"anna": "a", "ben": "a"}, False),
        ("the asker is missing", poll(required=(BEN, CARL)), NOW, {"ben": "a", "carl": "a"}, False),
        ("others are not waited for", poll(required=(BEN,), optional=(CARL,)), NOW, {"anna": "a", "ben": "a"}, True),
        ("one required person is not two", poll(), NOW, {"anna": "a"}, False),
        ("the asker named once more is one person", poll(required=(ANNA,)), NOW, {"anna": "a"}, False),
        ("the common option has begun", poll(required=(BEN,)), on(24).start, {"anna": "c", "ben": "c"}, False),
        ("another one is ahead", poll(required=(BEN,)), on(24).start, {"anna": "ac", "ben": "ac"}, True),
        (
            "closed now it would miss the quorum",
            poll(required=(BEN,), quorum=Quorum(people=3)),
            NOW,
            {"anna": "a", "ben": "a"},
            False,
        ),
        (
            "the quorum is reached",
            poll(required=(BEN,), quorum=Quorum(people=3)),
            NOW,
            {"anna": "a", "ben": "a", "dora": "c"},
            True,
        ),
        ("it cannot be read", replace(UNREADABLE, required=(BEN,)), NOW, {"anna": "u", "ben": "u"}, False),
    ],
)
def test_unanimous(why: str, asked_in: Poll, now: datetime, ballots: dict[str, str], closes: bool) -> None:
    tally = tally_of(asked_in, **ballots)
    assert polls.is_unanimous(asked_in, tally, now=now, zone=BERLIN) is closes, why
    if closes:
        outcome = polls.decide(asked_in, tally, now=now, zone=BERLIN)
        assert isinstance(outcome, Winner)
        assert outcome.required_missing == ()


@given(
    ballots=st.dictionaries(
        st.sampled_from(["anna", "ben", "carl", "dora"]), st.sets(st.sampled_from("abc")).map("".join)
    ),
    required=st.sets(st.sampled_from([BEN, CARL, EVA])),
)
def test_nothing_beats_the_winner(ballots: dict[str, str], required: set[UserId]) -> None:
    asked_in = poll(required=tuple(sorted(required)))
    tally = tally_of(asked_in, **ballots)
    outcome = polls.decide(asked_in, tally, now=NOW, zone=BERLIN)
    if not isinstance(outcome, Winner):
        assert outcome == NoVotes()
        assert not any(ballots.values())
        return

    def score(name: str) -> tuple[int, int]:
        voters = set(tally.voters(name))
        return len(voters & {*required, ANNA}), len(voters)

    best = [one for one in OPTIONS if score(one.id) == max(score(other.id) for other in OPTIONS)]
    assert outcome.option == best[-1], "listed from the latest to the earliest"
    assert set(outcome.required_missing) == {*required, ANNA} - set(outcome.voters)


# -------------------------------------------------------------------------------------------------------- participants


def test_who_takes_part() -> None:
    asked_in = poll(asked=(BEN, CARL, DORA), required=(BEN,), optional=(CARL, DORA))
    winner = Winner(OPTIONS[0], (CARL, EVA))
    assert polls.participations(asked_in, winner) == (
        Participation(ANNA, Role.CHAIR, PartStat.NEEDS_ACTION),
        Participation(CARL, Role.OPTIONAL, PartStat.ACCEPTED),
        Participation(EVA, Role.REQUIRED, PartStat.ACCEPTED),
        Participation(BEN, Role.REQUIRED, PartStat.NEEDS_ACTION),
        Participation(DORA, Role.OPTIONAL, PartStat.NEEDS_ACTION),
    )


def test_who_is_required_and_optional_is_required() -> None:
    asked_in = poll(asked=(BEN,), required=(BEN,), optional=(BEN,))
    assert Participation(BEN, Role.REQUIRED, PartStat.ACCEPTED) in polls.participations(
        asked_in, Winner(OPTIONS[0], (BEN,))
    )


def test_a_share_of_nobody_is_one() -> None:
    """The asker has left, and whoever was asked may not vote."""
    asked_in = replace(poll(asked=(STRANGER,), quorum=Quorum(percent=50)), asker=EVA)
    assert decide(asked_in, dora="a") == QuorumMissed(0, 1)


def test_the_asker_takes_part_once() -> None:
    asked_in = poll(asked=(ANNA, BEN), required=(ANNA, BEN))
    assert polls.participations(asked_in, Winner(OPTIONS[0], (ANNA,))) == (
        Participation(ANNA, Role.CHAIR, PartStat.ACCEPTED),
        Participation(BEN, Role.REQUIRED, PartStat.NEEDS_ACTION),
    )


def test_an_asker_who_decided_takes_part() -> None:
    asked_in = replace(poll(asked=(BEN,)), decision=Decision(EventId("$book"), ANNA, 0))
    winner = Winner(OPTIONS[0], (BEN,))
    assert polls.participations(asked_in, winner)[0] == Participation(ANNA, Role.CHAIR, PartStat.ACCEPTED)
    by_moderator = replace(asked_in, decision=Decision(EventId("$book"), EVA, 0))
    assert polls.participations(by_moderator, winner)[0] == Participation(ANNA, Role.CHAIR, PartStat.NEEDS_ACTION)


# -------------------------------------------------------------------------------------------------- deadlines and edits

DEADLINE = timedelta(days=3)


@pytest.mark.parametrize(
    ("why", "options", "now", "until"),
    [
        ("an hour before the first", OPTIONS, NOW, on(24, 9).start),
        ("the first is the earliest, not the first listed", OPTIONS[::-1], NOW, on(24, 9).start),
        ("far ahead is no reason to close sooner", OPTIONS, NOW - timedelta(days=60), on(24, 9).start),
        ("an hour before is still ahead", OPTIONS, on(24, 9).start - timedelta(minutes=1), on(24, 9).start),
        ("that hour has begun: half of what is left", OPTIONS, on(24, 9).start, on(24).start - timedelta(minutes=30)),
        ("little is left", OPTIONS, on(24).start - timedelta(minutes=10), on(24).start - timedelta(minutes=5)),
        ("the first has begun: before the next", OPTIONS, on(24).start, on(25, 9).start),
        ("all have begun", OPTIONS, on(26).start, on(26).start),
        ("no date in it", (option("u", None),), NOW, NOW + DEADLINE),
        ("what has no date does not count", (option("u", None), OPTIONS[0]), NOW, on(26, 9).start),
        (
            "an hour is an hour when the clocks change",
            (option("s", Timed(datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN), datetime(2026, 3, 29, 4, tzinfo=BERLIN))),),
            datetime(2026, 3, 1, tzinfo=BERLIN),
            datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN),
        ),
        (
            "and so is half of what is left",
            (option("s", Timed(datetime(2026, 3, 29, 3, 20, tzinfo=BERLIN), datetime(2026, 3, 29, 4, tzinfo=BERLIN))),),
            datetime(2026, 3, 29, 1, 40, tzinfo=BERLIN),
            datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN),
        ),
        (
            "days begin at midnight",
            (option("d", AllDay(date(2026, 11, 25), date(2026, 11, 26))),),
            NOW,
            datetime(2026, 11, 24, 23, tzinfo=BERLIN),
        ),
    ],
)
def test_default_until(why: str, options: tuple[Option, ...], now: datetime, until: datetime) -> None:
    assert polls.default_until(options, now=now, zone=BERLIN, deadline=DEADLINE) == until, why


@given(st.lists(st.integers(1, 60 * 24 * 30), min_size=1, max_size=5))
def test_by_default_a_poll_closes_between_now_and_its_first_option(minutes: list[int]) -> None:
    starts = [NOW + timedelta(minutes=one) for one in minutes]
    options = [option(f"{place}", Timed(start, start)) for place, start in enumerate(starts)]
    until = polls.default_until(options, now=NOW, zone=BERLIN, deadline=DEADLINE)
    assert NOW < until < min(starts)


@pytest.mark.parametrize(
    ("why", "moment", "now", "fits"),
    [
        ("before the first", on(24, 9).start, NOW, True),
        ("when it begins", on(24).start, NOW, False),
        ("after it", on(25).start, NOW, False),
        ("the first has begun: before the next", on(24, 12).start, on(24, 11).start, True),
        ("all have begun", on(27).start, on(26).start, True),
    ],
)
def test_a_deadline_comes_before_the_first_option_that_is_ahead(
    why: str, moment: datetime, now: datetime, fits: bool
) -> None:
    assert polls.is_before_options(moment, OPTIONS, now=now, zone=BERLIN) is fits, why


def test_the_first_option_is_the_earliest_however_they_are_listed() -> None:
    listed = (option("u", None), *OPTIONS)
    assert polls.first_option(listed, BERLIN) == OPTIONS[2]
    assert polls.first_option(listed, BERLIN, after=on(24).start) == OPTIONS[1]
    assert polls.first_option(listed[:1], BERLIN) is None


def test_nothing_can_win_any_more_when_the_last_option_has_begun() -> None:
    assert polls.last_start((*OPTIONS, option("u", None)), BERLIN) == on(26).start
    assert polls.last_start((option("u", None),), BERLIN) is None


@pytest.mark.parametrize(
    ("why", "open_for", "lead", "before"),
    [
        ("a day before", timedelta(days=5), timedelta(days=1), timedelta(days=1)),
        ("half of the time where that is less", timedelta(hours=10), timedelta(days=1), timedelta(hours=5)),
        ("as the settings say", timedelta(days=5), timedelta(hours=2), timedelta(hours=2)),
        ("never", timedelta(days=5), timedelta(0), timedelta(0)),
    ],
)
def test_when_people_are_reminded(why: str, open_for: timedelta, lead: timedelta, before: timedelta) -> None:
    assert polls.nudge_time(NOW, NOW + open_for, lead) == NOW + open_for - before, why


START = PollStart("When?", tuple(Answer(one.id, one.label) for one in OPTIONS), 3, disclosed=True)
OTHER = replace(START, answers=(*START.answers[:2], Answer("c", "Friday instead")))


def edit(at: int, start: PollStart | None, sender: UserId = BEN) -> PollEdit:
    return PollEdit(EventId(f"$edit-{at}"), sender, at, start)


@pytest.mark.parametrize(
    ("why", "edits", "first_vote", "pinned", "changed"),
    [
        ("no edit", [], 50, START, False),
        ("before the first vote", [edit(10, OTHER)], 50, OTHER, False),
        ("nobody has voted", [edit(10, OTHER)], None, OTHER, False),
        ("after the first vote", [edit(60, OTHER)], 50, START, True),
        ("at the time of the first vote", [edit(50, OTHER)], 50, START, True),
        ("after it, but to the same", [edit(60, START)], 50, START, False),
        ("after it, and back", [edit(60, OTHER), edit(70, START)], 50, START, True),
        ("before it, and after it to what it was", [edit(10, OTHER), edit(60, START)], 50, OTHER, True),
        ("several before", [edit(20, START), edit(10, OTHER)], 50, START, False),
        ("by somebody else", [edit(60, OTHER, CARL)], 50, START, False),
        ("unreadable", [edit(60, None)], 50, START, False),
    ],
)
def test_pinned(why: str, edits: list[PollEdit], first_vote: int | None, pinned: PollStart, changed: bool) -> None:
    votes = [] if first_vote is None else [vote(CARL, first_vote + 5, "a"), vote(DORA, first_vote, "b")]
    assert polls.pin(START, BEN, edits, votes) == polls.Pinned(pinned, changed), why


@pytest.mark.parametrize(
    ("what", "start", "changed"),
    [
        ("nothing", START, False),
        ("the question alone", replace(START, question="Whenever?"), False),
        ("a label", OTHER, True),
        ("an id", replace(START, answers=(*START.answers[:2], Answer("d", "C"))), True),
        ("the order", replace(START, answers=START.answers[::-1]), True),
        ("one less", replace(START, answers=START.answers[:2]), True),
        ("how many may be chosen", replace(START, max_selections=1), True),
    ],
)
def test_is_changed(what: str, start: PollStart, changed: bool) -> None:
    assert polls.is_changed(poll(), start) is changed, what
