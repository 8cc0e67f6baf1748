"""`my data` and `forget me`: what is stored about the sender, told and erased. In a direct chat only.

Both may be repeated after a crash: a file is posted once by its key, and what was erased is not there any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from calbot.core import messages
from calbot.core.ask import Ask, Say
from calbot.core.model import Attachment, Details, Occurrence, RoomId, UserId
from calbot.core.people import address_of, is_attendee, server_of
from calbot.errors import Code, NotEncrypted, UserError
from calbot.ports import Encryption

from . import addresses, agendas, audit, people, places, planning, preferences
from .requests import Asked, Declined, Reply, Request
from .world import World

_BACK: Final = timedelta(days=3650)
_QUESTION: Final = "forget_me"
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LEADS: Final = frozenset({"reminders", "leads"})
_OF_SERIES: Final = ("calendar", "uid")


async def my_data(world: World, request: Request) -> Reply:
    """`my data`: a file, and in words what is in it."""
    _require_direct(world, request)
    if not request.place.encrypted and await world.chat.encryption() is not Encryption.OFF:
        raise NotEncrypted("own_data_not_encrypted")  # it names addresses, rooms and events
    person = request.sender
    stored = dict(await world.stores.own_data.about(person, _addresses(world, person)))
    if "reminder" in stored:
        stored["reminder"] = list(_by_series(stored["reminder"]))
    names = await _room_names(world, request, stored)
    events = _by_event(await _events(world, request), request, _address(world, person))
    catalog = request.reader.catalog
    told = {
        "person": person,
        "addresses": _addresses(world, person),
        "addresses_from": _source(world, request),
        "as_of": world.clock().astimezone(request.zone).isoformat(timespec="seconds"),
        "stored": [
            {
                "what": table,
                "about": catalog.text(f"own_data.{table}"),
                "kept": _kept(world, request, table),
                "entries": [_readable(row, request, names) for row in rows],
            }
            for table, rows in stored.items()
        ],
        "events": {"about": catalog.text("own_data.events"), "entries": events},
        "remarks": [catalog.text("own_data.elsewhere"), catalog.text("own_data.log")],
    }
    data = json.dumps(told, ensure_ascii=False, indent=2).encode()
    counts = {table: len(rows) for table, rows in stored.items()}
    message = messages.own_data(request.reader, counts, events=len(events))
    return Reply(message, attachment=Attachment("calbot.json", "application/json", data))


async def forget_me(world: World, request: Request) -> Reply:
    """`forget me`: after the sender was told what goes and what stays, and wants that."""
    _require_direct(world, request)
    _agreed(request)
    person = request.sender
    instead = await audit.pseudonym(world, person)
    known = _addresses(world, person)
    async with world.locks.hold(f"preferences:{person}"), world.locks.hold(f"direct:{person}"):
        private = await preferences.private_leads(world)
        async with world.stores.transaction():
            await world.stores.own_data.forget(person, known, instead)
        private.put(person, None, _address(world, person))
    world.passed("person.forgotten")
    await addresses.load(world)
    await agendas.arm(world)
    await planning.replan_person(world, person, world.clock())
    return Reply(messages.forgotten(request.reader, address=_address(world, person)))


def _agreed(request: Request) -> None:
    ask = Ask(_QUESTION, (Say("forget_me"), Say("keep_me")), memo="all")
    try:
        declined = request.picks.take(ask)
    except Asked:
        raise Asked(ask, messages.forget_question(request.reader, ask).mentioning(request.sender)) from None
    if declined:
        raise Declined(messages.ok(request.reader, "not_forgotten"))


def _require_direct(world: World, request: Request) -> None:
    """What is about one person is not for others to read along."""
    if not request.place.direct:
        raise UserError(Code.NOT_UNDERSTOOD, "only_in_direct_chat")
    if world.settings.privacy.require_encryption and not request.place.encrypted:
        raise NotEncrypted("encryption_required")


def _address(world: World, person: UserId) -> str | None:
    return people.address(world, person)


def _addresses(world: World, person: UserId) -> Sequence[str]:
    address = _address(world, person)
    return [] if address is None else [address]


async def _events(world: World, request: Request) -> Sequence[Occurrence]:
    """Those that the sender organizes or takes part in, of the calendars that they may see. Others are not theirs to
    see, whoever is named in them."""
    if not request.place.encrypted:  # their titles may come from a room that is
        return ()
    address = _address(world, request.sender)
    found = await world.stores.calendars.occurrences(
        request.place.calendars,
        request.now - _BACK,
        request.now + world.settings.sync.horizon,
        attendee=address or request.sender,
    )
    return [one for one in found if not one.details.hidden and _names(one.details, request.sender, address)]


def _names(details: Details, person: UserId, address: str | None) -> bool:
    named = details.attendees if details.organizer is None else (*details.attendees, details.organizer)
    return any(is_attendee(each, person, address) for each in named)


def _by_event(found: Iterable[Occurrence], request: Request, address: str | None) -> Sequence[Mapping[str, Any]]:
    """A series once: by its next date, else by its last."""
    series: dict[tuple[str, str], list[Occurrence]] = {}
    for one in found:
        series.setdefault((one.calendar, one.uid), []).append(one)
    today = request.now.astimezone(request.zone).date()
    told = []
    for dates in series.values():
        shown = next((one for one in dates if _day(one.when.start) >= today), dates[-1])
        told.append({**_event(shown, request, address), "dates": len(dates)})
    return told


def _day(start: date) -> date:
    return start.date() if isinstance(start, datetime) else start


def _event(one: Occurrence, request: Request, address: str | None) -> Mapping[str, Any]:
    """Whoever organizes it without taking part has no answer to give."""
    answers = (each.partstat.value for each in one.details.attendees if is_attendee(each, request.sender, address))
    start = one.when.start
    return {
        "calendar": one.calendar,
        "uid": one.uid,
        "title": messages.clean(one.details.title),
        "start": (start.astimezone(request.zone) if isinstance(start, datetime) else start).isoformat(),
        "your_answer": next(answers, None),
    }


# ------------------------------------------------------------------------------------------------------------- wording


def _by_series(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The reminders of a series as one entry."""
    series: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        single = {name: value for name, value in row.items() if name not in _OF_SERIES}
        series.setdefault(tuple(row.get(name) for name in _OF_SERIES), []).append(single)
    for key, singles in series.items():
        yield {**dict(zip(_OF_SERIES, key, strict=True)), "planned": singles}


def _readable(row: Mapping[str, Any], request: Request, names: Mapping[str, str]) -> Mapping[str, Any]:
    """With instants in the zone of whoever asks, spans in words, and names of rooms beside their ids."""
    told: dict[str, Any] = {}
    for name, value in row.items():
        if name in _LEADS and isinstance(value, list):
            spans = [timedelta(seconds=one) for one in value]
            told[name] = [messages.lead_words(request.reader, [one]).text for one in spans]
        elif isinstance(value, str) and _INSTANT.fullmatch(value):
            told[name] = datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(request.zone).isoformat()
        elif isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
            told[name] = [_readable(one, request, names) for one in value]
        else:
            told[name] = value
        if name == "room" and value in names:
            told["room_name"] = names[value]
    return told


async def _room_names(
    world: World, request: Request, stored: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Mapping[str, str]:
    """Of the rooms that the sender is in; what others are called is not theirs to know."""
    named = {row.get("room") for rows in stored.values() for row in rows}
    rooms: Sequence[RoomId] = [room.id for room in request.place.mapped if room.id in named]
    return dict(zip(rooms, await places.names_of(world, rooms), strict=True))


def _kept(world: World, request: Request, table: str) -> str:
    kept = world.settings.privacy.retention
    spans = {"poll": kept.polls, "vote": kept.polls, "reminder": kept.reminders, "audit": kept.audit}
    catalog = request.reader.catalog
    if table in spans:
        return catalog.text("own_data.keeps_days", days=spans[table].days)
    return catalog.text("own_data.keeps")


def _source(world: World, request: Request) -> str | None:
    """Where the address of the sender comes from."""
    if _address(world, request.sender) is None:
        return None
    written = address_of(request.sender, replace(world.settings.people, found={}), server_of(world.chat.user))
    return request.reader.catalog.text("own_data.from_file" if written else "own_data.from_directory")
