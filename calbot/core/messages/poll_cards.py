"""A poll over dates while it is open: what clients draw, the card beside it, who is reminded, which ones there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Member, Message, UserId, When
from calbot.core.poll_events import KIND_DISCLOSED, KIND_UNDISCLOSED, MAX_REACTION_NUMBER, POLL_START, TEXT
from calbot.core.poll_model import Option, Poll, PollState
from calbot.core.polls import Excluded, Tally, turnout

from .card import names
from .events import utc_text, when_data
from .notices import ok
from .text import NAME, NOTHING, QUOTE, Rich, blocks, clean, data, lines, own, pill, say, say_n, strong, visible
from .times import moment_text, when_text

_KEYCAPS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣", "🔟")
# How many people are named at most with each option and of those who are missing, and how long an option may be: tried
# one after the other until the message fits into an event, of which an edit needs both forms of the text twice.
_SIZES = ((10, QUOTE), (3, QUOTE // 2), (0, QUOTE // 4), (0, QUOTE // 10))
_FITS = 43_000
# Where everybody in the room is asked, and more than these, it says nothing to name who has not voted.
_FEW = 20
_MOST_MENTIONED = 50
_MOST_LISTED = 30


def poll_option_label(reader: Reader, when: When) -> str:
    """The date of an option as people read it, and as the date reader reads it back."""
    return when_text(reader, when, year=False)


def poll_option_name(reader: Reader, poll: Poll, option: Option) -> str:
    """An option as somebody else than the poll's room reads it. What people wrote in a poll of their own stays."""
    return poll_option_label(reader, option.when) if poll.by_bot and option.when is not None else option.label


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


# ------------------------------------------------------------------------------------------------------------ the card


def poll_text(reader: Reader, poll: Poll, people: Sequence[Member]) -> Message:
    """The message beside the poll: it mentions those asked, and says how to vote without a client that shows polls."""
    asked = [pill(member.user, member.name) for member in people]
    body = blocks(
        lines(
            say(reader, "poll.title", title=strong(visible(poll.title))),
            say(reader, "poll.asked", names=names(reader, asked)) if asked else NOTHING,
            *_terms(reader, poll, {member.user: member.name for member in people}),
        ),
        lines(*_numbered(reader, [_label(reader, option) for option in poll.options])),
        _how_to_vote(reader, poll),
    )
    return Message(Kind.POLL, body.text, body.html, _poll_data(reader, poll)).mentioning(*(m.user for m in people))


def poll_card(
    reader: Reader, poll: Poll, tally: Tally, people: Mapping[UserId, str], unreadable: Sequence[UserId] = ()
) -> Message:
    """What becomes of that message as votes come: who can when, unless that is hidden, and who is missing.

    It mentions nobody: whoever is asked was told so once. `people` has the names of those in the room.
    """
    return fitting(lambda named, longest: _poll_card(reader, poll, tally, people, unreadable, named, longest))


def poll_over(reader: Reader, poll: Poll) -> Message:
    """What becomes of that message in the end. Who voted for what is said by the result, which counts for good."""
    return fitting(lambda _, longest: _poll_over(reader, poll, longest))


def fitting(build: Callable[[int, int], Message]) -> Message:
    """The most complete message that fits into an event."""
    message = build(*_SIZES[0])
    for named, longest in _SIZES[1:]:
        texts = len(json.dumps(message.text)) + len(json.dumps(message.html))
        if 2 * texts + len(json.dumps(message.data)) <= _FITS:
            break
        message = build(named, longest)
    return message


_OVER: Mapping[PollState, str] = {
    PollState.CLOSING: "poll.over_closing",
    PollState.CONFIRMING: "poll.over_confirming",
    PollState.BOOKED: "poll.over_booked",
    PollState.ENDED: "poll.over_ended",
}


def _poll_over(reader: Reader, poll: Poll, longest: int) -> Message:
    chosen = (poll.booked or poll.chosen) if poll.state is PollState.BOOKED else None
    labels = [
        say(reader, "poll.option_chosen", option=strong(visible(option.label, longest)))
        if option.id == chosen
        else visible(option.label, longest)
        for option in poll.options
    ]
    state = poll.state if poll.state in _OVER else PollState.CLOSING
    body = blocks(
        lines(say(reader, "poll.over", title=strong(visible(poll.title))), say(reader, _OVER[state])),
        lines(*_numbered(reader, labels)),
    )
    part = {**_poll_data(reader, poll, longest), "state": state.value}
    return Message(Kind.POLL, body.text, body.html, part, notify=_asks(poll))


def _poll_card(
    reader: Reader,
    poll: Poll,
    tally: Tally,
    people: Mapping[UserId, str],
    unreadable: Sequence[UserId],
    named: int,
    longest: int,
) -> Message:
    options = poll.options
    if not poll.behaviour.hidden:
        # Who has voted for it says more than who would have been free.
        options = tuple(replace(one, free=None) if tally.voters(one.id) else one for one in options)
    labels = [_label(reader, option, longest, told=not poll.by_bot) for option in options]
    part = _poll_data(reader, poll, longest)
    part["voted"] = len(tally.ballots)
    part["missing"] = len(tally.silent)
    if not poll.behaviour.hidden:
        voters = [tally.voters(option.id) for option in poll.options]
        labels = [_voted_for(reader, label, users, people, named) for label, users in zip(labels, voters, strict=True)]
        part["options"] = [{**shown, "votes": len(users)} for shown, users in zip(part["options"], voters, strict=True)]
    body = blocks(
        lines(
            say(reader, "poll.title", title=strong(visible(poll.title))),
            NOTHING if poll.by_bot else say(reader, "poll.attached", calendar=data(poll.calendar, NAME)),
            *_terms(reader, poll, people),
        ),
        lines(*_numbered(reader, labels)),
        lines(*_standing(reader, poll, tally, people, unreadable, named)),
        _how_to_vote(reader, poll),
    )
    return Message(Kind.POLL, body.text, body.html, part, notify=_asks(poll))


def _asks(poll: Poll) -> bool:
    """Whether the message was sent as one that notifies; an edit does not, but stays of the same type."""
    return poll.by_bot and bool(poll.asked)


def _terms(reader: Reader, poll: Poll, people: Mapping[UserId, str]) -> Iterator[Rich]:
    """Until when one may vote, how, and what else decides whether an event comes of it."""
    if _asks_others(poll):
        required = [user for user in poll.required if user != poll.asker]
        yield say(reader, "poll.required", names=user_names(reader, required, people))
    if poll.until is not None:
        latest = poll.behaviour.auto or not poll.by_bot
        until = own(moment_text(reader, poll.until))
        yield say(reader, "poll.until_latest" if latest else "poll.until", until=until)
    if poll.by_bot:
        yield say(reader, "poll.one" if poll.max_selections == 1 else "poll.several")
    if poll.behaviour.auto:
        yield say(reader, "poll.auto" if _asks_others(poll) else "poll.auto_asked")
    quorum = poll.behaviour.quorum
    if quorum is not None and quorum.percent is not None:
        yield say(reader, "poll.quorum_percent", percent=quorum.percent)
    elif quorum is not None and quorum.people is not None:
        yield say_n(reader, "poll.quorum", quorum.people)
    if poll.behaviour.holds:
        yield say(reader, "poll.holds")
    if poll.behaviour.confirm:
        yield say(reader, "poll.confirm")


def _asks_others(poll: Poll) -> bool:
    """Whether those required are not simply those asked. Who started the poll is required in any case."""
    required, asked = ({*users} - {poll.asker} for users in (poll.required, poll.asked))
    return bool(required) and required != asked


def _numbered(reader: Reader, labels: Sequence[Rich]) -> list[Rich]:
    return [say(reader, "question.choice", number=number, choice=label) for number, label in enumerate(labels, 1)]


def _label(reader: Reader, option: Option, longest: int = QUOTE, *, told: bool = False) -> Rich:
    """An option. `told`: somebody else wrote it, so how it was read is said beside it."""
    label = visible(option.label, longest)
    if told and option.when is None:
        label = say(reader, "poll.option_unread", option=label)
    elif told and option.when is not None:
        when = when_text(reader, option.when, year=False)
        label = label if when == label.text else say(reader, "poll.option_read", option=label, when=own(when))
    if option.free is not None:
        free, known = option.free
        label = say(reader, "poll.option_free", option=label, free=free, known=known)
    return label


def _voted_for(reader: Reader, label: Rich, voters: Sequence[UserId], people: Mapping[UserId, str], named: int) -> Rich:
    if not voters:
        return say(reader, "result.option_none", option=label)
    if not named:
        return say_n(reader, "poll.option_votes", len(voters), option=label)
    return say_n(
        reader, "result.option", len(voters), option=label, names=user_names(reader, voters, people, limit=named)
    )


def _standing(
    reader: Reader,
    poll: Poll,
    tally: Tally,
    people: Mapping[UserId, str],
    unreadable: Sequence[UserId],
    named: int,
) -> Iterator[Rich]:
    """How many have voted, who is missing, and whose votes do not count as they are."""
    voted, silent = len(tally.ballots), tally.silent
    yield say_n(reader, "poll.voted", voted) if voted else say(reader, "poll.voted_none")
    if not silent:
        yield say(reader, "poll.all_voted") if voted else NOTHING
    elif named and (_names_people(poll) or len(tally.asked) <= _FEW):
        yield say(reader, "poll.missing", names=user_names(reader, silent, people, limit=named))
    else:
        yield say_n(reader, "poll.missing_count", len(silent))
    if poll.behaviour.quorum is not None:
        got, needed = turnout(poll.behaviour.quorum, tally)
        yield say_n(reader, "poll.quorum_missing", needed - got) if got < needed else NOTHING
    foreign = tuple(user for user, why in tally.excluded.items() if why is Excluded.FOREIGN)
    reasons = (("result.spoiled", tally.spoiled), ("result.foreign", foreign), ("poll.unreadable", unreadable))
    for id, users in reasons:
        if users:
            yield say(reader, id, names=user_names(reader, users, people, limit=max(named, 1)))


def _names_people(poll: Poll) -> bool:
    return bool({*poll.asked, *poll.required, *poll.optional} - {poll.asker})


def _how_to_vote(reader: Reader, poll: Poll) -> Rich:
    numbers = "2" if poll.max_selections == 1 else "1 2"
    if poll.behaviour.hidden:
        return say(reader, "poll.how_hidden", numbers=numbers)
    if len(poll.options) > MAX_REACTION_NUMBER:
        return say(reader, "poll.how_typed", numbers=numbers)
    last = _KEYCAPS[len(poll.options) - 1]
    how = "poll.how" if len(poll.options) > 2 else "poll.how_two"
    return say(reader, how, first=own(_KEYCAPS[0]), last=own(last), numbers=numbers)


def _which(poll: Poll) -> dict[str, Any]:
    return {
        "title": clean(poll.title),
        "calendar": poll.calendar,
        "poll": poll.start_event,
        "until": None if poll.until is None else utc_text(poll.until),
    }


def _poll_data(reader: Reader, poll: Poll, longest: int = QUOTE) -> dict[str, Any]:
    return {
        **_which(poll),
        "options": [
            {
                "id": option.id,
                "label": clean(option.label, longest),
                **({} if option.when is None else when_data(reader, option.when)),
                **({} if option.free is None else {"free": option.free[0], "known": option.free[1]}),
            }
            for option in poll.options
        ],
    }


# ------------------------------------------------------------------------------------------------- reminding, listing


def poll_nudge(reader: Reader, poll: Poll, silent: Sequence[Member]) -> Message:
    """A reminder to those who have not voted; where they are very many nobody by name, as that would drown the room."""
    mentioned = silent if len(silent) <= _MOST_MENTIONED else ()
    who = names(reader, [pill(member.user, member.name) for member in mentioned], _MOST_MENTIONED)
    body = lines(
        say(reader, "poll.nudge", title=strong(visible(poll.title))),
        say(reader, "poll.asked", names=who) if mentioned else say_n(reader, "poll.missing_count", len(silent)),
        NOTHING if poll.until is None else say(reader, "poll.until", until=own(moment_text(reader, poll.until))),
        _how_to_vote(reader, poll)
        if poll.behaviour.hidden
        else say(reader, "poll.how_typed", numbers="2" if poll.max_selections == 1 else "1 2"),
    )
    part = {**_poll_data(reader, poll), "missing": len(silent)}
    return Message(Kind.POLL, body.text, body.html, part, notify=True).mentioning(*(m.user for m in mentioned))


def until_changed(reader: Reader, title: str, until: datetime) -> Message:
    """That a poll closes at another time now."""
    return ok(reader, "until_changed", title=title, until=moment_text(reader, until))


@dataclass(frozen=True, slots=True)
class ListedPoll:
    """An open poll in a list. `tally` is None where it could not be found out."""

    poll: Poll
    tally: Tally | None


def poll_list(reader: Reader, polls: Sequence[ListedPoll]) -> Message:
    """The open polls, in the order in which a question for one of them names them."""
    shown = polls[:_MOST_LISTED]
    more = len(polls) - len(shown)
    body = blocks(
        strong(say(reader, "polls.heading")) if polls else say(reader, "polls.none"),
        lines(
            *_numbered(reader, [_listed(reader, one) for one in shown]),
            say_n(reader, "list.more", more) if more else NOTHING,
        ),
        say(reader, "polls.how") if polls else NOTHING,
    )
    items = [
        {
            **_which(one.poll),
            "ref": number,
            **({} if one.tally is None else {"voted": len(one.tally.ballots), "missing": len(one.tally.silent)}),
        }
        for number, one in enumerate(shown, 1)
    ]
    return Message(Kind.POLL, body.text, body.html, {"items": items})


def _listed(reader: Reader, one: ListedPoll) -> Rich:
    poll, tally = one.poll, one.tally
    facts = [strong(visible(poll.title))]
    if poll.until is not None:
        facts.append(say(reader, "polls.until", until=own(moment_text(reader, poll.until))))
    if tally is not None:
        facts.append(
            say(reader, "polls.voted", voted=len(tally.ballots), missing=len(tally.silent))
            if tally.silent
            else say_n(reader, "polls.all_voted", len(tally.ballots))
        )
    return Rich(", ".join(fact.text for fact in facts), ", ".join(fact.html for fact in facts))


def user_names(reader: Reader, users: Sequence[UserId], people: Mapping[UserId, str], *, limit: int = 10) -> Rich:
    """People by the names the room knows them by, else by their Matrix IDs; those beyond `limit` are only counted."""
    shown = [data(people.get(user, ""), NAME) or data(user, NAME) for user in users[:limit]]
    return names(reader, [*shown, *[NOTHING] * (len(users) - len(shown))], limit)
