"""Words that tests put into events, places, names and passwords, and that no log may ever have in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PASSWORD: Final = "hunter2-Kranichfeder"
SECRET: Final = "Geheimsache-Zwiebelturm"
PLACE: Final = "Verlies-Nebelkammer"
TEXT: Final = "Verborgenes-Kellerlicht"
NAME: Final = "Adelheid-Quastenflosser"
TYPED: Final = ("Budgetrunde", "Jour fixe", "Haushaltsberatung", "Lenkungskreis", "Zahnarzt", "Personalrat")
"""What the events of many tests are called."""

PLANTED: Final = (PASSWORD, SECRET, PLACE, TEXT, NAME, *TYPED)
OTHERS: Final = frozenset({"aiosmtpd", "mail", "nio", "peewee", "radicale", "xandikos"})
"""Loggers of the servers and clients that tests run in their own process: theirs to say what they see."""
_PATTERN: Final = re.compile("|".join(re.escape(word) for word in PLANTED))


def found_in(text: str) -> Sequence[str]:
    """Each line that has a planted word in it."""
    return [line for line in text.splitlines() if _PATTERN.search(line)]


def found_in_logs(directory: Path) -> Sequence[str]:
    """The same, of the logs that maubot servers in processes of their own have written below a directory."""
    return [
        f"{path}: {line[:300]}"
        for path in sorted(directory.rglob("maubot*.log"))
        for line in found_in(path.read_text(errors="replace"))
    ]


class LeakDetector(logging.Handler):
    """Reads everything that anybody logs in this process, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.leaks: list[str] = []
        self.read = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] in OTHERS:
            return
        self.read += 1
        self.leaks += [f"{record.name} {record.levelname}: {line[:300]}" for line in found_in(self.format(record))]

    def take(self) -> Sequence[str]:
        leaks, self.leaks = self.leaks, []
        return leaks
