"""A person whose client is matrix-js-sdk with its Rust cryptography: the library that Element Web runs on.

It can do what tests ask of `demo.client.Person`, by the same names, and tell how its own model counts a poll.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import events
from demo.client import NotHeard, Person, text
from demo.events import Content, Pill, RoomEvent, read_event
from demo.process import LOOPBACK

from .node import Node

_REQUEST_TIMEOUT = 60.0
_LONGEST_LINE = 16 * 1024 * 1024


class ClientError(RuntimeError):
    """What the client library said to a request."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A poll as the SDK's model has it: who voted for each answer, by its text."""

    voters: Mapping[str, tuple[str, ...]]
    ended: bool
    unreadable: int

    @property
    def totals(self) -> list[int]:
        return [len(voters) for voters in self.voters.values()]


class JsPerson:
    """Somebody with an account and one device, whose keys are gone when it is closed."""

    def __init__(self, node: Node, client: Path, *, display_name: str, log: Path) -> None:
        self.display_name = display_name
        self.mxid = ""
        self.access_token = ""
        self._argv = (str(node.program), str(client))
        self._log = log
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._timelines: dict[str, dict[str, RoomEvent]] = {}
        self._news = asyncio.Condition()
        self._last_sent: dict[str, str] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def login(self, homeserver_url: str, user: str, password: str) -> None:
        """A new device, in sync with the server afterwards."""
        local = f"{LOOPBACK},localhost"
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                limit=_LONGEST_LINE,
                env={"NO_PROXY": local, "no_proxy": local},
            )
        self._reading = asyncio.create_task(self._read(self._process), name=f"matrix-js-sdk of {user}")
        login = await self._do("login", homeserver=homeserver_url, user=user, password=password)
        self.mxid, self.access_token = login["mxid"], login["access_token"]

    async def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def join(self, room_id: str) -> None:
        await self._do("join", room=room_id)

    # Sending; each returns the id of the event.

    async def say(self, room_id: str, *parts: str | Pill | Person) -> str:
        return await self.send(room_id, events.MESSAGE, text(*parts))

    async def reply(self, room_id: str, event_id: str, *parts: str | Pill | Person) -> str:
        return await self.send(room_id, events.MESSAGE, events.as_reply(text(*parts), event_id))

    async def react(self, room_id: str, event_id: str, key: str) -> str:
        return await self.send(room_id, events.REACTION, events.reaction_content(event_id, key))

    async def send(self, room_id: str, event_type: str, content: Content) -> str:
        return self._sent(room_id, await self._do("send", room=room_id, type=event_type, content=content))

    async def redact(self, room_id: str, event_id: str) -> str:
        return self._sent(room_id, await self._do("redact", room=room_id, event=event_id))

    async def poll(self, room_id: str, question: str, *answers: str, max_selections: int = 1) -> str:
        """As Element Web serialises it, by the SDK's own class."""
        asked = {"question": question, "answers": list(answers), "max_selections": max_selections}
        return self._sent(room_id, await self._do("open_poll", room=room_id, **asked))

    async def vote(self, poll: RoomEvent, *numbers: int) -> str:
        """Vote for the answers with these numbers, counted from 1; for none, withdraw."""
        ids = [answer_id for answer_id, _ in events.poll_answers(poll)]
        chosen = [ids[number - 1] for number in numbers]
        voted = await self._do("vote", room=poll.room_id, poll=poll.event_id, answers=chosen)
        return self._sent(poll.room_id, voted)

    async def end_poll(self, poll: RoomEvent) -> str:
        ended = await self._do("end_poll", room=poll.room_id, poll=poll.event_id, text="The poll has ended.")
        return self._sent(poll.room_id, ended)

    def _sent(self, room_id: str, event_id: str) -> str:
        self._last_sent[room_id] = event_id
        return event_id

    # Hearing

    async def hears(
        self, room_id: str, wanted: Callable[[RoomEvent], bool], *, timeout: float = 20.0, after: str | None = None
    ) -> RoomEvent:
        """The first wanted event of others after `after`, by default after what this person sent last in the room."""
        start = after or self._last_sent.get(room_id)
        return await self._wait(room_id, lambda event: event.sender != self.mxid and wanted(event), timeout, start)

    async def sees(self, room_id: str, event_id: str, *, timeout: float = 20.0) -> RoomEvent:
        """This very event, whoever sent it, once it has come and can be read."""
        return await self._wait(room_id, lambda one: one.event_id == event_id and one.readable, timeout, None)

    def timeline(self, room_id: str, *, after: str | None = None) -> list[RoomEvent]:
        """What this client has seen of the room, in order."""
        known = self._timelines.get(room_id, {})
        if after is None:
            return list(known.values())
        ids = list(known)
        return list(known.values())[ids.index(after) + 1 :] if after in known else []

    async def counts(self, poll: RoomEvent) -> Counted:
        """How the SDK counts the poll now."""
        said = await self._do("tally", room=poll.room_id, poll=poll.event_id)
        voters = {answer["text"]: tuple(answer["voters"]) for answer in said["answers"]}
        return Counted(voters, bool(said["ended"]), int(said["unreadable"]))

    async def _wait(
        self, room_id: str, wanted: Callable[[RoomEvent], bool], timeout: float, after: str | None
    ) -> RoomEvent:
        found: list[RoomEvent] = []

        def look() -> bool:
            found.extend(event for event in self.timeline(room_id, after=after) if wanted(event))
            return bool(found)

        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(look), timeout)
            except asyncio.TimeoutError:
                heard = "; ".join(
                    f"{event.sender} {event.type} {event.kind} {event.body[:80]!r}"
                    for event in self.timeline(room_id, after=after)[-8:]
                )
                raise NotHeard(f"{self.display_name} waited {timeout:g} s; heard {heard or 'nothing'}") from None
        return found[0]

    async def _do(self, name: str, **parameters: object) -> Any:
        if self._process is None or self._process.stdin is None:
            raise ClientError(f"{self.display_name} has not logged in")
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, "do": name, **parameters}).encode() + b"\n")
        await self._process.stdin.drain()
        return await asyncio.wait_for(answer, _REQUEST_TIMEOUT)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            said = json.loads(line)
            if "event" in said:
                await self._take(said["event"])
                continue
            answer = self._answers.pop(said["id"])
            if answer.done():  # nobody waits for it any more
                continue
            if "error" in said:
                answer.set_exception(ClientError(f"{self.display_name}: {said['error']}"))
            else:
                answer.set_result(said["result"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ClientError(f"the client of {self.display_name} has ended (log: {self._log})"))

    async def _take(self, source: Mapping[str, Any]) -> None:
        event = read_event(source["room_id"], source, was_encrypted=source["was_encrypted"])
        async with self._news:
            self._timelines.setdefault(event.room_id, {})[event.event_id] = event
            self._news.notify_all()
