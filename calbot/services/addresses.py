"""Finds out people's addresses by asking the calendar servers (`people.principal_search`), where no table and no
template has them.

What a server said holds for a day, that it knew nobody for an hour. A server that does not answer holds a command up
for a few seconds at most, and is left alone for a minute then: whoever is concerned has no address until it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from calbot.core.model import AccountName, UserId
from calbot.core.people import address_of, matching_address, search_texts, server_of
from calbot.errors import CalbotError, CalendarUnavailable
from calbot.ports import FoundAddress, FoundPerson

from . import planning, preferences
from .world import World

_FOUND_FOR: Final = timedelta(days=1)
_NOBODY_FOR: Final = timedelta(hours=1)
_AGAIN: Final = timedelta(minutes=1)
_PATIENCE: Final = 5.0  # seconds that a command waits for all servers together
_MOST: Final = 20  # people looked for at once; of more, the others at the next occasion
_KEPT: Final = timedelta(days=30)  # a server may be away for long


async def load(world: World) -> None:
    """Put in force what was found before the start."""
    if world.settings.people.principal_search:
        world.in_force.found = await world.stores.addresses.addresses()
        world.in_force.apply(world.settings)


async def find_out(world: World, users: Iterable[UserId]) -> None:
    """Look for those of them whose address is to be searched for and not known well enough; afterwards it is known, if
    a server knows it."""
    if not world.settings.people.principal_search:
        return
    wanted = [user for user in dict.fromkeys(users) if await _is_wanted(world, user)][:_MOST]
    if wanted:
        await asyncio.gather(*(_look_for(world, user) for user in wanted))


def is_silent(world: World, user: UserId) -> bool:
    """Whether no server answered when it was asked for somebody just now."""
    now = world.clock()
    return world.pace.earliest(_name(user), now) > now


async def forget_old(world: World) -> None:
    await world.stores.addresses.forget_before(world.clock() - _KEPT)


async def _is_wanted(world: World, user: UserId) -> bool:
    own_server, settings = server_of(world.chat.user), world.settings.people
    if server_of(user) != own_server or user == world.chat.user or is_silent(world, user):
        return False
    if address_of(user, replace(settings, found={}), own_server) is not None:
        return False
    known = await world.stores.addresses.of(user)
    if known is None:
        return True
    return world.clock() - known.searched_at > (_NOBODY_FOR if known.address is None else _FOUND_FOR)


async def _look_for(world: World, user: UserId) -> None:
    async with world.locks.hold(_name(user)):
        if not await _is_wanted(world, user):  # somebody else has just looked
            return
        try:
            address = await asyncio.wait_for(_search(world, user), _PATIENCE)
        except (CalendarUnavailable, asyncio.TimeoutError) as error:
            now = world.clock()
            world.pace.hold(_name(user), now + _AGAIN, now)
            reason = error.reason if isinstance(error, CalbotError) else "calendar_timeout"
            world.log.info("the address of %s could not be searched for: %s", user, reason)
            return
        await _learn(world, user, address)


async def _search(world: World, user: UserId) -> str | None:
    """The one address that is meant, over all servers together. CalendarUnavailable where one of them cannot say."""
    answers = await asyncio.gather(*(_ask(world, account, user) for account in world.settings.accounts))
    return matching_address(user, [one for people in answers for one in people])


async def _ask(world: World, account: AccountName, user: UserId) -> Sequence[FoundPerson]:
    for text in search_texts(user, world.settings.accounts[account].address):
        people = await world.gateway.find_people(account, text)
        if matching_address(user, people) is not None:
            return people
    return ()


async def _learn(world: World, user: UserId, address: str | None) -> None:
    await world.stores.addresses.save(FoundAddress(user, address, world.clock()))
    before = world.in_force.found.get(user)
    if address == before:
        return
    others = {known: one for known, one in world.in_force.found.items() if known != user}
    world.in_force.found = others if address is None else {**others, user: address}
    world.in_force.apply(world.settings)
    private = await preferences.private_leads(world)
    if user in private.leads:
        private.put(user, private.leads[user], address)
        await planning.replan_person(world, user, world.clock())


def _name(user: UserId) -> str:
    return f"address:{user}"
