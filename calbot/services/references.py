"""Which event somebody means by a number, a reply or `last`."""

from __future__ import annotations

from collections.abc import Sequence

from calbot.core.ask import Ask
from calbot.core.commands import ByNumber, ByReply, Last, Ref
from calbot.core.model import CalendarName, Occurrence, OccurrenceId, Status, instants
from calbot.errors import Code, UserError
from calbot.ports import Listed

from .requests import Request
from .world import World

_Meant = tuple[CalendarName, OccurrenceId]


async def resolve(world: World, request: Request, ref: Ref) -> Occurrence:
    """The occurrence meant, as the mirror has it. UserError where there is none; Asked where a newer list disagrees."""
    return await look_up(world, request, *await meant(world, request, ref))


async def look_up(world: World, request: Request, calendar: CalendarName, id: OccurrenceId) -> Occurrence:
    """An occurrence, or what stands for a whole series where `id` names one. UserError where it is gone."""
    if calendar not in request.place.calendars:
        raise UserError(Code.STALE_REFERENCE, "event_gone")
    found = await world.stores.calendars.occurrence([calendar], id)
    return found or await _of_series(world, request, calendar, id)


async def _of_series(world: World, request: Request, calendar: CalendarName, id: OccurrenceId) -> Occurrence:
    """What a whole series stands for when one of its occurrences is needed: the next one, else the last there was."""
    left = [
        one
        for one in await world.stores.calendars.occurrences_of(calendar, id.uid)
        if one.details.status is not Status.CANCELLED
    ]
    if not left:
        raise UserError(Code.STALE_REFERENCE, "event_gone")
    if id.recurrence_id is not None:
        raise UserError(Code.STALE_REFERENCE, "occurrence_gone")
    ordered = sorted(left, key=lambda one: instants(one.when, request.reader.zone))
    return next((one for one in ordered if instants(one.when, request.reader.zone)[1] > request.now), ordered[-1])


async def meant(world: World, request: Request, ref: Ref) -> _Meant:
    """What somebody refers to: an occurrence, or a series as a whole."""
    match ref:
        case ByNumber(number):
            return await _by_number(world, request, number)
        case Last():
            return await _last(world, request)
        case ByReply():
            return await _by_reply(world, request)


async def _last(world: World, request: Request) -> _Meant:
    """What was spoken of last with the sender. UserError where the last line of a newer list may be meant."""
    store, room = world.stores.references, request.place.room
    last = await store.last(room, request.sender)
    if last is None:
        raise UserError(Code.NOT_FOUND, "no_last")
    if await store.listed_since(room, request.sender):
        *_, own = await store.lists(room, request.sender)
        if (own[-1].calendar, own[-1].occurrence) != last:
            raise UserError(Code.AMBIGUOUS, "last_after_list")
    return last


async def _by_reply(world: World, request: Request) -> _Meant:
    if request.replying_to is None:
        raise UserError(Code.NOT_FOUND, "no_reference")
    card = await world.stores.references.card_at(request.place.room, request.replying_to)
    if card is None:
        raise UserError(Code.NOT_FOUND, "reply_to_nothing")
    return card.calendar, card.occurrence


async def _by_number(world: World, request: Request, number: int) -> _Meant:
    references = world.stores.references
    if request.replying_to is not None:
        shown = await references.list_at(request.place.room, request.replying_to)
        if shown is not None:
            return _numbered([shown], number)[0]
    lists = await references.lists(request.place.room, request.sender)
    if not lists:
        raise UserError(Code.NOT_FOUND, "no_list", number=number)
    found = _numbered(lists, number)
    if len(found) == 1:
        return found[0]
    # A list may be older than what the sender sees now: what is on it may be none of theirs any more.
    seen = [pair for pair in found if pair[0] in request.place.calendars]
    choices = [one for pair in seen if (one := await world.stores.calendars.occurrence([pair[0]], pair[1]))]
    if len(choices) < 2 and not (choices and request.picks.was_asked("which_list")):
        return found[0]
    picked = choices[request.picks.take(Ask("which_list", tuple(choices), {"number": number}))]
    return picked.calendar, picked.id


def _numbered(lists: Sequence[Sequence[Listed]], number: int) -> list[_Meant]:
    found = [(one.calendar, one.occurrence) for shown in lists for one in shown if one.number == number]
    if not found:
        longest = max((one.number for shown in lists for one in shown), default=0)
        raise UserError(Code.NOT_FOUND, "no_such_number", number=number, longest=longest)
    return list(dict.fromkeys(found))
