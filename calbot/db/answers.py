"""Answers to invitations that were given by reaction, and those that still have to be written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from calbot.core.answers import Answer, DueAnswer, Reacted
from calbot.core.model import CalendarName, EventId, OccurrenceId, PartStat, RoomId, Uid, UserId

from .encoding import recurrence_column, recurrence_from, to_ms
from .transaction import Row, Transactor

_ABSENT = ""  # the answer of somebody who is not on the event


class DatabaseAnswers:
    """`ports.AnswerStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def given(self, person: UserId, calendar: CalendarName, occurrence: OccurrenceId) -> Sequence[Reacted]:
        rows = await self._sql.rows(
            """SELECT * FROM answer_reaction
               WHERE person = $1 AND calendar = $2 AND uid = $3 AND recurrence_id = $4 ORDER BY id""",
            *_key(person, calendar, occurrence),
        )
        return [_reacted(row) for row in rows]

    async def by_reaction(self, reaction: EventId) -> Reacted | None:
        row = await self._sql.row("SELECT * FROM answer_reaction WHERE reaction = $1", reaction)
        return None if row is None else _reacted(row)

    async def put(
        self, person: UserId, calendar: CalendarName, occurrence: OccurrenceId, given: Sequence[Reacted]
    ) -> None:
        async with self._sql.transaction():
            await self._sql.execute(
                """DELETE FROM answer_reaction
                   WHERE person = $1 AND calendar = $2 AND uid = $3 AND recurrence_id = $4""",
                *_key(person, calendar, occurrence),
            )
            for one in given:
                await self._sql.execute(
                    """INSERT INTO answer_reaction
                           (reaction, room, message, person, calendar, uid, recurrence_id, answer, before, reacted_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (reaction) DO NOTHING""",
                    one.reaction,
                    one.room,
                    one.message,
                    *_key(one.person, one.calendar, one.occurrence),
                    one.answer.value,
                    _write(one.before),
                    one.at,
                )

    async def forget_given(self, person: UserId, calendar: CalendarName, uid: Uid) -> None:
        async with self._sql.transaction():
            for table in ("answer_reaction", "due_answer"):
                query = f"DELETE FROM {table} WHERE person = $1 AND calendar = $2 AND uid = $3"  # noqa: S608 names of tables
                await self._sql.execute(query, person, calendar, uid)

    async def rename(self, calendar: CalendarName, old: Uid, new: Uid) -> None:
        async with self._sql.transaction():
            for table in ("answer_reaction", "due_answer"):
                await self._sql.execute(
                    f"UPDATE {table} SET uid = $3 WHERE calendar = $1 AND uid = $2",  # noqa: S608 names of tables
                    calendar,
                    old,
                    new,
                )

    async def due(self) -> Sequence[DueAnswer]:
        return [_due(row) for row in await self._sql.rows("SELECT * FROM due_answer ORDER BY id")]

    async def due_of(self, person: UserId, calendar: CalendarName, occurrence: OccurrenceId) -> DueAnswer | None:
        row = await self._sql.row(
            "SELECT * FROM due_answer WHERE person = $1 AND calendar = $2 AND uid = $3 AND recurrence_id = $4",
            *_key(person, calendar, occurrence),
        )
        return None if row is None else _due(row)

    async def save_due(self, due: DueAnswer) -> None:
        await self._sql.execute(
            """INSERT INTO due_answer (person, calendar, uid, recurrence_id, answer, room, message)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (person, calendar, uid, recurrence_id) DO UPDATE SET
                   answer = excluded.answer, room = excluded.room, message = excluded.message""",
            *_key(due.person, due.calendar, due.occurrence),
            _write(due.answer),
            due.room,
            due.message,
        )

    async def drop_due(self, due: DueAnswer) -> None:
        await self._sql.execute(
            """DELETE FROM due_answer
               WHERE person = $1 AND calendar = $2 AND uid = $3 AND recurrence_id = $4 AND answer = $5""",
            *_key(due.person, due.calendar, due.occurrence),
            _write(due.answer),
        )

    async def forget_gone(self, before: datetime) -> None:
        for table in ("answer_reaction", "due_answer"):
            await self._sql.delete_in_lots(
                table,
                "id",
                f"""NOT EXISTS (SELECT 1 FROM calendar_object o
                                WHERE o.calendar = {table}.calendar AND o.uid = {table}.uid)""",  # noqa: S608 names of tables
            )
        await self._sql.delete_in_lots("answer_reaction", "id", "reacted_at < $1", to_ms(before))


def _key(person: UserId, calendar: CalendarName, occurrence: OccurrenceId) -> tuple[str, str, str, str]:
    return person, calendar, occurrence.uid, recurrence_column(occurrence.recurrence_id)


def _write(answer: Answer) -> str:
    return _ABSENT if answer is None else answer.value


def _read(text: str) -> Answer:
    return None if text == _ABSENT else PartStat(text)


def _occurrence(row: Row) -> OccurrenceId:
    return OccurrenceId(Uid(row["uid"]), recurrence_from(row["recurrence_id"]))


def _reacted(row: Row) -> Reacted:
    return Reacted(
        EventId(row["reaction"]),
        RoomId(row["room"]),
        EventId(row["message"]),
        UserId(row["person"]),
        CalendarName(row["calendar"]),
        _occurrence(row),
        PartStat(row["answer"]),
        _read(row["before"]),
        row["reacted_at"],
    )


def _due(row: Row) -> DueAnswer:
    return DueAnswer(
        UserId(row["person"]),
        CalendarName(row["calendar"]),
        _occurrence(row),
        _read(row["answer"]),
        RoomId(row["room"]),
        EventId(row["message"]),
    )
