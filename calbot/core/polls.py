"""Counting polls and deciding what becomes of them, by the rules of MSC3381 and some of our own.

Of everybody the latest vote counts, whichever way it was cast and whether or not it is valid. Nothing here depends on
the order in which votes arrived, or on how often: they are told apart and put in order by what the server says of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from zoneinfo import ZoneInfo

from .model import EventId, PartStat, Role, UserId, instants
from .people import server_of
from .permissions import PowerLevels, level_of
from .poll_events import PollStart
from .poll_model import End, Option, Poll, Quorum, Vote, Way

_BEFORE_FIRST = timedelta(hours=1)


class Excluded(str, Enum):
    """Why somebody's vote does not count, though there is nothing wrong with it."""

    LEFT = "left"  # not in the room when the poll is counted
    FOREIGN = "foreign"  # of a server that is not allowed
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Tally:
    """Who can do what. People are in order of their Matrix IDs.

    `ballots` has the option ids of everybody whose vote counts, in the order of the poll, never empty. `asked` are
    those asked who could vote: everybody in the room where nobody in particular was asked.
    """

    ballots: Mapping[UserId, tuple[str, ...]]
    asked: tuple[UserId, ...]
    spoiled: tuple[UserId, ...] = ()
    withdrawn: tuple[UserId, ...] = ()
    excluded: Mapping[UserId, Excluded] = field(default_factory=dict)

    def voters(self, option_id: str) -> tuple[UserId, ...]:
        return tuple(user for user, chosen in self.ballots.items() if option_id in chosen)

    @property
    def silent(self) -> tuple[UserId, ...]:
        """Those asked who have not voted."""
        return tuple(user for user in self.asked if user not in self.ballots)


@dataclass(frozen=True, slots=True)
class Winner:
    """`tied`: other options with as many votes. `ahead`: others with more, which fewer required people can do, or which
    have begun. `required_missing`: required people who did not vote for the winner."""

    option: Option
    voters: tuple[UserId, ...]
    required_missing: tuple[UserId, ...] = ()
    tied: tuple[Option, ...] = ()
    ahead: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class NoVotes:
    """Nobody's vote counts."""


@dataclass(frozen=True, slots=True)
class QuorumMissed:
    got: int
    needed: int


@dataclass(frozen=True, slots=True)
class AllBegun:
    """Every option that somebody voted for has begun by now."""


@dataclass(frozen=True, slots=True)
class WinnerUnreadable:
    """The option that won could not be read as a date: somebody has to say when that is."""

    option: Option
    voters: tuple[UserId, ...]


Outcome = Winner | NoVotes | QuorumMissed | AllBegun | WinnerUnreadable


@dataclass(frozen=True, slots=True)
class Participation:
    """How somebody takes part in the event that a poll becomes."""

    user: UserId
    role: Role
    partstat: PartStat


@dataclass(frozen=True, slots=True)
class PollEdit:
    """An m.replace of a poll's start. `start` is None where it cannot be read as a poll."""

    event_id: EventId
    sender: UserId
    at: int  # milliseconds
    start: PollStart | None


@dataclass(frozen=True, slots=True)
class Pinned:
    """The poll that people voted on. `changed`: it was edited to something else after the first vote."""

    start: PollStart
    changed: bool


# ------------------------------------------------------------------------------------------------------------ counting


def count(
    poll: Poll,
    votes: Iterable[Vote],
    *,
    cutoff: int | None,
    joined: Collection[UserId],
    bot: UserId,
    servers: Collection[str],
) -> Tally:
    """Count what was cast up to `cutoff` (milliseconds; None: everything), by people of `servers` who are in the room.

    Redacted votes must not be among `votes`; without them the vote before is the latest again.
    """
    places = {option.id: place for place, option in enumerate(poll.options)}
    in_time: dict[UserId, dict[EventId, Vote]] = {}
    for vote in sorted(votes, key=_identity):
        if cutoff is None or vote.at <= cutoff:
            in_time.setdefault(vote.sender, {}).setdefault(vote.event_id, vote)

    ballots: dict[UserId, tuple[str, ...]] = {}
    spoiled: list[UserId] = []
    withdrawn: list[UserId] = []
    excluded: dict[UserId, Excluded] = {}
    for user in sorted(in_time):
        answers = _latest(in_time[user].values()).answers
        if answers is None or any(answer not in places for answer in answers):
            spoiled.append(user)
        elif not answers:
            withdrawn.append(user)
        elif (why := _why_excluded(user, joined, bot, servers)) is not None:
            excluded[user] = why
        else:
            # Cut off first, then taken once: as the clients do that draw the result beside ours.
            ballots[user] = tuple(sorted(set(answers[: poll.max_selections]), key=places.__getitem__))
    return Tally(ballots, _asked(poll, joined, bot, servers), tuple(spoiled), tuple(withdrawn), excluded)


def valid_end(ends: Iterable[End], creator: UserId, power: PowerLevels, *, servers: Collection[str]) -> End | None:
    """The end that holds: the first, by server time, of whoever may end the poll; all others are ignored."""
    valid = [
        end
        for end in ends
        if server_of(end.sender) in servers and (end.sender == creator or level_of(end.sender, power) >= power.redact)
    ]
    return min(valid, key=lambda end: (end.at, end.event_id or ""), default=None)


def _identity(vote: Vote) -> tuple[str, int, str, bool, tuple[str, ...]]:
    return vote.event_id, vote.at, vote.way.value, vote.answers is None, vote.answers or ()


def _latest(votes: Iterable[Vote]) -> Vote:
    """The vote of one person that counts. The reactions are together one vote, dated by the last that was added.

    MSC3381 leaves open which of two votes of the same millisecond counts; here the one with the smaller event id. Of
    reactions the last added stands first, so that where fewer may be chosen that one counts.
    """
    cast = sorted(votes, key=lambda vote: (-vote.at, vote.event_id))
    latest = cast[0]
    if latest.way is not Way.REACTION:
        return latest
    parts = [vote.answers for vote in cast if vote.way is Way.REACTION]
    together = None if None in parts else tuple(answer for part in parts for answer in part or ())
    return Vote(latest.event_id, latest.sender, latest.at, Way.REACTION, together)


def _why_excluded(user: UserId, joined: Collection[UserId], bot: UserId, servers: Collection[str]) -> Excluded | None:
    if user == bot:
        return Excluded.BOT
    if server_of(user) not in servers:
        return Excluded.FOREIGN
    return None if user in joined else Excluded.LEFT


def _asked(poll: Poll, joined: Collection[UserId], bot: UserId, servers: Collection[str]) -> tuple[UserId, ...]:
    named = {*poll.asked, *poll.required, *poll.optional} - {poll.asker}
    asked = {*named, poll.asker} if named else joined
    return tuple(sorted(user for user in asked if _why_excluded(user, joined, bot, servers) is None))


# ------------------------------------------------------------------------------------------------------------ deciding


def decide(poll: Poll, tally: Tally, *, now: datetime, zone: ZoneInfo) -> Outcome:
    """What becomes of a poll that is counted now; `zone` is the room's, for options that are days.

    The option wins that most required people can do, then the most people, then the earliest, then the first listed.
    One that has begun cannot win. Once `poll.chosen` is there (by `book N`, or by an earlier count that was kept) that
    option is taken, whatever speaks against it.
    """
    if poll.chosen is not None:
        return _outcome(poll, tally, next(one for one in poll.options if one.id == poll.chosen))
    if not tally.ballots:
        return NoVotes()
    missed = _quorum_missed(poll, tally)
    if missed is not None:
        return missed
    electable = [one for one in poll.options if tally.voters(one.id) and not _has_begun(one, now, zone)]
    if not electable:
        return AllBegun()
    return _outcome(poll, tally, min(electable, key=_ranking(poll, tally, zone)))


def is_unanimous(poll: Poll, tally: Tally, *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a poll with `auto` may close: two or more are required, and all of them can do one option that is ahead.

    Where a quorum is set it has to be reached too: closed earlier, the poll would end without an event.
    """
    required = _required(poll)
    if len(required) < 2 or _quorum_missed(poll, tally) is not None:
        return False
    return any(
        required.issubset(tally.voters(option.id)) and option.when is not None and not _has_begun(option, now, zone)
        for option in poll.options
    )


def participations(poll: Poll, winner: Winner) -> tuple[Participation, ...]:
    """Who takes part in the event: the asker first, then who voted for it, then the others who were asked.

    An asker who decided on it by a command or a ✅ takes part, whatever they voted.
    """
    voters = set(winner.voters)
    if poll.decision is not None and poll.decision.sender == poll.asker:
        voters.add(poll.asker)
    others = dict.fromkeys((*winner.voters, *poll.asked, *poll.required, *poll.optional))
    optional = set(poll.optional) - set(poll.required)
    return (
        Participation(poll.asker, Role.CHAIR, _answer(poll.asker in voters)),
        *(
            Participation(
                user,
                Role.OPTIONAL if user in optional else Role.REQUIRED,
                _answer(user in voters),
            )
            for user in others
            if user != poll.asker
        ),
    )


def _answer(voted_for_it: bool) -> PartStat:
    return PartStat.ACCEPTED if voted_for_it else PartStat.NEEDS_ACTION


def _outcome(poll: Poll, tally: Tally, option: Option) -> Winner | WinnerUnreadable:
    voters = tally.voters(option.id)
    if option.when is None:
        return WinnerUnreadable(option, voters)
    others = [(other, len(tally.voters(other.id))) for other in poll.options if other.id != option.id]
    return Winner(
        option=option,
        voters=voters,
        required_missing=tuple(sorted(_required(poll).difference(voters))),
        tied=tuple(other for other, votes in others if votes == len(voters) and votes),
        ahead=tuple(other for other, votes in others if votes > len(voters)),
    )


def _ranking(poll: Poll, tally: Tally, zone: ZoneInfo) -> Callable[[Option], tuple[int, int, bool, float]]:
    required = _required(poll)

    def rank(option: Option) -> tuple[int, int, bool, float]:
        voters = tally.voters(option.id)
        start = None if option.when is None else instants(option.when, zone)[0]
        return (
            -len(required.intersection(voters)),
            -len(voters),
            start is None,  # what cannot be read comes after what can
            0.0 if start is None else start.timestamp(),
        )

    return rank


def _required(poll: Poll) -> frozenset[UserId]:
    return frozenset((*poll.required, poll.asker))


def _has_begun(option: Option, now: datetime, zone: ZoneInfo) -> bool:
    return option.when is not None and instants(option.when, zone)[0] <= now


def _quorum_missed(poll: Poll, tally: Tally) -> QuorumMissed | None:
    quorum = poll.behaviour.quorum
    if quorum is None:
        return None
    got, needed = turnout(quorum, tally)
    return QuorumMissed(got, needed) if got < needed else None


def turnout(quorum: Quorum, tally: Tally) -> tuple[int, int]:
    """How many voted and how many have to: for a share, only those count who were asked and could vote."""
    if quorum.percent is not None:
        needed = -(-len(tally.asked) * quorum.percent // 100)
        return len(tally.asked) - len(tally.silent), max(needed, 1)
    return len(tally.ballots), quorum.people or 1


# ------------------------------------------------------------------------------------------------- deadlines and edits


def default_until(options: Iterable[Option], *, now: datetime, zone: ZoneInfo, deadline: timedelta) -> datetime:
    """When a poll closes by itself if nobody said when: one hour before the first option that is still ahead.

    Where that is over already, after half of the time that is left. `deadline` (``polls.deadline``) is how long a poll
    stays open in which no option can be read as a date. If every option has begun there is nothing to wait for.
    """
    starts = _starts(options, zone)
    if not starts:
        return now + deadline
    first = next((start for start in starts if start > now), None)
    if first is None:
        return now
    until = first - _BEFORE_FIRST
    return (until if until > now else first - (first - now) / 2).astimezone(zone)


def is_before_options(moment: datetime, options: Iterable[Option], *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether something can still be won when a poll closes then: it is before the first option that is ahead now."""
    ahead = [start for start in _starts(options, zone) if start > now]
    return not ahead or moment < ahead[0]


def first_option(options: Iterable[Option], zone: ZoneInfo, *, after: datetime | None = None) -> Option | None:
    """The one that begins first, in whatever order they are listed. None where none can be read as a date."""
    dated = [(instants(option.when, zone)[0].timestamp(), option) for option in options if option.when is not None]
    ahead = [one for one in dated if after is None or one[0] > after.timestamp()]
    return min(ahead, key=lambda one: one[0])[1] if ahead else None


def last_start(options: Iterable[Option], zone: ZoneInfo) -> datetime | None:
    """When the last option begins: from then on none can win. None where none can be read as a date."""
    starts = _starts(options, zone)
    return starts[-1].astimezone(zone) if starts else None


def nudge_time(opened: datetime, until: datetime, lead: timedelta) -> datetime:
    """When those are reminded who have not voted: `lead` before the end, or after half of the time if that is less."""
    return until - min(lead, (until - opened) / 2)


def _starts(options: Iterable[Option], zone: ZoneInfo) -> list[datetime]:
    """In UTC, where an hour before is an hour before also when clocks change."""
    return sorted(
        instants(option.when, zone)[0].astimezone(timezone.utc) for option in options if option.when is not None
    )


def pin(original: PollStart, creator: UserId, edits: Iterable[PollEdit], votes: Iterable[Vote]) -> Pinned:
    """The poll as it stood at the first vote, and whether it was changed since. Only its creator can edit it."""
    first_vote = min((vote.at for vote in votes), default=None)
    start = original
    changed = False
    for edit in sorted(edits, key=lambda edit: (edit.at, edit.event_id)):
        if edit.sender != creator or edit.start is None:
            continue
        if first_vote is None or edit.at < first_vote:
            start = edit.start
        elif edit.start != start:
            changed = True
    return Pinned(start, changed)


def is_changed(poll: Poll, start: PollStart) -> bool:
    """Whether `start` asks something else than the poll that was stored: other answers, or another number of them."""
    stored = [(option.id, option.label) for option in poll.options]
    return (
        stored != [(answer.id, answer.text) for answer in start.answers] or poll.max_selections != start.max_selections
    )
