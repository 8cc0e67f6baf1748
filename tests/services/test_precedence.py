"""Who waits for whom: bulk work for commands, worker threads for transactions, and nobody for ever."""

from __future__ import annotations

import asyncio

import pytest

from calbot.services import precedence
from calbot.services.precedence import Precedence

SHORT = 0.05  # seconds in which what does not wait is long done


async def waits(work: asyncio.Future[None]) -> bool:
    done, _ = await asyncio.wait([work], timeout=SHORT)
    return not done


async def test_a_thread_waits_until_the_command_is_done() -> None:
    ours = Precedence()
    pause = ours.pauses(makes_way=True)
    with ours.command():
        work = asyncio.ensure_future(asyncio.to_thread(pause))
        assert await waits(work)
    await work


async def test_a_thread_waits_for_all_commands_and_writers() -> None:
    ours = Precedence()
    pause = ours.pauses(makes_way=True)
    with ours.writing():
        with ours.command():
            work = asyncio.ensure_future(asyncio.to_thread(pause))
        assert await waits(work)
    await work


async def test_what_somebody_waits_for_does_not_make_way() -> None:
    ours = Precedence()
    with ours.command(), ours.writing():
        assert not await waits(asyncio.ensure_future(asyncio.to_thread(ours.pauses(makes_way=False))))


async def test_bulk_work_waits_for_commands_alone() -> None:
    ours = Precedence()
    with ours.writing():
        assert not await waits(asyncio.ensure_future(ours.make_way()))
    with ours.command():
        work = asyncio.ensure_future(ours.make_way())
        assert await waits(work)
    await work


async def test_a_command_that_takes_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "LONGEST", SHORT)
    ours = Precedence()
    with ours.command():
        await ours.make_way()
        await asyncio.to_thread(ours.pauses(makes_way=True))
    assert not await waits(asyncio.ensure_future(ours.make_way()))


async def test_a_piece_of_work_waits_no_longer_than_that_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "LONGEST", SHORT)
    ours = Precedence()
    pause = ours.pauses(makes_way=True)
    with ours.writing():  # which is not counted out by itself
        for _ in range(3):
            await asyncio.to_thread(pause)
