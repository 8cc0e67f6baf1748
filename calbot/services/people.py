"""Who somebody is to a calendar, and which attendee is who in a room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from calbot.core.messages import Person
from calbot.core.model import Attendee, Member, Occurrence, PartStat, Role, RoomId, UserId
from calbot.core.people import address_of, server_of, user_of, users_by_address

from .world import World


def address(world: World, user: UserId) -> str | None:
    return address_of(user, world.settings.people, server_of(world.chat.user))


async def names(world: World, room: RoomId) -> dict[UserId, str]:
    """How the room calls its members."""
    return {member.user: member.name for member in await world.chat.members(room)}


def attendee(
    world: World,
    user: UserId,
    known_as: dict[UserId, str],
    *,
    role: Role = Role.REQUIRED,
    partstat: PartStat = PartStat.NEEDS_ACTION,
) -> Attendee:
    """`user` as an attendee, by address if one is known."""
    name = known_as.get(user) or user[1:].partition(":")[0]
    return Attendee(name=name, address=address(world, user), user=user, role=role, partstat=partstat)


def invited(
    world: World, sender: UserId, required: Sequence[UserId], optional: Sequence[UserId], known_as: dict[UserId, str]
) -> tuple[Attendee, ...]:
    """The sender as the accepting chair, then the others; nobody twice."""
    others = [user for user in dict.fromkeys((*required, *optional)) if user not in (sender, world.chat.user)]
    chair = attendee(world, sender, known_as, role=Role.CHAIR, partstat=PartStat.ACCEPTED)
    return (
        chair,
        *(
            attendee(world, user, known_as, role=Role.REQUIRED if user in required else Role.OPTIONAL)
            for user in others
        ),
    )


def persons(world: World, occurrence: Occurrence, members: Iterable[Member]) -> tuple[Person, ...]:
    """The attendees of an occurrence as a room knows them. A room that was booked is its place, and only named here
    where it cannot be had after all."""
    by_user = {member.user: member.name for member in members}
    users = users_by_address(by_user, world.settings.people, server_of(world.chat.user))
    people = []
    for one in occurrence.details.attendees:
        if one.kind.is_resource and one.partstat is not PartStat.DECLINED:
            continue
        user = one.user
        if user is None and one.address is not None:
            user = user_of(one.address, users)
        name = by_user.get(user, one.name) if user is not None else one.name
        people.append(Person(name=name, user=user, partstat=one.partstat, role=one.role, has_address=bool(one.address)))
    return tuple(people)


def required(people: Sequence[Person]) -> tuple[UserId, ...]:
    """Those who have to be there, as far as they are known here and did not decline."""
    return tuple(
        one.user
        for one in people
        if one.user is not None and one.role is Role.REQUIRED and one.partstat is not PartStat.DECLINED
    )


def to_mention(people: Sequence[Person], joined: Iterable[UserId], *, but: UserId | None = None) -> tuple[UserId, ...]:
    """Those on an event who are in the room and did not decline, without `but`."""
    here = set(joined)
    return tuple(
        person.user
        for person in people
        if person.user is not None
        and person.user in here
        and person.user != but
        and person.partstat is not PartStat.DECLINED
    )
