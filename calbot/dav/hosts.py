"""How much is asked of one server at a time, by all accounts on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from calbot.core.model import AccountName
from calbot.core.settings import Account

from .origins import Origin, origin_of


def limits(accounts: Iterable[Account]) -> Mapping[AccountName, asyncio.Semaphore]:
    """A limit for each account that is not alone on its host and port, shared with the others there.

    It is the two largest `parallel` of them added, and no account has more requests under way than its own: one whose
    requests all hang leaves as much as any other may ask for, and a hundred accounts are no hundred times the load.
    """
    by_host: dict[Origin | None, list[Account]] = {}
    for account in accounts:
        by_host.setdefault(origin_of(account.url), []).append(account)
    found: dict[AccountName, asyncio.Semaphore] = {}
    for there in by_host.values():
        if len(there) == 1:
            continue
        limit = asyncio.Semaphore(sum(sorted((one.parallel for one in there), reverse=True)[:2]))
        found.update((one.name, limit) for one in there)
    return found
