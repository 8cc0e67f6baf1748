"""What the bot asks back: posted with numbers to choose from, answered by whom was asked, withdrawn after a while.

A question stops its command before the first effect; the answer runs the same command again.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from calbot.core import identity, messages
from calbot.core.commands import Answer, Command, Misunderstood, Rsvp
from calbot.core.model import EventId, Message, PartStat, RoomId
from calbot.core.poll_events import number_reaction
from calbot.errors import ChatForbidden, ChatUnavailable, Code, UserError
from calbot.ports import Incoming, Question

from . import consent, finding, readers
from .requests import Asked, Request, name_of
from .world import World

_PATIENCE: Final = timedelta(minutes=10)  # how long a question waits for its answer
_YES_OR_NO: Final = {PartStat.ACCEPTED: 1, PartStat.DECLINED: 2}
_MOST_TAPS: Final = 5  # choices that get a reaction to tap on; each is one more event in the room


def remembered(request: Request, asked: Asked) -> tuple[tuple[str, int], ...]:
    """The answers so far and the question that comes now, kept before it is asked: a repeat has to ask the same."""
    return (*request.picks.answered, (name_of(asked.ask), 0))


def message_of(request: Request, asked: Asked) -> Message:
    """The question as whom it is for gets to see it."""
    return asked.message or messages.question(request.reader, asked.ask).mentioning(request.sender)


async def open_question(world: World, request: Request, asked: Asked, sent: EventId) -> None:
    """Wait for the answer to a question that was posted as `sent`.

    One at a time: a bare number has to mean what was asked last, and nothing else. What is asked once more after a
    restart is not open any longer for that.
    """
    place, stores = request.place, world.stores
    for older in await stores.questions.open_for(place.room, request.sender):
        if older.command != request.event.id:
            await withdraw(world, older, "question_lapsed")
    if await stores.questions.at(place.room, sent) is None:
        question = Question(
            event_id=sent,
            room=place.room,
            asker=request.sender,
            command=request.event.id,
            choices=len(asked.ask.choices),
            expires_at=world.clock() + _PATIENCE,
        )
        await stores.questions.save(question)
        _offer_taps(world, question)
    await await_expiry(world)


def _offer_taps(world: World, question: Question) -> None:
    """Put the numbers below the question, so that an answer is one tap. Nobody waits for that, or misses it."""
    if question.choices <= _MOST_TAPS:
        ring = partial(_put_taps, world, question.room, question.event_id, question.choices)
        world.alarm.at(f"taps-{question.event_id}", world.clock(), ring)


async def _put_taps(world: World, room: RoomId, target: EventId, choices: int) -> None:
    try:
        for number in range(1, choices + 1):
            if await world.stores.questions.at(room, target) is None:  # answered already
                return
            key = identity.key_for("tap", target, number)
            await world.chat.react(room, target, number_reaction(number), key=key)
    except (ChatForbidden, ChatUnavailable) as error:
        world.log.info("a question goes without numbers to tap on: %s", error.reason)


async def pick(world: World, question: Question, number: int, answer: EventId) -> Incoming | None:
    """The command that asked, which goes on now with an answer; what was answered before stays answered.

    None where it was answered or given up meanwhile.
    """
    stores = world.stores
    async with stores.transaction():
        await stores.inbox.finish(answer, wrote=True)
        waiting = await stores.inbox.get(question.command)
        if not await stores.questions.close(question.event_id) or waiting is None:
            return None
        answered = [(name, picked or number) for name, picked in waiting.picks]
        await stores.inbox.start(question.command, waiting.raw, answered)
    ring = partial(_show_answer, world, question, number)
    world.alarm.at(f"answered-{question.event_id}", world.clock(), ring)
    return await stores.inbox.get(question.command)


async def _show_answer(world: World, question: Question, number: int) -> None:
    """Put what was chosen in the place of the choices. Nobody waits for that, or misses it."""
    try:
        shown = await world.chat.event(question.room, question.event_id)
        body = shown.content.get("body") if shown is not None else None
        reader = await readers.reader_in(world, question.asker, question.room)
        message = messages.question_answered(reader, str(body or ""), number)
        if message is not None:
            key = identity.key_for("answered", question.event_id)
            await world.chat.edit(question.room, question.event_id, message, key=key)
    except (ChatForbidden, ChatUnavailable) as error:
        world.log.info("a question does not show its answer: %s", error.reason)


async def number_for(world: World, question: Question, command: Command | Misunderstood) -> int | None:
    """Which choice is meant: by its number, or by "yes" or "no" where the question can be answered so."""
    if isinstance(command, Answer):
        return command.number
    waiting = await world.stores.inbox.get(question.command)
    if waiting is None or not waiting.picks or not isinstance(command, Rsvp):
        return None
    key = waiting.picks[-1][0].partition(":")[0]
    return _YES_OR_NO.get(command.answer) if key in consent.YES_OR_NO else None


async def instead_of_rsvp(world: World, request: Request, command: Rsvp) -> Command | Misunderstood:
    """What "yes" or "no" means while a question is open: it hardly is an answer to the invitation to some event."""
    if command.ref is not None:
        return command
    place, target = request.place.room, request.replying_to
    if target is not None:
        question = await world.stores.questions.at(place, target)
    else:
        question = next(iter(await world.stores.questions.open_for(place, request.sender)), None)
    if question is None:
        return command
    number = await number_for(world, question, command)
    return Misunderstood("answer_by_number", Code.AMBIGUOUS) if number is None else Answer(number)


async def asked_by(world: World, request: Request, number: int) -> Question:
    """The question that a number answers; UserError where there is none, or it is not the sender's to answer."""
    question = await _meant(world, request)
    if question is None:
        # A reply means what it replies to: it must not be taken for the answer to anything else.
        reason = "no_question" if request.replying_to is None else "question_over"
        raise UserError(Code.NOT_FOUND, reason, number=number)
    if not 1 <= number <= question.choices:
        raise UserError(Code.NOT_FOUND, "no_such_choice", number=number, last=question.choices)
    return question


async def to_drop(world: World, request: Request) -> Question:
    """The question that the sender does not care about any more; UserError where there is none."""
    question = await _meant(world, request)
    if question is None:
        raise UserError(Code.NOT_FOUND, "no_question_to_drop")
    return question


async def _meant(world: World, request: Request) -> Question | None:
    """The question replied to, else the sender's open one. UserError where it, or all there is, is somebody else's."""
    questions, room = world.stores.questions, request.place.room
    if request.replying_to is not None:
        question = await questions.at(room, request.replying_to)
    else:
        own = await questions.open_for(room, request.sender)
        question = next(iter(own or await questions.open_in(room)), None)
    if question is not None and question.asker != request.sender:
        name = await world.chat.display_name(room, question.asker)
        raise UserError(Code.FORBIDDEN, "not_your_question", name=name)
    return question


# -------------------------------------------------------------------------------------------------------- the end of it


async def lapse(world: World, request: Request) -> None:
    """Whoever goes on to another command leaves what was asked before: a number typed later must not answer that.

    It counts at once; that the question says so, nobody waits for.
    """
    for question in await world.stores.questions.open_for(request.place.room, request.sender):
        if question.command == request.event.id:
            continue
        over = await _over(world, question, "question_lapsed")
        if over is not None:
            ring = partial(_show, world, question, over)
            world.alarm.at(f"lapsed-{question.event_id}", world.clock(), ring)


async def await_expiry(world: World) -> None:
    """Ring when the next question has waited long enough for its answer."""
    expiry = await world.stores.questions.next_expiry()
    if expiry is not None:
        world.alarm.at("questions", expiry, partial(_expire, world))


async def _expire(world: World) -> None:
    for question in await world.stores.questions.expired(world.clock()):
        await withdraw(world, question)
    await await_expiry(world)


async def withdraw(world: World, question: Question, why: str = "question_withdrawn") -> None:
    """The command that asked is over; the question says so, and `why`, where that is possible."""
    over = await _over(world, question, why)
    if over is not None:
        await _show(world, question, over)


async def _over(world: World, question: Question, why: str) -> Message | None:
    """End the command that asked. What the question is to say then; None if it was answered at this very moment."""
    waiting = await world.stores.inbox.get(question.command)
    async with world.stores.transaction():
        if not await world.stores.questions.close(question.event_id):
            return None
        await world.stores.inbox.finish(question.command)
    reader = await readers.reader_in(world, question.asker, question.room)
    return finding.withdrawn(reader, waiting.picks if waiting is not None else ()) or messages.ok(reader, why)


async def _show(world: World, question: Question, message: Message) -> None:
    key = identity.key_for("withdrawn", question.event_id)
    try:
        await world.chat.edit(question.room, question.event_id, message, key=key)
    except (ChatForbidden, ChatUnavailable) as error:
        world.log.info("a question could not be withdrawn: %s", error.reason)


async def withdraw_of(world: World, command: Incoming) -> None:
    """Give up a command that waits for an answer, with its question."""
    for question in await world.stores.questions.open_for(command.room, command.sender):
        if question.command == command.event_id:
            await withdraw(world, question, "question_settled")
    await world.stores.inbox.finish(command.event_id)
