"""Single values, and secrets that are made once."""

from __future__ import annotations

from calbot import ports
from calbot.db.stores import Stores
from tests.conftest import OpenDatabase


async def test_values_by_name(stores: Stores) -> None:
    assert await stores.keeper.get("a") is None
    await stores.keeper.put("a", "1")
    await stores.keeper.put("a", "2")
    await stores.keeper.put("b", "ä")
    assert await stores.keeper.get("a") == "2"
    assert await stores.keeper.get("b") == "ä"


async def test_a_secret_is_made_once(open_database: OpenDatabase) -> None:
    first = Stores(await open_database())
    made = await first.keeper.secret("links")
    assert len(made) == 32
    assert await first.keeper.secret("other") != made
    assert await Stores(await open_database()).keeper.secret("links") == made


async def test_a_value_cannot_take_the_place_of_a_secret(stores: Stores) -> None:
    made = await stores.keeper.secret("links")
    await stores.keeper.put("links", "00")
    assert await stores.keeper.secret("links") == made


def test_the_stores_are_what_the_services_ask_for(stores: Stores) -> None:
    port: ports.Stores = stores
    assert port.calendars is stores.calendars
