"""The state of the bot in one screen: each calendar, encryption, clock, set-up, rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from calbot.core.ask import Say
from calbot.core.configuration import EXPECTED, is_consequence, kind_text, place_text
from calbot.core.i18n import Reader
from calbot.core.mail import Undelivered
from calbot.core.model import Kind, Message
from calbot.core.settings import Problem, Severity

from .events import utc_text
from .text import NAME, NOTHING, Rich, blocks, code, data, joined, lines, own, say, say_n, strong
from .times import ago_text, duration_text, instant_text

Crypto: TypeAlias = Literal["verified", "unverified", "off"]

_UNDELIVERED = 5  # mails that are shown one by one
_PROBLEMS = 8  # mistakes of the configuration that are shown; the log has all


@dataclass(frozen=True, slots=True)
class CalendarReport:
    """How a calendar stands. `problem` is a catalog id below ``error.``; `set_aside` counts what cannot be read.

    `read_only` is how it is configured, `refuses` what the server says; `moved`: the server has it elsewhere by now.
    """

    name: str
    last_sync: datetime | None
    next_sync: datetime | None
    problem: str | None
    ahead: int
    next_reminder: datetime | None
    set_aside: int = 0
    read_only: bool = False
    refuses: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True)
class MailReport:
    """Invitations by mail: how many wait after an attempt in vain and why, a catalog id below ``error.``; and those
    that came to nothing of late, the newest first."""

    waiting: int = 0
    reason: str | None = None
    failed: tuple[Undelivered, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingReport:
    """What is to be sent here: how many notices wait, by why (a catalog id below ``status.waiting.``), and how many
    reminders were too late to be sent, since when."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    missed: int = 0
    missed_since: datetime | None = None
    mail: MailReport = MailReport()


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Everything `status` says. `notes` are catalog ids below ``status.note.``: the client's set-up, missing rights.

    `keys_to_all`: whichever devices are in a room can read what the bot writes, also those that nobody verified.
    `paused`: why nothing may be said of calendars here, a catalog id below ``error.``; then none are shown.
    `clock_off` is how far the bot's clock is ahead of the homeserver's, if that is known. `problems` is left empty for
    people who cannot mend the configuration. `previous`: for those mistakes it is the one before that is in force.
    """

    version: str
    calendars: tuple[CalendarReport, ...]
    crypto: Crypto
    room_encrypted: bool
    clock_off: timedelta | None = None
    notes: tuple[Say, ...] = ()
    problems: tuple[Problem, ...] = ()
    outgoing: OutgoingReport = OutgoingReport()
    keys_to_all: bool = True
    paused: str | None = None
    previous: bool = False


_CLOCK_TOLERANCE = timedelta(seconds=5)
_KEYS = {True: "status.keys_all", False: "status.keys_cross_signed"}


def status(reader: Reader, report: StatusReport) -> Message:
    errors = sorted((one for one in report.problems if one.severity is Severity.ERROR), key=is_consequence)
    body = blocks(
        strong(say(reader, "status.heading", version=report.version)),
        *(_calendar(reader, calendar) for calendar in report.calendars),
        NOTHING if report.calendars or report.paused else say(reader, "status.no_calendar"),
        NOTHING if report.paused is None else say(reader, f"error.{report.paused}"),
        lines(
            say(reader, f"status.crypto.{report.crypto}"),
            NOTHING if report.crypto == "off" else say(reader, _KEYS[report.keys_to_all]),
            say(reader, "status.room_encrypted" if report.room_encrypted else "status.room_plain"),
            _clock(reader, report.clock_off),
            *(say(reader, f"status.note.{note.id}", **note.params) for note in report.notes),
        ),
        _outgoing(reader, report.outgoing),
        _problems(reader, "status.problems", errors, previous=report.previous),
        _problems(reader, "status.notices", [one for one in report.problems if one.severity is Severity.NOTICE]),
    )
    return Message(Kind.STATUS, body.text, body.html, _data(report))


def problem_line(reader: Reader, problem: Problem) -> Rich:
    """A mistake in the configuration: where, and what was expected."""
    kind = kind_text(problem, reader.catalog)
    if kind is None:
        expected = say(reader, f"config.{problem.expected}", **problem.params)
    else:
        expected = say(reader, EXPECTED, what=say(reader, kind, **problem.params))
    place = place_text(problem, reader.catalog)
    return say(reader, "status.problem", path=code(problem.path) if place is None else own(place), expected=expected)


def _calendar(reader: Reader, calendar: CalendarReport) -> Rich:
    head = strong(data(calendar.name, NAME))
    if calendar.read_only or calendar.refuses:
        head = say(reader, "status.read_only", name=head)
    return lines(
        head,
        _problem(reader, calendar.problem) if calendar.problem else NOTHING,
        say(reader, "status.refuses") if calendar.refuses and not calendar.read_only else NOTHING,
        say(reader, "status.moved") if calendar.moved else NOTHING,
        _synced(reader, calendar),
        say_n(reader, "status.ahead", calendar.ahead),
        _moment(reader, "status.next_reminder", calendar.next_reminder),
        say_n(reader, "status.set_aside", calendar.set_aside) if calendar.set_aside else NOTHING,
    )


def _problem(reader: Reader, reason: str) -> Rich:
    id = f"error.{reason}"
    why = say(reader, id if id in reader.catalog else "error.calendar_unavailable")
    return say(reader, "status.calendar_problem", reason=why)


def _synced(reader: Reader, calendar: CalendarReport) -> Rich:
    """When it was looked at, and when it will be, unless that is now."""
    last, next_sync = say(reader, "status.never_synced"), calendar.next_sync
    if calendar.last_sync is not None:
        last = say(reader, "status.synced", ago=own(ago_text(reader, calendar.last_sync)))
    waits = next_sync is not None and next_sync > reader.now
    return joined(", ", (last, _moment(reader, "status.next_sync", next_sync) if waits else NOTHING))


def _moment(reader: Reader, id: str, instant: datetime | None) -> Rich:
    return NOTHING if instant is None else say(reader, id, time=own(instant_text(reader, instant)))


def _outgoing(reader: Reader, outgoing: OutgoingReport) -> Rich:
    since = outgoing.missed_since
    return lines(
        *(say_n(reader, f"status.waiting.{reason}", count) for reason, count in sorted(outgoing.waiting.items())),
        NOTHING
        if since is None
        else say_n(reader, "status.missed", outgoing.missed, since=own(instant_text(reader, since))),
        *_mail(reader, outgoing.mail),
    )


def _mail(reader: Reader, mail: MailReport) -> Iterator[Rich]:
    if mail.waiting:
        reason = say(reader, f"error.{mail.reason or 'mail_unreachable'}")
        yield say_n(reader, "status.mail_waiting", mail.waiting, reason=reason)
    for one in mail.failed[:_UNDELIVERED]:
        time = own(instant_text(reader, one.at))
        reason = say(reader, f"error.{one.reason}")
        yield say(reader, "status.mail_failed", address=data(one.recipient, NAME), time=time, reason=reason)
    if len(mail.failed) > _UNDELIVERED:
        yield say_n(reader, "status.mail_more", len(mail.failed) - _UNDELIVERED)


def _clock(reader: Reader, off: timedelta | None) -> Rich:
    if off is None:
        return NOTHING
    if abs(off) <= _CLOCK_TOLERANCE:
        return say(reader, "status.clock")
    seconds = round(abs(off).total_seconds())
    shown = say_n(reader, "duration.seconds", seconds) if seconds < 60 else own(duration_text(reader, abs(off)))
    return say(reader, "status.clock_ahead" if off > timedelta(0) else "status.clock_behind", duration=shown)


def _problems(reader: Reader, heading: str, problems: Sequence[Problem], *, previous: bool = False) -> Rich:
    if not problems:
        return NOTHING
    rest = len(problems) - _PROBLEMS
    return lines(
        strong(say_n(reader, heading, len(problems))),
        say(reader, "status.previous") if previous else NOTHING,
        *(problem_line(reader, problem) for problem in problems[:_PROBLEMS]),
        say_n(reader, "status.problems_more", rest) if rest > 0 else NOTHING,
    )


def _data(report: StatusReport) -> dict[str, Any]:
    return {
        "version": report.version,
        "crypto": report.crypto,
        "room_encrypted": report.room_encrypted,
        "send_keys_to": "all" if report.keys_to_all else "cross-signed",
        "paused": report.paused,
        "clock_off": None if report.clock_off is None else round(report.clock_off.total_seconds()),
        "calendars": [
            {
                "calendar": calendar.name,
                "last_sync": _utc(calendar.last_sync),
                "next_sync": _utc(calendar.next_sync),
                "problem": calendar.problem,
                "ahead": calendar.ahead,
                "next_reminder": _utc(calendar.next_reminder),
                "set_aside": calendar.set_aside,
                "writable": not (calendar.read_only or calendar.refuses),
            }
            for calendar in report.calendars
        ],
        "waiting": dict(report.outgoing.waiting),
        "missed_reminders": report.outgoing.missed,
        "mail_waiting": report.outgoing.mail.waiting,
        "mail_undelivered": len(report.outgoing.mail.failed),
        "notes": [note.id for note in report.notes],
        "previous_configuration": report.previous,
        "problems": [{"path": problem.path, "expected": problem.expected} for problem in report.problems],
    }


def _utc(instant: datetime | None) -> str | None:
    return None if instant is None else utc_text(instant)
