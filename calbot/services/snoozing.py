"""💤 on a reminder: reminds whoever reacted again, privately, shortly before the start, or in a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from calbot.core.lead_times import SNOOZED_FOR
from calbot.core.model import EventId, Kind, Occurrence, OccurrenceId, RecurrenceId, Uid, instants
from calbot.core.poll_events import annotated_event
from calbot.core.preferences import Snooze
from calbot.ports import ChatEvent

from . import delivery, places, planning
from .world import World

SNOOZE: Final = "\N{SLEEPING SYMBOL}"
_VARIATIONS: Final = str.maketrans("", "", "\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}")
_SECOND: Final = timedelta(seconds=1)


async def on_reaction(world: World, event: ChatEvent) -> None:
    """Put off what the message reminds of: of one meeting while it lasts, of several those that have not begun.

    Safe to repeat: what a reaction put off first stands.
    """
    target = annotated_event(event.content)
    if target is None or not _is_snooze(event.content) or not await _is_shown(world, event):
        return
    message = await world.chat.event(event.room, target)
    if message is None or message.sender != world.chat.user:
        return
    about = set(_reminded_of(message.content))
    now = world.clock()
    reacted = datetime.fromtimestamp(event.at / 1000, tz=timezone.utc)
    # Of what was put off while the bot was away, it is at least as late as it can be.
    earliest = _whole_second(max(min(reacted, now) + SNOOZED_FOR, now))
    wanted = {one.id for one in await _ahead(world, about, now) if len(about) == 1 or _begins(world, one) > reacted}
    async with world.stores.transaction():
        for id in wanted:
            await world.stores.preferences.save_snooze(Snooze(event.id, event.sender, id, earliest))
        for uid in {id.uid for id in wanted}:
            await planning.replan_event(world, uid, now)
    if wanted:
        delivery.ring_soon(world)


async def on_redaction(world: World, event: ChatEvent) -> None:
    """Who takes the reaction back is not reminded again."""
    target = event.content.get("redacts")
    if not isinstance(target, str):
        return
    reaction = EventId(target)
    snoozes = await world.stores.preferences.snoozed_by(reaction)
    if not snoozes:
        return
    there = await world.chat.event(event.room, reaction)
    if there is None or not there.redacted:  # anybody can send a redaction; whether it counts is for the server to say
        return
    async with world.stores.transaction():
        await world.stores.preferences.drop_snoozes(reaction)
        for uid in {snooze.occurrence.uid for snooze in snoozes}:
            await planning.replan_event(world, uid, world.clock())
    delivery.ring_soon(world)


def _is_snooze(content: Mapping[str, Any]) -> bool:
    key = content["m.relates_to"].get("key")
    return isinstance(key, str) and key.translate(_VARIATIONS) == SNOOZE


async def _is_shown(world: World, event: ChatEvent) -> bool:
    """Whether it is a room in which the sender is reminded of anything."""
    return event.room in world.settings.rooms or await places.is_direct(world, event.room, event.sender)


def _reminded_of(content: Mapping[str, Any]) -> Iterator[OccurrenceId]:
    """By its machine-readable part: it is there also where the bot died before it noted that the message was sent."""
    part = content.get("io.calbot")
    if not isinstance(part, Mapping) or part.get("kind") != Kind.REMINDER.value:
        return
    for item in part.get("items", [part]):
        name = item["recurrence_id"]
        yield OccurrenceId(Uid(item["uid"]), None if name is None else RecurrenceId(name))


async def _ahead(world: World, about: set[OccurrenceId], now: datetime) -> list[Occurrence]:
    """Those that are not over, once each."""
    found = await world.stores.calendars.occurrences_about([id.uid for id in about], after=now)
    zone = world.settings.defaults.timezone
    ahead = {one.id: one for one in found if one.id in about and instants(one.when, zone)[1] > now}
    return list(ahead.values())


def _begins(world: World, occurrence: Occurrence) -> datetime:
    return instants(occurrence.when, world.settings.defaults.timezone)[0]


def _whole_second(instant: datetime) -> datetime:
    """Rounded up: lead times are counted in seconds."""
    return instant if instant.microsecond == 0 else instant.replace(microsecond=0) + _SECOND
