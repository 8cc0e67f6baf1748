"""Objects as the programs that people use write them, and what takes place by each."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from calbot.agenda import main

ICS = Path(__file__).parents[1] / "data" / "ics"
FILES = sorted(path.name for path in ICS.glob("*.ics"))
FROM, TO, ZONE = "2026-11-01", "2027-04-01", "Europe/Berlin"


def readings() -> dict[str, list[tuple[str, str, str]]]:
    """What `readings.tsv` says of each file: start, end, title."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    with (ICS / "readings.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            found.setdefault(row["file"], []).append((row["start"], row["end"], row["title"]))
    return found


def test_every_file_has_its_readings() -> None:
    assert sorted(readings()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_what_takes_place(name: str) -> None:
    out = io.StringIO()
    code = main([str(ICS / name), "--from", FROM, "--to", TO, "--tz", ZONE], io.StringIO(), out)
    lines = [line.split("\t") for line in out.getvalue().splitlines()]
    assert (code, [(start, end, title) for start, end, _, title in lines]) == (0, readings()[name])
