"""Whose the client's sync is, and starting and stopping it where it is ours.

A maubot server starts a client's sync before its plugins and drops the first response, with whatever was said while it
was down and the keys to it. Where the switch `sync` of the client is off, calbot runs the sync itself and nothing is
dropped. In standalone mode there is no other plugin on the client, so that the running sync can be taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from logging import Logger
from typing import Any

from mautrix.client import Client, InternalEventType
from mautrix.types import SyncToken

from calbot.typed_maubot import joins_by_itself, stored_filter, syncs_by_itself


class SyncOwner(str, Enum):
    OWN = "own"  # calbot runs it: nothing is lost
    FOREIGN = "foreign"  # maubot runs it: what comes while calbot or maubot starts can be lost, keys above all


@dataclass(frozen=True, slots=True)
class SyncSetup:
    """For `status`, `check` and `/health`. `autojoin` is None where it cannot be told."""

    owner: SyncOwner
    running: bool
    autojoin: bool | None


class SyncRunner:
    def __init__(self, client: Client, log: Logger) -> None:
        self._client = client
        self._log = log
        self._task: asyncio.Future[None] | None = None
        self._closed = False

    def watch(self) -> None:
        """Notice from now on where the sync ends; until `stop`."""
        self._client.add_event_handler(InternalEventType.SYNC_STOPPED, self._stopped)

    def setup(self) -> SyncSetup:
        owner = SyncOwner.FOREIGN if syncs_by_itself(self._client) else SyncOwner.OWN
        return SyncSetup(owner, running=self._running, autojoin=joins_by_itself(self._client))

    async def position(self) -> str | None:
        """The token that the next request of the sync begins from."""
        return await self._client.sync_store.get_next_batch() or None

    def is_ours(self) -> bool:
        """Whether to run it: nobody else does, or there is nobody else."""
        by_itself = syncs_by_itself(self._client)
        return by_itself is None or not (by_itself or self._running)

    async def start(self, token: str | None) -> None:
        """Run the sync, from `token` on."""
        self._client.remove_event_handler(InternalEventType.SYNC_STOPPED, self._stopped)
        await _end(self._client)
        if token is not None and token != await self.position():
            await self._client.sync_store.put_next_batch(SyncToken(token))
        self._begin()
        self.watch()

    async def stop(self) -> None:
        """Stop the sync if it is the one started here."""
        self._closed = True
        self._client.remove_event_handler(InternalEventType.SYNC_STOPPED, self._stopped)
        if self._task is not None and self._task is self._client.syncing_task:
            await _end(self._client)

    @property
    def _running(self) -> bool:
        task = self._client.syncing_task
        return task is not None and not task.done()

    def _begin(self) -> None:
        self._client.ignore_first_sync = False
        self._client.ignore_initial_sync = False
        self._task = self._client.start(stored_filter(self._client))

    async def _stopped(self, reason: Mapping[str, Any]) -> None:
        """The sync has ended: by an error that repeating does not mend, or stopped by somebody else.

        That is another instance on this client, or an admin at the switch; both leave it to those who depend on it.
        """
        if reason["error"] is not None:
            self._log.error("The sync has ended, nothing comes in any more: %s", reason["error"])
        elif not self._closed and self._client.syncing_task is None and not syncs_by_itself(self._client):
            self._log.info("The client's sync was stopped by somebody else; running it here")
            self._begin()


async def _end(client: Client) -> None:
    """Stop the sync and wait until it has stopped."""
    task = client.syncing_task
    client.stop()
    if task is not None:
        await asyncio.wait({task})
