"""Which poll a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from calbot.core import messages, polls
from calbot.core.ask import Ask, Say
from calbot.core.permissions import Action, Subject
from calbot.core.poll_events import is_start
from calbot.core.poll_model import Poll, PollState
from calbot.errors import Code, UserError

from . import ballots, rights
from .requests import Place, Request
from .world import World

RUNNING: Final = (PollState.OPEN, PollState.CLOSING)
_ASK: Final = "which_poll"


async def in_place(world: World, place: Place, states: Sequence[PollState]) -> Sequence[Poll]:
    """The polls of a room, in a direct chat of all mapped rooms; numbered in this order wherever they are."""
    return [poll for room in place.mapped for poll in await world.stores.polls.in_room(room.id, states)]


async def meant(
    world: World, request: Request, states: Sequence[PollState] = RUNNING, *, since: int | None = None
) -> Poll:
    """The poll replied to, whatever has become of it; else the only one in the thread or the room that is in one of
    these states; asked where there are several. UserError where there is none. `since` (milliseconds): of those that
    are over only what ended later."""
    if request.replying_to is not None:
        poll = await world.stores.polls.at(request.place.room, request.replying_to)
        if poll is not None:
            return poll
        card = await world.stores.references.card_at(request.place.room, request.replying_to)
        poll = None if card is None else await world.stores.polls.of_event(card.calendar, card.occurrence.uid)
        if poll is not None and _is_here(request, poll):
            return poll
        event = await world.chat.event(request.place.room, request.replying_to)
        if event is not None and is_start(event.type):
            raise UserError(Code.NOT_FOUND, "poll_not_attached")
    found = await in_place(world, request.place, states)
    if since is not None:
        found = [poll for poll in found if poll.ended is None or poll.ended.at >= since]
    in_thread = [poll for poll in found if request.thread is not None and poll.thread == request.thread]
    found = in_thread or found
    shown = await _shown(world, request)
    if shown:
        found = shown
    elif not found:
        raise UserError(Code.NOT_FOUND, "no_open_poll")
    elif len(found) == 1:
        return found[0]
    choices = tuple(Say("poll", {"title": poll.title, "first": _first(world, request, poll)}) for poll in found)
    return found[request.picks.take(Ask(_ASK, choices, memo=" ".join(poll.key for poll in found)))]


def _first(world: World, request: Request, poll: Poll) -> str:
    first = polls.first_option(poll.options, ballots.zone_of(world, poll)) or poll.options[0]
    return messages.poll_option_name(request.reader, poll, first)


async def _shown(world: World, request: Request) -> Sequence[Poll]:
    """The polls that this command asked about already: the answer means one of those, whatever has come since."""
    asked = request.picks.recall(_ASK)
    if asked is None:
        return ()
    found = [await world.stores.polls.get(key) for key in asked[0].split()]
    return [poll for poll in found if poll is not None and _is_here(request, poll)] if None not in found else ()


def _is_here(request: Request, poll: Poll) -> bool:
    """Whether the sender sees the poll's own room from here: that of a calendar in several rooms is none of theirs
    for seeing the calendar."""
    return any(room.id == poll.room for room in request.place.mapped)


async def require_to_decide(world: World, request: Request, poll: Poll) -> None:
    """UserError, with the name of the poll, unless the sender may say what becomes of it."""
    try:
        await rights.require(world, request, Action.CLOSE_POLL, None, Subject(maker=poll.asker), room=poll.room)
    except UserError as error:
        if error.reason != "not_your_poll":
            raise
        needed = error.params["needed"]
        raise UserError(error.code, "not_your_poll_named", title=poll.title, needed=needed) from error
