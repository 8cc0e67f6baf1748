"""Two bots on one database notice each other; a restart is no second bot."""

from __future__ import annotations

import logging

import pytest

from calbot.db.stores import Stores
from calbot.services.sole import Sole
from tests.conftest import OpenDatabase

_LOG = logging.getLogger("test.sole")


async def test_two_at_once_both_notice(open_database: OpenDatabase, caplog: pytest.LogCaptureFixture) -> None:
    one, two = [Sole(Stores(await open_database()).keeper, _LOG) for _ in range(2)]
    for _ in range(3):
        await one.look()
        await two.look()
    assert (one.shared, two.shared) == (True, True)
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 2

    await two.look()
    await two.look()
    assert not two.shared
    assert "no other bot" in caplog.records[-1].getMessage()


async def test_one_after_the_other_is_none(open_database: OpenDatabase) -> None:
    for _ in range(2):
        sole = Sole(Stores(await open_database()).keeper, _LOG)
        for _ in range(3):
            await sole.look()
            assert not sole.shared
