"""The real servers, started once for all end-to-end tests, and a scene of its own for each of them."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from demo.scene import PrepareScene, Scene, prepare_scene
from demo.stack import ROOT, Stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.postgres import Postgres

_HERE = Path(__file__).parent
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share the event loop of the servers they talk to."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if pytest_asyncio.is_async_test(item):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, chosen_postgres: Postgres | None) -> AsyncIterator[Stack]:
    databases = chosen_postgres.database if chosen_postgres is not None else None
    async with Stack(tmp_path_factory.mktemp("stack"), postgres=databases) as running:
        yield running


@pytest.fixture
def prepared(stack: Stack) -> PrepareScene:
    """`async with prepared(…) as scene`: a room, people, calendar and bot of their own, before the plugin runs."""

    @asynccontextmanager
    async def prepare(**options: Any) -> AsyncIterator[Scene]:
        options.setdefault("people", ("anna", "ben"))
        await stack.ensure_running()
        scene = await prepare_scene(stack, suffix=f"-{next(_numbers)}", **options)
        try:
            yield scene
        finally:
            await stack.ensure_running()
            await scene.close()

    return prepare


@pytest_asyncio.fixture(loop_scope="session")
async def scene(stack: Stack, prepared: PrepareScene) -> AsyncIterator[Scene]:
    """The plugin at work in an encrypted room with Anna and Ben."""
    plugin_id = await stack.install(ROOT)
    async with prepared() as ready:
        await ready.bot.run(plugin_id, ready.settings)
        await ready.bot_joins()
        yield ready
