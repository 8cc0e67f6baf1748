"""What is stored about one person: found, and erased, by one table of where people are.

A test compares it with the schema: each column in which a person can be is named here, or with a reason why not.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from calbot.core.model import UserId
from calbot.core.poll_model import PollState

from .encoding import from_ms, to_json
from .transaction import Row, Transactor, parameters

_MISSED: Final = "missed-reminders:"  # and whose
_FINISHED: Final = f"('{PollState.BOOKED.value}', '{PollState.ENDED.value}')"
_TEXT_OF_JSON: Final = frozenset({"answers", "reminders", "digest", "leads", "subject", "items"})
_INSTANTS: Final = frozenset(
    {"sent_at", "starts_at", "ends_at", "due_at", "expires_at", "begun_at", "done_at", "made_at", "changed_at"}
    | {"searched_at", "queued_at", "reacted_at", "invited_at", "created_at", "ended_at", "earliest"}
)


class Fate(str, Enum):
    """What becomes of a row when its person wants to be forgotten."""

    DELETED = "deleted"
    RENAMED = "renamed"  # a pseudonym takes their place
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a table a person is, and which columns are told them. `only`: what is deleted, where not all is."""

    table: str
    person: str
    told: str
    fate: Fate
    only: str = ""


PLACES: Final = (
    Place("person_preference", "person", "language, timezone, reminders, digest", Fate.DELETED),
    Place("event_leads", "recipient", "uid, recurrence_id, leads", Fate.DELETED),
    Place("snooze", "person", "uid, recurrence_id, earliest", Fate.DELETED),
    Place("reminder", "recipient", "calendar, uid, recurrence_id, starts_at, due_at, state, sent_at", Fate.DELETED),
    Place("notice", "recipient", "kind, subject, due_at, state, sent_at", Fate.DELETED),
    Place("feed", "person", "room, made_at", Fate.DELETED),
    Place("direct_chat", "person", "room, invited_at", Fate.DELETED),
    Place("last_reference", "person", "room, calendar, uid, recurrence_id", Fate.DELETED),
    Place("listing", "shown_to", "room, event_id, items", Fate.DELETED),
    Place("question", "asker", "room, event_id, command, expires_at", Fate.DELETED),
    Place("answer_reaction", "person", "room, calendar, uid, recurrence_id, answer, reacted_at", Fate.DELETED),
    # Given, and not on the calendar yet: it goes as soon as it is.
    Place("due_answer", "person", "room, calendar, uid, recurrence_id, answer", Fate.STAYS),
    Place("vote", "sender", "poll, event_id, sent_at, way, answers", Fate.DELETED,
          f"poll IN (SELECT key FROM poll WHERE state IN {_FINISHED})"),  # noqa: S608 a constant
    Place("event_maker", "person", "uid", Fate.DELETED),
    Place("undoable", "person", "room, calendar, uid, begun_at, done_at", Fate.DELETED),
    # What was dealt with says by its id that it is not to be done again, for a week.
    Place("inbox", "sender", "event_id, room, sent_at, state", Fate.RENAMED, "state = 'done'"),
    Place("room_mapping", "changed_by", "room, calendar, changed_at, removed", Fate.RENAMED),
    Place("audit", "actor", "done_at, room, action, calendar, uid, recurrence_id, outcome", Fate.RENAMED),
)  # fmt: skip
"""Tables with a column for a Matrix ID."""

BY_ADDRESS: Final = (
    Place("found_address", "person", "address, searched_at", Fate.DELETED),
    Place("mail", "recipient", "calendar, uid, room, state, queued_at, done_at", Fate.DELETED, "state <> 'waiting'"),
)
"""Tables with an address; the first of them by Matrix ID."""

_OF_POLLS: Final = ("asker", "creator", "attached_by", "asked", "required", "optional", "ended", "decision")


class DatabaseOwnData:
    """`ports.OwnData`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def about(self, person: UserId, addresses: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        found: dict[str, Sequence[Mapping[str, Any]]] = {}
        for place in (*PLACES, *BY_ADDRESS):
            who = _who(place, person, addresses)
            if who:
                query = f"SELECT {place.told} FROM {place.table} WHERE {_is(place)} IN ({parameters(1, len(who))})"  # noqa: S608 constants
                found[place.table] = [_told(row, place.told) for row in await self._sql.rows(query, *who)]
        found["poll"] = [one async for one in self._polls(person)]
        counted = await self._sql.value("SELECT value FROM kept WHERE name = $1", _MISSED + person)
        found["kept"] = [] if counted is None else [{"missed_reminders": json.loads(counted)}]
        return {table: rows for table, rows in found.items() if rows}

    async def _polls(self, person: UserId) -> AsyncIterator[Mapping[str, Any]]:
        """Those that name somebody, with what they are in them."""
        pattern = f"%{to_json(person).replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        query = "SELECT key, room, state, created_at, poll FROM poll WHERE poll LIKE $1 ESCAPE '!' ORDER BY created_at"
        for row in await self._sql.rows(query, pattern):
            poll = json.loads(row["poll"])
            roles = [name for name in _OF_POLLS if _names(poll[name], person)]
            if roles:
                yield {**_told(row, "key, room, state, created_at"), "you_are": roles}

    async def forget(self, person: UserId, addresses: Sequence[str], pseudonym: str) -> None:
        for place in (*PLACES, *BY_ADDRESS):
            for who in _who(place, person, addresses):
                await self._forget(place, who, pseudonym)
        await self._sql.execute("DELETE FROM kept WHERE name = $1", _MISSED + person)

    async def _forget(self, place: Place, who: str, pseudonym: str) -> None:
        only = f" AND {place.only}" if place.only else ""
        if place.fate is Fate.DELETED:
            await self._sql.execute(f"DELETE FROM {place.table} WHERE {_is(place)} = $1{only}", who)  # noqa: S608 constants
        elif place.fate is Fate.RENAMED:
            query = f"UPDATE {place.table} SET {place.person} = $2 WHERE {place.person} = $1{only}"  # noqa: S608 constants
            await self._sql.execute(query, who, pseudonym)


def _who(place: Place, person: UserId, addresses: Sequence[str]) -> Sequence[str]:
    return [one.lower() for one in addresses] if place.table == "mail" else [person]


def _is(place: Place) -> str:
    return f"LOWER({place.person})" if place.table == "mail" else place.person


def _names(value: Any, person: UserId) -> bool:
    return person in value if isinstance(value, list) else value == person


def _told(row: Row, columns: str) -> Mapping[str, Any]:
    return dict(_values(row, columns.split(", ")))


def _values(row: Row, columns: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for name in columns:
        value = row[name]
        if value is None:
            continue
        if name in _INSTANTS:
            value = from_ms(value).isoformat(timespec="seconds").replace("+00:00", "Z")
        elif name in _TEXT_OF_JSON:
            value = json.loads(value)
        elif name == "removed":
            value = bool(value)
        yield name, value
