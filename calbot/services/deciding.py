"""`book`: somebody who may decide says that a poll is to become an event, or which of its options."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import commands, dates, identity, messages
from calbot.core.model import Occurrence, instants
from calbot.core.poll_model import Cause, Decision, End, Option, Poll, PollState
from calbot.errors import Code, Unavailable, UserError

from . import ballots, closing, running, which_poll
from .readings import locales_of, settle
from .requests import Reply, Request
from .world import World

_WAITING: Final = (PollState.OPEN, PollState.CLOSING, PollState.CONFIRMING)
_RECENT: Final = timedelta(days=7)  # how long ago a poll ended that is meant without being replied to


async def book(world: World, request: Request, command: commands.Book) -> Reply | None:
    """Book the winner of a poll or one of its options; a running poll closes, the event of a booked one moves.

    The result is posted by itself; the answer is only there where nothing is to be done, where it has to wait, or where
    the command came in a direct chat. A repeat goes on with the poll that this command decided on.
    """
    poll = await _decided_by(world, request)
    if poll is None:
        poll = await _meant(world, request)
        await which_poll.require_to_decide(world, request, poll)
        if poll.state is PollState.CLOSING:
            poll = await _finished(world, poll)
        option = None if command.number is None else await _option(world, request, poll, command)
        event = await _event(world, poll)
        if event is not None and (option is None or option.when == event.when):
            return _already_booked(request, poll, event)
        if option is None and poll.state is PollState.CONFIRMING:
            _require_ahead(world, request, poll, closing.chosen_option(poll))
        decision = Decision(request.event.id, request.sender, request.event.at)
        if not await closing.change(world, poll.key, partial(decided, decision=decision, option=option)):
            raise UserError(Code.NOT_FOUND, "no_open_poll")
    try:
        poll = await _finished(world, poll)
    finally:
        running.look_soon(world, poll.key)
    if poll.state is PollState.CLOSING:  # others could read along in its room
        raise UserError(Code.FORBIDDEN, "closing_later", title=poll.title)
    if request.place.room == poll.room:
        return None
    return Reply(messages.ok(request.reader, "poll_decided", title=poll.title))


def decided(poll: Poll, *, decision: Decision, option: Option | None) -> Poll | None:
    """The poll as one that closes by somebody's word: with `option`, or else with what the votes come to."""
    if poll.state in (PollState.OPENING, PollState.CLOSING):
        return None
    chosen: str | None
    cause: Cause | None
    if option is not None:
        chosen, cause = option.id, Cause.BOOKED
        poll = replace(poll, options=tuple(option if one.id == option.id else one for one in poll.options))
    elif poll.state is PollState.CONFIRMING:
        chosen, cause = poll.chosen, poll.cause
    else:
        chosen, cause = None, Cause.COMMAND
    return replace(
        poll,
        state=PollState.CLOSING,
        cause=cause,
        ended=poll.ended or End(decision.event_id, decision.sender, decision.at),
        uid=poll.uid or identity.uid_for_poll(poll.key, poll.generation),
        chosen=chosen,
        decision=decision,
        revision=poll.revision + 1,
    )


async def _finished(world: World, poll: Poll) -> Poll:
    """The poll when its closing has come to an end. UserError where that has to wait for the outside world."""
    try:
        await closing.conclude(world, poll.key)
    except Unavailable as error:
        raise UserError(error.code, "closing_later", title=poll.title) from error
    return await world.stores.polls.get(poll.key) or poll


async def _decided_by(world: World, request: Request) -> Poll | None:
    """The poll that an earlier run of this command decided on."""
    for poll in await which_poll.in_place(world, request.place, tuple(PollState)):
        if poll.decision is not None and poll.decision.event_id == request.event.id:
            return poll
    return None


async def _meant(world: World, request: Request) -> Poll:
    """The poll replied to; else the only one that waits, else that ended without an event, else that was booked."""
    since = int((world.clock() - _RECENT).timestamp() * 1000)
    for states in (_WAITING, (PollState.ENDED,)):
        try:
            return await which_poll.meant(world, request, states, since=since)
        except UserError as error:
            if error.reason != "no_open_poll":
                raise
    return await which_poll.meant(world, request, (PollState.BOOKED,), since=since)


async def _option(world: World, request: Request, poll: Poll, command: commands.Book) -> Option:
    """The option meant, with a date that is still ahead."""
    number = command.number or 0
    if not 1 <= number <= len(poll.options):
        raise UserError(Code.NOT_FOUND, "no_such_option", number=number, last=len(poll.options))
    option = poll.options[number - 1]
    if command.when and option.when is not None:
        name = messages.poll_option_name(request.reader, poll, option)
        raise UserError(Code.NOT_UNDERSTOOD, "option_has_date", number=number, option=name)
    if option.when is None:
        if not command.when:
            raise UserError(Code.NOT_UNDERSTOOD, "option_unreadable", number=number, option=option.label)
        reading = dates.read_either(command.when, locales=locales_of(request.reader.locale), now=request.now)
        when, rule = settle(request, reading, poll.title, request.duration, text=command.when)
        if rule:
            raise UserError(Code.NOT_UNDERSTOOD, "date_series", text=command.when)
        option = replace(option, when=when)
    _require_ahead(world, request, poll, option)
    return option


def _require_ahead(world: World, request: Request, poll: Poll, option: Option | None) -> None:
    if option is None or option.when is None:
        return
    if instants(option.when, ballots.zone_of(world, poll))[0] <= world.clock():
        name = messages.poll_option_name(request.reader, poll, option)
        raise UserError(Code.IN_PAST, "option_begun", option=name)


async def _event(world: World, poll: Poll) -> Occurrence | None:
    """The event that the poll became, if it is still there."""
    if poll.state is not PollState.BOOKED or poll.uid is None:
        return None
    return next(iter(await world.stores.calendars.occurrences_of(poll.calendar, poll.uid)), None)


def _already_booked(request: Request, poll: Poll, event: Occurrence) -> Reply:
    """Where the event is now, which may be another time than the one that was voted for."""
    option = closing.chosen_option(poll)
    as_voted = option is not None and option.when == event.when
    if option is not None and as_voted:
        when = messages.poll_option_name(request.reader, poll, option)
    else:
        when = messages.when_text(request.reader, event.when)
    return Reply(messages.ok(request.reader, "poll_booked", title=poll.title, option=when))
