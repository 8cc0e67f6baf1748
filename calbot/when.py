"""`python -m calbot when`: says how dates are read, one line each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from typing_extensions import assert_never

from calbot.core.dates import At, Choice, Day, Every, Locale, Reading, Unread, read

_LOCALES: dict[str, Locale] = {"de": "de", "en": "en"}


def notation(reading: Reading) -> str:
    """A reading in one line, in local time: `at A/B`, `day A/B`, `choice X | Y`, `every A;RRULE`, `no`."""
    if isinstance(reading, (At, Day)):
        return f"{'at' if isinstance(reading, At) else 'day'} {_span(reading)}"
    if isinstance(reading, Every):
        return f"every {_span(reading.first)};{reading.rule}"
    if isinstance(reading, Choice):
        return "choice " + " | ".join(_option(option) for option in reading.readings)
    if isinstance(reading, Unread):
        return "no"
    assert_never(reading)


def _option(reading: At | Day | Every) -> str:
    return f"{_span(reading.first)};{reading.rule}" if isinstance(reading, Every) else _span(reading)


def _span(span: At | Day) -> str:
    if isinstance(span, Day):
        return f"{span.first}/{span.last}"
    start = f"{span.start:%Y-%m-%dT%H:%M}"
    return start if span.end is None else f"{start}/{span.end:%Y-%m-%dT%H:%M}"


def main(argv: Sequence[str], stdin: TextIO, stdout: TextIO) -> int:
    parser = argparse.ArgumentParser(
        prog="calbot when",
        description="Reads locale<TAB>phrase lines from standard input and prints locale<TAB>phrase<TAB>reading.",
    )
    parser.add_argument("--now", required=True, type=_local_time, metavar="2026-11-23T10:00", help="local time")
    parser.add_argument("--tz", required=True, type=_zone, metavar="Europe/Berlin", help="IANA time zone")
    try:
        options = parser.parse_args(argv)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    now = options.now.replace(tzinfo=options.tz)
    failed = False
    for number, line in enumerate(stdin, start=1):
        if not line.strip():
            continue
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) < 2 or columns[0] not in _LOCALES:
            sys.stderr.write(f"line {number}: expected de or en, a tab, and a phrase\n")
            failed = True
            continue
        reading = read(columns[1], locale=_LOCALES[columns[0]], now=now)
        stdout.write(f"{columns[0]}\t{columns[1]}\t{notation(reading)}\n")
    return 1 if failed else 0


def _local_time(text: str) -> datetime:
    try:
        now = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a local time like 2026-11-23T10:00: {text!r}") from None
    if now.tzinfo is not None:
        raise argparse.ArgumentTypeError(f"a local time has no offset from UTC: {text!r}")
    return now


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"not a time zone like Europe/Berlin: {name!r}") from None
