"""How the parsers of single commands give up; `parser.parse` turns it into a value."""

from __future__ import annotations

from calbot.errors import Code

from .model import Misunderstood


class Refusal(Exception):
    """Carries what is wrong; never leaves this package."""

    def __init__(self, reason: str, code: Code = Code.NOT_UNDERSTOOD, **params: str | int) -> None:
        super().__init__(reason)
        self.misunderstood = Misunderstood(reason, code, params)
