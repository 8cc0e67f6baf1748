"""`python -m calbot agenda FILE.ics --from DATE --to DATE --tz ZONE`: what takes place, one occurrence a line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from calbot.core.ical.files import MAX_FILE, expand_file
from calbot.core.ical.zones import iana_zone
from calbot.core.model import AllDay, Occurrence
from calbot.errors import BadCalendarData

_BREAKS = re.compile(r"\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")

_REASONS = {
    "bad_rule": "a recurrence rule that cannot be read",
    "bad_time": "a date or time that cannot be read",
    "no_start": "an event without a start",
    "not_icalendar": "this is no iCalendar file",
    "object_too_big": f"more than {MAX_FILE // 1024 // 1024} MiB",
    "rule_unbounded": "a recurrence rule that would take too many steps",
    "too_many_occurrences": "too many occurrences in this time",
}


def main(argv: Sequence[str], stdin: TextIO, stdout: TextIO) -> int:
    """Exit code 1 if anything of the file could not be read, after all that could."""
    try:
        options = _options(argv)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    window = tuple(datetime.combine(day, time.min, tzinfo=options.tz) for day in (options.begin, options.end))
    try:
        data = _read(options.file, stdin)
        contents = expand_file(data, zone=options.tz, window=(window[0], window[1]))
    except (OSError, BadCalendarData) as error:
        reason = _reason(error.reason) if isinstance(error, BadCalendarData) else error.strerror or "cannot be read"
        sys.stderr.write(f"{options.file}: {reason}\n")
        return 1
    for occurrence in contents.occurrences:
        stdout.write(_line(occurrence, options.tz))
    for uid, problem in contents.problems:
        sys.stderr.write(f"{options.file}: {_plain(uid) or 'an event without UID'}: {_reason(problem)}\n")
    return 1 if contents.problems else 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="calbot agenda", description="Lists what takes place in a calendar file.")
    parser.add_argument("file", metavar="FILE.ics", help="the calendar; - reads standard input")
    parser.add_argument("--from", dest="begin", metavar="DATE", type=_day, required=True, help="such as 2026-11-01")
    parser.add_argument("--to", dest="end", metavar="DATE", type=_day, required=True, help="not included")
    parser.add_argument("--tz", metavar="ZONE", type=_zone, required=True, help="for example Europe/Berlin")
    options = parser.parse_args(argv)
    if options.begin > options.end:
        parser.error("--from is after --to")
    return options


def _day(text: str) -> date:
    # date.fromisoformat takes other forms as well since Python 3.11.
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date like 2026-11-01 (year, month, day), not {text!r}") from None


def _zone(name: str) -> ZoneInfo:
    zone = ZoneInfo("UTC") if name.upper() == "UTC" else iana_zone(name)
    if not isinstance(zone, ZoneInfo):
        raise argparse.ArgumentTypeError(f"no time zone is called {name!r}")
    return zone


def _read(name: str, stdin: TextIO) -> str:
    if name == "-":
        return stdin.read(MAX_FILE + 1)
    with Path(name).open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return file.read(MAX_FILE + 1)


def _line(occurrence: Occurrence, zone: ZoneInfo) -> str:
    when = occurrence.when if isinstance(occurrence.when, AllDay) else occurrence.when.seen_in(zone)
    fields = (when.start.isoformat(), when.end.isoformat(), _plain(occurrence.uid), _plain(occurrence.details.title))
    return "\t".join(fields) + "\n"


def _plain(text: str) -> str:
    return _BREAKS.sub(" ", text)


def _reason(key: str) -> str:
    return _REASONS.get(key, key)
