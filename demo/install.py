"""Sets up `.venv` with everything that calbot, its tests and its demonstration need. Standard library only.

It is a script, run by whatever Python 3 there is: one that is too old has to be able to say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
OLDEST, NEWEST = (3, 10), (3, 13)
# What pip says when it cannot reach the package index, in the order of how much it tells.
_NO_NETWORK = ("Temporary failure in name resolution", "Name or service not known", "NewConnectionError", "timed out")


class InstallError(Exception):
    """One line for the person who typed `make`."""


def main() -> int:
    try:
        require_version()
        require_build_tools()
        create_venv()
        install_packages()
    except InstallError as error:
        print(f"make install: {error}", file=sys.stderr)
        return 1
    return 0


def require_version() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise InstallError(f"Python 3.10 to 3.13 is needed, this is {found} (make install PYTHON=/path/to/python3.12)")


def create_venv() -> None:
    if PYTHON.exists():
        return
    say(f"creating .venv with Python {'.'.join(map(str, sys.version_info[:3]))}")
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise InstallError("Python's venv module is incomplete here (Debian, Ubuntu: apt install python3-venv)")


def require_build_tools() -> None:
    """python-olm has wheels up to Python 3.12; for later ones it is built from source."""
    missing = [tool for tool in ("c++", "cmake", "make") if shutil.which(tool) is None]
    if sys.version_info >= (3, 13) and missing:
        raise InstallError(
            f"Python 3.13 builds python-olm from source, which needs {', '.join(missing)}"
            " (Debian, Ubuntu: apt install g++ cmake make); Python 3.10 to 3.12 do without"
        )


def install_packages() -> None:
    say("installing packages into .venv; the first time this takes a few minutes")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    # A .venv that another tool made may be without pip.
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        subprocess.run([str(PYTHON), "-m", "ensurepip"], capture_output=True, check=False)
    started = time.monotonic()
    lines: list[str] = []
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            [*pip, "install", "--retries", "2", "--progress-bar", "off", "--editable", ".[dev]"],
            cwd=ROOT,
            # libolm asks for a CMake so old that CMake 4 refuses it unless told otherwise.
            env={**os.environ, "CMAKE_POLICY_VERSION_MINIMUM": "3.5"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as running,
    ):
        for line in running.stdout or ():
            log.write(line)
            lines.append(line.strip())
            show_step(line)
    clear_step()
    if running.returncode:
        raise InstallError(f"{why_it_failed(lines)} (log: {LOG})")
    say(f"installed in {time.monotonic() - started:.0f} s")


def why_it_failed(lines: list[str]) -> str:
    text = "\n".join(lines)
    if any(sign in text for sign in _NO_NETWORK):
        return "the package index cannot be reached: is there a network, a proxy to be set?"
    errors = [line for line in lines if line.lower().startswith("error")]
    return errors[-1] if errors else "pip failed"


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def show_step(line: str) -> None:
    """The current step in place, on a terminal only: elsewhere hundreds of lines would be left behind."""
    if sys.stdout.isatty() and line.startswith(("Collecting ", "Building wheel", "Installing collected")):
        print(f"\r\x1b[K  {line.split('(')[0].strip()[:76]}", end="", flush=True)


def clear_step() -> None:
    if sys.stdout.isatty():
        print("\r\x1b[K", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
