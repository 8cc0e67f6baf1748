"""The pages of an office behind maubot's own web server, with its access log."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from aiohttp import ClientResponse, ClientSession, web
from maubot.server import MaubotServer

from calbot.core.model import RoomId, UserId
from calbot.core.settings import Secret, Web
from calbot.db.stores import Stores
from calbot.web.access_log import mask_feeds
from calbot.web.pages import Pages
from tests.fakes.clock import FakeClock
from tests.services.conftest import ANNA, LOG, ROOM, Office, open_office
from tests.services.conftest import same_chances as same_chances
from tests.services.conftest import sync_settings as sync_settings

TOKEN = "token-of-the-monitoring"
DIRECT = RoomId("!dm:example.org")


@dataclass
class Site:
    """`base` is where the pages of the instance begin."""

    office: Office
    pages: Pages
    base: str
    session: ClientSession

    async def get(self, path: str, *, token: str | None = None, **options: Any) -> ClientResponse:
        headers = options.pop("headers", {})
        if token is not None:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        method = options.pop("method", "GET")
        response = await self.session.request(method, self.base + path, headers=headers, **options)
        await response.read()
        return response

    def switch(self) -> None:
        """As when the settings have changed."""
        self.pages.switch(self.office.world)

    async def subscribe(self, by: UserId = ANNA, text: str = "!meet abo") -> str:
        """The path of the link that somebody gets."""
        before = len(self.office.chat.posted)
        await self.office.says(text, by=by)
        links = [
            posted.message.data["feed"]
            for posted in self.office.chat.posted[before:]
            if posted.message is not None and "feed" in posted.message.data
        ]
        assert len(links) == 1
        assert links[0].startswith(self.base)
        return str(links[0][len(self.base) :])


@asynccontextmanager
async def maubot_server(pages: Pages) -> AsyncIterator[str]:
    settings = {
        "server.plugin_base_path": "/_matrix/maubot/plugin/",
        "server.public_url": "",
        "server.ui_base_path": "/_matrix/maubot",
        "server.override_resource_path": False,
        "server.hostname": "127.0.0.1",
        "server.port": 0,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # maubot hands its loop to aiohttp
        server = MaubotServer(web.Application(), cast("Any", settings), asyncio.get_running_loop())
    webapp, path = cast("Any", server).get_instance_subapp("meet")
    pages.register(webapp)
    await server.runner.setup()
    site = web.TCPSite(server.runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = cast("Any", site)._server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}{path}"
    finally:
        await server.runner.cleanup()


@pytest.fixture
async def site(stores: Stores, clock: FakeClock, sync_settings: Any) -> AsyncIterator[Site]:
    office = await open_office(stores, clock, sync_settings)
    office.change(web=Web(feeds=True, token=Secret(TOKEN)))
    mask_feeds()
    pages = Pages(office.world, LOG)
    async with maubot_server(pages) as base, ClientSession(auto_decompress=True) as session:
        office.world = replace(office.world, address=base)
        office.handlers = type(office.handlers)(office.world, LOG)
        pages.switch(office.world)
        yield Site(office, pages, base, session)


@pytest.fixture
def access_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "aiohttp.access")
    return caplog


__all__ = ["ANNA", "DIRECT", "ROOM", "TOKEN", "Site"]
