"""What is asked again and again is found by an index, however much there is, on both databases."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta, timezone

import pytest
from mautrix.util.async_db import Database, Scheme

from calbot.core.model import CalendarName, EventId, RoomId, Uid
from calbot.db.stores import Stores
from calbot.db.transaction import Row, Transactor

_NOW = datetime(2026, 11, 24, 8, 0, tzinfo=timezone.utc)
_NOW_MS = int(_NOW.timestamp() * 1000)
_CALENDARS = 50
_EVENTS = 200  # in each calendar, an hour long, one each three hours
_TEAM = CalendarName("team-7")
_ROOM = RoomId("!7:example.org")
_COUNTED = "WITH RECURSIVE many (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM many WHERE n < {last})"
_WHOLE = re.compile(r"(?:Seq Scan on|SCAN) (occurrence|component|calendar_object|reminder|notice|inbox|o|c|b)\b")


@pytest.fixture
async def much(database: Database) -> Database:
    """Beside it, what is done and over: as after a year."""
    count = _CALENDARS * _EVENTS
    many = _COUNTED.format(last=count - 1)
    for statement in (
        f"""{many} INSERT INTO calendar_object (id, calendar, href, uid, data, recurring)
            SELECT n + 1, 'team-' || (n / {_EVENTS}), 'href-' || n, 'uid-' || n, 'data', FALSE FROM many""",
        f"""{many} INSERT INTO component (object, number, calendar, uid, cancelled, details, search)
            SELECT n + 1, 0, 'team-' || (n / {_EVENTS}), 'uid-' || n, FALSE, '{{}}', 'jour fixe' FROM many""",
        f"""{many} INSERT INTO occurrence (object, number, component, calendar, recurrence_id, starts, ends, floating,
                                           starts_at, length_class, earliest, latest)
            SELECT n + 1, 0, 0, 'team-' || (n / {_EVENTS}), '', '2026-11-24T10:00:00Z[UTC]',
                   '2026-11-24T11:00:00Z[UTC]',
                   FALSE, at, 0, at, at + 3600000
            FROM (SELECT n, {_NOW_MS} + CAST(n % {_EVENTS} AS BIGINT) * 10800000 AS at FROM many) AS timed""",
        f"""{many} INSERT INTO reminder (id, recipient, calendar, uid, recurrence_id, starts_at, ends_at, lead, due_at,
                                         state, attempts)
            SELECT 'id-' || n, '!' || (n / {_EVENTS}) || ':example.org', 'team-' || (n / {_EVENTS}), 'uid-' || n, '',
                   at, at + 3600000, 900, at - 900000, CASE WHEN n % 20 = 0 THEN 'waiting' ELSE 'sent' END, 0
            FROM (SELECT n, {_NOW_MS} + CAST(n % {_EVENTS} AS BIGINT) * 10800000 AS at FROM many) AS timed""",
        f"""{many} INSERT INTO notice (key, recipient, kind, subject, due_at, state, attempts)
            SELECT 'key-' || n, '!' || (n / {_EVENTS}) || ':example.org', 'agenda', '{{}}', {_NOW_MS} + n * 1000,
                   CASE WHEN n % 100 = 0 THEN 'waiting' ELSE 'sent' END, 0 FROM many""",
        f"""{many} INSERT INTO inbox (event_id, room, sender, sent_at, ordinal, raw, state, picks, tries, message)
            SELECT '$' || n, '!7:example.org', '@anna:example.org', {_NOW_MS}, n, '{{}}', 'done', '[]', 0, '$' || n
            FROM many""",
    ):
        await database.execute(statement)
    if database.scheme != Scheme.SQLITE:  # PostgreSQL does it by itself sooner or later, SQLite never
        await database.execute("ANALYZE")
    return database


_ASKED: Sequence[Callable[[Stores], Awaitable[object]]] = (
    lambda stores: stores.calendars.occurrences([_TEAM], _NOW, _NOW + timedelta(days=7)),
    lambda stores: stores.calendars.occurrences_of(_TEAM, Uid("uid-1500")),
    lambda stores: stores.calendars.by_uid(_TEAM, Uid("uid-1500")),
    lambda stores: stores.calendars.next_start(_TEAM, _NOW),
    lambda stores: stores.reminders.due_recipients(_NOW),
    lambda stores: stores.reminders.due_to(_ROOM, _NOW),
    lambda stores: stores.reminders.next_due(),
    lambda stores: stores.reminders.next_due(_NOW),
    lambda stores: stores.reminders.about([Uid("uid-1500")]),
    lambda stores: stores.reminders.waiting(_ROOM),
    lambda stores: stores.notices.due_recipients(_NOW),
    lambda stores: stores.notices.due_to(_ROOM, _NOW),
    lambda stores: stores.notices.next_due(_NOW),
    lambda stores: stores.inbox.unfinished(),
    lambda stores: stores.inbox.get(EventId("$77")),
    lambda stores: stores.inbox.about(EventId("$77")),
)


async def test_no_table_is_read_as_a_whole(much: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[tuple[str, tuple[object, ...]]] = []

    async def noted(_: Transactor, query: str, *values: object) -> Sequence[Row]:
        queries.append((query, values))
        return []

    monkeypatch.setattr(Transactor, "rows", noted)
    for ask in _ASKED:
        await ask(Stores(much))
    assert len(queries) >= len(_ASKED)
    plans = {query: await _plan(much, query, values) for query, values in queries}
    assert {query: plan for query, plan in plans.items() if _WHOLE.search(plan)} == {}


async def _plan(database: Database, query: str, values: Sequence[object]) -> str:
    if database.scheme == Scheme.SQLITE:
        return "\n".join(row["detail"] for row in await database.fetch(f"EXPLAIN QUERY PLAN {query}", *values))
    return "\n".join(row[0] for row in await database.fetch(f"EXPLAIN {query}", *values))
