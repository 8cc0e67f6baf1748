"""What was chosen is in force, whoever else chooses something at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from calbot.core.model import RoomId, UserId
from calbot.core.preferences import PersonPreferences, RoomPreferences
from calbot.core.settings import Digest
from calbot.services import preferences

from .conftest import ANNA, BEN, ROOM, Office

HOUR = timedelta(hours=1)
DAILY = Digest(daily=time(7, 30))


async def test_two_things_chosen_at_once_by_one_person_both_hold(office: Office) -> None:
    await asyncio.gather(
        preferences.change_person(office.world, ANNA, lambda chosen: replace(chosen, reminders=(HOUR,))),
        preferences.change_person(office.world, ANNA, lambda chosen: replace(chosen, digest=DAILY)),
    )
    assert await office.world.stores.preferences.person(ANNA) == PersonPreferences((HOUR,), DAILY)


async def test_two_things_chosen_at_once_for_a_room_both_hold(office: Office) -> None:
    await asyncio.gather(
        preferences.change_room(office.world, ROOM, lambda chosen: replace(chosen, reminders=(HOUR,))),
        preferences.change_room(office.world, ROOM, lambda chosen: replace(chosen, digest=DAILY)),
    )
    assert await office.world.stores.preferences.room(ROOM) == RoomPreferences((HOUR,), DAILY)
    assert office.world.settings.rooms[ROOM].reminders == (HOUR,)
    assert office.world.settings.rooms[ROOM].digest == DAILY


async def test_what_was_read_before_does_not_replace_what_was_chosen_after(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = office.world.stores.rooms
    absences = store.absences
    read, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> Mapping[RoomId, datetime]:
        monkeypatch.setattr(store, "absences", absences)
        read.set()
        await go_on.wait()
        return await absences()

    monkeypatch.setattr(store, "absences", slowly)
    early = asyncio.create_task(preferences.put_in_force(office.world))
    await read.wait()
    await office.world.stores.preferences.save_room(ROOM, RoomPreferences(reminders=(HOUR,)))
    late = asyncio.create_task(preferences.put_in_force(office.world))
    await asyncio.wait({late}, timeout=0.2)
    go_on.set()
    await asyncio.gather(early, late)
    assert office.world.settings.rooms[ROOM].reminders == (HOUR,)


async def test_private_lead_times_chosen_while_all_are_read_are_known(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = office.world.stores.preferences
    people = store.people
    read, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> Mapping[UserId, PersonPreferences]:
        monkeypatch.setattr(store, "people", people)
        found = await people()
        read.set()
        await go_on.wait()
        return found

    office.world.in_force.private = None
    monkeypatch.setattr(store, "people", slowly)
    early = asyncio.create_task(preferences.private_leads(office.world))
    await read.wait()
    await preferences.change_person(office.world, BEN, lambda chosen: replace(chosen, reminders=(HOUR,)))
    go_on.set()
    assert (await early).leads == {BEN: (HOUR,)}
    assert (await preferences.private_leads(office.world)).leads == {BEN: (HOUR,)}
