"""Notices when another bot works on the same database: a second instance by mistake, or one that was thought dead.

Nobody is harmed at once, as whatever both do has the same key; but both ask, answer and wait in vain. Each leaves its
mark once a minute; who finds another one's there, which can only have come since, is not alone. No clock is compared,
and one that has ended is taken for nothing.
"""

from __future__ import annotations

import secrets
from logging import Logger
from typing import Final

from calbot.ports import Alarm, Keeper

_ALARM: Final = "sole"
_EVERY: Final = 60.0
_NAME: Final = "working"


class Sole:
    """One for each time that the plugin is started."""

    def __init__(self, keeper: Keeper, log: Logger) -> None:
        self._keeper = keeper
        self._log = log
        self._mark = secrets.token_hex(8)
        self._left = False
        self.shared = False

    def begin(self, alarm: Alarm) -> None:
        alarm.every(_ALARM, _EVERY, self.look)

    async def look(self) -> None:
        found = await self._keeper.get(_NAME)
        await self._keeper.put(_NAME, self._mark)
        shared = self._left and found != self._mark
        self._left = True
        if shared and not self.shared:
            self._log.warning("another bot works on the same database; each instance needs one of its own")
        elif self.shared and not shared:
            self._log.info("no other bot works on this database any more")
        self.shared = shared
