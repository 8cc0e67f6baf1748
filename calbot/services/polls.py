"""Polls over dates, by command: open one, vote, close."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from calbot.core import commands, identity, messages, polls
from calbot.core.ask import Ask
from calbot.core.model import CalendarName, EventId, UserId, When
from calbot.core.permissions import Action
from calbot.core.poll_events import POLL_START
from calbot.core.poll_model import Cause, Decision, End, Option, Poll, PollOptions, PollState, Vote, Way
from calbot.core.settings import Room
from calbot.errors import CalbotError, Code, Unavailable, UserError

from . import closing, freebusy, holds, nudging, places, poll_cards, resources, rights, running, which_poll
from .readings import as_when, context_of
from .requests import Reply, Request
from .world import World

_FEW: Final = 20  # people of a room whose free time is looked at, where nobody in particular is asked


@dataclass(frozen=True, slots=True)
class Draft:
    """A poll to open, all dates settled. Without `until` it closes an hour before its first option."""

    title: str
    times: tuple[When, ...]
    room: Room
    calendar: CalendarName
    asked: tuple[UserId, ...] = ()
    required: tuple[UserId, ...] = ()
    optional: tuple[UserId, ...] = ()
    behaviour: PollOptions = field(default_factory=PollOptions)
    until: datetime | None = None
    location: str = ""
    description: str = ""
    resource: str = ""  # the name of a configured one


async def open_poll(world: World, request: Request, command: commands.Poll) -> None:
    """Open the poll that was typed, once all that it leaves open is settled."""
    if request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "poll_needs_room")
    room, calendar = places.calendar_for_writing(request, command.calendar)
    await rights.require(world, request, Action.NEW, calendar)
    while (choice := command.unsettled) is not None:
        command = command.settled(request.picks.take(Ask("when", choice.readings, {"title": command.title})))
    fault = commands.check_settled(command, context_of(request))
    if fault is not None:
        raise UserError(fault.code, fault.reason, **fault.params)
    duration = command.duration or room.duration
    draft = Draft(
        title=command.title,
        times=tuple(as_when(proposal.readings[0], duration) for proposal in command.options),
        room=room,
        calendar=calendar,
        asked=command.asked,
        required=command.required or tuple(user for user in command.asked if user not in command.optional),
        optional=command.optional,
        behaviour=command.behaviour,
        until=command.until[0] if command.until else None,
        location=command.location,
        description=command.description,
        resource=resources.named(world, command.resource).name if command.resource else "",
    )
    await open_with(world, request, draft)


async def open_with(world: World, request: Request, draft: Draft) -> None:
    """Post a native poll and the text beside it. A repeat sends the same events again, under the same keys."""
    if draft.behaviour.auto and not set(draft.required) - {request.sender}:
        raise UserError(Code.NOT_UNDERSTOOD, "auto_needs_people")
    key = identity.poll_key(request.event.id)
    async with world.locks.hold(f"poll:{key}"):
        poll = await world.stores.polls.get(key)
        if poll is None:
            poll = await _with_hints(world, _drafted(world, request, draft), draft.room)
            await world.stores.polls.save(poll)
            world.passed("poll.opening")
        if poll.state is PollState.OPENING:
            poll = await _post(world, request, poll, draft.room)
            await holds.place(world, poll)
    await running.arm(world)
    nudging.arm(world, poll)


def _drafted(world: World, request: Request, draft: Draft) -> Poll:
    zone = draft.room.timezone
    reader = world.reader(draft.room.language, zone)
    options = tuple(
        Option(f"option-{number}", messages.poll_option_label(reader, when), when)
        for number, when in enumerate(draft.times, 1)
    )
    deadline = world.settings.polls.deadline
    until = draft.until or polls.default_until(options, now=request.now, zone=zone, deadline=deadline)
    return Poll(
        key=identity.poll_key(request.event.id),
        room=draft.room.id,
        asker=request.sender,
        by_bot=True,
        creator=world.chat.user,
        created_at=request.event.at,
        title=draft.title,
        options=options,
        max_selections=1 if draft.behaviour.single else len(options),
        behaviour=draft.behaviour,
        asked=draft.asked,
        required=draft.required,
        optional=draft.optional,
        calendar=draft.calendar,
        location=draft.location,
        description=draft.description,
        resource=draft.resource,
        until=until,
        state=PollState.OPENING,
        thread=request.thread,
        origin=request.event.id,
        nudge_at=nudging.planned(world, request.now, until),
    )


async def _with_hints(world: World, poll: Poll, room: Room) -> Poll:
    """With how many of those asked are free at each time, where that is known soon; it is found out once."""
    users = (poll.asker, *poll.asked, *poll.required, *poll.optional)
    if len(set(users)) == 1:
        members = await world.chat.members(room.id)
        users = tuple(member.user for member in members) if len(members) <= _FEW else ()
    try:
        hints = await freebusy.hints(world, room, poll.options, users)
    except CalbotError as error:
        world.log.info("who is free at the dates of a poll is not known: %s", error.reason)
        return poll
    return replace(poll, options=tuple(replace(option, free=hints.get(option.id)) for option in poll.options))


async def _post(world: World, request: Request, poll: Poll, room: Room) -> Poll:
    """The poll, open: what of it was posted before is not posted again."""
    reader = world.reader(room.language, room.timezone)
    content = {**messages.poll_start_content(reader, poll), **_in_thread(poll.thread, request.event.id)}
    start = await world.chat.send(room.id, POLL_START, content, key=identity.key_for("poll-start", poll.key))
    poll = replace(poll, start_event=start)
    await world.stores.polls.save(poll)
    world.passed("poll.started")
    members = await world.chat.members(room.id)
    joined = {member.user: member for member in members}
    asked = [joined[user] for user in poll.asked if user in joined]
    text = await world.chat.post(
        room.id,
        messages.poll_text(reader, poll, asked),
        key=identity.key_for("poll-text", poll.key),
        thread=poll.thread,
    )
    poll = replace(poll, text_event=text, state=PollState.OPEN)
    await poll_cards.note_posted(world, poll, members)
    await world.stores.polls.save(poll)
    world.passed("poll.opened")
    return poll


def _in_thread(root: EventId | None, last: EventId) -> dict[str, Any]:
    if root is None:
        return {}
    relation = {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": last},
    }
    return {"m.relates_to": relation}


async def vote(world: World, request: Request, command: commands.Vote) -> Reply:
    """A vote by command, for people whose client shows no polls."""
    poll = await which_poll.meant(world, request, (PollState.OPEN,))
    if poll.state is not PollState.OPEN:
        raise UserError(Code.NOT_FOUND, "poll_is_closed", title=poll.title)
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
    await running.voted(world, poll, request.event)
    if not chosen:
        return Reply(messages.ok(request.reader, "vote_withdrawn", title=poll.title))
    labels = "; ".join(messages.poll_option_name(request.reader, poll, option) for option in chosen)
    return Reply(messages.ok(request.reader, "voted", title=poll.title, options=labels))


async def close(world: World, request: Request, _: commands.Close) -> Reply | None:
    """Close a poll now. The result is posted by itself; the answer is only there where it has to wait."""
    poll = await _closed_by(world, request)
    if poll is None:
        poll = await which_poll.meant(world, request, (*which_poll.RUNNING, PollState.CONFIRMING))
        if poll.state not in (*which_poll.RUNNING, PollState.CONFIRMING):
            raise UserError(Code.NOT_FOUND, "poll_is_closed", title=poll.title)
        await which_poll.require_to_decide(world, request, poll)
        decision = Decision(request.event.id, request.sender, request.event.at)
        await closing.decline(world, poll.key, decision)  # if it waits for confirmation
        end = End(request.event.id, request.sender, request.event.at)
        await closing.begin(world, poll.key, Cause.COMMAND, end)
    try:
        await closing.conclude(world, poll.key)
    except Unavailable as error:
        raise UserError(error.code, "closing_later", title=poll.title) from error
    after = await world.stores.polls.get(poll.key)
    if after is not None and after.state is PollState.CLOSING:  # others could read along in its room
        raise UserError(Code.FORBIDDEN, "closing_later", title=poll.title)
    if request.place.room == poll.room:
        return None
    return Reply(messages.ok(request.reader, "poll_decided", title=poll.title))


async def _closed_by(world: World, request: Request) -> Poll | None:
    """The poll that an earlier run of this command closed; another one that is open by now was never meant."""
    closed = (PollState.CLOSING, PollState.CONFIRMING, PollState.BOOKED, PollState.ENDED)
    for room in request.place.mapped:
        for poll in await world.stores.polls.in_room(room.id, closed):
            if any(one is not None and one.event_id == request.event.id for one in (poll.ended, poll.decision)):
                return poll
    return None
