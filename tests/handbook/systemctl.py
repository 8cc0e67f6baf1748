"""Stands in for systemctl where no systemd runs: starts and stops what a unit file says, by the unit's own words.

A script for the machine's own Python; the units lie in UNITS, process ids and output in STATE.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

UNITS = Path(os.environ["HANDBOOK_UNITS"])
STATE = Path(os.environ["HANDBOOK_STATE"])


def main(words: list[str]) -> int:
    options = [word for word in words if word.startswith("-")]
    verb, *units = [word for word in words if not word.startswith("-")]
    for name in units:
        unit = read_unit(name)
        if name.endswith(".timer"):
            continue
        if verb in {"stop", "restart"} or (verb == "disable" and "--now" in options):
            stop(name)
        if verb in {"start", "restart"} or (verb == "enable" and "--now" in options):
            start(name, unit)
    return 0 if verb in {"daemon-reload", "enable", "disable", "start", "stop", "restart"} else 1


def read_unit(name: str) -> dict[str, list[str]]:
    unit: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            unit.setdefault(key, []).append(value)
    return unit


def start(name: str, unit: dict[str, list[str]]) -> None:
    environment = dict(os.environ)
    for line in unit.get("Environment", []):
        environment.update({name: value for name, _, value in (pair.partition("=") for pair in shlex.split(line))})
    user = unit.get("User", ["root"])[0]
    argv = shlex.split(unit["ExecStart"][0])
    if user != "root" and os.geteuid() == 0:
        argv = ["runuser", "-u", user, "--", *argv]
    with (STATE / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            argv,
            cwd=unit.get("WorkingDirectory", ["/"])[0],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    if unit.get("Type") == ["oneshot"]:
        if process.wait():
            sys.exit(f"{name} failed")
        return
    (STATE / f"{name}.pid").write_text(str(process.pid))


def stop(name: str) -> None:
    pid_file = STATE / f"{name}.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    pid_file.unlink()
    try:
        # runuser has a session of its own and passes signals on; the group has both.
        os.killpg(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + 30
    while is_running(pid):
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
