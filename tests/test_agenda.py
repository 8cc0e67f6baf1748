"""`python -m calbot agenda`: one occurrence a line, and an end for every file."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from calbot.agenda import main
from calbot.core.ical.files import MAX_FILE
from tests.core.ical_samples import calendar, event


def run(
    path: Path | str, *, begin: str = "2026-11-23", end: str = "2026-12-07", zone: str = "Europe/Berlin"
) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = main([str(path), "--from", begin, "--to", end, "--tz", zone], io.StringIO(), out)
    return code, out.getvalue().splitlines()


def write(tmp_path: Path, data: str | bytes) -> Path:
    path = tmp_path / "calendar.ics"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


SAMPLE = calendar(
    event("DTSTART:20261124T090000Z", "DURATION:PT1H", "SUMMARY:Zweiter\\nTag\t🗓", uid="b"),
    event("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126", "SUMMARY:Messe", uid="z"),
    event("DTSTART:20261124T090000Z", "DURATION:PT1H", "STATUS:CANCELLED", "CLASS:PRIVATE", "SUMMARY:Erster", uid="a"),
    event("DTSTART;TZID=Europe/Berlin:20261123T000000", "SUMMARY:Mitternacht", uid="m"),
    event("DTSTART:20261130T080000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY", "SUMMARY:Ortszeit", uid="f"),
    event("DTSTART;VALUE=DATE:20261207", "SUMMARY:danach", uid="n"),
    event("DTSTART;VALUE=DATE:20261122", "SUMMARY:davor", uid="v"),
)


def test_the_lines(tmp_path: Path) -> None:
    assert run(write(tmp_path, SAMPLE)) == (
        0,
        [
            "2026-11-23T00:00:00+01:00\t2026-11-23T00:00:00+01:00\tm\tMitternacht",
            "2026-11-24\t2026-11-26\tz\tMesse",
            "2026-11-24T10:00:00+01:00\t2026-11-24T11:00:00+01:00\ta\tErster",
            "2026-11-24T10:00:00+01:00\t2026-11-24T11:00:00+01:00\tb\tZweiter Tag 🗓",
            "2026-11-30T08:00:00+01:00\t2026-11-30T08:30:00+01:00\tf\tOrtszeit",
        ],
    )


def test_another_zone(tmp_path: Path) -> None:
    code, lines = run(write(tmp_path, SAMPLE), begin="2026-11-24", end="2026-11-25", zone="Asia/Tokyo")
    assert code == 0
    assert lines == [
        "2026-11-24\t2026-11-26\tz\tMesse",
        "2026-11-24T18:00:00+09:00\t2026-11-24T19:00:00+09:00\ta\tErster",
        "2026-11-24T18:00:00+09:00\t2026-11-24T19:00:00+09:00\tb\tZweiter Tag 🗓",
    ]


def test_standard_input() -> None:
    out = io.StringIO()
    options = ["-", "--from", "2026-11-30", "--to", "2026-12-01", "--tz", "UTC"]
    assert main(options, io.StringIO(SAMPLE), out) == 0
    assert out.getvalue() == "2026-11-30T08:00:00+00:00\t2026-11-30T08:30:00+00:00\tf\tOrtszeit\n"


def test_what_cannot_be_read_is_named_and_the_rest_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = event("DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY", uid="bad\tone")
    path = write(tmp_path, SAMPLE.replace("END:VCALENDAR", f"{bad}\r\nEND:VCALENDAR"))
    code, lines = run(path)
    assert (code, len(lines)) == (1, 5)
    assert capsys.readouterr().err == f"{path}: bad one: a recurrence rule that would take too many steps\n"


@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"<html>", b"BEGIN:VCALENDAR\r\n", SAMPLE.encode()[:500]])
def test_what_is_no_calendar_is_an_error(tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, data)
    assert run(path) == (1, [])
    assert capsys.readouterr().err == f"{path}: this is no iCalendar file\n"


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "missing.ics")[0] == 1
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["x.ics", "--from", "2026-11-24", "--to", "2026-11-23", "--tz", "UTC"],
        ["x.ics", "--from", "soon", "--to", "2026-11-23", "--tz", "UTC"],
        ["x.ics", "--from", "2026-11-23", "--to", "2026-11-24", "--tz", "Nowhere"],
        ["x.ics"],
    ],
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments, io.StringIO(), io.StringIO()) == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("day", ["1.11.2026", "20261101", "2026-W45-1", "2026-02-30"])
def test_another_form_of_date_is_refused_with_the_one_that_works(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x.ics", "--from", day, "--to", "2026-12-01", "--tz", "UTC"], io.StringIO(), io.StringIO()) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"calbot agenda: error: argument --from: expected a date like 2026-11-01 (year, month, day), not '{day}'"
    )


def test_a_file_that_is_too_big_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "big.ics"
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 10)
    assert run(path) == (1, [])
    assert capsys.readouterr().err == f"{path}: more than 64 MiB\n"


def test_a_thousand_hostile_series_end(tmp_path: Path) -> None:
    rules = [
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9",
        "FREQ=MINUTELY;INTERVAL=3;BYHOUR=3;COUNT=99999",
    ]
    events = [event("DTSTART:19000101T000000Z", f"RRULE:{rules[n % 4]}", uid=f"u{n}") for n in range(1000)]
    started = time.process_time()
    code, lines = run(write(tmp_path, calendar(*events)))
    assert code == 1
    assert lines == []
    assert time.process_time() - started < 10
