"""Whose time an event takes, as far as its calendar says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from .model import Busy, CalendarName, Occurrence, PartStat, Role, Status, UserId, instants

_NOT_COMING = frozenset({PartStat.DECLINED, PartStat.DELEGATED})


def takes_time(occurrence: Occurrence) -> bool:
    details = occurrence.details
    return not details.transparent and details.status is not Status.CANCELLED


def busy_by_events(
    occurrences: Iterable[Occurrence],
    addresses: Mapping[UserId, str | None],
    owners: Mapping[CalendarName, str],
    zone: ZoneInfo,
) -> dict[UserId, list[Busy]]:
    """When events take the time of the people with these addresses. `owners`: by address, to whom calendars belong."""
    by_address: dict[str, list[UserId]] = {}
    for user, address in addresses.items():
        if address is not None:
            by_address.setdefault(address, []).append(user)
    found: dict[UserId, list[Busy]] = {}
    for one in occurrences:
        if not takes_time(one):
            continue
        start, end = instants(one.when, zone)
        for user, answer in _answers(one, addresses, by_address, owners.get(one.calendar, "")):
            if answer not in _NOT_COMING:
                tentative = answer is PartStat.TENTATIVE or one.details.status is Status.TENTATIVE
                found.setdefault(user, []).append(Busy(start, end, tentative))
    return found


def _answers(
    occurrence: Occurrence, addresses: Mapping[UserId, str | None], by_address: Mapping[str, list[UserId]], owner: str
) -> Iterator[tuple[UserId, PartStat]]:
    """Who of these people takes part, and what they answered. Who is told of it only, does not."""
    answers: dict[UserId, PartStat] = {}
    for one in occurrence.details.attendees:
        named = [one.user] if one.user in addresses else by_address.get(one.address or "", [])
        for user in named:
            if user is not None and one.role is not Role.NONE:
                answers.setdefault(user, one.partstat)
    organizer = occurrence.details.organizer
    address = organizer.address if organizer is not None else None
    for user in (*by_address.get(address or "", ()), *by_address.get(owner, ())):
        answers.setdefault(user, PartStat.ACCEPTED)
    yield from answers.items()
