"""The feeds that were put together last."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from calbot.core.model import RoomId

_KEPT: Final = 64 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A feed, compressed. `state`: what it was made from. `settled`: that was the same when it was made before."""

    state: tuple[object, ...]
    etag: str
    body: bytes
    modified: datetime
    made_at: datetime
    settled: bool


@dataclass(slots=True)
class Built:
    """The pages of the rooms asked for last."""

    kept: int = _KEPT
    _pages: dict[RoomId, Page] = field(default_factory=dict)
    _size: int = 0

    def get(self, room: RoomId) -> Page | None:
        page = self._pages.pop(room, None)
        if page is not None:
            self._pages[room] = page  # at the end: the last to go
        return page

    def put(self, room: RoomId, page: Page) -> None:
        self.drop(room)
        self._pages[room] = page
        self._size += len(page.body)
        while self._size > self.kept and len(self._pages) > 1:
            self.drop(next(iter(self._pages)))

    def drop(self, room: RoomId) -> None:
        page = self._pages.pop(room, None)
        self._size -= 0 if page is None else len(page.body)
