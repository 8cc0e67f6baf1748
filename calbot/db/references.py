"""What people can mean by a number, a reply or `last`: cards, messages about an event, lists shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Final

from calbot.core.model import CalendarName, EventId, OccurrenceId, RoomId, Uid, UserId
from calbot.ports import Card, Listed

from .encoding import recurrence_column, recurrence_from, to_json, to_ms
from .transaction import Row, Transactor, parameters

_LISTS_KEPT = 3
_IN_LIST = 500
# What refers to an event, and what is in a row beside that.
_REFERRING: Final[Mapping[str, tuple[str, ...]]] = {
    "card": ("room", "event_id", "language"),
    "message_subject": ("id", "room", "event_id"),
    "last_reference": ("room", "person", "listed_since"),
}
_ALL = ""  # reader of a list that was shown to everybody


class DatabaseReferences:
    """`ports.References`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def save_card(self, card: Card) -> None:
        async with self._sql.transaction():
            await self._sql.execute(
                """INSERT INTO card (room, uid, recurrence_id, calendar, event_id, language)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (room, uid, recurrence_id) DO UPDATE SET
                       calendar = excluded.calendar, event_id = excluded.event_id, language = excluded.language""",
                card.room,
                card.occurrence.uid,
                recurrence_column(card.occurrence.recurrence_id),
                card.calendar,
                card.event_id,
                card.language,
            )
            await self.note_message(card)

    async def card(self, room: RoomId, occurrence: OccurrenceId) -> Card | None:
        row = await self._sql.row(
            "SELECT * FROM card WHERE room = $1 AND uid = $2 AND recurrence_id = $3",
            room,
            occurrence.uid,
            recurrence_column(occurrence.recurrence_id),
        )
        return None if row is None else _card(row)

    async def cards_about(self, uids: Sequence[Uid]) -> Sequence[Card]:
        found: list[Card] = []
        for at in range(0, len(uids), _IN_LIST):
            lot = uids[at : at + _IN_LIST]
            query = f"SELECT * FROM card WHERE uid IN ({parameters(1, len(lot))}) ORDER BY room, uid, recurrence_id"  # noqa: S608 placeholders only
            found += [_card(row) for row in await self._sql.rows(query, *lot)]
        return found

    async def card_at(self, room: RoomId, event_id: EventId) -> Card | None:
        found = await self.subjects(room, event_id)
        return found[0] if len(found) == 1 else None

    async def subjects(self, room: RoomId, event_id: EventId) -> Sequence[Card]:
        query = "SELECT * FROM message_subject WHERE room = $1 AND event_id = $2 ORDER BY id"
        return [_message(row) for row in await self._sql.rows(query, room, event_id)]

    async def newest(self, room: RoomId) -> Sequence[Card]:
        query = "SELECT event_id FROM message_subject WHERE room = $1 ORDER BY id DESC LIMIT 1"
        event_id: str | None = await self._sql.value(query, room)
        return () if event_id is None else await self.subjects(room, EventId(event_id))

    async def note_message(self, *cards: Card) -> None:
        async with self._sql.transaction():
            for room, event_id in {(card.room, card.event_id) for card in cards}:
                # Deleted first: a message that is sent again counts as the newest, and what it was about is over.
                await self._sql.execute("DELETE FROM message_subject WHERE room = $1 AND event_id = $2", room, event_id)
            for card in cards:
                await self._sql.execute(
                    """INSERT INTO message_subject (room, event_id, calendar, uid, recurrence_id)
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
                    card.room,
                    card.event_id,
                    card.calendar,
                    card.occurrence.uid,
                    recurrence_column(card.occurrence.recurrence_id),
                )

    async def save_list(self, room: RoomId, user: UserId | None, event_id: EventId, items: Sequence[Listed]) -> None:
        reader = user or _ALL
        async with self._sql.transaction():
            # Deleted first, so that a list sent again counts as the newest.
            await self._sql.execute("DELETE FROM listing WHERE room = $1 AND event_id = $2", room, event_id)
            await self._sql.execute(
                "INSERT INTO listing (room, shown_to, event_id, items) VALUES ($1, $2, $3, $4)",
                room,
                reader,
                event_id,
                _listed(items),
            )
            await self._sql.execute(
                """DELETE FROM listing WHERE room = $1 AND shown_to = $2 AND id NOT IN (
                       SELECT id FROM listing WHERE room = $1 AND shown_to = $2 ORDER BY id DESC LIMIT $3)""",
                room,
                reader,
                _LISTS_KEPT,
            )
            await self._sql.execute(
                "UPDATE last_reference SET listed_since = TRUE WHERE room = $1 AND person = $2", room, reader
            )

    async def lists(self, room: RoomId, user: UserId) -> Sequence[Sequence[Listed]]:
        rows = await self._sql.rows(
            """SELECT items FROM listing
               WHERE room = $1 AND shown_to IN ($2, $3)
                   AND id >= (SELECT MAX(id) FROM listing WHERE room = $1 AND shown_to = $2)
               ORDER BY id DESC""",
            room,
            user,
            _ALL,
        )
        rows = rows or await self._sql.rows("SELECT items FROM listing WHERE room = $1 ORDER BY id DESC LIMIT 1", room)
        return [_items(row) for row in rows]

    async def list_at(self, room: RoomId, event_id: EventId) -> Sequence[Listed] | None:
        row = await self._sql.row("SELECT items FROM listing WHERE room = $1 AND event_id = $2", room, event_id)
        return None if row is None else _items(row)

    async def save_maker(self, uid: Uid, user: UserId) -> None:
        """The first one stays: nobody makes the event of another their own."""
        await self._sql.execute(
            "INSERT INTO event_maker (uid, person) VALUES ($1, $2) ON CONFLICT (uid) DO NOTHING", uid, user
        )

    async def maker(self, uid: Uid) -> UserId | None:
        person: str | None = await self._sql.value("SELECT person FROM event_maker WHERE uid = $1", uid)
        return None if person is None else UserId(person)

    async def save_last(self, room: RoomId, user: UserId, calendar: CalendarName, occurrence: OccurrenceId) -> None:
        await self._sql.execute(
            """INSERT INTO last_reference (room, person, calendar, uid, recurrence_id) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (room, person) DO UPDATE SET
                   calendar = excluded.calendar, uid = excluded.uid, recurrence_id = excluded.recurrence_id,
                   listed_since = FALSE""",
            room,
            user,
            calendar,
            occurrence.uid,
            recurrence_column(occurrence.recurrence_id),
        )

    async def last(self, room: RoomId, user: UserId) -> tuple[CalendarName, OccurrenceId] | None:
        row = await self._sql.row("SELECT * FROM last_reference WHERE room = $1 AND person = $2", room, user)
        return None if row is None else (CalendarName(row["calendar"]), _occurrence_id(row))

    async def follow(
        self,
        calendar: CalendarName,
        uid: Uid,
        become: Callable[[OccurrenceId], OccurrenceId],
        rooms: Sequence[RoomId],
    ) -> None:
        async with self._sql.transaction():
            await self._cards_follow(calendar, uid, become)
            for room in rooms:
                await self._lists_follow(room, calendar, uid, become)

    async def _cards_follow(
        self, calendar: CalendarName, uid: Uid, become: Callable[[OccurrenceId], OccurrenceId]
    ) -> None:
        # All taken out before any is put back: one may become what another was.
        for table, others in _REFERRING.items():
            where = f"{table} WHERE calendar = $1 AND uid = $2"
            rows = await self._sql.rows(f"SELECT * FROM {where}", calendar, uid)  # noqa: S608 names of tables
            await self._sql.execute(f"DELETE FROM {where}", calendar, uid)  # noqa: S608 names of tables
            for row in rows:
                new = become(_occurrence_id(row))
                names = ("calendar", "uid", "recurrence_id", *others)
                await self._sql.execute(
                    f"""INSERT INTO {table} ({", ".join(names)}) VALUES ({parameters(1, len(names))})
                        ON CONFLICT DO NOTHING""",  # noqa: S608 names of tables and columns
                    calendar,
                    new.uid,
                    recurrence_column(new.recurrence_id),
                    *(row[name] for name in others),
                )

    async def _lists_follow(
        self, room: RoomId, calendar: CalendarName, uid: Uid, become: Callable[[OccurrenceId], OccurrenceId]
    ) -> None:
        for row in await self._sql.rows("SELECT id, items FROM listing WHERE room = $1", room):
            items = _items(row)
            if any(one.calendar == calendar and one.occurrence.uid == uid for one in items):
                followed = [
                    replace(one, occurrence=become(one.occurrence))
                    if one.calendar == calendar and one.occurrence.uid == uid
                    else one
                    for one in items
                ]
                await self._sql.execute("UPDATE listing SET items = $2 WHERE id = $1", row["id"], _listed(followed))

    async def listed_since(self, room: RoomId, user: UserId) -> bool:
        query = "SELECT listed_since FROM last_reference WHERE room = $1 AND person = $2"
        return bool(await self._sql.value(query, room, user))

    async def forget_gone(self, before: datetime) -> None:
        day = before.astimezone(timezone.utc).strftime("%Y%m%d")  # recurrence ids begin with their day
        for table, key in (("card", "room, uid, recurrence_id"), ("message_subject", "id")):
            # A series may live for ever; its occurrences are deleted from the mirror when they are long over.
            await self._sql.delete_in_lots(
                table,
                key,
                f"""recurrence_id <> '' AND recurrence_id < $1 AND NOT EXISTS (
                        SELECT 1 FROM occurrence o
                        JOIN component c ON c.object = o.object AND c.number = o.component
                        WHERE c.calendar = {table}.calendar AND c.uid = {table}.uid
                        AND o.recurrence_id = {table}.recurrence_id)""",  # noqa: S608 names of tables
                day,
            )
        keys = {"card": "room, uid, recurrence_id", "message_subject": "id", "last_reference": "room, person"}
        for table, key in keys.items():
            await self._sql.delete_in_lots(
                table,
                key,
                f"""NOT EXISTS (SELECT 1 FROM calendar_object o
                                WHERE o.calendar = {table}.calendar AND o.uid = {table}.uid)""",  # noqa: S608 names of tables
            )
        await self._sql.delete_in_lots("event_maker", "uid", "uid NOT IN (SELECT uid FROM calendar_object)")

    async def forget_lists(self, before: datetime, now: datetime) -> None:
        await self._sql.delete_in_lots("listing", "id", "seen_at < $1", to_ms(before))
        await self._sql.execute("UPDATE listing SET seen_at = $1 WHERE seen_at IS NULL", to_ms(now))


def _occurrence_id(row: Row) -> OccurrenceId:
    return OccurrenceId(Uid(row["uid"]), recurrence_from(row["recurrence_id"]))


def _message(row: Row) -> Card:
    return Card(RoomId(row["room"]), _occurrence_id(row), CalendarName(row["calendar"]), EventId(row["event_id"]))


def _card(row: Row) -> Card:
    return replace(_message(row), language=row["language"])


def _listed(items: Iterable[Listed]) -> str:
    return to_json([[i.number, i.calendar, i.occurrence.uid, i.occurrence.recurrence_id] for i in items])


def _items(row: Row) -> tuple[Listed, ...]:
    return tuple(
        Listed(number, CalendarName(calendar), OccurrenceId(Uid(uid), recurrence_id))
        for number, calendar, uid, recurrence_id in json.loads(row["items"])
    )
