"""Which of the things that can be booked somebody means, and how one stands on an event."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from .model import Attendee, CuType, Occurrence, PartStat, Role
from .settings import Resource


def find(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names that `name` can stand for, in any case: the same one, else all that have it from one of their words on
    to the end ("4.12" of "Raum 4.12"), else all in which it begins there."""
    wanted = _folded(name)
    names = {one: _folded(one) for one in known} if wanted else {}
    same = tuple(one for one, folded in names.items() if folded == wanted)
    whole = tuple(one for one, folded in names.items() if wanted in _from_each_word(folded))
    begun = tuple(one for one, folded in names.items() if _begins_a_word(wanted, folded))
    return same or whole or begun


def _begins_a_word(wanted: str, folded: str) -> bool:
    return any(rest.startswith(wanted) for rest in _from_each_word(folded))


def _from_each_word(folded: str) -> tuple[str, ...]:
    words = folded.split()
    return tuple(" ".join(words[number:]) for number in range(len(words)))


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """All names, those first that are written most like `name`."""
    wanted = _folded(name)

    def unlikeness(one: str) -> float:
        return -SequenceMatcher(None, wanted, _folded(one)).ratio()

    return tuple(sorted(known, key=lambda one: (unlikeness(one), one)))


def attendee_of(resource: Resource) -> Attendee:
    """A resource as it is invited: Outlook knows it by ROLE, Apple's Calendar by CUTYPE (RFC 5545, 3.2.3, 3.2.16)."""
    return Attendee(
        name=resource.name,
        address=resource.address.lower(),
        partstat=PartStat.NEEDS_ACTION,
        role=Role.NONE,
        # What seats people is a room; of anything else nobody says what it is.
        kind=CuType.RESOURCE if resource.capacity is None else CuType.ROOM,
    )


def is_on(resource: Resource, occurrence: Occurrence) -> bool:
    """Whether a resource is booked for an event: invited to it, and not declined."""
    address = resource.address.lower()
    return any(one.address == address and one.partstat is not PartStat.DECLINED for one in occurrence.details.attendees)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
