"""A poll over dates when it closes: its end event, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import assert_never

from calbot.core.ask import Say
from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message, Occurrence, UserId, instants
from calbot.core.poll_events import POLL_END, TEXT
from calbot.core.poll_model import Cause, Option, Poll
from calbot.core.polls import AllBegun, Excluded, NoVotes, Outcome, QuorumMissed, Tally, Winner, WinnerUnreadable

from .card import names, note_lines
from .events import event_data
from .poll_cards import fitting, user_names
from .text import Rich, blocks, clean, lines, own, say, say_n, strong, struck, visible
from .times import when_text


def poll_end_content(reader: Reader, poll: Poll) -> dict[str, Any]:
    """The content of the poll's end event. Neutral: what came out is only counted after it."""
    return {
        "m.relates_to": {"rel_type": "m.reference", "event_id": poll.start_event},
        TEXT: reader.catalog.text("poll.ended"),
        POLL_END: {},
    }


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
    """What came out and who decided it, or why there is no event; who can when; which votes could not be counted.

    What is to be known of the event stands on its card. Without an `occurrence` a winner has to be confirmed first.
    `people` has the names of everybody who may be named. `unreadable`: who cast votes that cannot be decrypted.
    `notes` are catalog ids below ``note.``, such as that clients still show the poll as open.
    """
    booked = occurrence if isinstance(outcome, Winner) else None

    def build(named: int, longest: int) -> Message:
        result = _Result(reader, poll, tally, outcome, booked, people, tuple(unreadable), named, longest)
        body = blocks(
            lines(say(reader, "result.title", title=strong(visible(poll.title))), *result.verdict()),
            lines(*(result.votes(number, option) for number, option in enumerate(poll.options, 1))),
            lines(*result.not_counted()),
            note_lines(reader, notes),
        )
        return Message(Kind.POLL_RESULT, body.text, body.html, result.data())

    return fitting(build)


_OTHERS: Final = 5  # options that stood beside the winner; all of them are listed with their votes below

_OUTCOMES: dict[type, str] = {
    Winner: "unconfirmed",
    NoVotes: "no_votes",
    QuorumMissed: "quorum_missed",
    AllBegun: "all_begun",
    WinnerUnreadable: "unreadable",
}


def poll_unbooked(
    reader: Reader, poll: Poll, option: Option, why: str, *, by: UserId | None, people: Mapping[UserId, str]
) -> Message:
    """That no event comes of a poll which had to be confirmed: `why` is `declined` or `confirm_expired`."""
    named = {} if by is None else {"name": user_names(reader, [by], people)}
    body = lines(
        say(reader, "result.title", title=strong(visible(poll.title))),
        say(reader, "result.winner", option=visible(option.label)),
        say(reader, _UNBOOKED[why], **named),
    )
    part = {"title": clean(poll.title), "poll": poll.start_event, "outcome": why, "option": option.id}
    return Message(Kind.POLL_RESULT, body.text, body.html, part)


_UNBOOKED: Mapping[str, str] = {
    "declined": "result.declined",
    "confirm_expired": "result.confirm_expired",
}


_TIED: Mapping[str, str] = {
    "": "result.tied",
    "required": "result.tied_required",
    "begun": "result.tied_begun",
    "later": "result.tied_later",
}
_AHEAD: Mapping[str, str] = {
    "": "result.ahead",
    "required": "result.ahead_required",
    "begun": "result.ahead_begun",
}


@dataclass(frozen=True, slots=True)
class _Result:
    """What there is to say, and to whom: `named` is how many people are named in one place, `longest` how much is shown
    of an option."""

    reader: Reader
    poll: Poll
    tally: Tally
    outcome: Outcome
    booked: Occurrence | None
    people: Mapping[UserId, str]
    unreadable: tuple[UserId, ...]
    named: int
    longest: int

    def data(self) -> dict[str, Any]:
        reader, poll, outcome, booked = self.reader, self.poll, self.outcome, self.booked
        return {
            **(event_data(reader, booked) if booked is not None else {"title": clean(poll.title)}),
            "poll": poll.start_event,
            "outcome": "booked" if booked is not None else _OUTCOMES[type(outcome)],
            **({"option": outcome.option.id} if isinstance(outcome, Winner | WinnerUnreadable) else {}),
            "options": [
                {
                    "id": option.id,
                    "label": clean(option.label, self.longest),
                    "votes": len(self.tally.voters(option.id)),
                }
                for option in poll.options
            ],
        }

    def verdict(self) -> list[Rich]:
        reader, outcome = self.reader, self.outcome
        if isinstance(outcome, NoVotes):
            return [say(reader, "result.no_votes")]
        if isinstance(outcome, QuorumMissed):
            return [say(reader, "result.quorum_missed", got=outcome.got, needed=outcome.needed)]
        if isinstance(outcome, AllBegun):
            return [say(reader, "result.all_begun")]
        if isinstance(outcome, WinnerUnreadable):
            number = 1 + [option.id for option in self.poll.options].index(outcome.option.id)
            return [
                say(reader, "result.unreadable", option=self._label(outcome.option)),
                say(reader, "result.unreadable_how", number=number),
            ]
        if isinstance(outcome, Winner):
            return [*self._decided(outcome), *self._missing(outcome), *self._others(outcome), *self._to_confirm()]
        assert_never(outcome)

    def _decided(self, winner: Winner) -> Iterator[Rich]:
        """Which option it is and by whose word, if not by the votes alone."""
        reader, poll, by = self.reader, self.poll, self.poll.decision
        option = strong(self._label(winner.option))
        if self.booked is not None and not poll.by_bot:  # as somebody worded it in their client
            when = when_text(reader, self.booked.when, year=False)
            option = option if when == option.text else say(reader, "poll.option_read", option=option, when=own(when))
        if by is None:
            yield say(reader, "result.winner", option=option)
        elif by.undoes:
            yield say(reader, "result.taken_back", name=self._names([by.sender]), option=option)
        elif poll.cause is not Cause.BOOKED:
            yield say(reader, "result.winner", option=option)
            if poll.behaviour.confirm:
                yield say(reader, "result.confirmed_by", name=self._names([by.sender]))
        else:
            name = self._names([by.sender])
            most = max((len(self.tally.voters(one.id)) for one in winner.ahead), default=0)
            if most:
                votes = len(winner.voters)
                yield say_n(reader, "result.chosen_against", most, name=name, option=option, votes=votes)
            else:
                yield say(reader, "result.chosen_by", name=name, option=option)
        before = next((one for one in poll.options if one.id == poll.booked), None)
        if before is not None and before.id != winner.option.id:
            yield say(reader, "result.booked_before", option=struck(self._label(before)))

    def _missing(self, winner: Winner) -> Iterator[Rich]:
        """The required people who did not vote for it, unless their votes are named for another reason."""
        missing = winner.required_missing
        otherwise = [user for user in missing if user in self.tally.ballots and user not in self.unreadable]
        silent = [user for user in missing if self._is_silent(user)]
        if otherwise:
            yield say(self.reader, "result.required_otherwise", names=self._names(otherwise))
        if silent:
            yield say(self.reader, "result.required_silent", names=self._names(silent))

    def _others(self, winner: Winner) -> Iterator[Rich]:
        """The options with as many votes or more, each with what spoke against it; a person needs no reason."""
        for options, ids in ((winner.tied, _TIED), (winner.ahead, _AHEAD)):
            grouped: dict[str, list[Option]] = {}
            for option in options:
                grouped.setdefault(ids[self._against(option, winner)], []).append(option)
            for id, group in grouped.items():
                yield say(self.reader, id, options=self._labels(group))

    def _against(self, option: Option, winner: Winner) -> str:
        """Why the count preferred the winner (`core.polls.decide`), where one word says it."""
        if self.poll.cause is Cause.BOOKED:
            return ""
        required = {*self.poll.required, self.poll.asker}
        if len(required.intersection(self.tally.voters(option.id))) < len(required.intersection(winner.voters)):
            return "required"
        if option.when is None or winner.option.when is None:
            return ""
        start, chosen = (instants(when, self.reader.zone)[0] for when in (option.when, winner.option.when))
        if option in winner.ahead or start < chosen:
            return "begun"
        return "later" if start > chosen else ""

    def _to_confirm(self) -> Iterator[Rich]:
        if self.booked is None:
            yield say(self.reader, "result.confirm", name=self._names([self.poll.asker]))
            yield say(self.reader, "result.confirm_how")
            yield say(self.reader, "result.decline_how")

    def votes(self, number: int, option: Option) -> Rich:
        voters = self.tally.voters(option.id)
        label = self._label(option)
        if isinstance(self.outcome, Winner) and self.outcome.option.id == option.id:
            label = strong(label)
        if not voters:
            label = say(self.reader, "result.option_none", option=label)
        elif self.named:
            label = say_n(self.reader, "result.option", len(voters), option=label, names=self._names(voters))
        else:
            label = say_n(self.reader, "poll.option_votes", len(voters), option=label)
        return say(self.reader, "question.choice", number=number, choice=label)

    def not_counted(self) -> list[Rich]:
        tally = self.tally
        said = self.outcome.required_missing if isinstance(self.outcome, Winner) else ()
        silent = tuple(user for user in tally.silent if user not in said and self._is_silent(user))
        foreign = tuple(user for user, why in tally.excluded.items() if why is Excluded.FOREIGN)
        gone = tuple(user for user, why in tally.excluded.items() if why is Excluded.LEFT)
        reasons: tuple[tuple[str, Sequence[UserId]], ...] = (
            ("result.silent", silent if tally.ballots else ()),
            ("result.spoiled", tally.spoiled),
            ("result.votes_unreadable", self.unreadable),
            ("result.foreign", foreign),
            ("result.gone", gone),
        )
        return [say(self.reader, id, names=self._names(users)) for id, users in reasons if users]

    def _is_silent(self, user: UserId) -> bool:
        """Whether nothing is there of that person: a vote that does not count is named with its reason."""
        tally = self.tally
        return not any(user in group for group in (tally.ballots, tally.spoiled, tally.excluded, self.unreadable))

    def _names(self, users: Sequence[UserId]) -> Rich:
        return user_names(self.reader, users, self.people, limit=self.named)

    def _label(self, option: Option) -> Rich:
        return visible(option.label, self.longest)

    def _labels(self, options: Sequence[Option]) -> Rich:
        return names(self.reader, [self._label(option) for option in options], _OTHERS)
