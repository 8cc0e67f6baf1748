"""The command line that says how dates are read."""

from __future__ import annotations

from io import StringIO

import pytest

from calbot import when
from calbot.__main__ import main

OPTIONS = ["--now", "2026-11-23T10:00", "--tz", "Europe/Berlin"]


def run(lines: str, *options: str) -> tuple[int, str]:
    out = StringIO()
    return when.main(options or OPTIONS, StringIO(lines), out), out.getvalue()


def test_each_line_comes_back_with_its_reading() -> None:
    code, out = run(
        "de\tmorgen 14-15 Uhr\n"
        "de\tnächsten Dienstag um 10\tignored\tcolumns\r\n"
        "\n"
        " \t \n"
        "en\tevery tuesday 10:00\n"
        "en\tevery second tuesday 10:00\n"
        "de\t24.-26.11.\n"
        "de\tjeden Freitag\n"
        "de\tbald\n"
    )
    assert code == 0
    assert out.splitlines() == [
        "de\tmorgen 14-15 Uhr\tat 2026-11-24T14:00/2026-11-24T15:00",
        "de\tnächsten Dienstag um 10\tchoice 2026-11-24T10:00 | 2026-12-01T10:00",
        "en\tevery tuesday 10:00\tevery 2026-11-24T10:00;FREQ=WEEKLY;BYDAY=TU",
        "en\tevery second tuesday 10:00\t"
        "choice 2026-11-24T10:00;FREQ=WEEKLY;INTERVAL=2;BYDAY=TU | 2026-12-08T10:00;FREQ=MONTHLY;BYDAY=2TU",
        "de\t24.-26.11.\tday 2026-11-24/2026-11-26",
        "de\tjeden Freitag\tevery 2026-11-27/2026-11-27;FREQ=WEEKLY;BYDAY=FR",
        "de\tbald\tno",
    ]


@pytest.mark.parametrize("line", ["morgen 14 Uhr", "fr\tdemain", "de"])
def test_a_bad_line_is_named_and_the_others_are_read(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(f"de\tmorgen\n{line}\nen\ttomorrow\n")
    assert code == 1
    assert out == "de\tmorgen\tday 2026-11-24/2026-11-24\nen\ttomorrow\tday 2026-11-24/2026-11-24\n"
    assert "line 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--tz", "Europe/Berlin"],
        ["--now", "tomorrow", "--tz", "Europe/Berlin"],
        ["--now", "2026-11-23T10:00+01:00", "--tz", "Europe/Berlin"],
        ["--now", "2026-11-23T10:00", "--tz", "Europe/Atlantis"],
        ["--now", "2026-11-23T10:00", "--tz", "../etc/passwd"],
        ["--now", "2026-11-23T10:00", "--tz", ""],
    ],
)
def test_bad_options_are_explained(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run("de\tmorgen\n", *options)
    assert code == 2
    assert out == ""
    assert "usage" in capsys.readouterr().err


def test_it_is_a_command_of_the_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("de\tmorgen 9 Uhr\n"))
    assert main(["when", *OPTIONS]) == 0
    assert capsys.readouterr().out == "de\tmorgen 9 Uhr\tat 2026-11-24T09:00\n"
