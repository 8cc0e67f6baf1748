"""What people did to calendars and may take back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from typing_extensions import assert_never

from calbot.core.model import CalendarName, EventId, Href, PartStat, RoomId, Uid, UserId
from calbot.core.undo import (
    Act,
    Answered,
    Booked,
    Cancelled,
    Deed,
    Edited,
    Imported,
    Made,
    Moved,
    Rebooked,
    Second,
    TakenOut,
    Undoable,
)

from .encoding import decode_occurrence, decode_when, encode_occurrence, encode_when, from_ms, to_json, to_ms
from .transaction import Row, Transactor


class DatabaseUndo:
    """`ports.UndoStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def begin(self, change: Undoable) -> None:
        await self._sql.execute(
            """INSERT INTO undoable (key, room, person, calendar, uid, href, act, begun_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING""",
            change.key,
            change.room,
            change.person,
            change.calendar,
            change.uid,
            change.href,
            encode_act(change.act),
            to_ms(change.begun),
        )

    async def began(self, key: str) -> bool:
        return await self._sql.value("SELECT 1 FROM undoable WHERE key = $1", key) is not None

    async def get(self, key: str) -> Undoable | None:
        row = await self._sql.row("SELECT * FROM undoable WHERE key = $1", key)
        return None if row is None else _read(row)

    async def done(self, key: str, now: datetime, act: Act | None = None) -> None:
        await self._sql.execute(
            """UPDATE undoable SET act = COALESCE($3, act), done_at = COALESCE(done_at, $2)
               WHERE key = $1 AND undone_by IS NULL""",
            key,
            to_ms(now),
            None if act is None else encode_act(act),
        )

    async def amend(self, key: str, act: Act) -> None:
        await self._sql.execute("UPDATE undoable SET act = $2 WHERE key = $1", key, encode_act(act))

    async def claim(self, room: RoomId, person: UserId, since: datetime, undo: EventId) -> Undoable | None:
        async with self._sql.transaction():
            row = await self._sql.row("SELECT * FROM undoable WHERE undone_by = $1", undo)
            if row is None:
                row = await self._sql.row(
                    """SELECT * FROM undoable
                       WHERE room = $1 AND person = $2 AND done_at >= $3 AND undone_by IS NULL
                       ORDER BY id DESC LIMIT 1""",
                    room,
                    person,
                    to_ms(since),
                )
            if row is None:
                return None
            await self._sql.execute("UPDATE undoable SET undone_by = $2 WHERE key = $1", row["key"], undo)
        return _read(row)

    async def give_back(self, undo: EventId) -> None:
        await self._sql.execute("UPDATE undoable SET undone_by = NULL WHERE undone_by = $1", undo)

    async def rename(self, calendar: CalendarName, old: Uid, new: Uid, href: Href) -> None:
        await self._sql.execute(
            "UPDATE undoable SET uid = $3, href = $4 WHERE calendar = $1 AND uid = $2", calendar, old, new, href
        )

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        for row in await self._sql.rows("SELECT key, act FROM undoable WHERE room = $1", old):
            if not isinstance(decode_act(row["act"]), (Booked, Rebooked)):
                await self._sql.execute("UPDATE undoable SET room = $2 WHERE key = $1", row["key"], new)

    async def forget(self, calendar: CalendarName) -> None:
        await self._sql.execute("DELETE FROM undoable WHERE calendar = $1", calendar)

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("undoable", "id", "begun_at < $1", to_ms(instant))


def encode_act(act: Act) -> str:
    return to_json({"act": type(act).__name__, **_fields(act)})


def decode_act(text: str) -> Act:
    value: dict[str, Any] = json.loads(text)
    match value["act"]:
        case "Answered":
            before = tuple((slot, None if given is None else PartStat(given)) for slot, given in value["before"])
            return Answered(value["slot"], PartStat(value["answer"]), before)
        case "Made":
            return Made(value["mark"])
        case "Imported":
            return Imported(tuple(Second(Uid(uid), Href(href), mark) for uid, href, mark in value["events"]))
        case "Moved":
            old, when = decode_occurrence(value["old"]), decode_when(*value["when"])
            return Moved(old, when, value["whole"], value.get("followed", False))
        case "Edited":
            second = value["second"]
            return Edited(
                Deed(value["deed"]),
                decode_occurrence(value["old"]),
                value["before"],
                value["after"],
                value["whole"],
                None if second is None else Second(Uid(second[0]), Href(second[1]), second[2]),
            )
        case "Cancelled":
            return Cancelled(decode_occurrence(value["old"]), value["data"], value["whole"])
        case "TakenOut":
            return TakenOut(decode_occurrence(value["old"]), value["data"])
        case "Booked":
            return Booked(value["poll"], value["mark"])
        case "Rebooked":
            return Rebooked(value["poll"], value["before"], value["after"])
        case other:
            raise ValueError(f"unknown act {other}")


def _fields(act: Act) -> dict[str, Any]:
    match act:
        case Answered(slot, answer, before):
            answers = [[of, None if given is None else given.value] for of, given in before]
            return {"slot": slot, "answer": answer.value, "before": answers}
        case Made(mark):
            return {"mark": mark}
        case Imported(events):
            return {"events": [[one.uid, one.href, one.mark] for one in events]}
        case Moved(old, when, whole, followed):
            return {"old": encode_occurrence(old), "when": encode_when(when), "whole": whole, "followed": followed}
        case Edited(deed, old, before, after, whole, second):
            return {
                "deed": deed.value,
                "old": encode_occurrence(old),
                "before": before,
                "after": after,
                "whole": whole,
                "second": None if second is None else [second.uid, second.href, second.mark],
            }
        case Cancelled(old, data, whole):
            return {"old": encode_occurrence(old), "data": data, "whole": whole}
        case TakenOut(old, data):
            return {"old": encode_occurrence(old), "data": data}
        case Booked(poll, mark):
            return {"poll": poll, "mark": mark}
        case Rebooked(poll, before, after):
            return {"poll": poll, "before": before, "after": after}
        case _:
            assert_never(act)


def _read(row: Row) -> Undoable:
    return Undoable(
        key=row["key"],
        room=RoomId(row["room"]),
        person=UserId(row["person"]),
        calendar=CalendarName(row["calendar"]),
        uid=Uid(row["uid"]),
        href=Href(row["href"]),
        act=decode_act(row["act"]),
        begun=from_ms(row["begun_at"]),
    )
