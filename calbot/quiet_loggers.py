"""Keeps libraries from logging what passes through them, whatever the log is set to.

aiosqlite writes statements with their values, mautrix requests with the messages in them, and events that it has
decrypted. A maubot server logs at DEBUG unless somebody changes that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

_WITH_CONTENTS: Final = ("aiosqlite", "aiosmtplib", "asyncio", "caldav", "icalendar", "urllib3")


def keep_quiet(*more: logging.Logger) -> None:
    """Nothing below INFO from these; what they warn of is still said."""
    for logger in (*_named(_WITH_CONTENTS), *more):
        logger.setLevel(max(logger.level, logging.INFO))


def keep_from_tracing(*loggers: logging.Logger) -> None:
    """Nothing below DEBUG: mautrix has a level beneath it, at which it writes what it has decrypted."""
    for logger in loggers:
        if logger.getEffectiveLevel() < logging.DEBUG:
            logger.setLevel(logging.DEBUG)


def _named(names: Iterable[str]) -> list[logging.Logger]:
    return [logging.getLogger(name) for name in names]
