"""A homeserver, or what answers in its place, that means harm: the bot's token stays, and files come bounded."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from mautrix.client import Client
from mautrix.types import UserID

from calbot.errors import CalbotError, Code, UserError
from calbot.matrix.files import fetch_file
from calbot.matrix.server import Patience, Server
from tests.dav.faulty import answers
from tests.dav.site import Site, site

TOKEN = "syt_sehr_geheim"
LIMIT = 1024 * 1024  # as `import` has it
FILE = {"url": "mxc://example.org/file", "info": {"size": 10}}
FILE_AT = "/_matrix/client/v1/media/download/example.org/file"
ROOMS_AT = "/_matrix/client/v3/joined_rooms"


@pytest.fixture
async def homeserver() -> AsyncIterator[Site]:
    async with site() as running:
        yield running


@pytest.fixture
async def server(homeserver: Site) -> AsyncIterator[Server]:
    async with aiohttp.ClientSession() as session:
        client = Client(
            mxid=UserID("@calbot:example.org"), base_url=homeserver.root, token=TOKEN, client_session=session
        )
        yield Server(client, timeout=10, patience=Patience(attempts=1, seconds=0))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["{canary}/stolen", "//{host}/stolen", FILE_AT + "x"])
async def test_a_file_that_lies_elsewhere_is_not_fetched(
    homeserver: Site, server: Server, status: int, to: str
) -> None:
    async with site() as canary:
        location = to.format(canary=canary.root, host=canary.root.removeprefix("http://"))
        homeserver.on("GET", FILE_AT, answers(status, Location=location))
        with pytest.raises(CalbotError):
            await fetch_file(server, FILE, LIMIT)
        assert canary.seen == []
        assert homeserver.asked == [("GET", FILE_AT)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_other_server_gets_to_see_the_token(homeserver: Site, server: Server, status: int) -> None:
    async with site() as canary:
        for method in ("GET", "PUT"):
            homeserver.on(method, ROOMS_AT, answers(status, Location=f"{canary.root}/stolen"))
            with pytest.raises(CalbotError):
                await server.request(method, ROOMS_AT, body={})
        assert [login for _, _, login in homeserver.seen] == [f"Bearer {TOKEN}"] * 2
        assert [login for _, _, login in canary.seen if login] == []


@pytest.mark.parametrize("packed", [False, True])
async def test_a_file_without_an_end_is_given_up(homeserver: Site, server: Server, packed: bool) -> None:
    """However small it is said to be."""

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        if packed:
            answer.headers["Content-Encoding"] = "gzip"
        await answer.prepare(request)
        part = gzip.compress(b" " * 2**24) if packed else b" " * 2**16
        try:
            while True:
                await answer.write(part)
        except ConnectionError:
            return answer

    homeserver.on("GET", FILE_AT, endless)
    with pytest.raises(UserError) as refused:
        await fetch_file(server, FILE, LIMIT)
    assert (refused.value.code, refused.value.reason) == (Code.LIMIT, "file_too_big")


async def test_a_file_that_unpacks_to_much_is_not_unpacked_whole(homeserver: Site, server: Server) -> None:
    bomb = gzip.compress(b"\0" * 2**27, compresslevel=1)
    homeserver.on("GET", FILE_AT, answers(200, bomb, Content_Encoding="gzip"))
    tracemalloc.start()
    with pytest.raises(UserError) as refused:
        await fetch_file(server, FILE, LIMIT)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.reason == "file_too_big"
    assert most < 2**25
