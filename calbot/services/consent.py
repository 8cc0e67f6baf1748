"""Asks whether something is really meant that would trouble others, before anything is done about it."""

from __future__ import annotations

from typing import Final

from calbot.core import messages
from calbot.core.ask import Ask, Say
from calbot.core.model import CalendarName, Occurrence, PartStat, Role, When

from .requests import Declined, Request

MANY: Final = 5  # people whose event is cancelled only after a question

YES_OR_NO: Final = frozenset(
    {"busy_new", "busy_move", "cancel_many", "new_seen_by_all", "import_events", "map", "forget_me"}
)
"""Questions of which the first choice is yes, the second no."""

_SLOTS: Final = "slots"  # of `find`, which says who cannot come
_SAYS_WHAT: Final = ("cancel_series", "cancel_part")  # after these it is clear what is to be cancelled


def to_be_seen_by_others(request: Request, calendar: CalendarName) -> None:
    """Declined if an event that is asked for in a direct chat is not to be seen by all who see the calendar."""
    if request.place.direct:
        choices = (Say("new_seen_by_all"), Say("no_new"))
        _require(request, Ask("new_seen_by_all", choices, {"calendar": calendar}, memo=calendar), "not_made")


def to_meet_busy_people(request: Request, names: str, when: When, *, moving: Occurrence | None) -> None:
    """Declined if the sender does not want an event at a time at which people are busy who have to be there.

    `names`: of all who are busy, empty where nobody of these is (any more). `moving`: the event that is to be moved.
    """
    key = "busy_move" if moving else "busy_new"
    asked = request.picks.recall(key)
    agreed = asked is not None and asked[1] == 1
    if asked is None and (not names or request.picks.was_asked(_SLOTS)):
        return
    if not agreed:
        choices = (Say("despite_move"), Say("no_move")) if moving else (Say("despite_new"), Say("no_new"))
        params = {"names": names} | ({} if moving is None else messages.move_params(request.reader, moving, when))
        _require(request, Ask(key, choices, params, memo=repr(when)), "not_moved" if moving else "not_made")


def to_cancel_for_many(request: Request, old: Occurrence) -> None:
    """Declined if an event of many people is not to be cancelled after all."""
    others = [
        one
        for one in old.details.attendees
        if one.role is not Role.CHAIR and not one.kind.is_resource and one.partstat is not PartStat.DECLINED
    ]
    if request.before is not None or len(others) < MANY or any(map(request.picks.was_asked, _SAYS_WHAT)):
        return
    ask = Ask("cancel_many", (Say("cancel"), Say("no_cancel")), {"title": old.details.title, "number": len(others)})
    _require(request, ask, "not_cancelled")


def _require(request: Request, ask: Ask, otherwise: str) -> None:
    """The first choice is to go on, the second not to."""
    if request.picks.take(ask):
        raise Declined(messages.ok(request.reader, otherwise))
