"""Which errors of a database say that it cannot be worked with for now, and which that we asked for nonsense."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from calbot.errors import StorageUnavailable

# SQLite has one exception for all of these and for mistakes in statements; its codes came with Python 3.11.
_SQLITE: Final = ("locked", "is full", "readonly", "disk i/o", "unable to open")
# asyncpg has one for connections that are gone and for being used in the wrong way. maubot asks for the latter when a
# connection breaks just as it is given back.
_INTERFACE: Final = ("closed", "closing", "released back to the pool")
_POSTGRES: Final = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.OperatorInterventionError,  # shut down, not started yet
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,  # deadlock: the same again works
    asyncpg.InternalClientError,  # used while it is breaking; where mautrix is told not to end the process then
    asyncpg.ReadOnlySQLTransactionError,  # a standby, until it has taken over
)
_CONNECTING: Final = (OSError, asyncio.TimeoutError, asyncpg.InvalidAuthorizationSpecificationError)


def is_outage(error: BaseException) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return any(sign in str(error).lower() for sign in _SQLITE)
    if isinstance(error, asyncpg.InterfaceError):
        return any(sign in str(error) for sign in _INTERFACE)
    return isinstance(error, _POSTGRES)


@contextmanager
def told(*, connecting: bool = False) -> Iterator[None]:
    """What is an outage leaves as StorageUnavailable."""
    try:
        yield
    except Exception as error:
        if is_outage(error) or (connecting and isinstance(error, _CONNECTING)):
            raise StorageUnavailable from error
        raise
