"""From an event in a room to an answer: who is spoken to, what is meant, doing it, saying so.

Whoever calls this has made sure that the sender counts at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final, TypeAlias

from calbot import faults
from calbot.core import commands, identity, messages
from calbot.core.commands import Answer, Misunderstood, NeverMind, ParseContext
from calbot.core.model import EventId, Message, RoomId
from calbot.core.people import server_of
from calbot.core.poll_events import annotated_event, is_start, reaction_number, replaced_event
from calbot.core.rate_limits import Admission
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, StorageUnavailable, Unavailable, UserError
from calbot.ports import Card, ChatEvent, InboxState, Incoming

from . import amending, audit, direct_chats, dispatch, places, questions, readers, repeats
from .amending import Amended
from .readings import context_of, locales_of
from .requests import Asked, Declined, Picks, Place, Reply, Request
from .tally import Outcome
from .world import World

# Votes, answers and the end of polls count whenever they were sent.
_NEVER_TOO_OLD: Final = (Answer, NeverMind, commands.Rsvp, commands.Vote, commands.Close)

# Whether there was anything to act on that the inbox has to remember; or the command that goes on now.
Handled: TypeAlias = bool | Incoming


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was said to the bot; `direct`: to it alone. `by_name`: only its name says so, and names stand in ordinary
    sentences too."""

    said: commands.Typed
    direct: bool
    by_name: bool


# ----------------------------------------------------------------------------------------------------------- what came


async def on_message(world: World, event: ChatEvent, incoming: Incoming) -> Handled:
    """Answer a message if it is a command or answers a question; False if it is neither.

    Safe to repeat after a crash. ChatUnavailable where nothing could be said: to be repeated later.
    """
    if incoming.state is InboxState.DONE:  # its key came late: it was removed by then, or an edit took its place
        return True
    if incoming.state is InboxState.NEW and server_of(event.sender) == server_of(world.chat.user):
        world.clock_watch.note(world.clock(), _sent_at(event))
    original = replaced_event(event.content)
    if original is not None:
        return await _on_edit(world, event, original, incoming)
    if event.content.get("msgtype") != "m.text":
        return False
    heard = await _hear(world, event)
    if heard is None:
        return await _answers_by_reply(world, event, incoming)
    with world.precedence.command():
        return await _obey(world, event, heard, incoming)


async def on_outage(world: World, event: ChatEvent, error: StorageUnavailable) -> None:
    """Tell whoever gave a command that it has to wait: once, however often it is tried again, and in the language of
    all, as nobody's own can be looked up."""
    if event.type != "m.room.message" or event.content.get("msgtype") != "m.text":
        return
    heard = await _hear(world, event)
    if heard is None or heard.by_name or _is_too_old(world, event):
        return
    defaults = world.settings.defaults
    message = messages.error(world.reader(defaults.language, defaults.timezone), error)
    await world.chat.post(event.room, message, key=identity.key_for("outage", event.id), reply_to=event.id)


async def on_reaction(world: World, event: ChatEvent) -> Handled:
    """A number on a question answers it, if it comes from whom was asked."""
    target = annotated_event(event.content)
    if target is None:
        return False
    key = event.content["m.relates_to"].get("key")
    number = reaction_number(key) if isinstance(key, str) else None
    question = await world.stores.questions.at(event.room, target)
    if question is None or number is None or question.asker != event.sender or number > question.choices:
        return False
    return await questions.pick(world, question, number, event.id) or True


async def _hear(world: World, event: ChatEvent) -> _Heard | None:
    """What a message says to the bot; None where it says it to others."""
    typed = commands.read_text(event.content)
    direct = await places.is_direct(world, event.room, event.sender)
    said = commands.addressed(
        typed,
        prefix=world.settings.command_prefix,
        bot=world.chat.user,
        bot_name=await places.own_name(world, event.room),
        direct=direct,
    )
    if said is None:
        return None
    by_name = not direct and commands.called_by_name(typed, prefix=world.settings.command_prefix)
    return _Heard(said, direct, by_name)


async def _on_edit(world: World, edit: ChatEvent, original: EventId, incoming: Incoming) -> Handled:
    """Act on what a message says now, in place of what it said before; or say that it is too late for that, once."""
    content = amending.new_content(edit)
    if content is None or _is_too_old(world, edit):
        return False
    heard = await _hear(world, replace(edit, content=content))
    if heard is None and len(await world.stores.inbox.about(original)) < 2:  # the edit alone: not about a command
        return False
    amended = await amending.read(world, edit, original, incoming.position)
    if amended is None or (amended.was_heard and amended.says_the_same):
        return False
    if amended.was_done or not amended.in_time:
        if heard is not None and amended.delay <= world.settings.sync.max_command_age:
            await _tell_too_late(world, amended, heard, incoming)
        return False
    await amending.give_up(world, amended.runs)
    return False if heard is None else await _obey(world, amended.event, heard, incoming)


async def _tell_too_late(world: World, amended: Amended, heard: _Heard, incoming: Incoming) -> None:
    place = await places.place_of(world, amended.event.room, amended.event.sender, direct=heard.direct)
    request = await _request(world, amended.event, place, incoming)
    done = UserError(Code.STALE_REFERENCE, "edited_when_done")
    error = done if amended.was_done else UserError(Code.LIMIT, "edited_too_late")
    await world.chat.post(
        place.room,
        messages.error(request.reader, error),
        key=identity.key_for("edited", amended.original),
        thread=request.thread,
        reply_to=amended.original,
    )


async def _answers_by_reply(world: World, event: ChatEvent, incoming: Incoming) -> Handled:
    """A bare number in reply to a question, which is not addressed to the bot in any other way."""
    target = commands.reply_target(event.content)
    question = None if target is None else await world.stores.questions.at(event.room, target)
    if question is None or question.asker != event.sender:
        return False
    typed = commands.read_text(event.content)
    command = commands.parse(typed, ParseContext(world.clock(), locales_of(world.settings.defaults.language)))
    if isinstance(command, NeverMind):
        await questions.withdraw(world, question, "question_settled")
        await world.stores.inbox.finish(event.id)
        return True
    number = await questions.number_for(world, question, command)
    if number is None or not 1 <= number <= question.choices or await amending.is_overtaken(world, event, incoming):
        return False
    return await questions.pick(world, question, number, event.id) or True


# ------------------------------------------------------------------------------------------------------------ commands


async def _obey(world: World, event: ChatEvent, heard: _Heard, incoming: Incoming) -> Handled:
    """Do what a message tells the bot to, unless nobody waits for that any more."""
    if heard.direct:
        await direct_chats.note(world, event.sender, event.room)
    place = await places.place_of(world, event.room, event.sender, direct=heard.direct)
    request = await _request(world, event, place, incoming)
    try:
        command = commands.parse(heard.said, context_of(request, world.settings.polls.max_options))
    except Exception as error:  # noqa: BLE001 - a border
        world.log.error("message %s could not be parsed\n%s", event.id, faults.of(error))  # noqa: TRY400 not what it says
        await _say(world, request, messages.internal_error(request.reader, event.id))
        return False
    if heard.by_name and _is_no_command(command):
        return False
    may_be_dropped = incoming.state is InboxState.NEW and not isinstance(command, _NEVER_TOO_OLD)
    if may_be_dropped and _is_too_old(world, event):
        return False
    if await amending.is_overtaken(world, event, incoming):
        await questions.withdraw_of(world, incoming)
        return True
    await world.stores.inbox.start(event.id, _as_raw(event), incoming.picks)
    # Recorded before, as it counts once, however often it is tried; and after, as it must not be run after a crash.
    if may_be_dropped and not await _is_admitted(world, request):
        await world.stores.inbox.finish(event.id)
        return True
    if isinstance(command, commands.Rsvp) and incoming.state is InboxState.NEW:
        command = await questions.instead_of_rsvp(world, request, command)
    if isinstance(command, Answer):
        return await _answer(world, request, command)
    if isinstance(command, NeverMind):
        return await _never_mind(world, request)
    if isinstance(command, Misunderstood):
        await _refuse(world, request, UserError(command.code, command.reason, **command.params), command)
        await world.stores.inbox.finish(event.id)
        world.tally.command(commands.id_of(command), Outcome.REFUSED, timedelta())
    else:
        async with repeats.sending(world, _sent_at(event)):
            await questions.lapse(world, request)
            await _run(world, request, command)
    return True


async def _is_admitted(world: World, request: Request) -> bool:
    """Whether a command is taken, as neither its sender nor the room has sent too many of late. Admins are not held to
    that: they have to find out what is going on."""
    settings = world.settings
    if request.sender in settings.admins:
        return True
    admission, error = world.buckets.admit(settings.limits, request.sender, request.place.room, world.clock())
    if error is not None:
        world.log.info("more commands than allowed: %s, in %s", error.reason, request.place.room)
        await _refuse(world, request, error, None)
    world.tally.limited += admission is not Admission.TAKEN
    return admission is Admission.TAKEN


def _is_no_command(command: commands.Command | Misunderstood) -> bool:
    """Whether not even the first word is one of a command."""
    return isinstance(command, Misunderstood) and command.command is None


async def _never_mind(world: World, request: Request) -> Handled:
    try:
        question = await questions.to_drop(world, request)
    except UserError as error:
        await _refuse(world, request, error, None)
    else:
        # Said first: after a crash the question is still there, and both are repeated.
        await _say(world, request, messages.ok(request.reader, "question_dropped"))
        await questions.withdraw(world, question, "question_settled")
    await world.stores.inbox.finish(request.event.id)
    return True


async def _answer(world: World, request: Request, command: Answer) -> Handled:
    try:
        question = await questions.asked_by(world, request, command.number)
    except UserError as error:
        await _refuse(world, request, error, None)
        await world.stores.inbox.finish(request.event.id)
        return True
    return await questions.pick(world, question, command.number, request.event.id) or True


async def _run(world: World, request: Request, command: commands.Command) -> None:
    """Do what was asked and say so. The command is finished unless the homeserver could not be told."""
    began, outcome = world.clock(), Outcome.UNAVAILABLE
    try:
        outcome = await _do(world, request, command)
    finally:
        world.tally.command(commands.id_of(command), outcome, world.clock() - began)


async def _do(world: World, request: Request, command: commands.Command) -> Outcome:
    wrote, outcome = False, Outcome.DONE
    try:
        async with audit.commanded(world, request, command):
            reply = await dispatch.perform(world, request, command)
        wrote = commands.alters(command)
        if reply is not None:
            await _reply(world, request, reply)
    except Asked as asked:
        await _ask(world, request, asked)
        return Outcome.ASKED
    except Declined as declined:
        await _say(world, request, declined.message)
    except (ChatUnavailable, ChatForbidden, StorageUnavailable):
        raise
    except CalbotError as error:
        outcome = Outcome.UNAVAILABLE if isinstance(error, Unavailable) else Outcome.REFUSED
        await _refuse(world, request, error, command)
    except Exception as error:  # noqa: BLE001 - a border
        world.log.error("command %s failed\n%s", request.event.id, faults.of(error))  # noqa: TRY400 not what it says
        outcome = Outcome.FAILED
        wrote = commands.alters(command)  # nobody knows how far it came
        await _say(world, request, messages.internal_error(request.reader, request.event.id))
    await world.stores.inbox.finish(request.event.id, wrote=wrote)
    return outcome


async def _reply(world: World, request: Request, reply: Reply) -> None:
    place, references = request.place, world.stores.references
    sent = await _say(world, request, reply.message)
    if reply.attachment is not None:
        await world.chat.attach(place.room, reply.attachment, key=_key("file", request), thread=request.thread)
    async with world.stores.transaction():
        if reply.listed:
            await references.save_list(place.room, request.sender, sent, reply.listed)
        if reply.about is not None:
            calendar, occurrence = reply.about
            card = Card(place.room, occurrence, calendar, sent, request.reader.locale)
            await (references.save_card(card) if reply.card else references.note_message(card))
            await references.save_last(place.room, request.sender, calendar, occurrence)


async def _refuse(
    world: World, request: Request, error: CalbotError, command: commands.Command | Misunderstood | None
) -> None:
    example = dispatch.example_for(request.reader, command)
    await _say(world, request, messages.error(request.reader, error, example=example))


async def _ask(world: World, request: Request, asked: Asked) -> None:
    await world.stores.inbox.start(request.event.id, _as_raw(request.event), questions.remembered(request, asked))
    sent = await _say(world, request, questions.message_of(request, asked))
    await questions.open_question(world, request, asked, sent)


async def _say(world: World, request: Request, message: Message) -> EventId:
    return await world.chat.post(
        request.place.room,
        message,
        key=_key("reply", request),
        thread=request.thread,
        reply_to=request.amends or request.event.id,
    )


def _key(kind: str, request: Request) -> str:
    """One answer for each run of a command: a run with one more answer to a question is another."""
    return identity.key_for(kind, request.event.id, *request.given)


# ------------------------------------------------------------------------------------------------------------- pieces


async def _request(world: World, event: ChatEvent, place: Place, incoming: Incoming) -> Request:
    target = commands.reply_target(event.content)
    room = place.mapped[0] if place.mapped and not place.direct else None
    defaults = world.settings.defaults
    habits = await readers.habits_of(world, event.sender, room)
    return Request(
        event=event,
        place=place,
        reader=readers.answered(world, habits, room),
        # Typed on the sender's clock. A clock that is ahead on some homeserver must not make people early.
        now=min(_sent_at(event), world.clock()).astimezone(habits.zone),
        duration=room.duration if room else defaults.duration,
        thread=commands.thread_root(event.content),
        replying_to=target,
        replying=target is not None and await _names_one(world, event.room, target),
        picks=Picks(incoming.picks),
        given=tuple(number for _, number in incoming.picks if number),
        before=incoming.before,
        amends=incoming.changes,
    )


async def _names_one(world: World, room: RoomId, target: EventId) -> bool:
    """Whether a message stands for one event or poll. A list does not, and nor does what the bot knows nothing of."""
    if await world.stores.references.card_at(room, target) is not None:
        return True
    if await world.stores.polls.at(room, target) is not None:
        return True
    event = await world.chat.event(room, target)
    return event is not None and is_start(event.type)


def _is_too_old(world: World, event: ChatEvent) -> bool:
    return world.clock() - _sent_at(event) > world.settings.sync.max_command_age


def _sent_at(event: ChatEvent) -> datetime:
    return datetime.fromtimestamp(event.at / 1000, tz=timezone.utc)


def _as_raw(event: ChatEvent) -> dict[str, object]:
    """The readable event, as the inbox keeps it while it is worked on."""
    return {
        "event_id": event.id,
        "room_id": event.room,
        "sender": event.sender,
        "origin_server_ts": event.at,
        "type": event.type,
        "content": dict(event.content),
    }


def as_event(incoming: Incoming) -> ChatEvent:
    """The event of a command that was started."""
    raw = incoming.raw
    return ChatEvent(
        id=incoming.event_id,
        room=RoomId(incoming.room),
        sender=incoming.sender,
        at=incoming.at,
        type=raw["type"],
        content=raw["content"],
    )
