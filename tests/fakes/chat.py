"""`ports.Chat` in memory: rooms, people who say and do things in them, and a homeserver that can fail."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from calbot.core.model import Attachment, EventId, Kind, Member, Message, RoomFacts, RoomId, UserId
from calbot.core.permissions import PowerLevels
from calbot.errors import CalbotError, ChatForbidden, ChatUnavailable, Code, NotEncrypted, UserError
from calbot.matrix.content import (
    edit_content,
    file_content,
    key_of,
    keyed,
    mentioned_in,
    message_content,
    reaction_content,
    related,
    require_size,
)
from calbot.ports import ChatEvent, Clock, Encryption, Relations


@dataclass(frozen=True, slots=True)
class Posted:
    """Something that the bot sent, as it was asked to. `message` is None for files, polls and reactions."""

    event: EventId
    room: RoomId
    key: str
    type: str
    content: Mapping[str, Any]
    message: Message | None = None
    file: Attachment | None = None
    thread: EventId | None = None
    reply_to: EventId | None = None
    edits: EventId | None = None


@dataclass(slots=True)
class FakeRoom:
    members: dict[UserId, str]
    encrypted: bool
    power: PowerLevels
    facts: RoomFacts
    name: str = ""
    invited: set[UserId] = field(default_factory=set)
    successor: RoomId | None = None
    predecessor: RoomId | None = None
    creation_key: str | None = None  # of a direct chat that the bot has opened
    created_at: datetime = datetime(1970, 1, 1, tzinfo=timezone.utc)
    events: list[ChatEvent] = field(default_factory=list)
    # Who sent something that nobody here has the key for, and what it refers to.
    unreadable: list[tuple[UserId, EventId, str]] = field(default_factory=list)
    sealed: set[EventId] = field(default_factory=set)  # events whose key has not come yet


class FakeChat:
    def __init__(self, clock: Clock, *, user: str = "@calbot:example.org") -> None:
        self.rooms: dict[RoomId, FakeRoom] = {}
        self.posted: list[Posted] = []
        self.crypto = Encryption.VERIFIED
        self.down = False
        self.zones: dict[str, str] = {}  # by user, as their profiles say
        self.device = "DEVICE"
        self.files: dict[str, bytes] = {}  # what was uploaded, by address
        self._clock = clock
        self._user = UserId(user)
        self._ids = itertools.count(1)
        self._last_at = 0
        self._transactions: dict[tuple[RoomId, str], EventId] = {}
        self._refusals: deque[CalbotError] = deque()
        self._answers_to_lose = 0
        self._repeating_since: ContextVar[datetime | None] = ContextVar("repeating_since", default=None)

    # What tests set up

    def add_room(
        self,
        room: str,
        *people: str,
        encrypted: bool = True,
        power: PowerLevels | None = None,
        facts: RoomFacts | None = None,
    ) -> RoomId:
        """A room with the bot and these people, who are called by the first part of their Matrix IDs."""
        members = {UserId(user): user[1:].partition(":")[0].title() for user in (self._user, *people)}
        self.rooms[RoomId(room)] = FakeRoom(members, encrypted, power or PowerLevels(), facts or RoomFacts())
        return RoomId(room)

    def refuse(self, *errors: CalbotError) -> None:
        """Let the next sends fail, one with each of these, before anything has happened."""
        self._refusals.extend(errors)

    def lose_answers(self, number: int = 1) -> None:
        """Let the next sends succeed without the bot hearing of it."""
        self._answers_to_lose = number

    def forget_transactions(self) -> None:
        """As homeservers do after a day, and for another device."""
        self._transactions.clear()

    def kick(self, room: RoomId) -> None:
        """Take the bot out of a room."""
        del self.rooms[room].members[self._user]

    def enter(self, room: RoomId, user: UserId) -> None:
        """Let somebody join."""
        self.rooms[room].invited.discard(user)
        self.rooms[room].members[user] = user[1:].partition(":")[0].title()

    def put_out(self, room: RoomId, user: UserId) -> None:
        """Let somebody leave, or decline."""
        self.rooms[room].invited.discard(user)
        self.rooms[room].members.pop(user, None)

    # What people do

    def says(self, room: RoomId, sender: str, body: str, **content: Any) -> ChatEvent:
        message = {"msgtype": "m.text", "body": body, "m.mentions": {}, **content}
        return self.sends(room, sender, "m.room.message", message)

    def sends(self, room: RoomId, sender: str, event_type: str, content: Mapping[str, Any]) -> ChatEvent:
        event = ChatEvent(
            id=EventId(f"$event{next(self._ids)}"),
            room=room,
            sender=UserId(sender),
            at=self._now(),
            type=event_type,
            content=dict(content),
        )
        self.rooms[room].events.append(event)
        return event

    def reacts(self, room: RoomId, sender: str, target: EventId, emoji: str) -> ChatEvent:
        return self.sends(room, sender, "m.reaction", reaction_content(target, emoji))

    def sends_unreadable(self, room: RoomId, sender: str, target: EventId, rel_type: str = "m.reference") -> None:
        self.rooms[room].unreadable.append((UserId(sender), target, rel_type))

    def redacts(self, room: RoomId, target: EventId) -> None:
        events = self.rooms[room].events
        events[:] = [replace(event, content={}, redacted=True) if event.id == target else event for event in events]

    # What tests look at

    def messages(self, room: RoomId, kind: Kind | None = None) -> list[Message]:
        """What the bot said in a room, edits included, oldest first."""
        said = [posted.message for posted in self.posted if posted.room == room and posted.message is not None]
        return [message for message in said if kind is None or message.kind is kind]

    def last(self, room: RoomId) -> Posted:
        return [posted for posted in self.posted if posted.room == room][-1]

    # The port

    @contextmanager
    def repeating(self, since: datetime) -> Iterator[None]:
        before = self._repeating_since.set(since)
        try:
            yield
        finally:
            self._repeating_since.reset(before)

    @property
    def user(self) -> UserId:
        return self._user

    async def post(
        self,
        room: RoomId,
        message: Message,
        *,
        key: str,
        thread: EventId | None = None,
        reply_to: EventId | None = None,
    ) -> EventId:
        content = related(message_content(message, key), thread, reply_to)
        posted = Posted(EventId(""), room, key, "m.room.message", content, message, None, thread, reply_to)
        return self._send(posted, discloses=message.discloses)

    async def edit(self, room: RoomId, target: EventId, message: Message, *, key: str) -> EventId:
        state = self._enter(room)
        forms = [event for event in state.events if event.id == target or _relation(event, "m.replace") == target]
        mentioned = mentioned_in(forms[-1].content) if forms else frozenset()
        content = edit_content(message, key, target, mentioned)
        posted = Posted(EventId(""), room, key, "m.room.message", content, message, edits=target)
        return self._send(posted, discloses=message.discloses)

    async def attach(self, room: RoomId, file: Attachment, *, key: str, thread: EventId | None = None) -> EventId:
        url = f"mxc://example.org/{file.filename}"
        self.files[url] = file.data
        location: Mapping[str, Any] = {"file": {"url": url}} if self._enter(room).encrypted else {"url": url}
        content = related(file_content(file, location, key), thread, None)
        posted = Posted(EventId(""), room, key, "m.room.message", content, file=file, thread=thread)
        return self._send(posted, discloses=True)

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, Any], *, key: str) -> EventId:
        return self._send(Posted(EventId(""), room, key, event_type, keyed(content, key)), discloses=True)

    async def react(self, room: RoomId, target: EventId, emoji: str, *, key: str) -> EventId:
        for event in self._enter(room).events:
            relation = event.content.get("m.relates_to", {})
            same = _relation(event, "m.annotation") == target and relation.get("key") == emoji
            if same and event.sender == self._user:
                return event.id
        content = reaction_content(target, emoji)
        return self._send(Posted(EventId(""), room, key, "m.reaction", content), discloses=False)

    async def redact(self, room: RoomId, target: EventId, *, key: str) -> None:
        self._enter(room)
        self.redacts(room, target)

    async def event(self, room: RoomId, event: EventId) -> ChatEvent | None:
        state = self._enter(room)
        return next((known for known in state.events if known.id == event and event not in state.sealed), None)

    async def download(self, event: ChatEvent, limit: int) -> bytes:
        self._enter(event.room)
        info = event.content.get("info")
        claimed = info.get("size", 0) if isinstance(info, Mapping) else 0
        data = self.files.get(event.content.get("file", event.content).get("url"))
        if data is None:
            raise UserError(Code.NOT_FOUND, "file_gone")
        if max(len(data), claimed) > limit:
            raise UserError(Code.LIMIT, "file_too_big", size=limit // 1024)
        return data

    async def sealed(self, room: RoomId, event: EventId) -> ChatEvent | None:
        state = self._enter(room)
        sealed = (known for known in state.events if known.id == event and event in state.sealed)
        return next((replace(known, type="m.room.encrypted", content={}) for known in sealed), None)

    async def relations(self, room: RoomId, target: EventId, rel_type: str) -> Relations:
        state = self._enter(room)
        unreadable = (sender for sender, to, by in state.unreadable if (to, by) == (target, rel_type))
        return Relations(
            events=tuple(event for event in state.events if _relation(event, rel_type) == target),
            unreadable=tuple(dict.fromkeys(unreadable)),
        )

    async def find_by_key(self, room: RoomId, key: str, since: datetime) -> EventId | None:
        oldest = since.astimezone(timezone.utc).timestamp() * 1000
        for event in reversed(self._enter(room).events):
            if event.sender == self._user and event.at >= oldest and key_of(event.content) == key:
                return event.id
        return None

    async def members(self, room: RoomId) -> Sequence[Member]:
        return [Member(user, name) for user, name in self._enter(room).members.items()]

    async def power_levels(self, room: RoomId) -> PowerLevels:
        return self._enter(room).power

    async def is_encrypted(self, room: RoomId) -> bool:
        return self._enter(room).encrypted

    async def exposure(self, room: RoomId) -> RoomFacts:
        return self._enter(room).facts

    async def display_name(self, room: RoomId, user: UserId) -> str:
        return self._enter(room).members.get(user, user)

    async def room_name(self, room: RoomId) -> str:
        return self._enter(room).name

    async def time_zone(self, user: UserId) -> str:
        return self.zones.get(user, "")

    async def successor(self, room: RoomId) -> RoomId | None:
        return self._enter(room).successor

    async def predecessor(self, room: RoomId) -> RoomId | None:
        return self._enter(room).predecessor

    async def joined_rooms(self) -> Sequence[RoomId]:
        self._answer()
        return [room for room, state in self.rooms.items() if self._user in state.members]

    async def join(self, room: RoomId) -> None:
        self._answer()
        state = self.rooms.get(room)
        if state is None or self._user not in state.invited | set(state.members):
            raise ChatForbidden
        state.invited.discard(self._user)
        state.members[self._user] = self._user[1:].partition(":")[0].title()

    async def leave(self, room: RoomId) -> None:
        self._answer()
        if room in self.rooms:
            self.rooms[room].members.pop(self._user, None)
            self.rooms[room].invited.discard(self._user)

    async def is_direct(self, room: RoomId, other: UserId) -> bool:
        state = self._enter(room)
        return set(state.members) | state.invited == {self._user, other}

    async def open_direct(self, user: UserId, *, key: str) -> RoomId:
        self._answer()
        since = self._repeating_since.get()
        if since is not None:
            for room, state in self.rooms.items():
                if state.creation_key == key and state.created_at >= since:
                    return room
        if self._refusals:
            raise self._refusals.popleft()
        room = self.add_room(f"!direct{next(self._ids)}:example.org")
        self.rooms[room].invited.add(user)
        self.rooms[room].creation_key, self.rooms[room].created_at = key, self._clock()
        if self._answers_to_lose:
            self._answers_to_lose -= 1
            raise ChatUnavailable
        return room

    async def encryption(self) -> Encryption:
        self._answer()
        return self.crypto

    # Inside

    def _answer(self) -> None:
        if self.down:
            raise ChatUnavailable

    def _enter(self, room: RoomId) -> FakeRoom:
        self._answer()
        state = self.rooms.get(room)
        if state is None or self._user not in state.members:
            raise ChatForbidden
        return state

    def _send(self, posted: Posted, *, discloses: bool) -> EventId:
        require_size(posted.content)
        state = self._enter(posted.room)
        if state.encrypted and self.crypto is Encryption.OFF and discloses:
            raise NotEncrypted("no_encryption")
        if self._refusals:
            raise self._refusals.popleft()
        transaction = (posted.room, posted.key)
        since = self._repeating_since.get()
        if since is not None and posted.edits is None:
            for event in state.events:
                if (
                    event.sender == self._user
                    and event.at >= since.timestamp() * 1000
                    and key_of(event.content) == posted.key
                ):
                    return event.id
        if transaction not in self._transactions:
            event = self.sends(posted.room, self._user, posted.type, posted.content)
            self._transactions[transaction] = event.id
            self.posted.append(replace(posted, event=event.id))
        if self._answers_to_lose:
            self._answers_to_lose -= 1
            raise ChatUnavailable
        return self._transactions[transaction]

    def _now(self) -> int:
        self._last_at = max(self._last_at + 1, int(self._clock().timestamp() * 1000))
        return self._last_at


def _relation(event: ChatEvent, rel_type: str) -> EventId | None:
    relation = event.content.get("m.relates_to")
    if not isinstance(relation, Mapping) or relation.get("rel_type") != rel_type:
        return None
    return relation.get("event_id")
