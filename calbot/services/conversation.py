"""From an event in a room to an answer: who is spoken to, what is meant, doing it, saying so.

Whoever calls this has made sure that the sender counts at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Final, TypeAlias

from calbot.core import commands, identity, messages
from calbot.core.commands import Answer, Misunderstood, ParseContext
from calbot.core.model import EventId, Message, RoomId
from calbot.core.poll_events import annotated_event, is_start, reaction_number, replaced_event
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, UserError
from calbot.ports import Card, ChatEvent, InboxState, Incoming, Question

from . import direct_chats, dispatch, finding, places, presence, repeats
from .readings import context_of, locales_of
from .requests import Asked, Picks, Place, Reply, Request, name_of
from .world import World

_PATIENCE: Final = timedelta(minutes=10)  # how long a question waits for its answer
# Votes, answers and the end of polls count whenever they were sent.
_NEVER_TOO_OLD: Final = (Answer, commands.Vote, commands.Close)

# Whether there was anything to act on that the inbox has to remember; or the command that goes on now.
Handled: TypeAlias = bool | Incoming

# ----------------------------------------------------------------------------------------------------------- what came


async def on_message(world: World, event: ChatEvent, incoming: Incoming) -> Handled:
    """Answer a message if it is a command or answers a question; False if it is neither.

    Safe to repeat after a crash. ChatUnavailable where nothing could be said: to be repeated later.
    """
    if event.content.get("msgtype") != "m.text" or replaced_event(event.content) is not None:
        return False
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
        return await _answers_by_reply(world, event, typed)
    if direct:
        await direct_chats.note(world, event.sender, event.room)
    place = await places.place_of(world, event.room, event.sender, direct=direct)
    request = await _request(world, event, place, incoming)
    try:
        command = commands.parse(said, context_of(request, world.settings.polls.max_options))
    except Exception:
        world.log.exception("message %s could not be parsed", event.id)
        await _say(world, request, messages.internal_error(request.reader, event.id))
        return False
    too_old = world.clock() - _sent_at(event) > world.settings.sync.max_command_age
    if too_old and incoming.state is InboxState.NEW and not isinstance(command, _NEVER_TOO_OLD):
        return False
    await world.stores.inbox.start(event.id, _as_raw(event), incoming.picks)
    if isinstance(command, Answer):
        return await _answer(world, request, command)
    if isinstance(command, Misunderstood):
        await _refuse(world, request, UserError(command.code, command.reason, **command.params), command)
        await world.stores.inbox.finish(event.id)
    else:
        async with repeats.sending(world, _sent_at(event)):
            await _run(world, request, command, incoming)
    return True


async def on_reaction(world: World, event: ChatEvent) -> Handled:
    """A number on a question answers it, if it comes from whom was asked."""
    target = annotated_event(event.content)
    if target is None:
        return False
    key = event.content["m.relates_to"].get("key")
    number = reaction_number(key) if isinstance(key, str) else None
    question = await world.stores.questions.at(event.room, target)
    if question is None or number is None or question.asker != event.sender:
        return False
    return await _pick(world, question, number, event.id)


async def _answers_by_reply(world: World, event: ChatEvent, typed: commands.Typed) -> Handled:
    """A bare number in reply to a question, which is not addressed to the bot in any other way."""
    target = commands.reply_target(event.content)
    question = None if target is None else await world.stores.questions.at(event.room, target)
    if question is None or question.asker != event.sender:
        return False
    command = commands.parse(typed, ParseContext(world.clock(), locales_of(world.settings.defaults.language)))
    if not isinstance(command, Answer):
        return False
    return await _pick(world, question, command.number, event.id)


# ----------------------------------------------------------------------------------------------------------- questions


async def _answer(world: World, request: Request, command: Answer) -> Handled:
    questions = world.stores.questions
    if request.replying_to is not None:
        question = await questions.at(request.place.room, request.replying_to)
    else:
        question = next(iter(await questions.open_for(request.place.room, request.sender)), None)
    if question is None:
        # A reply means what it replies to: it must not be taken for the answer to anything else.
        reason = "no_question" if request.replying_to is None else "question_over"
        await _refuse(world, request, UserError(Code.NOT_FOUND, reason, number=command.number), None)
    elif question.asker != request.sender:
        await _refuse(world, request, UserError(Code.FORBIDDEN, "not_your_question"), None)
    elif not 1 <= command.number <= question.choices:
        error = UserError(Code.NOT_FOUND, "no_such_choice", number=command.number, last=question.choices)
        await _refuse(world, request, error, None)
    else:
        return await _pick(world, question, command.number, request.event.id)
    await world.stores.inbox.finish(request.event.id)
    return True


async def _pick(world: World, question: Question, number: int, answer: EventId) -> Handled:
    """The command that asked, which goes on now with an answer. What was answered before stays answered."""
    if not 1 <= number <= question.choices:
        return False
    stores = world.stores
    async with stores.transaction():
        await stores.inbox.finish(answer)
        waiting = await stores.inbox.get(question.command)
        if not await stores.questions.close(question.event_id) or waiting is None:
            return True
        answered = [(name, picked or number) for name, picked in waiting.picks]
        await stores.inbox.start(question.command, waiting.raw, answered)
    return await stores.inbox.get(question.command) or True


async def await_expiry(world: World) -> None:
    """Ring when the next question has waited long enough for its answer."""
    expiry = await world.stores.questions.next_expiry()
    if expiry is not None:
        world.alarm.at("questions", expiry, partial(_expire_questions, world))


async def _expire_questions(world: World) -> None:
    """Withdraw questions that were not answered in time."""
    for question in await world.stores.questions.expired(world.clock()):
        await _withdraw(world, question)
    await await_expiry(world)


async def _withdraw(world: World, question: Question) -> None:
    """The command that asked is over; the question says so where that is possible."""
    waiting = await world.stores.inbox.get(question.command)
    async with world.stores.transaction():
        await world.stores.questions.close(question.event_id)
        await world.stores.inbox.finish(question.command)
    reader = presence.reader_of(world, question.room)
    message = finding.withdrawn(reader, waiting.picks if waiting is not None else ())
    message = message or messages.ok(reader, "question_withdrawn")
    key = identity.key_for("withdrawn", question.event_id)
    try:
        await world.chat.edit(question.room, question.event_id, message, key=key)
    except (ChatForbidden, ChatUnavailable) as error:
        world.log.info("a question could not be withdrawn: %s", error.reason)


# ------------------------------------------------------------------------------------------------------------ commands


async def _run(world: World, request: Request, command: commands.Command, incoming: Incoming) -> None:
    """Do what was asked and say so. The command is finished unless the homeserver could not be told."""
    try:
        reply = await dispatch.perform(world, request, command)
        if reply is not None:
            await _reply(world, request, reply)
    except Asked as asked:
        await _ask(world, request, asked, incoming)
        return
    except (ChatUnavailable, ChatForbidden):
        raise
    except CalbotError as error:
        await _refuse(world, request, error, command)
    except Exception:
        world.log.exception("command %s failed", request.event.id)
        await _say(world, request, messages.internal_error(request.reader, request.event.id))
    await world.stores.inbox.finish(request.event.id)


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
            card = Card(place.room, occurrence, calendar, sent)
            await (references.save_card(card) if reply.card else references.note_message(card))
            await references.save_last(place.room, request.sender, calendar, occurrence)


async def _refuse(
    world: World, request: Request, error: CalbotError, command: commands.Command | Misunderstood | None
) -> None:
    example = dispatch.example_for(request.reader, command)
    await _say(world, request, messages.error(request.reader, error, example=example))


async def _ask(world: World, request: Request, asked: Asked, incoming: Incoming) -> None:
    answered = [(name, number) for name, number in incoming.picks if number]
    picks = [*answered, (name_of(asked.ask), 0)]
    # Before it is asked: a repeat has to ask the same.
    await world.stores.inbox.start(request.event.id, _as_raw(request.event), picks)
    message = asked.message or messages.question(request.reader, asked.ask).mentioning(request.sender)
    sent = await _say(world, request, message)
    question = Question(
        event_id=sent,
        room=request.place.room,
        asker=request.sender,
        command=request.event.id,
        choices=len(asked.ask.choices),
        expires_at=world.clock() + _PATIENCE,
    )
    for older in await world.stores.questions.open_for(question.room, question.asker):
        if older.command != question.command:
            # One question at a time: a bare number has to mean the one that was asked last, and no other.
            await _withdraw(world, older)
    await world.stores.questions.save(question)
    await await_expiry(world)


async def _say(world: World, request: Request, message: Message) -> EventId:
    return await world.chat.post(
        request.place.room,
        message,
        key=_key("reply", request),
        thread=request.thread,
        reply_to=request.event.id,
    )


def _key(kind: str, request: Request) -> str:
    """One answer for each run of a command: a run with one more answer to a question is another."""
    return identity.key_for(kind, request.event.id, *request.given)


# ------------------------------------------------------------------------------------------------------------- pieces


async def _request(world: World, event: ChatEvent, place: Place, incoming: Incoming) -> Request:
    target = commands.reply_target(event.content)
    room = place.mapped[0] if place.mapped and not place.direct else None
    defaults = world.settings.defaults
    zone = room.timezone if room else defaults.timezone
    return Request(
        event=event,
        place=place,
        reader=world.reader(room.language if room else defaults.language, zone),
        # A clock that is ahead on some homeserver must not make people early.
        now=min(_sent_at(event), world.clock()).astimezone(zone),
        duration=room.duration if room else defaults.duration,
        thread=commands.thread_root(event.content),
        replying_to=target,
        replying=target is not None and await _names_one(world, event.room, target),
        picks=Picks(incoming.picks),
        given=tuple(number for _, number in incoming.picks if number),
        before=incoming.before,
    )


async def _names_one(world: World, room: RoomId, target: EventId) -> bool:
    """Whether a message stands for one event or poll. A list does not, and nor does what the bot knows nothing of."""
    if await world.stores.references.card_at(room, target) is not None:
        return True
    if await world.stores.polls.at(room, target) is not None:
        return True
    event = await world.chat.event(room, target)
    return event is not None and is_start(event.type)


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
