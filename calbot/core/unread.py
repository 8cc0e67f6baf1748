"""Why a phrase is no date, as an error says it."""

from __future__ import annotations

from calbot.errors import Code

from .dates import Reason, Unread


def code_of(unread: Unread) -> Code:
    return Code.IN_PAST if unread.reason is Reason.IN_PAST else Code.NOT_UNDERSTOOD


def reason_of(unread: Unread) -> str:
    """A catalog key below ``error.``"""
    if unread.falls_on is not None:
        return f"date_falls_on_{unread.falls_on}"
    return f"date_{unread.reason.value}"
