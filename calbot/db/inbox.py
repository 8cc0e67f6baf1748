"""What came in from the homeserver and is not finished, and the sync token up to which everything is here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from calbot.core.model import EventId, Occurrence, RoomId, UserId
from calbot.core.poll_events import replaced_event
from calbot.ports import InboxState, Incoming

from .encoding import decode_occurrence, encode_occurrence, to_json, to_ms
from .transaction import Row, Transactor, parameters

_IN_LIST = 500
_GREATEST_TIME = (1 << 53) - 1  # the greatest integer of canonical JSON; old room versions let greater ones pass
_INSERT = """
    INSERT INTO inbox (event_id, room, sender, sent_at, ordinal, raw, state, picks, message, tries, wrote)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, FALSE)
"""


class DatabaseInbox:
    """`ports.Inbox`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def token(self) -> str | None:
        token: str | None = await self._sql.value("SELECT token FROM inbox_position WHERE id = 1")
        return token

    async def accept(self, events: Sequence[Mapping[str, Any]], token: str | None) -> Sequence[Incoming]:
        """Events without the ids that every event has are left out. Without a token the one stored stays."""
        candidates = {EventId(event["event_id"]): event for event in reversed(events) if _has_ids(event)}
        async with self._sql.transaction():
            known = await self._known(list(candidates))
            ordinal = await self._sql.value("SELECT ordinal FROM inbox_position WHERE id = 1")
            fresh = [event for id, event in reversed(candidates.items()) if id not in known]
            accepted = [_incoming(event, ordinal + 1 + at) for at, event in enumerate(fresh)]
            await self._sql.execute_many(
                _INSERT,
                [
                    (
                        e.event_id,
                        e.room,
                        e.sender,
                        e.at,
                        e.position,
                        to_json(e.raw),
                        e.state.value,
                        "[]",
                        e.changes or e.event_id,
                    )
                    for e in accepted
                ],
            )
            await self._sql.execute(
                "UPDATE inbox_position SET token = COALESCE($1, token), ordinal = $2 WHERE id = 1",
                token,
                ordinal + len(accepted),
            )
        return accepted

    async def _known(self, ids: Sequence[EventId]) -> set[EventId]:
        known: set[EventId] = set()
        for at in range(0, len(ids), _IN_LIST):
            lot = ids[at : at + _IN_LIST]
            query = f"SELECT event_id FROM inbox WHERE event_id IN ({parameters(1, len(lot))})"  # noqa: S608 placeholders only
            known.update(EventId(row["event_id"]) for row in await self._sql.rows(query, *lot))
        return known

    async def get(self, event_id: EventId) -> Incoming | None:
        row = await self._sql.row("SELECT * FROM inbox WHERE event_id = $1", event_id)
        return None if row is None else _read(row)

    async def unfinished(self) -> Sequence[Incoming]:
        rows = await self._sql.rows(
            "SELECT * FROM inbox WHERE state IN ($1, $2) ORDER BY ordinal",
            InboxState.NEW.value,
            InboxState.RUNNING.value,
        )
        return [_read(row) for row in rows]

    async def start(self, event_id: EventId, raw: Mapping[str, Any], picks: Sequence[tuple[str, int]] = ()) -> None:
        """Also for one that was finished or even forgotten, and runs again because a question about it was answered."""
        state, event, answers = InboxState.RUNNING.value, to_json(raw), to_json(list(picks))
        async with self._sql.transaction():
            known = await self._sql.value(
                "UPDATE inbox SET state = $2, raw = $3, picks = $4 WHERE event_id = $1 RETURNING event_id",
                event_id,
                state,
                event,
                answers,
            )
            if known is not None:
                return
            ordinal = await self._sql.value(
                "UPDATE inbox_position SET ordinal = ordinal + 1 WHERE id = 1 RETURNING ordinal"
            )
            new = _incoming({**raw, "event_id": event_id}, ordinal)
            await self._sql.execute(
                _INSERT, event_id, new.room, new.sender, new.at, ordinal, event, state, answers, new.changes or event_id
            )

    async def note(self, event_id: EventId, before: Occurrence) -> None:
        await self._sql.execute(
            "UPDATE inbox SET before = $2 WHERE event_id = $1 AND state = $3",
            event_id,
            encode_occurrence(before),
            InboxState.RUNNING.value,
        )

    async def finish(self, event_id: EventId, *, wrote: bool = False) -> None:
        await self._sql.execute(
            "UPDATE inbox SET state = $2, raw = '{}', picks = '[]', before = NULL, wrote = $3 WHERE event_id = $1",
            event_id,
            InboxState.DONE.value,
            wrote,
        )

    async def about(self, message: EventId) -> Sequence[Incoming]:
        rows = await self._sql.rows("SELECT * FROM inbox WHERE message = $1 ORDER BY ordinal", message)
        return [_read(row) for row in rows]

    async def postpone(self, event_id: EventId) -> int:
        """0 where there is no such event, or it is not NEW any more."""
        tries: int | None = await self._sql.value(
            "UPDATE inbox SET tries = tries + 1 WHERE event_id = $1 AND state = $2 RETURNING tries",
            event_id,
            InboxState.NEW.value,
        )
        return tries or 0

    async def drop(self, event_ids: Sequence[EventId]) -> None:
        await self._sql.execute_many("DELETE FROM inbox WHERE event_id = $1", [(id,) for id in event_ids])

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots(
            "inbox", "event_id", "state = $1 AND sent_at < $2", InboxState.DONE.value, to_ms(instant)
        )


def _has_ids(event: Mapping[str, Any]) -> bool:
    return all(isinstance(event.get(key), str) and event[key] for key in ("event_id", "room_id", "sender"))


def _incoming(event: Mapping[str, Any], position: int) -> Incoming:
    at = event.get("origin_server_ts")
    return Incoming(
        event_id=EventId(event["event_id"]),
        room=RoomId(event["room_id"]),
        sender=UserId(event["sender"]),
        at=min(max(at, 0), _GREATEST_TIME) if isinstance(at, int) else 0,
        position=position,
        raw=event,
        changes=_changed_message(event),
    )


def _changed_message(event: Mapping[str, Any]) -> EventId | None:
    """What an edit or a redaction is of; both say so in clear, also where the rest is encrypted."""
    content = event.get("content")
    content = content if isinstance(content, Mapping) else {}
    if event.get("type") != "m.room.redaction":
        return replaced_event(content)
    target = event.get("redacts", content.get("redacts"))
    return EventId(target) if isinstance(target, str) and target else None


def _read(row: Row) -> Incoming:
    return Incoming(
        event_id=EventId(row["event_id"]),
        room=RoomId(row["room"]),
        sender=UserId(row["sender"]),
        at=row["sent_at"],
        position=row["ordinal"],
        raw=json.loads(row["raw"]),
        state=InboxState(row["state"]),
        picks=tuple((question, number) for question, number in json.loads(row["picks"])),
        tries=row["tries"],
        before=None if row["before"] is None else decode_occurrence(row["before"]),
        changes=None if row["message"] == row["event_id"] else EventId(row["message"]),
        wrote=bool(row["wrote"]),
    )
