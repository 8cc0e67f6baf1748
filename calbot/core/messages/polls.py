"""Polls over dates: the native poll, the text beside it, its end and its result."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from typing_extensions import assert_never

from calbot.core.ask import Say
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Member, Message, Occurrence, UserId, When
from calbot.core.poll_events import KIND_DISCLOSED, KIND_UNDISCLOSED, MAX_REACTION_NUMBER, POLL_END, POLL_START, TEXT
from calbot.core.poll_model import Option, Poll
from calbot.core.polls import AllBegun, Excluded, NoVotes, Outcome, QuorumMissed, Tally, Winner, WinnerUnreadable

from .card import names, note_lines
from .events import event_data, headed, link_line, place_line, utc_text, when_data, when_line
from .text import NAME, NOTHING, QUOTE, Rich, blocks, clean, data, lines, own, pill, say, say_n, strong
from .times import moment_text, when_text

_KEYCAPS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣", "🔟")


def poll_option_label(reader: Reader, when: When) -> str:
    """The date of an option as people read it, and as the date reader reads it back."""
    return when_text(reader, when, year=False)


def poll_start_content(reader: Reader, poll: Poll) -> dict[str, Any]:
    """The content of the poll's start event, in the unstable form of MSC3381 that clients send and know."""
    question = clean(poll.title, QUOTE * 2)
    labels = [clean(option.label) for option in poll.options]
    fallback = [question, *(f"{number}. {label}" for number, label in enumerate(labels, 1))]
    return {
        TEXT: "\n".join(fallback),
        POLL_START: {
            "kind": KIND_UNDISCLOSED if poll.behaviour.hidden else KIND_DISCLOSED,
            "max_selections": poll.max_selections,
            "question": {TEXT: question},
            "answers": [{"id": option.id, TEXT: label} for option, label in zip(poll.options, labels, strict=True)],
        },
    }


def poll_end_content(reader: Reader, poll: Poll) -> dict[str, Any]:
    """The content of the poll's end event. Neutral: what came out is only counted after it."""
    return {
        "m.relates_to": {"rel_type": "m.reference", "event_id": poll.start_event},
        TEXT: reader.catalog.text("poll.ended"),
        POLL_END: {},
    }


def poll_text(reader: Reader, poll: Poll, people: Sequence[Member]) -> Message:
    """The message beside the poll: it mentions those asked, and says how to vote without a client that shows polls."""
    asked = [pill(member.user, member.name) for member in people]
    numbered = [
        say(reader, "question.choice", number=number, choice=option.label)
        for number, option in enumerate(poll.options, 1)
    ]
    body = blocks(
        lines(
            say(reader, "poll.title", title=strong(data(poll.title))),
            say(reader, "poll.asked", names=names(reader, asked)) if asked else NOTHING,
            _required(reader, poll, people) if _asks_others(poll) else NOTHING,
            _until(reader, poll),
            say(reader, "poll.one" if poll.max_selections == 1 else "poll.several"),
            *_rules(reader, poll),
        ),
        lines(*numbered),
        _how_to_vote(reader, poll),
    )
    return Message(Kind.POLL, body.text, body.html, _poll_data(reader, poll)).mentioning(*(m.user for m in people))


def _asks_others(poll: Poll) -> bool:
    """Whether those required are not simply those asked. Who started the poll is required in any case."""
    required, asked = ({*users} - {poll.asker} for users in (poll.required, poll.asked))
    return bool(required) and required != asked


def _required(reader: Reader, poll: Poll, people: Sequence[Member]) -> Rich:
    known = {member.user: member.name for member in people}
    return say(reader, "poll.required", names=_names(reader, [u for u in poll.required if u != poll.asker], known))


def _until(reader: Reader, poll: Poll) -> Rich:
    if poll.until is None:
        return NOTHING
    id = "poll.until_latest" if poll.behaviour.auto else "poll.until"
    return say(reader, id, until=own(moment_text(reader, poll.until)))


def _rules(reader: Reader, poll: Poll) -> Iterator[Rich]:
    """What else decides when the poll closes, and whether an event comes of it."""
    if poll.behaviour.auto:
        yield say(reader, "poll.auto" if _asks_others(poll) else "poll.auto_asked")
    quorum = poll.behaviour.quorum
    if quorum is not None and quorum.percent is not None:
        yield say(reader, "poll.quorum_percent", percent=quorum.percent)
    elif quorum is not None and quorum.people is not None:
        yield say_n(reader, "poll.quorum", quorum.people)


def poll_result(
    reader: Reader,
    poll: Poll,
    tally: Tally,
    outcome: Outcome,
    *,
    occurrence: Occurrence | None,
    people: Mapping[UserId, str],
    unreadable: Sequence[UserId] = (),
    notes: Sequence[Say] = (),
) -> Message:
    """What came out: the event, or why there is none; who can when; which votes could not be counted.

    `people` has the names of everybody who may be named. `unreadable`: who cast votes that cannot be decrypted.
    `notes` are catalog ids below ``note.``, such as that clients still show the poll as open.
    """
    booked = occurrence if isinstance(outcome, Winner) else None
    event = NOTHING
    if booked is not None:
        event = lines(
            say(reader, "result.booked", title=headed(reader, booked)),
            strong(when_line(reader, booked.when)),
            place_line(reader, booked),
            link_line(reader, booked),
        )
    body = blocks(
        event or say(reader, "result.title", title=strong(data(poll.title))),
        lines(*_verdict(reader, tally, outcome, people, unreadable, booked=booked is not None)),
        lines(
            *(_votes(reader, tally, outcome, number, option, people) for number, option in enumerate(poll.options, 1))
        ),
        lines(*_not_counted(reader, tally, outcome, people, unreadable)),
        note_lines(reader, notes),
    )
    part = {
        **(event_data(reader, booked) if booked is not None else {"title": clean(poll.title)}),
        "poll": poll.start_event,
        "outcome": "booked" if booked is not None else _OUTCOMES[type(outcome)],
        "options": [
            {"id": option.id, "label": clean(option.label), "votes": len(tally.voters(option.id))}
            for option in poll.options
        ],
    }
    return Message(Kind.POLL_RESULT, body.text, body.html, part)


_OUTCOMES: dict[type, str] = {
    Winner: "winner",
    NoVotes: "no_votes",
    QuorumMissed: "quorum_missed",
    AllBegun: "all_begun",
    WinnerUnreadable: "unreadable",
}


def _verdict(
    reader: Reader,
    tally: Tally,
    outcome: Outcome,
    people: Mapping[UserId, str],
    unreadable: Collection[UserId],
    *,
    booked: bool,
) -> list[Rich]:
    if isinstance(outcome, NoVotes):
        return [say(reader, "result.no_votes")]
    if isinstance(outcome, QuorumMissed):
        return [say(reader, "result.quorum_missed", got=outcome.got, needed=outcome.needed)]
    if isinstance(outcome, AllBegun):
        return [say(reader, "result.all_begun")]
    if isinstance(outcome, WinnerUnreadable):
        return [say(reader, "result.unreadable", option=data(outcome.option.label))]
    if isinstance(outcome, Winner):
        said = [NOTHING if booked else say(reader, "result.winner", option=strong(data(outcome.option.label)))]
        otherwise = [user for user in outcome.required_missing if user in tally.ballots and user not in unreadable]
        silent = [user for user in outcome.required_missing if _is_silent(user, tally, unreadable)]
        if otherwise:
            said.append(say(reader, "result.required_otherwise", names=_names(reader, otherwise, people)))
        if silent:
            said.append(say(reader, "result.required_silent", names=_names(reader, silent, people)))
        if outcome.tied:
            said.append(say(reader, "result.tied", options=_labels(reader, outcome.tied)))
        if outcome.ahead:
            said.append(say(reader, "result.ahead", options=_labels(reader, outcome.ahead)))
        return said
    assert_never(outcome)


def _votes(
    reader: Reader, tally: Tally, outcome: Outcome, number: int, option: Option, people: Mapping[UserId, str]
) -> Rich:
    voters = tally.voters(option.id)
    label = data(option.label)
    if isinstance(outcome, Winner) and outcome.option.id == option.id:
        label = strong(label)
    if voters:
        who = _names(reader, voters, people)
        label = say_n(reader, "result.option", len(voters), option=label, names=who)
    else:
        label = say(reader, "result.option_none", option=label)
    return say(reader, "question.choice", number=number, choice=label)


def _is_silent(user: UserId, tally: Tally, unreadable: Collection[UserId]) -> bool:
    """Whether nothing is there of that person: a vote that does not count is named with its reason."""
    return not any(user in group for group in (tally.ballots, tally.spoiled, tally.excluded, unreadable))


def _not_counted(
    reader: Reader, tally: Tally, outcome: Outcome, people: Mapping[UserId, str], unreadable: Sequence[UserId]
) -> list[Rich]:
    named = outcome.required_missing if isinstance(outcome, Winner) else ()
    silent = tuple(user for user in tally.silent if user not in named and _is_silent(user, tally, unreadable))
    foreign = tuple(user for user, why in tally.excluded.items() if why is Excluded.FOREIGN)
    gone = tuple(user for user, why in tally.excluded.items() if why is Excluded.LEFT)
    reasons: tuple[tuple[str, Sequence[UserId]], ...] = (
        ("result.silent", silent if tally.ballots else ()),
        ("result.spoiled", tally.spoiled),
        ("result.votes_unreadable", unreadable),
        ("result.foreign", foreign),
        ("result.gone", gone),
    )
    return [say(reader, id, names=_names(reader, users, people)) for id, users in reasons if users]


def _names(reader: Reader, users: Sequence[UserId], people: Mapping[UserId, str]) -> Rich:
    return names(reader, [data(people.get(user, ""), NAME) or data(user, NAME) for user in users])


def _labels(reader: Reader, options: Sequence[Option]) -> Rich:
    return names(reader, [data(option.label) for option in options])


def _how_to_vote(reader: Reader, poll: Poll) -> Rich:
    numbers = "2" if poll.max_selections == 1 else "1 2"
    if poll.behaviour.hidden:
        return say(reader, "poll.how_hidden", numbers=numbers)
    if len(poll.options) > MAX_REACTION_NUMBER:
        return say(reader, "poll.how_typed", numbers=numbers)
    last = _KEYCAPS[len(poll.options) - 1]
    return say(reader, "poll.how", first=own(_KEYCAPS[0]), last=own(last), numbers=numbers)


def _poll_data(reader: Reader, poll: Poll) -> dict[str, Any]:
    return {
        "title": clean(poll.title),
        "calendar": poll.calendar,
        "poll": poll.start_event,
        "until": None if poll.until is None else utc_text(poll.until),
        "options": [
            {
                "id": option.id,
                "label": clean(option.label),
                **({} if option.when is None else when_data(reader, option.when)),
            }
            for option in poll.options
        ],
    }
