"""What has become of rooms that the bot was in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from calbot.core.model import RoomId

from .encoding import from_ms, to_ms
from .transaction import Transactor


class DatabaseRooms:
    """`ports.RoomStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def absences(self) -> Mapping[RoomId, datetime]:
        rows = await self._sql.rows("SELECT room, since FROM room_absence ORDER BY since, room")
        return {RoomId(row["room"]): from_ms(row["since"]) for row in rows}

    async def note_absence(self, room: RoomId, since: datetime) -> None:
        await self._sql.execute(
            "INSERT INTO room_absence (room, since) VALUES ($1, $2) ON CONFLICT (room) DO NOTHING", room, to_ms(since)
        )

    async def note_presence(self, room: RoomId) -> bool:
        rows = await self._sql.rows("DELETE FROM room_absence WHERE room = $1 RETURNING room", room)
        return bool(rows)

    async def successors(self) -> Mapping[RoomId, RoomId]:
        rows = await self._sql.rows("SELECT room, replaced_by FROM room_successor ORDER BY room")
        return {RoomId(row["room"]): RoomId(row["replaced_by"]) for row in rows}

    async def save_successor(self, old: RoomId, new: RoomId) -> None:
        await self._sql.execute(
            """INSERT INTO room_successor (room, replaced_by) VALUES ($1, $2)
               ON CONFLICT (room) DO UPDATE SET replaced_by = excluded.replaced_by""",
            old,
            new,
        )
