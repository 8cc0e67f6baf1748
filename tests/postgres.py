"""A PostgreSQL of the tests' own, on loopback, in a directory of its own.

It comes from the Debian package named below, of whose service nothing is used but the programs. What it holds is gone
with a power cut, which is what makes it quick; it does not sort text by bytes as SQLite does, but as German
dictionaries do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo.process import CHILD, LOOPBACK, StartError, free_port

PACKAGE = "postgresql"
NEEDED = f"PostgreSQL is needed: apt-get install {PACKAGE}"

_USER = "postgres"  # as the package names the one whom the service runs as, and the first one in the database
PASSWORD = "postgres-password"
_START_TIMEOUT = 30.0
# As many as maubot gives an instance where its configuration does not say otherwise.
CONNECTIONS = 3
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "max_wal_size": "1GB",
}


def _programs() -> Path | None:
    """Of the newest version that is installed. Debian does not put them where programs are looked for."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def is_installed() -> bool:
    return _programs() is not None


@dataclass(slots=True)
class Postgres:
    """Where it is; started and stopped by whoever has it."""

    programs: Path
    directory: Path
    port: int
    _databases: set[str] = field(default_factory=set, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{_USER}:{PASSWORD}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        argv = [str(self.programs / "postgres"), "-D", str(self.directory / "data"), "-p", str(self.port), *settings]
        with (self.directory / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of the package
                [sys.executable, "-I", str(CHILD), str(os.getpid()), *_as_its_user(argv)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"PostgreSQL did not start (log: {self.directory / 'postgres.log'})")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends the connections that there are ("fast shutdown")."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
            self._process.wait(_START_TIMEOUT)
            self._process = None

    def database(self, name: str) -> str:
        """The URL of the database of this name, which is empty at the first call."""
        if name not in self._databases:
            argv = [str(self.programs / "createdb"), "--maintenance-db", self.url(), name]
            subprocess.run(argv, check=True)  # noqa: S603 - a program of the package
            self._databases.add(name)
        return self.url(name)

    def _accepts(self) -> bool:
        argv = [str(self.programs / "pg_isready"), "--quiet", "--host", LOOPBACK, "--port", str(self.port)]
        return subprocess.run(argv, check=False).returncode == 0  # noqa: S603 - a program of the package


@contextmanager
def running() -> Iterator[Postgres]:
    """Started, with nothing in it; gone without a trace afterwards."""
    programs = _programs()
    if programs is None:
        raise StartError(NEEDED)
    # pytest's directories are closed to the user that PostgreSQL runs as.
    directory = Path(tempfile.mkdtemp(prefix="calbot-postgres-"))
    try:
        password = directory / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (directory, password):
                shutil.chown(path, _USER, _USER)
        argv = [
            *(str(programs / "initdb"), "--pgdata", str(directory / "data"), "--no-sync", "--wal-segsize", "4"),
            *("--username", _USER, "--pwfile", str(password), "--auth", "password"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "de-DE"),
        ]
        subprocess.run(  # noqa: S603 - a program of the package
            _as_its_user(argv), cwd=directory, check=True, stdout=subprocess.DEVNULL
        )
        server = Postgres(programs, directory, free_port())
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _as_its_user(argv: list[str]) -> list[str]:
    """PostgreSQL does not work as root. Changing the user takes back that it ends with its parent."""
    if os.geteuid() != 0:
        return argv
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    return [setpriv, "--reuid", _USER, "--regid", _USER, "--init-groups", "--pdeathsig", "INT", *argv]
