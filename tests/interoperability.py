"""The table server × check of docs/interoperability.md, from a run of the gateway's contract on the servers installed.

`python -m tests.interoperability FILE` runs the checks and writes the file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.contract.calendar_worlds import SERVERS

_SUITE: Final = Path(__file__).parent / "contract" / "test_gateway.py"
_SIGNS: Final = {"passed": "+", "failed": "**-**", "skipped": "."}
_HEAD: Final = """\
# Interoperability

What calbot relies on, tried on real servers: **+** as expected, **-** not so, **.** not tried here. Made by
`make interoperability` from the contract that the tests hold calbot's calendar gateway to, on the versions named.

"""


class Collector:
    """By check and server, how it went; of several cases of a check, the worst."""

    def __init__(self) -> None:
        self.results: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown" or (report.when == "setup" and report.passed):
            return
        name, _, parameters = report.nodeid.rpartition("::")[2].partition("[")
        server = next((one.name for one in SERVERS if one.name in re.split(r"[-\[\]]", parameters)), None)
        if server is None:
            return
        row = self.results.setdefault(name, {})
        if row.get(server) != "failed":
            row[server] = report.outcome


def table(results: Mapping[str, Mapping[str, str]], versions: Mapping[str, str]) -> str:
    names = [server.name for server in SERVERS]
    head = [f"{name} {versions.get(name, '')}".strip() for name in names]
    lines = [f"| check | {' | '.join(head)} |", f"| --- |{' --- |' * len(names)}"]
    for check, row in results.items():
        cells = (_SIGNS[row.get(name, "skipped")] for name in names)
        lines.append(f"| {sentence(check)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def sentence(check: str) -> str:
    text = check.removeprefix("test_").replace("_", " ")
    return (text[0].upper() + text[1:]).replace(" uid ", " UID ").replace(" etag ", " ETag ")


def main(file: Path) -> int:
    collector = Collector()
    # This module has imported what pytest would like to see first.
    quietly = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main(["-q", "-p", "no:cacheprovider", *quietly, str(_SUITE)], plugins=[collector])
    if not collector.results:
        return int(code) or 1
    versions = {server.name: server.version() for server in SERVERS if server.needs() is None}
    file.write_text(_HEAD + table(collector.results, versions), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
