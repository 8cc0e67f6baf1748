"""How the parsers of single commands give up; `parser.parse` turns it into a value."""

from __future__ import annotations

from calbot.errors import Code

from .model import Misunderstood


class Refusal(Exception):
    """Carries what is wrong; never leaves this package."""

    def __init__(self, reason: str, code: Code = Code.NOT_UNDERSTOOD, **params: str | int) -> None:
        super().__init__(reason)
        # What is quoted stands on one line, as in the sentence around it.
        even = {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in params.items()}
        self.misunderstood = Misunderstood(reason, code, even)
