"""Mail to be sent, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from calbot.core.mail import Mail, MailDraft, MailState, Queued, Undelivered
from calbot.core.model import CalendarName, Href, RoomId, Uid

from .encoding import from_ms, optional_from_ms, to_ms
from .transaction import Row, Transactor, parameters

_WAITING, _SENT, _FAILED = (state.value for state in MailState)
# What is kept when the rest of a mail is forgotten.
_COLUMNS = ("key", "calendar", "uid", "room", "recipient", "queued_at")


class DatabaseMail:
    """`ports.MailStore`."""

    def __init__(self, sql: Transactor) -> None:
        self._sql = sql

    async def draft(self, draft: MailDraft) -> None:
        await self._sql.execute(
            """INSERT INTO mail_draft (calendar, href, before, after, room, drafted_at) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (calendar, href) DO UPDATE SET after = excluded.after, drafted_at = excluded.drafted_at""",
            draft.calendar,
            draft.href,
            draft.before,
            draft.after,
            draft.room,
            to_ms(draft.drafted_at),
        )

    async def drafted(self, calendar: CalendarName, href: Href) -> MailDraft | None:
        row = await self._sql.row("SELECT * FROM mail_draft WHERE calendar = $1 AND href = $2", calendar, href)
        return None if row is None else _read_draft(row)

    async def drafts(self) -> Sequence[MailDraft]:
        return [_read_draft(row) for row in await self._sql.rows("SELECT * FROM mail_draft ORDER BY drafted_at")]

    async def drop_draft(self, calendar: CalendarName, href: Href) -> None:
        await self._sql.execute("DELETE FROM mail_draft WHERE calendar = $1 AND href = $2", calendar, href)

    async def add(self, mails: Sequence[Mail]) -> None:
        await self._sql.execute_many(
            """INSERT INTO mail (key, calendar, uid, room, recipient, state, contents, queued_at, attempts)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) ON CONFLICT (key) DO NOTHING""",
            [
                (
                    mail.key,
                    mail.calendar,
                    mail.uid,
                    mail.room,
                    mail.recipient,
                    _WAITING,
                    _contents(mail),
                    to_ms(mail.queued_at),
                )
                for mail in mails
            ],
        )

    async def due(self, now: datetime, limit: int) -> Sequence[Queued]:
        rows = await self._sql.rows(
            """SELECT mail.* FROM mail JOIN
                   (SELECT MIN(number) AS first FROM mail WHERE state = $1 GROUP BY recipient) AS line
                   ON mail.number = line.first
               WHERE mail.not_before IS NULL OR mail.not_before <= $2 ORDER BY mail.number LIMIT $3""",
            _WAITING,
            to_ms(now),
            limit,
        )
        return [_read_queued(row) for row in rows]

    async def next_due(self, after: datetime) -> datetime | None:
        return optional_from_ms(
            await self._sql.value(
                """SELECT MIN(mail.not_before) FROM mail JOIN
                       (SELECT MIN(number) AS first FROM mail WHERE state = $1 GROUP BY recipient) AS line
                       ON mail.number = line.first
                   WHERE mail.not_before > $2""",
                _WAITING,
                to_ms(after),
            )
        )

    async def put_off(self, number: int, until: datetime, reason: str) -> None:
        await self._sql.execute(
            "UPDATE mail SET attempts = attempts + 1, not_before = $2, reason = $3 WHERE number = $1",
            number,
            to_ms(until),
            reason,
        )

    async def sent(self, number: int, now: datetime) -> None:
        await self._done(number, _SENT, None, now)

    async def failed(self, number: int, reason: str, now: datetime) -> None:
        await self._done(number, _FAILED, reason, now)

    async def _done(self, number: int, state: str, reason: str | None, now: datetime) -> None:
        await self._sql.execute(
            "UPDATE mail SET state = $2, reason = $3, done_at = $4, contents = NULL WHERE number = $1",
            number,
            state,
            reason,
            to_ms(now),
        )

    async def waiting(self, calendars: Sequence[CalendarName]) -> tuple[int, str | None]:
        if not calendars:
            return 0, None
        rows = await self._sql.rows(
            f"""SELECT reason FROM mail WHERE state = $1 AND attempts > 0
                AND calendar IN ({parameters(2, len(calendars))}) ORDER BY number""",  # noqa: S608 placeholders only
            _WAITING,
            *calendars,
        )
        return len(rows), rows[-1]["reason"] if rows else None

    async def undelivered(self, calendars: Sequence[CalendarName], since: datetime) -> Sequence[Undelivered]:
        if not calendars:
            return []
        rows = await self._sql.rows(
            f"""SELECT * FROM mail WHERE state = $1 AND done_at >= $2
                AND calendar IN ({parameters(3, len(calendars))}) ORDER BY done_at DESC, number""",  # noqa: S608 placeholders only
            _FAILED,
            to_ms(since),
            *calendars,
        )
        return [
            Undelivered(
                row["key"],
                CalendarName(row["calendar"]),
                Uid(row["uid"]),
                RoomId(row["room"]) if row["room"] else None,
                row["recipient"],
                row["reason"],
                from_ms(row["done_at"]),
            )
            for row in rows
        ]

    async def forget_before(self, instant: datetime) -> None:
        await self._sql.delete_in_lots("mail", "number", "state <> $1 AND done_at < $2", _WAITING, to_ms(instant))
        # Whoever was to find out whether it was written has not been able to for as long.
        await self._sql.delete_in_lots("mail_draft", "calendar, href", "drafted_at < $1", to_ms(instant))


def _contents(mail: Mail) -> str:
    rest = {name: value for name, value in asdict(mail).items() if name not in _COLUMNS}
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":"))


def _read_queued(row: Row) -> Queued:
    mail = Mail(
        key=row["key"],
        calendar=CalendarName(row["calendar"]),
        uid=Uid(row["uid"]),
        room=RoomId(row["room"]) if row["room"] else None,
        recipient=row["recipient"],
        queued_at=from_ms(row["queued_at"]),
        **json.loads(row["contents"]),
    )
    return Queued(row["number"], mail, row["attempts"], optional_from_ms(row["not_before"]))


def _read_draft(row: Row) -> MailDraft:
    return MailDraft(
        calendar=CalendarName(row["calendar"]),
        href=Href(row["href"]),
        before=row["before"],
        after=row["after"],
        room=RoomId(row["room"]) if row["room"] else None,
        drafted_at=from_ms(row["drafted_at"]),
    )
