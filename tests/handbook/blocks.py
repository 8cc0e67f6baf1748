"""What in a handbook is to be typed: its fenced blocks, in order, and where each of them is typed.

The words after the fence say where: `sh` on the new machine, `sh homeserver` on that of the homeserver, `text chat` in
a room. `sh values` is what readers replace by their own, `sh elsewhere` is for situations that are not acted out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Where(str, Enum):
    """Where a block is typed."""

    MACHINE = "sh"
    VALUES = "sh values"
    HOMESERVER = "sh homeserver"
    CHAT = "text chat"
    ELSEWHERE = "sh elsewhere"
    NOWHERE = ""  # shown, not typed


@dataclass(frozen=True, slots=True)
class Block:
    where: Where
    text: str
    line: int  # of the fence, in the document


_FENCE = re.compile(r"^( *)```(.*)$")


class BadFence(ValueError):
    """A fenced block that is typed at a place nobody knows, or that does not end."""


def read_blocks(markdown: str) -> Iterator[Block]:
    opened: tuple[int, str, int] | None = None
    text: list[str] = []
    for number, line in enumerate(markdown.splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence and opened is None:
            opened, text = (number, fence[2].strip(), len(fence[1])), []
        elif fence and opened is not None:
            yield Block(_where(opened[1], opened[0]), "\n".join(text) + "\n", opened[0])
            opened = None
        elif opened is not None:
            text.append(line[opened[2] :])
    if opened is not None:
        raise BadFence(f"line {opened[0]}: the block does not end")


def _where(info: str, line: int) -> Where:
    first = info.split(" ")[0]
    if first not in {"sh", "text"} or info == "text":
        return Where.NOWHERE
    try:
        return Where(info)
    except ValueError:
        raise BadFence(f"line {line}: what is ```{info}?") from None
