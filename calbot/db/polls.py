"""Polls over dates and the votes given by command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from calbot.core.model import CalendarName, EventId, RoomId, Uid, UserId
from calbot.core.poll_model import CardState, Poll, PollState, Vote, Way

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
            """INSERT INTO poll (key, room, state, created_at, closes_at, ended_at, start_event, text_event,
                                 result_event, calendar, uid, holding, poll)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
               ON CONFLICT (key) DO UPDATE SET
                   room = excluded.room, state = excluded.state, created_at = excluded.created_at,
                   closes_at = excluded.closes_at, ended_at = excluded.ended_at, start_event = excluded.start_event,
                   text_event = excluded.text_event, result_event = excluded.result_event,
                   calendar = excluded.calendar, uid = excluded.uid, holding = excluded.holding,
                   poll = excluded.poll""",
            poll.key,
            poll.room,
            poll.state.value,
            poll.created_at,
            optional_to_ms(poll.until),
            _ended_at(poll),
            poll.start_event,
            poll.text_event,
            poll.result_event,
            poll.calendar,
            poll.uid,
            poll.behaviour.holds and not poll.released,
            encode_poll(poll),
        )

    async def get(self, key: str) -> Poll | None:
        row = await self._sql.row("SELECT poll FROM poll WHERE key = $1", key)
        return None if row is None else decode_poll(row["poll"])

    async def at(self, room: RoomId, event_id: EventId) -> Poll | None:
        row = await self._sql.row(
            """SELECT poll FROM poll WHERE room = $1 AND (start_event = $2 OR text_event = $2 OR result_event = $2)
               ORDER BY created_at DESC LIMIT 1""",
            room,
            event_id,
        )
        return None if row is None else decode_poll(row["poll"])

    async def of_event(self, calendar: CalendarName, uid: Uid) -> Poll | None:
        row = await self._sql.row("SELECT poll FROM poll WHERE calendar = $1 AND uid = $2", calendar, uid)
        return None if row is None else decode_poll(row["poll"])

    async def holding(self) -> Sequence[Poll]:
        rows = await self._sql.rows(
            "SELECT poll FROM poll WHERE state IN ($1, $2) AND holding = $3 ORDER BY key", *_values(_FINISHED), True
        )
        return [decode_poll(row["poll"]) for row in rows]

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

    async def forget(self, key: str) -> None:
        await self._sql.execute("DELETE FROM poll WHERE key = $1", key)

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

    async def voted_in(self, event_id: EventId) -> Poll | None:
        row = await self._sql.row(
            "SELECT poll.poll FROM vote JOIN poll ON poll.key = vote.poll WHERE vote.event_id = $1", event_id
        )
        return None if row is None else decode_poll(row["poll"])

    async def forget_vote(self, event_id: EventId) -> None:
        await self._sql.execute("DELETE FROM vote WHERE event_id = $1", event_id)

    async def card(self, key: str) -> CardState:
        row = await self._sql.row("SELECT edits, shown, over FROM poll_card WHERE poll = $1", key)
        return CardState() if row is None else CardState(row["edits"], row["shown"], bool(row["over"]))

    async def save_card(self, key: str, card: CardState) -> None:
        await self._sql.execute(
            """INSERT INTO poll_card (poll, edits, shown, over) VALUES ($1, $2, $3, $4)
               ON CONFLICT (poll) DO UPDATE SET
                   edits = excluded.edits, shown = excluded.shown, over = excluded.over""",
            key,
            card.edits,
            card.shown,
            card.over,
        )

    async def without_last_card(self) -> Sequence[str]:
        rows = await self._sql.rows(
            """SELECT poll.key FROM poll LEFT JOIN poll_card ON poll_card.poll = poll.key
               WHERE poll.state IN ($1, $2) AND poll.text_event IS NOT NULL
                 AND (poll_card.over IS NULL OR poll_card.over = $3)
               ORDER BY poll.key""",
            *_values(_FINISHED),
            False,
        )
        return [row["key"] for row in rows]

    async def forget_before(self, instant: datetime) -> None:
        """Finished ones that ended before, with their votes; and those begun before that never were opened."""
        await self._sql.delete_in_lots(
            "poll", "key", "state IN ($1, $2) AND ended_at < $3", *_values(_FINISHED), to_ms(instant)
        )
        await self._sql.delete_in_lots(
            "poll", "key", "state = $1 AND created_at < $2", PollState.OPENING.value, to_ms(instant)
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
