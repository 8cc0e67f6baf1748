"""Becomes the command it is given, which then ends when its parent does, even if the parent is killed.

A script for ServerProcess: `python child.py PARENT_PID COMMAND…`. Elsewhere than on Linux it is the command alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h; it survives execve(2)


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was gone before the signal was asked for
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - without a shell is what is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
