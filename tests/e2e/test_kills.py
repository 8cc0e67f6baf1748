"""A few of the runs of `make chaos`: kills amid a burst of reminders, and on the way from a poll to its event."""

from __future__ import annotations

from random import Random

from calbot.services.closing import STEPS
from demo.stack import Stack
from tests.chaos import polls, reminders
from tests.chaos.arena import arena

SEED = 1


async def test_reminders_amid_kills_come_once(stack: Stack) -> None:
    async with arena(stack, suffix="-reminded", rooms=3) as place:
        report = await reminders.run(place, 4, Random(SEED), each=4)  # noqa: S311 - to be repeated
    assert report.good, report
    assert report.reminders == 3 * reminders.MEETINGS
    assert report.mid_burst > 0
    assert len(report.kills) > 1  # not at random instants only


async def test_polls_become_one_event_whenever_the_bot_is_killed(stack: Stack) -> None:
    steps = (*STEPS[1::3], None)
    async with arena(stack, suffix="-polled", rooms=2) as place:
        report = await polls.run(place, len(steps), Random(SEED), steps=steps)  # noqa: S311
    assert report.good, report
    assert sum(report.kills.values()) == len(steps)
