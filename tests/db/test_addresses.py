"""Addresses that were searched for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from calbot.core.model import UserId
from calbot.db.stores import Stores
from calbot.ports import FoundAddress

ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


async def test_the_last_search_counts(stores: Stores) -> None:
    assert await stores.addresses.of(ANNA) is None
    await stores.addresses.save(FoundAddress(ANNA, "anna@x.example", NOW))
    await stores.addresses.save(FoundAddress(BEN, None, NOW))
    assert await stores.addresses.addresses() == {ANNA: "anna@x.example"}
    assert await stores.addresses.of(BEN) == FoundAddress(BEN, None, NOW)
    later = FoundAddress(ANNA, None, NOW + timedelta(days=1))
    await stores.addresses.save(later)
    assert await stores.addresses.of(ANNA) == later
    assert await stores.addresses.addresses() == {}


async def test_forgets_whom_nobody_searched_for_again(stores: Stores) -> None:
    await stores.addresses.save(FoundAddress(ANNA, "anna@x.example", NOW - timedelta(days=31)))
    await stores.addresses.save(FoundAddress(BEN, "ben@x.example", NOW))
    await stores.addresses.forget_before(NOW - timedelta(days=30))
    assert await stores.addresses.addresses() == {BEN: "ben@x.example"}
