"""What an error gives as an example works where it is given."""

from __future__ import annotations

import pytest

from calbot.core.model import Kind

from .conftest import Office


@pytest.mark.parametrize("title", ["Jour fixe", "Runde 3", "24.11. vormerken", "<b>Budget</b>", "A; B"])
async def test_a_title_without_a_date_comes_back_with_one(office: Office, title: str) -> None:
    (error,) = await office.says(f'!meet neu "{title}"')
    assert error.kind is Kind.ERROR
    example = error.text.splitlines()[-1]
    assert example == f'!meet neu "{title}" Di 14-15 Uhr'
    (card,) = await office.says(example)
    assert card.kind is Kind.MEETING
    assert card.data["title"] == title


async def test_a_title_that_would_close_its_quotes_is_not_repeated(office: Office) -> None:
    (error,) = await office.says('!meet neu „Lesung "Faust"“')
    assert error.text.splitlines()[-1] == "!meet neu Budgetrunde Di 14-15 Uhr"


async def test_a_mention_of_the_room_in_a_title_does_not_come_alive(office: Office) -> None:
    (error,) = await office.says('!meet neu "@room Runde"')
    assert "@room" not in error.text
