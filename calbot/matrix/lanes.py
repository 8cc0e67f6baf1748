"""Work for rooms: one thing after the other in each room, rooms side by side, every task kept until it has ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from logging import Logger

from calbot import faults
from calbot.core.model import RoomId

Job = Callable[[], Awaitable[None]]


class Lanes:
    """`idle` runs whenever a room has nothing left to do."""

    def __init__(self, log: Logger, idle: Job) -> None:
        self._log = log
        self._idle = idle
        self._queues: dict[RoomId, deque[Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def put(self, room: RoomId, job: Job) -> None:
        if self._closed:
            return
        if room in self._queues:
            self._queues[room].append(job)
            return
        self._queues[room] = deque([job])
        task = asyncio.create_task(self._run(room), name=f"calbot room {room}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, grace: float) -> None:
        """Let what is being done come to its end, for `grace` seconds; what waits is left undone."""
        self._closed = True
        for queue in self._queues.values():
            queue.clear()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, room: RoomId) -> None:
        queue = self._queues[room]
        try:
            while queue:
                await self._try(queue.popleft())
                if not queue:
                    await self._try(self._idle)
        finally:
            del self._queues[room]

    async def _try(self, job: Job) -> None:
        try:
            await job()
        except Exception as error:  # noqa: BLE001 - a room goes on whatever became of one event, which is repeated at the next start
            self._log.error("An event could not be worked on\n%s", faults.of(error))
