"""The new machine on which the handbook is followed, and the shell that its reader types into.

Either a bare Debian in a directory, entered with chroot (root only): every word of a block is run as it is. Or, for
everybody, a fresh directory: paths are moved below it, and what only root can do (packages, users, owners) is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo import package
from demo.process import StartError, free_port, port_is_free

_HERE = Path(__file__).parent
_PORT = 29316
# Everything that the handbook's commands write to.
_PLACES = ("/root/calbot", "/opt/maubot", "/var/lib/maubot", "/var/lib/calbot-backups", "/etc/calbot", "/usr/local/bin")
_UNITS = "/etc/systemd/system"
_WORK = "/tmp/handbook"  # noqa: S108 - inside of the machine
# What a reader who is not root has to have already: command → Debian package.
_TOOLS = {"curl": "curl", "jq": "jq", "sqlite3": "sqlite3", "bash": "bash"}
# One block after the other in one shell, as a person types them: variables and functions stay.
_SHELL = 'set -Eeo pipefail; while IFS= read -r -u "$1" file; do source "$file"; echo >&"$2"; done'
_WITHOUT_ROOT = {
    "apt-get": "exit 0",
    "useradd": "exit 0",
    "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "install": 'for word; do shift; case "$word" in -o|-g) skip=1; continue;; esac; '
    'if [ -n "${skip:-}" ]; then skip=; continue; fi; set -- "$@" "$word"; done; exec /usr/bin/install "$@"',
    "chown": "exit 0",
}


_STOP_INTERVAL = 0.05  # seconds
_STOP_LOOKS = 300


class StepFailed(RuntimeError):
    """A block of the handbook did not do what it says."""


@dataclass(slots=True)
class Machine:
    """`async with machine(…) as there`; `await there.type(text, answers)` returns what it printed."""

    root: Path
    bare: bool
    port: int
    _shell: asyncio.subprocess.Process
    _files: int  # names of files with blocks go in
    _done: asyncio.StreamReader
    _count: int = 0

    async def type(self, text: str, answers: Mapping[str, str]) -> str:
        """Run a block. `answers` are typed where it asks: name of the variable that `read` fills → what."""
        self._count += 1
        file = self.work / f"{self._count}.sh"
        file.write_text(_rewritten(text, self.root, self.port, bare=self.bare))
        asked = re.findall(r"^read .*?(\w+); echo$", text, flags=re.MULTILINE)
        before = self.log.stat().st_size
        if self._shell.stdin:
            self._shell.stdin.write("".join(f"{answers[name]}\n" for name in asked).encode())
            await self._shell.stdin.drain()
        os.write(self._files, f"{_WORK if self.bare else self.work}/{self._count}.sh\n".encode())
        done = await self._done.readline()
        printed = self.log.read_bytes()[before:].decode(errors="replace")
        if not done:
            raise StepFailed(printed[-2000:])
        return printed

    @property
    def work(self) -> Path:
        return self.root / _WORK.lstrip("/")

    @property
    def log(self) -> Path:
        return self.work / "shell.log"

    @property
    def service_log(self) -> Path:
        return self.work / "maubot.service.log"


@asynccontextmanager
async def machine(root: Path, release: Path, *, bare: bool) -> AsyncIterator[Machine]:
    """The machine in the directory `root`, where the release lies unpacked in /root/calbot."""
    if not bare and (missing := [debian for tool, debian in _TOOLS.items() if shutil.which(tool) is None]):
        raise StartError(f"the handbook's commands need {' '.join(missing)} (Debian packages of these names)")
    port = _PORT if bare and port_is_free(_PORT) else free_port()
    work = root / _WORK.lstrip("/")
    shutil.rmtree(work, ignore_errors=True)
    (work / "bin").mkdir(parents=True)
    (root / _UNITS.lstrip("/")).mkdir(parents=True, exist_ok=True)
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    _unpack(release, root, port, bare=bare)
    shown = _WORK if bare else str(work)
    shutil.copy(_HERE / "systemctl.py", work / "systemctl.py")
    stand_ins = {"systemctl": f'exec python3 {shown}/systemctl.py "$@"', **({} if bare else _WITHOUT_ROOT)}
    for name, script in stand_ins.items():
        (work / "bin" / name).write_text(f"#!/bin/bash\n{script}\n")
        (work / "bin" / name).chmod(0o755)
    path = f"{shown}/bin:" + ("" if bare else f"{root}/usr/local/bin:")
    environment = {
        **_inherited(),
        "PATH": path + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root" if bare else str(root / "root"),
        "LANG": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "HANDBOOK_STATE": shown,
        "HANDBOOK_UNITS": _UNITS if bare else str(root / _UNITS.lstrip("/")),
        "DEBIAN_FRONTEND": "noninteractive",
    }
    files_out, files_in = os.pipe()
    done_out, done_in = os.pipe()
    enter = ["chroot", str(root)] if bare else []
    with (work / "shell.log").open("ab") as log:
        shell = await asyncio.create_subprocess_exec(
            *(*enter, "bash", "--norc", "-c", _SHELL, "bash", str(files_out), str(done_in)),
            cwd=root,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=(files_out, done_in),
            start_new_session=True,
        )
    os.close(files_out)
    os.close(done_in)
    done = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(done), os.fdopen(done_out, "rb")
    )
    try:
        yield Machine(root, bare, port, shell, files_in, done)
    finally:
        os.close(files_in)
        if shell.stdin:
            shell.stdin.close()
        await shell.wait()
        await _stop_services(work)


def _inherited() -> dict[str, str]:
    """What leads to the package indexes: a proxy, certificates. The reader's machine has its own."""
    return {name: value for name, value in os.environ.items() if name.lower().startswith(("pip_", "http", "ssl_"))}


def _unpack(release: Path, root: Path, port: int, *, bare: bool) -> None:
    target = root / "root/calbot"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(release / "deploy", target / "deploy")
    for file in (target / "deploy/systemd").iterdir():
        file.write_text(_rewritten(file.read_text(), root, port, bare=bare))
    mbp = target / "dist" / f"io.calbot-v{package.plugin_meta(release)['version']}.mbp"
    mbp.parent.mkdir()
    mbp.write_bytes(package.pack(release))


def _rewritten(text: str, root: Path, port: int, *, bare: bool) -> str:
    text = text.replace(str(_PORT), str(port))
    if not bare:
        for place in (*_PLACES, _UNITS):
            text = text.replace(place, f"{root}{place}")
    return text


def _started(work: Path) -> list[int]:
    return [int(file.read_text()) for file in work.glob("*.pid")]


async def _stop_services(work: Path) -> None:
    """What the handbook has started, for which no systemd cares; until it has ended."""
    for group in _started(work):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
            for _ in range(_STOP_LOOKS):
                os.killpg(group, 0)
                await asyncio.sleep(_STOP_INTERVAL)
            os.killpg(group, signal.SIGKILL)


def is_debian(root: Path) -> bool:
    return (root / "etc/debian_version").exists() and os.geteuid() == 0 and sys.platform == "linux"
