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
    if unread.meant is not None:
        return "date_meant"
    return f"date_{unread.reason.value}"


def params_of(unread: Unread) -> dict[str, str]:
    """What fills the placeholders of that text, besides the words at fault."""
    return {} if unread.meant is None else {"meant": f"{unread.meant // 60:02}:{unread.meant % 60:02}"}
