"""Answers to invitations by reaction: what a reaction says, and what holds when one is added or taken back.

The last reaction that somebody added counts, and each remembers the answer before it. What is answered in another way
meanwhile (by command, or in somebody's calendar program) stands above the reactions that were there: taking one of
those back changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from .model import CalendarName, EventId, OccurrenceId, PartStat, RoomId, UserId

# What somebody answered; None where they are not on the event at all.
Answer: TypeAlias = PartStat | None

_MEANT: Final[Mapping[str, PartStat]] = {
    "\N{THUMBS UP SIGN}": PartStat.ACCEPTED,
    "\N{WHITE HEAVY CHECK MARK}": PartStat.ACCEPTED,
    "\N{THUMBS DOWN SIGN}": PartStat.DECLINED,
    "\N{CROSS MARK}": PartStat.DECLINED,
    "\N{THINKING FACE}": PartStat.TENTATIVE,
    "\N{BLACK QUESTION MARK ORNAMENT}": PartStat.TENTATIVE,
}
_SKIN_TONES: Final = dict.fromkeys(range(0x1F3FB, 0x1F400))


@dataclass(frozen=True, slots=True)
class Reacted:
    """An answer by reaction. `occurrence` without a recurrence id is a whole series, or an event outside of one.

    `message` in `room` is what was reacted to. `before` is the answer that held until then, and again if this one is
    taken back. `at`: origin_server_ts.
    """

    reaction: EventId
    room: RoomId
    message: EventId
    person: UserId
    calendar: CalendarName
    occurrence: OccurrenceId
    answer: PartStat
    before: Answer
    at: int


@dataclass(frozen=True, slots=True)
class DueAnswer:
    """An answer that is to be written to the calendar. `message` in `room` is what was reacted to."""

    person: UserId
    calendar: CalendarName
    occurrence: OccurrenceId
    answer: Answer
    room: RoomId
    message: EventId


def read_reaction(key: str) -> PartStat | None:
    """The answer that a reaction is, in any skin tone; without variation selectors (`poll_events.plain_reaction`)."""
    return _MEANT.get(key.translate(_SKIN_TONES))


def standing(given: Sequence[Reacted], current: Answer) -> Sequence[Reacted]:
    """Those reactions of somebody to one occurrence, oldest first, that can still be taken back with an effect: none
    where the `current` answer is not the one that the last of them gave."""
    return given if given and given[-1].answer is current else ()


def taken_back(given: Sequence[Reacted], reaction: EventId) -> tuple[Sequence[Reacted], Reacted | None]:
    """The reactions without this one, and which answer gives way by that: the last one added, or none."""
    place = next((place for place, one in enumerate(given) if one.reaction == reaction), None)
    if place is None:
        return given, None
    gone, later = given[place], list(given[place + 1 :])
    if not later:
        return given[:place], gone
    later[0] = replace(later[0], before=gone.before)
    return (*given[:place], *later), None
