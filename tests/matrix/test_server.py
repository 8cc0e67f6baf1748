"""What a homeserver's refusals and failures mean for the caller; and requests that come too early are repeated."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from mautrix.client import Client
from mautrix.types import UserID

from calbot.core.model import EventId, Kind, Message, RoomId
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, UserError
from calbot.matrix.chat import MatrixChat
from calbot.matrix.server import Missing, Patience, Server

ROOM = RoomId("!room:example.org")
SENT = web.json_response


@dataclass
class Homeserver:
    """Answers with what was put into `answers`, in that order, and notes what it was asked."""

    answers: list[web.Response] = field(default_factory=list)
    asked: list[tuple[str, str, object]] = field(default_factory=list)
    url: str = ""

    def answer(self, status: int, errcode: str | None = None, **fields: object) -> None:
        body = {**({"errcode": errcode, "error": "no"} if errcode else {}), **fields}
        self.answers.append(web.json_response(body, status=status))

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.rel_url.raw_path, body))
        return self.answers.pop(0)


@pytest.fixture
async def homeserver() -> AsyncIterator[Homeserver]:
    scripted = Homeserver()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", scripted.handle)
    async with TestServer(application) as running:
        scripted.url = str(running.make_url("/"))
        yield scripted


@pytest.fixture
async def client(homeserver: Homeserver) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(mxid=UserID("@calbot:example.org"), base_url=homeserver.url, token="token", client_session=session)


@pytest.fixture
def server(client: Client) -> Server:
    return Server(client, timeout=5, patience=Patience(attempts=3, seconds=1))


@pytest.fixture
def chat(client: Client, server: Server) -> MatrixChat:
    return MatrixChat(client, logging.getLogger("tests"), server=server)


def message() -> Message:
    return Message(Kind.OK, "a", "a")


@pytest.mark.parametrize(
    ("status", "errcode", "expected"),
    [
        (403, "M_FORBIDDEN", ChatForbidden),
        (400, "M_BAD_JSON", ChatForbidden),
        (404, "M_NOT_FOUND", Missing),
        (404, "M_UNRECOGNIZED", ChatForbidden),
        (404, None, ChatUnavailable),
        (403, None, ChatUnavailable),
        (401, "M_UNKNOWN_TOKEN", ChatUnavailable),
        (500, "M_UNKNOWN", ChatUnavailable),
        (502, None, ChatUnavailable),
        (413, "M_TOO_LARGE", UserError),
    ],
)
async def test_refusals(
    homeserver: Homeserver, server: Server, status: int, errcode: str | None, expected: type[CalbotError]
) -> None:
    homeserver.answer(status, errcode)
    with pytest.raises(expected) as refused:
        await server.request("GET", "/_matrix/client/v3/joined_rooms")
    assert type(refused.value) is expected


async def test_what_is_no_json_is_no_answer(homeserver: Homeserver, server: Server) -> None:
    homeserver.answers.append(web.Response(text="<html>Maintenance</html>", content_type="text/html"))
    with pytest.raises(ChatUnavailable):
        await server.request("GET", "/_matrix/client/v3/joined_rooms")


async def test_nobody_there(client: Client, homeserver: Homeserver) -> None:
    client.api.base_url = client.api.base_url.with_port(1)
    with pytest.raises(ChatUnavailable):
        await Server(client).request("GET", "/_matrix/client/v3/joined_rooms")
    assert homeserver.asked == []


async def test_too_early_is_repeated_with_the_same_transaction_id(homeserver: Homeserver, chat: MatrixChat) -> None:
    homeserver.answer(404, "M_NOT_FOUND")  # not encrypted
    homeserver.answer(429, "M_LIMIT_EXCEEDED", retry_after_ms=10)
    homeserver.answer(429, "M_LIMIT_EXCEEDED", retry_after_ms=20)
    homeserver.answer(200, event_id="$sent")
    assert await chat.post(ROOM, message(), key="k") == "$sent"
    sends = [request for request in homeserver.asked if request[0] == "PUT"]
    assert len(sends) == 3
    assert sends[0] == sends[1] == sends[2]
    assert sends[0][1].endswith("/rooms/%21room%3Aexample.org/send/m.room.message/calbot-k")


async def test_much_too_early_is_for_the_caller_to_repeat(homeserver: Homeserver, server: Server) -> None:
    homeserver.answer(429, "M_LIMIT_EXCEEDED", retry_after_ms=90_000)
    with pytest.raises(ChatUnavailable) as refused:
        await server.request("PUT", "/_matrix/client/v3/x")
    assert refused.value.retry_after == 90
    assert len(homeserver.asked) == 1


async def test_patience_ends(homeserver: Homeserver, server: Server) -> None:
    for _ in range(3):
        homeserver.answer(429, "M_LIMIT_EXCEEDED", retry_after_ms=1)
    with pytest.raises(ChatUnavailable) as refused:
        await server.request("PUT", "/_matrix/client/v3/x")
    assert refused.value.retry_after == 0.001
    assert len(homeserver.asked) == 3


async def test_the_header_counts_where_the_body_says_nothing(homeserver: Homeserver, server: Server) -> None:
    homeserver.answers.append(web.Response(status=429, headers={"Retry-After": "60"}))
    with pytest.raises(ChatUnavailable) as refused:
        await server.request("PUT", "/_matrix/client/v3/x")
    assert refused.value.retry_after == 60


@pytest.mark.parametrize(("status", "errcode"), [(500, "M_UNKNOWN"), (404, None), (401, "M_UNKNOWN_TOKEN")])
async def test_a_room_is_never_taken_for_plain_because_nobody_could_tell(
    homeserver: Homeserver, chat: MatrixChat, status: int, errcode: str | None
) -> None:
    homeserver.answer(status, errcode)
    with pytest.raises(ChatUnavailable):
        await chat.post(ROOM, message(), key="k")
    assert [method for method, _, _ in homeserver.asked] == ["GET"]


async def test_an_event_that_the_server_finds_too_large(homeserver: Homeserver, chat: MatrixChat) -> None:
    homeserver.answer(404, "M_NOT_FOUND")
    homeserver.answer(413, "M_TOO_LARGE")
    with pytest.raises(UserError) as refused:
        await chat.post(ROOM, message(), key="k")
    assert refused.value.code is Code.LIMIT


async def test_pages_of_relations_are_put_together(homeserver: Homeserver, chat: MatrixChat) -> None:
    def vote(number: int, **fields: object) -> dict[str, object]:
        content = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$poll"}}
        return {
            "event_id": f"${number}",
            "sender": f"@{number}:example.org",
            "type": "m.poll.response",
            "origin_server_ts": number,
            "content": content,
            **fields,
        }

    encrypted = {"type": "m.room.encrypted", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    homeserver.answer(200, chunk=[vote(4), vote(3, **encrypted)], next_batch="older")
    homeserver.answer(200, chunk=[vote(2, unsigned={"redacted_because": {}}), vote(1)])
    relations = await chat.relations(ROOM, EventId(str(vote(0)["event_id"])), "m.reference")
    assert [event.id for event in relations.events] == ["$1", "$4"]
    assert relations.unreadable == ("@3:example.org",)
