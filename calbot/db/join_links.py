"""Events that ask for a join link, and those that have got theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calbot.core.model import CalendarName, Href, Uid
from calbot.ports import WantedLink

from .encoding import to_ms
from .transaction import Transactor


class DatabaseJoinLinks:
    """`ports.JoinLinks`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def note(self, wanted: Sequence[WantedLink], now: datetime) -> None:
        async with self._sql.transaction():
            for one in wanted:
                await self._sql.execute(
                    """INSERT INTO join_link (calendar, uid, href, noted_at) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (calendar, uid) DO NOTHING""",
                    one.calendar,
                    one.uid,
                    one.href,
                    to_ms(now),
                )

    async def waiting(self) -> Sequence[WantedLink]:
        rows = await self._sql.rows(
            "SELECT calendar, uid, href FROM join_link WHERE done_at IS NULL ORDER BY noted_at, calendar, uid"
        )
        return [WantedLink(CalendarName(row["calendar"]), Uid(row["uid"]), Href(row["href"])) for row in rows]

    async def done(self, wanted: WantedLink, now: datetime) -> None:
        await self._sql.execute(
            "UPDATE join_link SET done_at = $3 WHERE calendar = $1 AND uid = $2",
            wanted.calendar,
            wanted.uid,
            to_ms(now),
        )

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("join_link", "calendar, uid", "done_at < $1", to_ms(instant))

    async def forget(self, calendar: CalendarName) -> None:
        await self._sql.execute("DELETE FROM join_link WHERE calendar = $1", calendar)
