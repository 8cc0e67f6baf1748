"""The links by which people subscribe to what they see in a room."""

from __future__ import annotations

from collections.abc import Sequence

from calbot.core.model import RoomId, UserId
from calbot.ports import Feed

from .encoding import from_ms, to_ms
from .transaction import Row, Transactor


class DatabaseFeeds:
    """`ports.FeedStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def save(self, feed: Feed) -> None:
        await self._sql.execute(
            """INSERT INTO feed (person, room, digest, made_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (person, room) DO UPDATE SET digest = excluded.digest, made_at = excluded.made_at""",
            feed.person,
            feed.room,
            feed.digest,
            to_ms(feed.made_at),
        )

    async def get(self, person: UserId, room: RoomId) -> Feed | None:
        row = await self._sql.row("SELECT * FROM feed WHERE person = $1 AND room = $2", person, room)
        return None if row is None else _feed(row)

    async def by_digest(self, digest: str) -> Feed | None:
        row = await self._sql.row("SELECT * FROM feed WHERE digest = $1", digest)
        return None if row is None else _feed(row)

    async def of(self, person: UserId) -> Sequence[Feed]:
        rows = await self._sql.rows("SELECT * FROM feed WHERE person = $1 ORDER BY made_at, room", person)
        return [_feed(row) for row in rows]

    async def end(self, person: UserId, room: RoomId) -> None:
        await self._sql.execute("DELETE FROM feed WHERE person = $1 AND room = $2", person, room)

    async def forget(self, person: UserId) -> None:
        await self._sql.execute("DELETE FROM feed WHERE person = $1", person)

    async def drop(self, room: RoomId) -> None:
        await self._sql.execute("DELETE FROM feed WHERE room = $1", room)

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        async with self._sql.transaction():
            await self._sql.execute(
                """UPDATE feed SET room = $2 WHERE room = $1
                   AND NOT EXISTS (SELECT 1 FROM feed other WHERE other.person = feed.person AND other.room = $2)""",
                old,
                new,
            )
            await self.drop(old)


def _feed(row: Row) -> Feed:
    return Feed(UserId(row["person"]), RoomId(row["room"]), row["digest"], from_ms(row["made_at"]))
