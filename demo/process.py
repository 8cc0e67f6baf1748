"""A real server as a child process: start, ask until it is ready, stop by its own pid, kill, start again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

LOOPBACK = "127.0.0.1"
CHILD = Path(__file__).with_name("child.py")
_POLL_INTERVAL = 0.05
_STOP_TIMEOUT = 15.0


class StartError(RuntimeError):
    """Something the demonstration needs cannot be had; the text is one line for the person who started it."""


def port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port with connections in TIME_WAIT only is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0, *, taken: Collection[int] = ()) -> int:
    """The preferred port if there is one that nobody has, else one that the operating system picks."""
    if preferred and preferred not in taken and port_is_free(preferred):
        return preferred
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


async def answers(url: str) -> bool:
    """Whether an HTTP server answers there at all, with whatever status below 500."""
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            return response.status < 500
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
        return False


@dataclass(slots=True)
class ServerProcess:
    """One server; `ready` asks it. Its output is appended to `log`."""

    name: str
    argv: Sequence[str]
    directory: Path
    port: int
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(default_factory=dict)
    start_timeout: float = 60.0
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        if self._process is None or self._process.returncode is not None:
            raise StartError(f"{self.name} is not running")
        return self._process.pid

    async def start(self) -> None:
        """Start and return when it is ready, or raise StartError with the reason in one line."""
        if self.running:
            return
        if not port_is_free(self.port):
            raise StartError(f"port {self.port} for {self.name} is in use by another program")
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", str(CHILD), str(os.getpid()), *self.argv),
                cwd=self.directory,
                env=_environment(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C goes to the demonstration alone, which then stops its servers in order.
                start_new_session=True,
            )
        try:
            await self._wait_until_ready(self._process)
        except BaseException:
            await self.kill()
            raise

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + self.start_timeout
        while not await self.ready():
            if process.returncode is not None:
                raise StartError(f"{self.name} ended at start (exit {process.returncode}): {self._last_words()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} was not ready after {self.start_timeout:.0f} s: {self._last_words()}")
            await asyncio.sleep(_POLL_INTERVAL)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL if that did not end it."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_TIMEOUT)
        except asyncio.TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """SIGKILL: what a power cut would do."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def ended(self) -> None:
        """Until it has ended by itself."""
        if self._process is not None:
            await self._process.wait()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def __aenter__(self) -> ServerProcess:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        last = lines[-1][:200] if lines else "it said nothing"
        return f"{last} (log: {self.log})"


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    local = f"{LOOPBACK},localhost"
    # A proxy set for the whole machine must not be asked for servers on loopback; warnings are the tests' own affair.
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONWARNINGS", "PYTHONPATH"}}
    return {**inherited, "PYTHONUNBUFFERED": "1", "NO_PROXY": local, "no_proxy": local, **extra}
