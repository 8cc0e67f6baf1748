"""One life of the bot: from a start to the instant at which it is killed, be it in the middle of anything."""

from __future__ import annotations


class Kill(BaseException):
    """The process is gone. Nothing of it runs any more: whoever catches this is stopped at its next step."""


class Life:
    """Counts the steps to the kill. Each touch of the world outside (homeserver, calendars, database, alarm) is one."""

    def __init__(self) -> None:
        self.dead = False
        self.killed_at = ""
        self._left: int | None = None

    def end_after(self, steps: int) -> None:
        self._left = steps

    def end(self) -> None:
        self.dead = True

    def step(self, where: str) -> None:
        if not self.dead and self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.dead, self.killed_at = True, where
        if self.dead:
            raise Kill(where)
