"""Holds people and rooms to the number of commands that are taken from them.

Only what was not begun yet is counted: votes, answers to questions and to invitations, and the end of polls never are,
nor is what is repeated after a crash. In memory only, as a restart forgives everybody anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from calbot.core import rate_limits as core
from calbot.core.model import RoomId, UserId
from calbot.core.rate_limits import NO_LIMIT, Admission, Bucket, Limits, Rate
from calbot.errors import Code, UserError

_MOST: Final = 10_000  # people and rooms that are remembered


@dataclass(slots=True)
class Buckets:
    """Of those heard of last; whoever has been silent for longest is forgotten first, and is the least to blame."""

    most: int = _MOST
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._buckets)

    def admit(self, limits: Limits, user: UserId, room: RoomId, now: datetime) -> tuple[Admission, UserError | None]:
        """Whether a command is taken. Whoever sends too many uses nothing up of what others may say in the room."""
        for name, rate, reason in _asked(limits, user, room):
            known = self._buckets.pop(name) if name in self._buckets else core.full(rate, now)
            bucket, admission = core.take(known, rate, now)
            self._keep(name, bucket)
            if admission is Admission.IGNORED:
                return admission, None
            if admission is Admission.REFUSED:
                seconds = max(1, round(core.wait(bucket, rate).total_seconds()))
                return admission, UserError(Code.LIMIT, reason, seconds=seconds)
        return Admission.TAKEN, None

    def _keep(self, name: str, bucket: Bucket) -> None:
        self._buckets[name] = bucket
        if len(self._buckets) > self.most:
            del self._buckets[next(iter(self._buckets))]


def _asked(limits: Limits, user: UserId, room: RoomId) -> Iterator[tuple[str, Rate, str]]:
    if limits.person != NO_LIMIT:
        yield user, limits.person, "too_many_person"
    if limits.room != NO_LIMIT:
        yield room, limits.room, "too_many_room"
