"""Polls over dates, by command: open one, vote, close, make an event of one that somebody made in their client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from calbot.core import commands, dates, identity, messages, polls
from calbot.core.ask import Ask, Say
from calbot.core.dates import At, Base, Day
from calbot.core.model import AllDay
from calbot.core.permissions import Action, Subject
from calbot.core.poll_events import POLL_START, Answer, is_end, is_response, is_start, read_response, read_start
from calbot.core.poll_model import Cause, End, Option, Poll, PollOptions, PollState, Vote, Way
from calbot.core.settings import Room
from calbot.errors import Code, Unavailable, UserError

from . import ballots, closing, places, rights, running
from .readings import as_when, context_of, locales_of
from .requests import Reply, Request
from .world import World


async def open_poll(world: World, request: Request, command: commands.Poll) -> None:
    """Post a native poll and the text beside it. A repeat sends the same events again, under the same keys."""
    if request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "poll_needs_room")
    room, calendar = places.calendar_for_writing(request, command.calendar)
    await rights.require(world, request, Action.NEW, calendar)
    while (choice := command.unsettled) is not None:
        command = command.settled(request.picks.take(Ask("when", choice.readings, {"title": command.title})))
    fault = commands.check_settled(command, context_of(request))
    if fault is not None:
        raise UserError(fault.code, fault.reason, **fault.params)
    if command.behaviour.auto and not set(command.required) - {request.sender}:
        raise UserError(Code.NOT_UNDERSTOOD, "auto_needs_people")
    reader = world.reader(room.language, room.timezone)
    duration = command.duration or room.duration
    times = [as_when(proposal.readings[0], duration) for proposal in command.options]
    options = tuple(
        Option(f"option-{number}", messages.poll_option_label(reader, when), when)
        for number, when in enumerate(times, 1)
    )
    key = identity.poll_key(request.event.id)
    known = await world.stores.polls.get(key)
    poll = known or Poll(
        key=key,
        room=room.id,
        asker=request.sender,
        by_bot=True,
        creator=world.chat.user,
        created_at=request.event.at,
        title=command.title,
        options=options,
        max_selections=1 if command.behaviour.single else len(options),
        behaviour=command.behaviour,
        asked=command.asked,
        required=command.required or tuple(user for user in command.asked if user not in command.optional),
        optional=command.optional,
        calendar=calendar,
        location=command.location,
        description=command.description,
        until=_until(world, request, command, options, room.timezone),
        state=PollState.OPENING,
        thread=request.thread,
    )
    if poll.state is not PollState.OPENING:
        return  # an earlier run of this command got through
    await world.stores.polls.save(poll)
    content = messages.poll_start_content(reader, poll)
    if poll.thread is not None:
        content["m.relates_to"] = {
            "rel_type": "m.thread",
            "event_id": poll.thread,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": request.event.id},
        }
    start = await world.chat.send(room.id, POLL_START, content, key=identity.key_for("poll-start", key))
    poll = replace(poll, start_event=start)
    await world.stores.polls.save(poll)
    members = {member.user: member for member in await world.chat.members(room.id)}
    asked = [members[user] for user in poll.asked if user in members]
    text = await world.chat.post(
        room.id,
        messages.poll_text(reader, poll, asked),
        key=identity.key_for("poll-text", key),
        thread=poll.thread,
    )
    await world.stores.polls.save(replace(poll, text_event=text, state=PollState.OPEN))
    await running.arm(world)


def _until(
    world: World, request: Request, command: commands.Poll, options: tuple[Option, ...], zone: ZoneInfo
) -> datetime:
    if command.until:
        return command.until[0]
    return polls.default_until(options, now=request.now, zone=zone, deadline=world.settings.polls.deadline)


async def vote(world: World, request: Request, command: commands.Vote) -> Reply:
    """A vote by command, for people whose client shows no polls."""
    poll = await _meant(world, request)
    if poll.state is not PollState.OPEN:
        raise UserError(Code.NOT_FOUND, "no_open_poll")
    if poll.behaviour.hidden and not request.place.direct:
        raise UserError(Code.FORBIDDEN, "vote_in_private")
    chosen = []
    for number in dict.fromkeys(command.numbers):
        if not 1 <= number <= len(poll.options):
            raise UserError(Code.NOT_FOUND, "no_such_option", number=number, last=len(poll.options))
        chosen.append(poll.options[number - 1])
    if len(chosen) > poll.max_selections:
        raise UserError(Code.NOT_UNDERSTOOD, "too_many_options", most=poll.max_selections)
    cast = Vote(request.event.id, request.sender, request.event.at, Way.COMMAND, tuple(option.id for option in chosen))
    await world.stores.polls.save_vote(poll.key, cast)
    if poll.start_event is not None:
        await running.on_vote(world, request.event, poll.start_event)
    if not chosen:
        return Reply(messages.ok(request.reader, "vote_withdrawn", title=poll.title))
    labels = "; ".join(option.label for option in chosen)
    return Reply(messages.ok(request.reader, "voted", title=poll.title, options=labels))


async def close(world: World, request: Request, _: commands.Close) -> Reply | None:
    """Close a poll now. The result is posted by itself; the answer is only there where it has to wait."""
    poll = await _closed_by(world, request)
    if poll is None:
        poll = await _meant(world, request)
        if poll.state not in (PollState.OPEN, PollState.CLOSING):
            raise UserError(Code.NOT_FOUND, "no_open_poll")
        await rights.require(world, request, Action.CLOSE_POLL, poll.calendar, Subject(maker=poll.asker))
        end = End(request.event.id, request.sender, request.event.at)
        await closing.begin(world, poll.key, Cause.COMMAND, end)
    try:
        await closing.conclude(world, poll.key)
    except Unavailable as error:
        raise UserError(error.code, "closing_later", title=poll.title) from error
    return None


async def attach(world: World, request: Request, _: commands.Event) -> Reply | None:
    """Take on a poll that somebody made in their client: book it at its end, or now if it has ended."""
    if request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "poll_needs_room")
    if request.replying_to is None:
        raise UserError(Code.NOT_FOUND, "attach_needs_reply")
    event = await world.chat.event(request.place.room, request.replying_to)
    start = read_start(event.content) if event is not None and is_start(event.type) else None
    if event is None or start is None:
        raise UserError(Code.NOT_FOUND, "no_poll_there")
    known = await world.stores.polls.at(event.room, event.id)
    if known is not None and (known.by_bot or known.state is not PollState.OPEN):
        raise UserError(Code.CONFLICT, "poll_known", title=known.title)
    room, calendar = places.calendar_for_writing(request, None)
    await rights.require(world, request, Action.ATTACH_POLL, calendar, Subject(maker=event.sender))
    related = await world.chat.relations(event.room, event.id, "m.reference")
    cast = [read_response(one.id, one.sender, one.at, one.content) for one in related.events if is_response(one.type)]
    pinned = await ballots.pinned_start(world, event, start, cast)
    if pinned.changed:
        raise UserError(Code.CONFLICT, "poll_changed")
    start = pinned.start
    options, unreadable = _read_options(start.answers, room, datetime.fromtimestamp(event.at / 1000, room.timezone))
    if not any(option.when is not None for option in options):
        raise UserError(Code.NOT_UNDERSTOOD, "no_dates_in_poll", title=start.question)
    poll = Poll(
        key=identity.poll_key(event.id),
        room=event.room,
        asker=event.sender,
        by_bot=event.sender == world.chat.user,
        creator=event.sender,
        created_at=event.at,
        title=start.question,
        options=options,
        max_selections=start.max_selections,
        behaviour=PollOptions(single=start.max_selections == 1, hidden=not start.disclosed),
        asked=(),
        required=(),
        optional=(),
        calendar=calendar,
        until=None,
        state=PollState.OPEN,
        thread=request.thread,
        start_event=event.id,
    )
    await world.stores.polls.save(poll)
    for end in sorted((one for one in related.events if is_end(one.type)), key=lambda one: one.at):
        await running.on_end(world, end, event.id)
    after = await world.stores.polls.get(poll.key)
    if after is not None and after.state is not PollState.OPEN:
        return None  # it had ended: the result says it all
    id = "poll_attached_partly" if unreadable else "poll_attached"
    names = ", ".join(f"„{label}“" for label in unreadable)
    return Reply(messages.ok(request.reader, id, title=poll.title, options=names, calendar=calendar))


def _read_options(answers: Sequence[Answer], room: Room, at: datetime) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    """Answers as dates, as they were meant when the poll was made; and those that are none, or could be two."""
    options: list[Option] = []
    unreadable: list[str] = []
    base: Base | None = None
    for answer in answers:
        reading = dates.read_either(answer.text, locales=locales_of(room.language), now=at, base=base)
        when = as_when(reading, room.duration) if isinstance(reading, (At, Day)) else None
        options.append(Option(answer.id, answer.text, when))
        if when is None:
            unreadable.append(answer.text)
        else:
            base = Base(when.start if isinstance(when, AllDay) else when.start.astimezone(room.timezone).date())
    return tuple(options), tuple(unreadable)


async def _closed_by(world: World, request: Request) -> Poll | None:
    """The poll that an earlier run of this command closed; another one that is open by now was never meant."""
    closed = (PollState.CLOSING, PollState.BOOKED, PollState.ENDED)
    for room in request.place.mapped:
        for poll in await world.stores.polls.in_room(room.id, closed):
            if poll.ended is not None and poll.ended.event_id == request.event.id:
                return poll
    return None


async def _meant(world: World, request: Request) -> Poll:
    """The poll replied to, else the only open one in the thread or the room; asked where there are several."""
    if request.replying_to is not None:
        poll = await world.stores.polls.at(request.place.room, request.replying_to)
        if poll is not None:
            return poll
        event = await world.chat.event(request.place.room, request.replying_to)
        if event is not None and is_start(event.type):
            raise UserError(Code.NOT_FOUND, "poll_not_attached")
    found = [
        poll
        for room in request.place.mapped
        for poll in await world.stores.polls.in_room(room.id, [PollState.OPEN, PollState.CLOSING])
    ]
    in_thread = [poll for poll in found if request.thread is not None and poll.thread == request.thread]
    found = in_thread or found
    if not found:
        raise UserError(Code.NOT_FOUND, "no_open_poll")
    if len(found) == 1 and not request.picks.was_asked("which_poll"):
        return found[0]
    choices = tuple(Say("poll", {"title": poll.title, "first": poll.options[0].label}) for poll in found)
    return found[request.picks.take(Ask("which_poll", choices))]
