"""Who is to be reminded of what: what the settings say, rooms and people chose, and who sees an event at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from calbot.core import reminders as core
from calbot.core.lead_times import Attending, Rules, rules_of_person, rules_of_room
from calbot.core.model import CalendarName, Occurrence, RoomId, Uid, UserId, is_person
from calbot.core.preferences import EventLeads, PrivateLeads, Snooze
from calbot.core.reminders import Reminder
from calbot.core.settings import Room

from . import people, places, preferences
from .world import World


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for some events, by whomever."""

    leads: Sequence[EventLeads] = ()
    snoozes: Sequence[Snooze] = ()


async def chosen_for(world: World, uids: Sequence[Uid]) -> Chosen:
    store = world.stores.preferences
    return Chosen(await store.event_leads(uids), await store.snoozes(uids))


def of_room(room: Room, chosen: Chosen) -> Rules:
    return rules_of_room(room, chosen.leads)


def of_person(
    world: World, private: PrivateLeads, user: UserId, chosen: Chosen, calendars: Iterable[CalendarName]
) -> Rules:
    """For one who sees `calendars`."""
    return rules_of_person(
        Attending(user, people.address(world, user)),
        world.settings.defaults.timezone,
        calendars,
        private.leads.get(user, ()),
        chosen.leads,
        chosen.snoozes,
    )


def of_people(
    world: World, private: PrivateLeads, users: Collection[UserId], chosen: Chosen, calendars: Collection[CalendarName]
) -> list[Rules]:
    """For what lies in any of `calendars`, copies of the same event in each of them: through which rooms people see it,
    if they do, is asked when it is sent."""
    mapped = [name for name in world.settings.mapped_calendars if name in calendars]
    return [of_person(world, private, user, chosen, [name]) for user in users for name in mapped]


def concerned(private: PrivateLeads, occurrences: Iterable[Occurrence], chosen: Chosen) -> set[UserId]:
    """The people who may want private reminders of these."""
    found = {one.recipient for one in chosen.leads if is_person(one.recipient)}
    found |= {snooze.person for snooze in chosen.snoozes}
    for details in {id(one.details): one.details for one in occurrences}.values():
        for attendee in (*details.attendees, *([details.organizer] if details.organizer else [])):
            user = attendee.user or private.by_address.get(attendee.address or "")
            if user is not None and user in private.leads:
                found.add(user)
    return found


@dataclass(frozen=True, slots=True)
class LastLook:
    """What a reminder is about, as it is now, and the mapped room through which its recipient sees it."""

    occurrence: Occurrence
    room: Room


async def last_look(world: World, reminder: Reminder) -> LastLook | None:
    """Whether the reminder is still wanted, and its recipient may still see what it is about; None where not."""
    recipient = reminder.recipient
    about = await world.stores.calendars.occurrences_about([reminder.uid], after=reminder.start)
    if not is_person(recipient):
        room = world.settings.rooms.get(RoomId(recipient))
        leads = await world.stores.preferences.event_leads([reminder.uid])
        occurrence = None if room is None else core.wanted(reminder, about, rules_of_room(room, leads))
        return None if room is None or occurrence is None else LastLook(occurrence, room)
    chosen = await chosen_for(world, [reminder.uid])
    private = await preferences.private_leads(world)
    copies = {one.calendar for one in about}
    through: dict[CalendarName, Room] = {}
    for name in [name for name in world.settings.mapped_calendars if name in copies]:
        seen = await places.rooms_seen_by(world, recipient, world.settings.rooms_of(name), enough=1)
        if seen:
            through[name] = seen[0]
    occurrence = core.wanted(reminder, about, of_person(world, private, recipient, chosen, through))
    return None if occurrence is None else LastLook(occurrence, through[occurrence.calendar])
