"""A process of its own that plays a scene with the package, and the servers it talks to."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.package import pack
from demo.stack import ROOT
from tests.postgres import Postgres

from .builds import VERSION
from .servers import CalendarServer, Homeserver
from .small_maubot import POSTGRES

Environment = Callable[[], Mapping[str, str]]
Play = Callable[..., Awaitable[Mapping[str, Any]]]


@pytest.fixture
async def homeserver() -> AsyncIterator[str]:
    async with Homeserver().run() as url:
        yield url


@pytest.fixture
async def calendars() -> AsyncIterator[str]:
    async with CalendarServer().run() as url:
        yield url


@pytest.fixture(scope="session")
def environment(chosen_postgres: Postgres | None) -> Environment:
    """Of a process that plays maubot; each time with another database."""
    if chosen_postgres is None:
        return lambda: os.environ
    return lambda: {**os.environ, POSTGRES: chosen_postgres.database(f"package_{uuid.uuid4().hex}")}


@pytest.fixture
def play(tmp_path: Path, homeserver: str, calendars: str, environment: Environment) -> Play:
    """Plays a scene of `small_maubot` with the package of this working tree; what it reports.

    Bytes given further are written to files, whose paths the scene gets.
    """

    async def play(scene: str, *builds: bytes) -> Mapping[str, Any]:
        package = tmp_path / f"io.calbot-v{VERSION}.mbp"
        package.write_bytes(pack(ROOT))
        others = []
        for number, mbp in enumerate(builds):
            others.append(tmp_path / f"{number}.build")
            others[-1].write_bytes(mbp)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error::ResourceWarning", "-W", "error::RuntimeWarning"),
            *("-m", "tests.package.scenes", scene, str(package), homeserver, calendars, *map(str, others)),
            cwd=ROOT,
            env=environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, log = await asyncio.wait_for(process.communicate(), 90)
        except asyncio.TimeoutError:
            process.kill()
            out, log = await process.communicate()
        sys.stderr.write(log.decode())
        assert process.returncode == 0
        report: Mapping[str, Any] = json.loads(out)
        return report

    return play
