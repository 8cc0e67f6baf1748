"""Every phrase of the tables means what the table says."""

from __future__ import annotations

import pytest

from calbot.core.dates import read
from calbot.when import notation

from .tables import Row, rows

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.place}-{row.phrase}" for row in ROWS])
def test_a_phrase_means_what_the_table_says(row: Row) -> None:
    assert notation(read(row.phrase, locale=row.locale, now=row.now)) == row.expected


def test_the_tables_are_large_and_say_each_thing_once() -> None:
    asked = [(row.locale, row.phrase, row.now) for row in ROWS]
    assert len(asked) >= 420
    assert len(set(asked)) == len(asked)
