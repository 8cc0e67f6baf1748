"""How the bot is doing, for those who watch over it: what is wrong, and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from calbot import faults
from calbot.core.model import AccountName
from calbot.ports import CalendarState, Stored

from . import sync
from .sight import AccountFigures, Check, Finding, Sight
from .world import World

_GOOD_FOR: Final = timedelta(seconds=5)
_SETTLING: Final = timedelta(minutes=2)  # after the start
_SILENT: Final = timedelta(minutes=5)  # the homeserver: an answer comes every 30 seconds, with something new or not
_STUCK: Final = timedelta(minutes=10)
_UNREAD: Final = timedelta(hours=1)
_RINGS_WITHIN: Final = timedelta(minutes=2)
_PULSE: Final = "pulse"


async def look(world: World) -> Sight:
    """At most every few seconds: each look asks the database. Whoever asks meanwhile sees the same."""
    now = world.clock()
    async with world.locks.hold("watch"):
        sight = world.watch.sight
        if sight is None or not timedelta() <= now - sight.at < _GOOD_FOR:
            sight = world.watch.sight = await _look(world, now)
        return sight


async def _look(world: World, now: datetime) -> Sight:
    try:
        await world.stores.figures.write(now)
        stored = await world.stores.figures.read(now)
        accounts = await _accounts(world, now)
    except Exception as error:  # noqa: BLE001 - whatever a database has to complain of, that is what has to be told
        world.log.warning("the database cannot be used\n%s", faults.of(error))
        return Sight(now, (Finding(Check.DATABASE), *_of_the_process(world, now)), {}, None, None)
    heard_at = world.listening().heard_at
    findings = (*_of_the_process(world, now), *_of_accounts(world, accounts), *_of_the_outbox(stored, now))
    return Sight(now, findings, accounts, stored, None if heard_at is None else now - heard_at)


def _of_the_process(world: World, now: datetime) -> list[Finding]:
    found = []
    listening = world.listening()
    if now - world.began > _SETTLING and not listening.running:
        found.append(Finding(Check.INTAKE))
    elif world.outbox.is_away(now) or (listening.heard_at is not None and now - listening.heard_at > _SILENT):
        found.append(Finding(Check.HOMESERVER))
    if not listening.own:
        found.append(Finding(Check.SYNC_OWNER))
    if not _rings(world, now):
        found.append(Finding(Check.ALARMS))
    return found


def _rings(world: World, now: datetime) -> bool:
    """Whether the bot's clock still rings: it is asked to with each look, and should have by the next."""
    asked = world.watch.asked_to_ring
    if asked is None:
        world.watch.asked_to_ring = now
        world.alarm.at(_PULSE, now, partial(_rang, world))
    return asked is None or now - asked <= _RINGS_WITHIN


async def _rang(world: World) -> None:
    world.watch.asked_to_ring = None


async def _accounts(world: World, now: datetime) -> Mapping[AccountName, AccountFigures]:
    mapped = sync.mapped(world)
    states = await world.stores.calendars.states(mapped)
    by_account: dict[AccountName, list[CalendarState]] = {name: [] for name in world.settings.accounts}
    for name in mapped:
        account = world.settings.calendars[name].account
        by_account.setdefault(account, []).append(states.get(name, CalendarState(name)))
    return {name: _account(world, states, now) for name, states in by_account.items()}


def _account(world: World, states: list[CalendarState], now: datetime) -> AccountFigures:
    lags = [max(timedelta(), now - (world.looks.waiting_since(state) or now)) for state in states]
    return AccountFigures(
        calendars=len(states),
        failing=sum(state.problem is not None for state in states),
        lag=max(lags, default=timedelta()),
        best=min(lags, default=timedelta()),
    )


def _of_accounts(world: World, accounts: Mapping[AccountName, AccountFigures]) -> list[Finding]:
    longest = max(_UNREAD, 4 * world.settings.sync.max_interval)
    return [
        Finding(Check.ACCOUNT, {"account": name, "minutes": int(figures.best / timedelta(minutes=1))})
        for name, figures in accounts.items()
        if figures.failing == figures.calendars > 0 and figures.best > longest
    ]


def _of_the_outbox(stored: Stored, now: datetime) -> list[Finding]:
    waiting = [one for one in stored.waiting.values() if one.since is not None and now - one.since > _STUCK]
    if not waiting:
        return []
    return [Finding(Check.OUTBOX, {"number": sum(one.ready for one in waiting)})]
