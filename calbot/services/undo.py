"""`undo`: takes back what the sender changed last here, if that was just now and nobody has changed it since.

What is taken back is claimed by the command first, so that a repeat goes on with the same; where the calendar refuses,
it is given back, and a later `undo` finds it again. What somebody else has changed since stays claimed, so that a later
one goes to what was done before. Nothing of this can be undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from typing_extensions import assert_never

from calbot.core import identity, messages
from calbot.core.ical import editing
from calbot.core.ical.reading import write_recurrence_id
from calbot.core.messages import Person
from calbot.core.model import CalendarObject, Message, Occurrence, OccurrenceId, Status, UserId
from calbot.core.permissions import Action, Subject
from calbot.core.poll_model import Decision, Poll, PollState
from calbot.core.settings import Room
from calbot.core.undo import (
    Answered,
    Booked,
    Cancelled,
    Edited,
    Imported,
    Made,
    Moved,
    Rebooked,
    Second,
    TakenOut,
    Undoable,
    mark_of,
)
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, NotEncrypted, Unavailable, UserError

from . import (
    answers,
    audit,
    closing,
    creating,
    deciding,
    inviting,
    moving,
    people,
    resources,
    reverting,
    rights,
    running,
    showing,
    writing,
)
from .requests import Reply, Request
from .world import World

_PATIENCE: Final = timedelta(minutes=10)
_NEVER: Final = frozenset(  # will it be possible
    {"conflict", "undo_changed", "event_gone", "occurrence_gone", "nothing_kept", "poll_gone"}
)


# The same, saying which event it is about.
_NAMING: Final[Mapping[str, str]] = {
    "conflict": "undo_changed_of",
    "undo_changed": "undo_changed_of",
    "event_gone": "undo_gone_of",
    "occurrence_gone": "undo_gone_of",
}


async def undo(world: World, request: Request) -> Reply | None:
    """Take the sender's last change here back, or go on where an earlier run of this command was cut off."""
    since = request.now - _PATIENCE
    change = await world.stores.undo.claim(request.place.room, request.sender, since, request.event.id)
    if change is None:
        raise UserError(Code.NOT_FOUND, "nothing_to_undo")
    try:
        known = await world.stores.calendars.occurrences_of(change.calendar, change.uid)
        subject = Subject(maker=request.sender)
        if known and known[0].details.hidden:  # perhaps only since then
            subject = await rights.subject(world, known[0])
        await rights.require(world, request, Action.CHANGE, change.calendar, subject)
        return await _take_back(world, request, change, known)
    except (ChatUnavailable, ChatForbidden, NotEncrypted):
        raise
    except CalbotError as error:
        if error.reason not in _NEVER:
            await world.stores.undo.give_back(request.event.id)
            raise
        now = await world.stores.calendars.occurrences_of(change.calendar, change.uid)
        title = _title(change, now)
        if not title or error.reason not in _NAMING:
            raise
        raise UserError(error.code, _NAMING[error.reason], title=title) from error


def _title(change: Undoable, known: Sequence[Occurrence]) -> str:
    """Of the event that was changed, as it is now or was then; empty where it may not be said or is not known."""
    act = change.act
    said = known[0] if known else act.old if isinstance(act, (Moved, Edited, Cancelled, TakenOut)) else None
    return "" if said is None or said.details.hidden else said.details.title


async def _take_back(world: World, request: Request, change: Undoable, known: Sequence[Occurrence]) -> Reply | None:
    act = change.act
    audit.is_about(world, act)
    match act:
        case Answered():
            return await answers.take_back(world, request, change, act)
        case Made(mark):
            gone = await _delete(world, request, change, mark)
            notes = await inviting.change_notes(world, gone)
            return await _reply(world, request, gone, messages.undone_new(request.reader, gone, notes=notes), gone=True)
        case Imported(events):
            return await _delete_all(world, request, change, events)
        case Moved():
            return await _move_back(world, request, change, act, known)
        case Edited():
            back = await reverting.take_back(world, request, change, act)
            return await _reply(world, request, back.shown, back.message, series=back.series, also=back.off)
        case Cancelled():
            return await _write_back(world, request, change, act)
        case TakenOut():
            return await _put_back(world, request, change, act)
        case Booked():
            return await _unbook(world, request, change, act)
        case Rebooked():
            return await _book_before(world, request, act, known)
        case _:
            assert_never(act)


async def _delete(world: World, request: Request, change: Undoable, mark: str) -> Occurrence:
    """Delete what was written, unless it says something else by now. As it was."""
    known = await world.stores.calendars.occurrences_of(change.calendar, change.uid)
    gone = request.before or min(known, key=lambda one: one.recurrence_id or "", default=None)
    if gone is None:
        raise UserError(Code.STALE_REFERENCE, "event_gone")
    await world.stores.inbox.note(request.event.id, gone)

    def check(current: CalendarObject) -> None:
        if mark_of(current.data, hidden=gone.details.hidden) != mark:
            raise UserError(Code.CONFLICT, "undo_changed")

    await writing.delete(world, change.calendar, change.href, check, told=request.place.room)
    return gone


async def _delete_all(world: World, request: Request, change: Undoable, events: Sequence[Second]) -> Reply:
    """Delete what was written together, but for those that say something else by now. UserError if that is all."""
    stayed = 0
    for one in events:
        known = await world.stores.calendars.occurrences_of(change.calendar, one.uid)
        hidden = any(occurrence.details.hidden for occurrence in known)

        def check(current: CalendarObject, mark: str = one.mark, hidden: bool = hidden) -> None:
            if mark_of(current.data, hidden=hidden) != mark:
                raise UserError(Code.CONFLICT, "undo_changed")

        try:
            await writing.delete(world, change.calendar, one.href, check, told=request.place.room)
        except UserError as error:
            if error.reason != "undo_changed":
                raise
            stayed += 1
            continue
        if await world.stores.references.cards_about([one.uid]):
            room = showing.room_of(request, change.calendar)
            for occurrence in known:
                await _update_cards(world, room, occurrence, (), series=False, gone=True)
    if stayed == len(events):
        raise UserError(Code.CONFLICT, "undo_changed")
    return Reply(messages.undone_import(request.reader, gone=len(events) - stayed, stayed=stayed))


async def _move_back(
    world: World, request: Request, change: Undoable, act: Moved, known: Sequence[Occurrence]
) -> Reply:
    old = act.old
    if known and known[0].details.hidden:
        old = replace(old, details=known[0].details)
    slot = old.recurrence_id
    if act.whole and slot is not None:
        slot = write_recurrence_id(act.when.start)  # occurrences of a series are known by where it puts them
    moved = replace(old, when=act.when, recurrence_id=slot, uid=change.uid, href=change.href)
    zone = world.settings.defaults.timezone
    first_run = request.before is None  # otherwise an earlier one may have moved it back
    # That it was, tells its SEQUENCE: how that stood before is kept with what is noted of the first run.
    there = (
        next((one for one in known if one.recurrence_id == slot), None) if request.before is None else request.before
    )
    if there is not None:
        moved = replace(moved, details=replace(moved.details, sequence=there.details.sequence))
    edit = partial(
        moving.moved_to, old=moved, when=old.when, whole=act.whole, zone=zone, now=request.now, again=not first_run
    )
    times = await resources.times_after(world, moved, old.when, edit, whole=act.whole) if first_run else ()
    async with resources.moving(world, request.reader, moved, times):
        await world.stores.inbox.note(request.event.id, moved)
        stored = await writing.edit(world, change.calendar, change.href, edit, told=request.place.room)
    if act.whole:
        await moving.let_references_follow(world, request, change.key, moved, old.when, stored, back=True)
    back = next((one for one in stored.occurrences if one.when == old.when), None) or showing.first_occurrence(stored)
    notes = await inviting.change_notes(world, back)
    message = messages.undone_move(request.reader, moved, back, notes=notes, whole_series=act.whole)
    return await _reply(world, request, back, message, series=act.whole)


async def _write_back(world: World, request: Request, change: Undoable, act: Cancelled) -> Reply:
    """Under another UID: whoever was told that the event is cancelled would not take the old one for alive again."""
    if not act.data:
        raise UserError(Code.NOT_FOUND, "nothing_kept")
    uid = identity.uid_for_command(request.event.id)
    text = editing.renamed(act.data, uid, zone=world.settings.defaults.timezone, now=request.now)
    for leads in await world.stores.preferences.event_leads([change.uid]):
        await world.stores.preferences.save_event_leads(replace(leads, uid=uid))
    stored = await creating.create(world, change.calendar, uid, text, told=request.place.room)
    back = next((one for one in stored.occurrences if one.recurrence_id == act.old.recurrence_id), None)
    back = back or showing.first_occurrence(stored)
    await _rename(world, change, back, act.old)
    notes = await inviting.change_notes(world, back)
    message = messages.undone_cancel(request.reader, back, notes=notes, whole_series=act.whole)
    return await _reply(world, request, back, message, series=act.whole)


async def _rename(world: World, change: Undoable, back: Occurrence, old: Occurrence) -> None:
    """Whatever refers to the event that was cancelled means the one that was written back."""
    stores = world.stores
    async with stores.transaction():
        maker = await stores.references.maker(old.uid)
        if maker is not None:
            await stores.references.save_maker(back.uid, maker)
        rooms = {change.room, *(room.id for room in world.settings.rooms_of(change.calendar))}
        await stores.references.follow(
            change.calendar, old.uid, lambda id: OccurrenceId(back.uid, id.recurrence_id), sorted(rooms)
        )
        await stores.answers.rename(change.calendar, old.uid, back.uid)
        await stores.undo.rename(change.calendar, old.uid, back.uid, back.href)
    poll = await stores.polls.of_event(change.calendar, old.uid)
    if poll is not None:
        async with world.locks.hold(f"poll:{poll.key}"):
            latest = await stores.polls.get(poll.key)
            if latest is not None and latest.uid == old.uid:
                await stores.polls.save(replace(latest, uid=back.uid))


async def _put_back(world: World, request: Request, change: Undoable, act: TakenOut) -> Reply:
    old = act.old
    slot = old.recurrence_id
    if slot is None:
        raise RuntimeError("only an occurrence of a series can have been taken out of it")

    def restored(current: CalendarObject) -> str | None:
        zone = world.settings.defaults.timezone
        text = editing.restored_occurrence(current.data, act.data, slot, old.when, zone=zone, now=request.now)
        if text is not None and not editing.has_occurrence(text, slot, zone=zone):
            raise UserError(Code.CONFLICT, "undo_changed")
        return text

    stored = await writing.edit(world, change.calendar, change.href, restored, told=request.place.room)
    back = next((one for one in stored.occurrences if one.recurrence_id == slot), old)
    message = messages.undone_cancel(request.reader, back, notes=await inviting.change_notes(world, back))
    return await _reply(world, request, back, message)


async def _unbook(world: World, request: Request, change: Undoable, act: Booked) -> Reply:
    """Delete the event of a poll. The poll stays closed; booked again, it becomes another event."""
    # What is still under way would write the event again.
    await closing.conclude(world, act.poll)
    async with world.locks.hold(f"poll:{act.poll}"):
        poll = await world.stores.polls.get(act.poll)
        if poll is not None and poll.state is PollState.CLOSING:
            raise UserError(Code.CONFLICT, "undo_changed")
        gone = await _delete(world, request, change, act.mark)
        if poll is not None and poll.state is PollState.BOOKED and poll.uid == change.uid:
            poll = _unbooked(poll)
            await world.stores.polls.save(poll)
    running.look_soon(world, act.poll)
    notes = await inviting.change_notes(world, gone)
    if poll is None:
        return await _reply(world, request, gone, messages.undone_new(request.reader, gone, notes=notes), gone=True)
    message = messages.undone_booking(request.reader, poll, gone, notes=notes)
    return await _reply(world, request, gone, message, gone=True)


def _unbooked(poll: Poll) -> Poll:
    return replace(
        poll, state=PollState.ENDED, chosen=None, booked=None, uid=None, generation=poll.generation + 1, decision=None
    )


async def _book_before(world: World, request: Request, act: Rebooked, known: Sequence[Occurrence]) -> Reply | None:
    """Book a poll for the option that it was booked for before. The result says so."""
    poll = await world.stores.polls.get(act.poll)
    if poll is None:
        raise UserError(Code.NOT_FOUND, "poll_gone")
    if poll.decision is None or poll.decision.event_id != request.event.id:
        await _decide_before(world, request, act, known)
    try:
        await closing.conclude(world, act.poll)
    except Unavailable as error:
        # It goes on by itself: nothing is to be given back.
        later = UserError(error.code, "closing_later", title=poll.title)
        return Reply(messages.error(request.reader, later))
    finally:
        running.look_soon(world, act.poll)
    return None


async def _decide_before(world: World, request: Request, act: Rebooked, known: Sequence[Occurrence]) -> None:
    """UserError where the poll was booked for another option since, or somebody moved its event."""
    await closing.conclude(world, act.poll)
    decision = Decision(request.event.id, request.sender, request.event.at, undoes=True)

    def decided(poll: Poll) -> Poll | None:
        options = {option.id: option for option in poll.options}
        before, after = options.get(act.before), options.get(act.after)
        if before is None or after is None or poll.state is not PollState.BOOKED or poll.booked != after.id:
            return None
        if [one.when for one in known] != [after.when]:
            return None
        return deciding.decided(poll, decision=decision, option=before)

    if not await closing.change(world, act.poll, decided):
        raise UserError(Code.CONFLICT, "undo_changed")


async def _reply(
    world: World,
    request: Request,
    shown: Occurrence,
    message: Message,
    *,
    series: bool = False,
    gone: bool = False,
    also: Sequence[UserId] = (),
) -> Reply:
    """The answer, mentioning those concerned, `also` these; the card that the room has shows the same."""
    room = showing.room_of(request, shown.calendar)
    members = await world.chat.members(room.id)
    attending = people.persons(world, shown, members)
    await _update_cards(world, room, shown, attending, series=series, gone=gone)
    mentioned = people.to_mention(attending, [member.user for member in members], but=request.sender)
    mentioned = (*mentioned, *(user for user in also if user != request.sender and user not in mentioned))
    about = (shown.calendar, OccurrenceId(shown.uid) if series else shown.id)
    return Reply(message.mentioning(*mentioned), about=None if gone else about)


async def _update_cards(
    world: World, room: Room, shown: Occurrence, attending: tuple[Person, ...], *, series: bool, gone: bool
) -> None:
    if gone:
        shown = replace(shown, details=replace(shown.details, status=Status.CANCELLED))
    await showing.update_card(world, room, shown, attending, series=series or (gone and bool(shown.details.rule)))
