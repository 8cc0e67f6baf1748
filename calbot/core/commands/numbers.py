"""Numbers as people type them to point at something: ``2``, ``2.``, ``#2``, ``2️⃣``."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"#?([0-9]{1,3})[.):!]?")
_KEYCAP = str.maketrans("", "", "\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}")


def number(text: str) -> int | None:
    """The number that a word is, if it is one."""
    match = _NUMBER.fullmatch(text.translate(_KEYCAP))
    return int(match[1]) if match else None
