"""ical.js, which Thunderbird, Nextcloud and others read calendars with, asked for a second opinion.

A process of Node.js reads calendars, one a line; what it says is brought into the form of `python -m calbot agenda`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.e2e.node import Node, installed

SOURCE = Path(__file__).with_name("icaljs")


class NoOpinion(Exception):
    """The library gave up."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an agenda: days, or times with their offset."""

    start: str
    end: str
    uid: str
    title: str


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    process: subprocess.Popen[str]

    def agenda(self, data: str, begin: date, end: date, zone: ZoneInfo) -> list[Line]:
        """What takes place from one day to before another, in no particular order."""
        until = datetime.combine(end, time.max, tzinfo=timezone.utc).timestamp() + 15 * 86400
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("no pipes")
        stdin.write(json.dumps({"data": data, "until": int(until)}) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        if "error" in answer:
            raise NoOpinion(answer["error"])
        window = _midnight(begin, zone), _midnight(end, zone)
        return [line for one in answer["found"] if (line := _line(one, window, zone))]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _line(found: dict[str, Any], window: tuple[datetime, datetime], zone: ZoneInfo) -> Line | None:
    start, end = (_read(found[name], zone) for name in ("start", "end"))
    begins, ends = _instant(start, zone), _instant(end, zone)
    if begins >= window[1] or ends < window[0] or (ends == window[0] and begins != ends):
        return None
    return Line(start.isoformat(), end.isoformat(), found["uid"], found["title"])


def _read(moment: dict[str, Any], zone: ZoneInfo) -> date | datetime:
    if "date" in moment:
        return date.fromisoformat(moment["date"])
    if "wall" in moment:
        return datetime.fromisoformat(moment["wall"]).replace(tzinfo=zone)
    return datetime.fromtimestamp(moment["instant"], zone)


def _instant(moment: date | datetime, zone: ZoneInfo) -> datetime:
    aware = moment if isinstance(moment, datetime) else _midnight(moment, zone)
    return aware.astimezone(timezone.utc)


@contextmanager
def second_opinion(node: Node) -> Iterator[SecondOpinion]:
    process = subprocess.Popen(  # noqa: S603 - Node.js, as installed for the tests
        [str(node.program), str(installed(node, SOURCE) / "expand.js")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=node.environment(),
    )
    with process:
        try:
            yield SecondOpinion(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(timeout=10)
