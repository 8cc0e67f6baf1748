"""How much of what there is lies in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from calbot.core.mail import MailState
from calbot.core.notices import NoticeState
from calbot.core.poll_model import PollState
from calbot.core.reminders import ReminderState
from calbot.ports import Stored, Waiting

from .encoding import optional_from_ms, to_ms
from .transaction import Transactor

# Each by an index on its state; what is due is little beside what is planned.
_DUE: Final[Mapping[str, tuple[str, str, str]]] = {
    "reminder": ("reminder", "due_at", ReminderState.WAITING.value),
    "notice": ("notice", "due_at", NoticeState.WAITING.value),
    "mail": ("mail", "queued_at", MailState.WAITING.value),
}
_OPEN: Final = (PollState.OPEN.value, PollState.CLOSING.value)


class DatabaseFigures:
    """`ports.Figures`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def read(self, now: datetime) -> Stored:
        return Stored(
            waiting={kind: await self._waiting(*columns, now) for kind, columns in _DUE.items()},
            open_polls=await self._sql.value("SELECT COUNT(*) FROM poll WHERE state IN ($1, $2)", *_OPEN),
            feeds=await self._sql.value("SELECT COUNT(*) FROM feed"),
        )

    async def write(self, now: datetime) -> None:
        await self._sql.execute(
            """INSERT INTO kept (name, value) VALUES ('written', $1)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
            now.isoformat(),
        )

    async def _waiting(self, table: str, due: str, state: str, now: datetime) -> Waiting:
        ready = f"(not_before IS NULL OR not_before <= {due})"
        rows = await self._sql.rows(
            f"""SELECT CASE WHEN not_before > $2 THEN 1 ELSE 0 END AS held, COUNT(*) AS number,
                       MIN(CASE WHEN {ready} THEN {due} ELSE not_before END) AS since
                FROM {table} WHERE state = $1 AND {due} <= $2 GROUP BY 1""",  # noqa: S608 - names written above
            state,
            to_ms(now),
        )
        numbers = {row["held"]: row["number"] for row in rows}
        since = next((optional_from_ms(row["since"]) for row in rows if not row["held"]), None)
        return Waiting(ready=numbers.get(0, 0), held=numbers.get(1, 0), since=since)
