"""What people wait for goes before what can wait: bulk work on calendars makes way for commands, and worker threads for
whoever holds the database.

There is one interpreter, and in SQLite one connection. A thread that parses gives the interpreter up when it is asked
to, which takes five milliseconds each time: a transaction of some twenty statements would take a tenth of a second.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

# Work goes on after this all the same: a command may itself be waiting for it, and there may always be another one.
LONGEST: Final = 1.0
_SLICE: Final = 0.002  # for which a thread keeps the interpreter to itself where nobody goes before it


class Precedence:
    """Counts the commands that are performed, each for a second at most, and what is being written."""

    def __init__(self) -> None:
        self._commands = 0
        self._writers = 0
        self._no_command = asyncio.Event()
        self._nobody = threading.Event()
        self._note()

    @contextmanager
    def command(self) -> Iterator[None]:
        """Somebody waits for what is done inside."""
        counted = True

        def end() -> None:
            nonlocal counted
            if counted:
                counted = False
                self._commands -= 1
                self._note()

        self._commands += 1
        self._note()
        timer = asyncio.get_running_loop().call_later(LONGEST, end)
        try:
            yield
        finally:
            timer.cancel()
            end()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else can use the database meanwhile."""
        self._writers += 1
        self._note()
        try:
            yield
        finally:
            self._writers -= 1
            self._note()

    def _note(self) -> None:
        if self._commands:
            self._no_command.clear()
        else:
            self._no_command.set()
        if self._commands or self._writers:
            self._nobody.clear()
        else:
            self._nobody.set()

    async def make_way(self) -> None:
        """Wait while a command is performed; for a second at most."""
        if not self._no_command.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._no_command.wait(), LONGEST)

    def pauses(self, *, makes_way: bool) -> Callable[[], None]:
        """For one piece of work in a worker thread, which calls it as often as it likes: it lets others have their
        turn, and whoever goes before it if it `makes_way`."""
        began, left = time.perf_counter(), LONGEST if makes_way else 0.0

        def pause() -> None:
            nonlocal began, left
            now = time.perf_counter()
            if left > 0 and not self._nobody.is_set():
                self._nobody.wait(left)
                began = time.perf_counter()
                left -= began - now
            elif now - began >= _SLICE:
                time.sleep(0)
                began = time.perf_counter()

        return pause
