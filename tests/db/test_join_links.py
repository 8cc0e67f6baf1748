"""Events that ask for a join link."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from calbot.core.model import CalendarName, Href, Uid
from calbot.db.stores import Stores
from calbot.ports import WantedLink

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
IT = CalendarName("it-team")
ONE, OTHER = WantedLink(IT, Uid("1"), Href("/1.ics")), WantedLink(IT, Uid("2"), Href("/2.ics"))


async def test_each_waits_until_it_is_done_and_never_again(stores: Stores) -> None:
    await stores.join_links.note([ONE, OTHER], NOW)
    await stores.join_links.done(ONE, NOW)
    await stores.join_links.note([ONE, WantedLink(IT, Uid("2"), Href("/moved.ics"))], NOW)
    assert await stores.join_links.waiting() == [OTHER]


async def test_what_is_long_done_is_forgotten_and_what_waits_is_not(stores: Stores) -> None:
    await stores.join_links.note([ONE, OTHER], NOW)
    await stores.join_links.done(ONE, NOW)
    await stores.join_links.forget_before(NOW + timedelta(days=1))
    await stores.join_links.note([ONE], NOW + timedelta(days=1))
    assert await stores.join_links.waiting() == [OTHER, ONE]
