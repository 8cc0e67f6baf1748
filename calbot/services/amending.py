"""Commands that people change after sending them, by editing or removing the message.

An edit within a minute takes the place of what was there, as long as nothing was done; a command that was removed is
not run. Once something was done, or too late, an edit changes nothing, and whoever made it is told once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from calbot.core import commands, identity
from calbot.core.commands import Typed
from calbot.core.model import EventId, UserId
from calbot.ports import ChatEvent, InboxState, Incoming

from . import questions
from .world import World

EDITABLE: Final = timedelta(minutes=1)

_REDACTION: Final = "m.room.redaction"


@dataclass(frozen=True, slots=True)
class Amended:
    """An edit of a message. `event` is the message as it reads now, under the id of the edit.

    `before`: as it was first, where that can still be read. `runs`: what was made of it so far, oldest first.
    """

    event: ChatEvent
    original: EventId
    sent_at: int
    before: Typed | None
    runs: Sequence[Incoming]

    @property
    def delay(self) -> timedelta:
        return timedelta(milliseconds=self.event.at - self.sent_at)

    @property
    def in_time(self) -> bool:
        return self.delay <= EDITABLE

    @property
    def was_done(self) -> bool:
        return any(run.wrote for run in self.runs)

    @property
    def was_heard(self) -> bool:
        """Whether what was there before was taken for something to answer."""
        return any(run.state is not InboxState.NEW for run in self.runs)

    @property
    def says_the_same(self) -> bool:
        return self.before is not None and self.before.tokens == commands.read_text(self.event.content).tokens


def new_content(event: ChatEvent) -> Mapping[str, Any] | None:
    """What an edit puts in the place of a message; None where that is no message."""
    content = event.content.get("m.new_content")
    return content if isinstance(content, Mapping) and content.get("msgtype") == "m.text" else None


async def read(world: World, edit: ChatEvent, original: EventId, position: int) -> Amended | None:
    """What an edit means; None where the message is not the sender's own, or nobody knows it any more."""
    content = new_content(edit)
    about = [one for one in await world.stores.inbox.about(original) if one.position < position]
    kept = next((one for one in about if one.event_id == original), None)
    first = await world.chat.event(edit.room, original) or await world.chat.sealed(edit.room, original)
    known = first or kept
    if content is None or known is None or known.room != edit.room or known.sender != edit.sender:
        return None
    if first is not None and first.redacted:
        return None
    old: Mapping[str, Any] = first.content if first is not None else {}
    if not old and kept is not None and isinstance(kept.raw.get("content"), Mapping):
        old = kept.raw["content"]  # encrypted, and its key not there yet: the relation is in clear
    # The edit replaces what is said, not what the message belongs or replies to.
    relation = {"m.relates_to": old["m.relates_to"]} if "m.relates_to" in old else {}
    return Amended(
        event=replace(edit, content={**_without_relation(content), **relation}),
        original=original,
        sent_at=known.at,
        before=commands.read_text(old) if "body" in old else None,
        runs=[one for one in about if one.sender == edit.sender and one.raw.get("type") != _REDACTION],
    )


def _without_relation(content: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in content.items() if key != "m.relates_to"}


async def give_up(world: World, runs: Sequence[Incoming]) -> None:
    """Do not run what waits for an answer or for its key any more."""
    for run in runs:
        if run.state is not InboxState.DONE:
            await questions.withdraw_of(world, run)


async def is_overtaken(world: World, event: ChatEvent, incoming: Incoming) -> bool:
    """Whether a command that can still be helped was removed, or is edited by what comes behind it.

    It can where nothing was begun: it is new, waits for an answer, or left no trace when it was cut off.
    """
    about = [*await world.stores.inbox.about(event.id)]
    if incoming.changes is not None:
        about += await world.stores.inbox.about(incoming.changes)
    behind = [one for one in about if one.state is InboxState.NEW and one.position > incoming.position]
    if not behind or not await _can_be_helped(world, incoming):
        return False
    first = min(one.at for one in about)
    for one in behind:
        if one.raw.get("type") == _REDACTION:
            if await _was_removed(world, incoming, one.sender, one.changes or event.id):
                return True
        elif one.sender == event.sender and timedelta(milliseconds=one.at - first) <= EDITABLE:
            return True
    return False


async def _can_be_helped(world: World, incoming: Incoming) -> bool:
    if incoming.state is InboxState.NEW or is_waiting(incoming):
        return True
    begun = incoming.before is not None or await world.stores.undo.began(incoming.event_id)
    return not begun and await world.stores.polls.get(identity.poll_key(incoming.event_id)) is None


def is_waiting(run: Incoming) -> bool:
    """Whether a command waits for the answer to a question."""
    return run.state is InboxState.RUNNING and bool(run.picks) and not run.picks[-1][1]


async def on_redaction(world: World, redaction: ChatEvent) -> None:
    """A message was removed: if it is a command that still waits for something, it is not run."""
    target = redaction.content.get("redacts")
    if not isinstance(target, str) or not target:
        return
    removed = EventId(target)
    itself = await world.stores.inbox.get(removed)  # an edit is about another message
    about = [*await world.stores.inbox.about(removed), *([itself] if itself is not None and itself.changes else [])]
    for run in about:
        if run.state is InboxState.DONE or run.room != redaction.room or run.raw.get("type") == _REDACTION:
            continue
        if await _was_removed(world, run, redaction.sender, removed):
            await questions.withdraw_of(world, run)


async def _was_removed(world: World, run: Incoming, by: UserId, removed: EventId) -> bool:
    """Whether a redaction counts; whether somebody else may remove a message, the homeserver decides."""
    if run.sender == by:
        return True
    event = await world.chat.event(run.room, removed)
    return event is not None and event.redacted
