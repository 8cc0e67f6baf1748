"""What rooms and people have chosen by command or reaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calbot.core.model import EventId, OccurrenceId, Recipient, RecurrenceId, RoomId, Uid, UserId
from calbot.core.preferences import ChosenLevels, EventLeads, PersonPreferences, RoomPreferences, Snooze
from calbot.core.settings import Alarms, Digest, Mention, Weekday
from calbot.core.zone_names import zone_of

from .encoding import from_ms, read_recipient, recurrence_column, recurrence_from, to_json, to_ms
from .transaction import Row, Transactor, parameters

_IN_LIST: Final = 500
_OF_ROOMS: Final = "reminders, digest, language, timezone, alarms, mention, write_to, duration, levels"
_READ_HERE: Final = 500  # people that take the event loop a few milliseconds


class DatabasePreferences:
    """`ports.Preferences`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def rooms(self) -> Mapping[RoomId, RoomPreferences]:
        rows = await self._sql.rows("SELECT * FROM room_preference ORDER BY room")
        return {RoomId(row["room"]): _room(row) for row in rows}

    async def room(self, room: RoomId) -> RoomPreferences:
        row = await self._sql.row("SELECT * FROM room_preference WHERE room = $1", room)
        return RoomPreferences() if row is None else _room(row)

    async def save_room(self, room: RoomId, preferences: RoomPreferences) -> None:
        if preferences == RoomPreferences():
            await self._sql.execute("DELETE FROM room_preference WHERE room = $1", room)
            return
        await self._sql.execute(
            """INSERT INTO room_preference (room, reminders, digest, language, timezone, alarms, mention, write_to,
                                            duration, levels)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               ON CONFLICT (room) DO UPDATE SET reminders = excluded.reminders, digest = excluded.digest,
                   language = excluded.language, timezone = excluded.timezone, alarms = excluded.alarms,
                   mention = excluded.mention, write_to = excluded.write_to, duration = excluded.duration,
                   levels = excluded.levels""",
            room,
            _encode_leads(preferences.reminders),
            _encode_digest(preferences.digest),
            preferences.language,
            None if preferences.timezone is None else preferences.timezone.key,
            None if preferences.alarms is None else preferences.alarms.value,
            None if preferences.mention is None else preferences.mention.value,
            preferences.write_to,
            None if preferences.duration is None else int(preferences.duration.total_seconds()),
            _encode_levels(preferences.levels),
        )

    async def people(self) -> Mapping[UserId, PersonPreferences]:
        rows = await self._sql.rows("SELECT * FROM person_preference ORDER BY person")
        if len(rows) <= _READ_HERE:
            return _people(rows)
        return await asyncio.to_thread(_people, rows)

    async def person(self, user: UserId) -> PersonPreferences:
        row = await self._sql.row("SELECT * FROM person_preference WHERE person = $1", user)
        return PersonPreferences() if row is None else _person(row)

    async def save_person(self, user: UserId, preferences: PersonPreferences) -> None:
        if preferences == PersonPreferences():
            await self._sql.execute("DELETE FROM person_preference WHERE person = $1", user)
            return
        await self._sql.execute(
            """INSERT INTO person_preference (person, reminders, digest, language, timezone) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (person) DO UPDATE SET reminders = excluded.reminders, digest = excluded.digest,
                   language = excluded.language, timezone = excluded.timezone""",
            user,
            _encode_leads(preferences.reminders),
            _encode_digest(preferences.digest),
            preferences.language,
            None if preferences.timezone is None else preferences.timezone.key,
        )

    async def event_leads(self, uids: Sequence[Uid]) -> Sequence[EventLeads]:
        return [_event_leads(row) for row in await self._about("event_leads", uids, "recipient, uid, recurrence_id")]

    async def all_event_leads(self) -> Sequence[EventLeads]:
        rows = await self._sql.rows("SELECT * FROM event_leads ORDER BY recipient, uid, recurrence_id")
        return [_event_leads(row) for row in rows]

    async def save_event_leads(self, leads: EventLeads) -> None:
        await self._sql.execute(
            """INSERT INTO event_leads (recipient, uid, recurrence_id, leads) VALUES ($1, $2, $3, $4)
               ON CONFLICT (recipient, uid, recurrence_id) DO UPDATE SET leads = excluded.leads""",
            leads.recipient,
            leads.uid,
            recurrence_column(leads.recurrence_id),
            _encode_leads(leads.leads),
        )

    async def drop_event_leads(self, recipient: Recipient, uid: Uid, recurrence_id: RecurrenceId | None) -> None:
        await self._sql.execute(
            "DELETE FROM event_leads WHERE recipient = $1 AND uid = $2 AND recurrence_id = $3",
            recipient,
            uid,
            recurrence_column(recurrence_id),
        )

    async def snoozes(self, uids: Sequence[Uid]) -> Sequence[Snooze]:
        return [_snooze(row) for row in await self._about("snooze", uids, "earliest, reaction, uid, recurrence_id")]

    async def all_snoozes(self) -> Sequence[Snooze]:
        rows = await self._sql.rows("SELECT * FROM snooze ORDER BY earliest, reaction, uid, recurrence_id")
        return [_snooze(row) for row in rows]

    async def save_snooze(self, snooze: Snooze) -> None:
        await self._sql.execute(
            """INSERT INTO snooze (reaction, person, uid, recurrence_id, earliest) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (reaction, uid, recurrence_id) DO NOTHING""",
            snooze.reaction,
            snooze.person,
            snooze.occurrence.uid,
            recurrence_column(snooze.occurrence.recurrence_id),
            to_ms(snooze.earliest),
        )

    async def snoozed_by(self, reaction: EventId) -> Sequence[Snooze]:
        rows = await self._sql.rows("SELECT * FROM snooze WHERE reaction = $1 ORDER BY uid, recurrence_id", reaction)
        return [_snooze(row) for row in rows]

    async def drop_snoozes(self, reaction: EventId) -> None:
        await self._sql.execute("DELETE FROM snooze WHERE reaction = $1", reaction)

    async def transfer(self, old: RoomId, new: RoomId) -> None:
        async with self._sql.transaction():
            for table, column, others in (
                ("room_preference", "room", _OF_ROOMS),
                ("event_leads", "recipient", "uid, recurrence_id, leads"),
            ):
                await self._sql.execute(
                    f"""INSERT INTO {table} ({column}, {others}) SELECT CAST($2 AS TEXT), {others}
                        FROM {table} WHERE {column} = $1 ON CONFLICT DO NOTHING""",  # noqa: S608 constants
                    old,
                    new,
                )
                await self._sql.execute(f"DELETE FROM {table} WHERE {column} = $1", old)  # noqa: S608 constants

    async def forget_gone(self, before: datetime) -> None:
        keys = {"event_leads": "recipient, uid, recurrence_id", "snooze": "reaction, uid, recurrence_id"}
        for table, key in keys.items():
            gone = "uid NOT IN (SELECT uid FROM calendar_object)"
            await self._sql.delete_in_lots(table, key, gone)
        await self._sql.delete_in_lots(
            "event_leads",
            keys["event_leads"],
            """recurrence_id <> '' AND NOT EXISTS (
                   SELECT 1 FROM component c JOIN occurrence o ON o.object = c.object AND o.component = c.number
                   WHERE c.uid = event_leads.uid AND o.recurrence_id = event_leads.recurrence_id)""",
        )
        await self._sql.delete_in_lots("snooze", keys["snooze"], "earliest < $1", to_ms(before))

    async def _about(self, table: str, uids: Sequence[Uid], order: str) -> list[Row]:
        unique = list(dict.fromkeys(uids))
        found: list[Row] = []
        for lot in (unique[at : at + _IN_LIST] for at in range(0, len(unique), _IN_LIST)):
            query = f"SELECT * FROM {table} WHERE uid IN ({parameters(1, len(lot))}) ORDER BY {order}"  # noqa: S608 constants
            found += await self._sql.rows(query, *lot)
        return found


def _room(row: Row) -> RoomPreferences:
    return RoomPreferences(
        reminders=_decode_leads(row["reminders"]),
        digest=_decode_digest(row["digest"]),
        language=row["language"],
        timezone=_decode_zone(row["timezone"]),
        alarms=None if row["alarms"] is None else Alarms(row["alarms"]),
        mention=None if row["mention"] is None else Mention(row["mention"]),
        write_to=row["write_to"],
        duration=None if row["duration"] is None else timedelta(seconds=row["duration"]),
        levels=_decode_levels(row["levels"]),
    )


def _people(rows: Sequence[Row]) -> Mapping[UserId, PersonPreferences]:
    return {UserId(row["person"]): _person(row) for row in rows}


def _person(row: Row) -> PersonPreferences:
    return PersonPreferences(
        _decode_leads(row["reminders"]),
        _decode_digest(row["digest"]),
        row["language"],
        _decode_zone(row["timezone"]),
    )


def _decode_zone(name: str | None) -> ZoneInfo | None:
    return None if name is None else zone_of(name)  # None as well where the zone was dropped from the database of zones


def _event_leads(row: Row) -> EventLeads:
    return EventLeads(
        read_recipient(row["recipient"]),
        Uid(row["uid"]),
        recurrence_from(row["recurrence_id"]),
        _decode_leads(row["leads"]) or (),
    )


def _snooze(row: Row) -> Snooze:
    return Snooze(
        EventId(row["reaction"]),
        UserId(row["person"]),
        OccurrenceId(Uid(row["uid"]), recurrence_from(row["recurrence_id"])),
        from_ms(row["earliest"]),
    )


def _encode_leads(leads: tuple[timedelta, ...] | None) -> str | None:
    return None if leads is None else to_json([int(lead.total_seconds()) for lead in leads])


def _decode_leads(text: str | None) -> tuple[timedelta, ...] | None:
    return None if text is None else tuple(timedelta(seconds=seconds) for seconds in json.loads(text))


def _encode_digest(digest: Digest | None) -> str | None:
    if digest is None:
        return None
    weekly = None if digest.weekly is None else [digest.weekly[0].value, digest.weekly[1].isoformat("minutes")]
    daily = None if digest.daily is None else digest.daily.isoformat("minutes")
    return to_json({"daily": daily, "weekly": weekly, "always": digest.always})


def _decode_digest(text: str | None) -> Digest | None:
    if text is None:
        return None
    value = json.loads(text)
    weekly = value["weekly"]
    return Digest(
        daily=None if value["daily"] is None else time.fromisoformat(value["daily"]),
        weekly=None if weekly is None else (Weekday(weekly[0]), time.fromisoformat(weekly[1])),
        always=value["always"],
    )


def _encode_levels(levels: ChosenLevels) -> str | None:
    if levels == ChosenLevels():
        return None
    return to_json({"new": levels.new, "cancel": levels.cancel, "settings": levels.settings})


def _decode_levels(text: str | None) -> ChosenLevels:
    if text is None:
        return ChosenLevels()
    value = json.loads(text)
    return ChosenLevels(value["new"], value["cancel"], value["settings"])
