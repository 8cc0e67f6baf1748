"""Every phrase of the tables means what the table says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.dates import Unread, read, read_window
from calbot.when import notation

from .tables import Row, rows

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.place}-{row.phrase}" for row in ROWS])
def test_a_phrase_means_what_the_table_says(row: Row) -> None:
    assert read_row(row) == row.expected


def read_row(row: Row) -> str:
    if not row.place.startswith("windows.tsv"):
        return notation(read(row.phrase, locale=row.locale, now=row.now, base=row.base))
    window = read_window(row.phrase, locale=row.locale, now=row.now)
    return "no" if isinstance(window, Unread) else f"window {window[0]}/{window[1] - timedelta(days=1)}"


def test_the_tables_are_large_and_say_each_thing_once() -> None:
    asked = [(row.locale, row.phrase, row.now, row.place.startswith("windows.tsv"), row.base) for row in ROWS]
    assert len(asked) >= 2000
    assert len(set(asked)) == len(asked)
