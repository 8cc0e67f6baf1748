"""Calendars that were connected to rooms by command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calbot.core.model import CalendarName, EventId, RoomId, UserId
from calbot.core.preferences import RoomMapping

from .encoding import from_ms, to_ms
from .transaction import Row, Transactor


class DatabaseMappings:
    """`ports.MappingStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def all(self) -> Sequence[RoomMapping]:
        rows = await self._sql.rows("SELECT * FROM room_mapping WHERE NOT removed ORDER BY changed_at, room, calendar")
        return [_mapping(row) for row in rows]

    async def of_room(self, room: RoomId) -> Sequence[RoomMapping]:
        rows = await self._sql.rows("SELECT * FROM room_mapping WHERE room = $1 ORDER BY changed_at, calendar", room)
        return [_mapping(row) for row in rows]

    async def save(self, mapping: RoomMapping) -> None:
        await self._sql.execute(
            """INSERT INTO room_mapping (room, calendar, read_only, changed_by, changed_at, command, removed)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (room, calendar) DO UPDATE SET read_only = excluded.read_only,
                   changed_by = excluded.changed_by, changed_at = excluded.changed_at, command = excluded.command,
                   removed = excluded.removed""",
            mapping.room,
            mapping.calendar,
            mapping.read_only,
            mapping.by,
            to_ms(mapping.at),
            mapping.command,
            mapping.removed,
        )

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        async with self._sql.transaction():
            await self._sql.execute(
                """INSERT INTO room_mapping (room, calendar, read_only, changed_by, changed_at, command, removed)
                   SELECT CAST($2 AS TEXT), calendar, read_only, changed_by, changed_at, command, removed
                   FROM room_mapping WHERE room = $1 ON CONFLICT (room, calendar) DO NOTHING""",
                old,
                new,
            )
            await self.drop(old)

    async def drop(self, room: RoomId) -> None:
        await self._sql.execute("DELETE FROM room_mapping WHERE room = $1", room)

    async def forget_removed(self, before: datetime) -> None:
        await self._sql.delete_in_lots("room_mapping", "room, calendar", "removed AND changed_at < $1", to_ms(before))


def _mapping(row: Row) -> RoomMapping:
    return RoomMapping(
        room=RoomId(row["room"]),
        calendar=CalendarName(row["calendar"]),
        read_only=bool(row["read_only"]),
        by=UserId(row["changed_by"]),
        at=from_ms(row["changed_at"]),
        command=EventId(row["command"]),
        removed=bool(row["removed"]),
    )
