"""What those who watch over the bot are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from calbot.core.model import AccountName
from calbot.ports import Stored


class Check(str, Enum):
    """What can be wrong; monitoring relies on these values."""

    DATABASE = "database"
    INTAKE = "intake"
    HOMESERVER = "homeserver"
    SYNC_OWNER = "sync_owner"
    ACCOUNT = "account"
    OUTBOX = "outbox"
    ALARMS = "alarms"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong; `params` fill the catalog's text for it, below ``health.``"""

    check: Check
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """The calendars of an account that rooms see. `lag`: of the one that was last read longest ago; `best`: of the one
    that was read last."""

    calendars: int
    failing: int
    lag: timedelta
    best: timedelta


@dataclass(frozen=True, slots=True)
class Sight:
    """How it all stands at a moment."""

    at: datetime
    findings: tuple[Finding, ...]
    accounts: Mapping[AccountName, AccountFigures]
    stored: Stored | None  # None while the database does not tell
    heard: timedelta | None  # since the last answer to the sync


@dataclass(slots=True)
class Watch:
    """What was last seen, and whether the alarms still ring."""

    sight: Sight | None = None
    asked_to_ring: datetime | None = None  # and it has not rung since
