"""Polls over dates and the votes given by command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from calbot.core.model import EventId, RoomId, UserId
from calbot.core.poll_model import Poll, PollState, Vote, Way

from .encoding import optional_from_ms, optional_to_ms, to_json, to_ms
from .poll_encoding import decode_poll, encode_poll
from .transaction import Row, Transactor, parameters

_FINISHED = (PollState.BOOKED, PollState.ENDED)


class DatabasePolls:
    """`ports.PollStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def save(self, poll: Poll) -> None:
        await self._sql.execute(
            """INSERT INTO poll (key, room, state, created_at, closes_at, ended_at, start_event, text_event, poll)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (key) DO UPDATE SET
                   room = excluded.room, state = excluded.state, created_at = excluded.created_at,
                   closes_at = excluded.closes_at, ended_at = excluded.ended_at, start_event = excluded.start_event,
                   text_event = excluded.text_event, poll = excluded.poll""",
            poll.key,
            poll.room,
            poll.state.value,
            poll.created_at,
            optional_to_ms(poll.until),
            _ended_at(poll),
            poll.start_event,
            poll.text_event,
            encode_poll(poll),
        )

    async def get(self, key: str) -> Poll | None:
        row = await self._sql.row("SELECT poll FROM poll WHERE key = $1", key)
        return None if row is None else decode_poll(row["poll"])

    async def at(self, room: RoomId, event_id: EventId) -> Poll | None:
        row = await self._sql.row(
            """SELECT poll FROM poll WHERE room = $1 AND (start_event = $2 OR text_event = $2)
               ORDER BY created_at DESC LIMIT 1""",
            room,
            event_id,
        )
        return None if row is None else decode_poll(row["poll"])

    async def in_room(self, room: RoomId, states: Sequence[PollState]) -> Sequence[Poll]:
        query = f"""SELECT poll FROM poll WHERE room = $1 AND state IN ({parameters(2, len(states))})
                    ORDER BY created_at DESC, key"""  # noqa: S608 placeholders only
        rows = await self._sql.rows(query, room, *_values(states)) if states else ()
        return [decode_poll(row["poll"]) for row in rows]

    async def in_state(self, states: Sequence[PollState]) -> Sequence[Poll]:
        query = f"""SELECT poll FROM poll WHERE state IN ({parameters(1, len(states))})
                    ORDER BY created_at DESC, key"""  # noqa: S608 placeholders only
        rows = await self._sql.rows(query, *_values(states)) if states else ()
        return [decode_poll(row["poll"]) for row in rows]

    async def next_deadline(self) -> datetime | None:
        return optional_from_ms(
            await self._sql.value("SELECT MIN(closes_at) FROM poll WHERE state = $1", PollState.OPEN.value)
        )

    async def save_vote(self, key: str, vote: Vote) -> None:
        await self._sql.execute(
            """INSERT INTO vote (poll, event_id, sender, sent_at, way, answers) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (poll, event_id) DO NOTHING""",
            key,
            vote.event_id,
            vote.sender,
            vote.at,
            vote.way.value,
            None if vote.answers is None else to_json(vote.answers),
        )

    async def votes(self, key: str) -> Sequence[Vote]:
        """Oldest first."""
        rows = await self._sql.rows("SELECT * FROM vote WHERE poll = $1 ORDER BY sent_at, event_id", key)
        return [_read_vote(row) for row in rows]

    async def forget_before(self, instant: datetime) -> None:
        """Finished ones that ended before, with their votes."""
        await self._sql.execute(
            "DELETE FROM poll WHERE state IN ($1, $2) AND ended_at < $3", *_values(_FINISHED), to_ms(instant)
        )


def _ended_at(poll: Poll) -> int:
    """When the poll ended, or is to end: the start of its retention once it is finished."""
    if poll.ended is not None:
        return poll.ended.at
    return poll.created_at if poll.until is None else to_ms(poll.until)


def _values(states: Sequence[PollState]) -> list[str]:
    return [state.value for state in states]


def _read_vote(row: Row) -> Vote:
    return Vote(
        event_id=EventId(row["event_id"]),
        sender=UserId(row["sender"]),
        at=row["sent_at"],
        way=Way(row["way"]),
        answers=None if row["answers"] is None else tuple(json.loads(row["answers"])),
    )
