"""What servers say of themselves hardly ever changes: it is asked for once by all who want to know, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

AGAIN: Final = 3600.0  # seconds until something is asked for again

T = TypeVar("T")


class Remembered(Generic[T]):
    """The answer to one question. Failures are not kept."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[T] | None = None
        self._known: tuple[T, float] | None = None  # until when, on the clock of the event loop

    async def get(self) -> T:
        """Asked for once by all who ask at the same time, and to the end even if none of them waits as long."""
        if self._known is not None and asyncio.get_running_loop().time() < self._known[1]:
            return self._known[0]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())
            self._asking.add_done_callback(self._answered)
        return await asyncio.shield(self._asking)

    @property
    def known(self) -> T | None:
        """The answer, if it is there and not too old."""
        if self._known is None or asyncio.get_running_loop().time() >= self._known[1]:
            return None
        return self._known[0]

    def settle(self, answer: T) -> None:
        self._known = (answer, asyncio.get_running_loop().time() + AGAIN)

    def forget(self) -> None:
        self._known = None

    async def aclose(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _answered(self, asking: asyncio.Task[T]) -> None:
        if not asking.cancelled() and asking.exception() is None:
            self.settle(asking.result())
