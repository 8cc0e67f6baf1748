"""What people and rooms choose for themselves: ``tz [room] ZONE``, ``lang [room] LANGUAGE``."""

from __future__ import annotations

from .model import ChooseLanguage, ChooseZone
from .references import Tokens
from .tokens import fold, spoken

_ROOM = frozenset({"room", "raum"})
_OWN = frozenset({"me", "mich", "my", "mein", "meine"})
_STANDARD = frozenset({"default", "standard", "off", "aus", "reset", "zuruecksetzen"})


def parse_zone(tokens: Tokens) -> ChooseZone:
    """Nothing said: only to tell how it is. The words for a zone are understood where the zones are known."""
    room, said = _whose(tokens)
    return ChooseZone(said, room=room, standard=fold(said) in _STANDARD)


def parse_language(tokens: Tokens) -> ChooseLanguage:
    room, said = _whose(tokens)
    return ChooseLanguage(said, room=room, standard=fold(said) in _STANDARD)


def _whose(tokens: Tokens) -> tuple[bool, str]:
    words = spoken(tokens).split()
    whose = fold(words[0].rstrip(":")) if words else ""
    if whose in _ROOM or whose in _OWN:
        return whose in _ROOM, " ".join(words[1:])
    return False, " ".join(words)
