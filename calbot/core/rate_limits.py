"""How many commands somebody may give in a while: a token bucket, filled up again as time goes by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in that time. They may all come at once; after that they come one by one."""

    number: int
    per: timedelta

    @property
    def each(self) -> timedelta:
        """How long it takes until there is one more."""
        return self.per / self.number


NO_LIMIT: Final = Rate(0, timedelta(0))


@dataclass(frozen=True, slots=True)
class Limits:
    """How many commands are taken from one person, and in one room."""

    person: Rate = Rate(60, timedelta(minutes=1))
    room: Rate = Rate(240, timedelta(minutes=1))

    @property
    def one_fills_room(self) -> bool:
        """Whether one person alone can use up what is taken in a room, and so keep all others there from the bot."""
        if self.room == NO_LIMIT:
            return False
        unlimited = self.person == NO_LIMIT
        return unlimited or self.room.number <= self.person.number or self.room.each >= self.person.each


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many may come at `at`. `told`: when it was last said that there were too many."""

    tokens: float
    at: datetime
    told: datetime | None = None


class Admission(Enum):
    """What becomes of a command. Whoever sends too many is told once in each window, not with every one of them."""

    TAKEN = "taken"
    REFUSED = "refused"
    IGNORED = "ignored"


def full(rate: Rate, now: datetime) -> Bucket:
    """Of somebody who has not been heard of for a while."""
    return Bucket(float(rate.number), now)


def take(bucket: Bucket, rate: Rate, now: datetime) -> tuple[Bucket, Admission]:
    """Let one more come, if there is room for it. A clock that was set back gives nothing, and takes nothing away."""
    gained = max(now - bucket.at, timedelta()) / rate.each
    tokens = min(float(rate.number), bucket.tokens + gained)
    at = max(now, bucket.at)
    if tokens >= 1:
        return Bucket(tokens - 1, at, bucket.told), Admission.TAKEN
    if bucket.told is None or now - bucket.told >= rate.per:
        return Bucket(tokens, at, now), Admission.REFUSED
    return Bucket(tokens, at, bucket.told), Admission.IGNORED


def wait(bucket: Bucket, rate: Rate) -> timedelta:
    """How long it takes from `bucket.at` until the next may come."""
    return max(1 - bucket.tokens, 0.0) * rate.each
