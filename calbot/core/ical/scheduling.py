"""Who invites an attendee, and what came of it: parameters that programs and servers exchange (RFC 6638, 7).

They are between the two of them and have no place in what is sent to people.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final

from calbot.core.model import Attendee

from .content import Component, Line, read_components, write_components
from .reading import address_of, attendee_of

AGENT: Final = "SCHEDULE-AGENT"
STATUS: Final = "SCHEDULE-STATUS"
REPLIED_AT: Final = "X-CALBOT-REPLIED-AT"  # DTSTAMP of the last answer that came as a message
_BETWEEN: Final = (AGENT, STATUS, "SCHEDULE-FORCE-SEND", REPLIED_AT)
_CODE: Final = re.compile(r"\s*(\d)\.\d+")
_FAILED: Final = ("3", "5")  # RFC 5546, 3.6: what is wrong with the request, and what the service could not do


class Agent(str, Enum):
    """RFC 6638, 7.1."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Failure:
    """Somebody whom the server could not invite, and its reason, as `3.7`."""

    attendee: Attendee
    status: str


def agent_of(line: Line) -> Agent:
    """Who is to deliver to an attendee; what nobody knows is nobody's (RFC 6638, 7.1)."""
    value = line.param(AGENT).upper()
    if not value:
        return Agent.SERVER
    return Agent(value) if value in (Agent.SERVER.value, Agent.CLIENT.value) else Agent.NONE


def left_to_us(data: str, *, but: Collection[str] = ()) -> str:
    """The same object, the server told to invite nobody but those with the addresses `but` whom it invites already.

    Where a server schedules, it would invite in addition to the mail, or though nobody is to be invited.
    """
    roots = read_components(data)
    for line, event in _guests(roots):
        if not line.param(AGENT) and address_of(line) not in but:
            event.swap(line, line.with_params({AGENT: Agent.CLIENT.value}))
    return write_components(roots)


def guests_of(data: str) -> frozenset[str]:
    """The addresses of all attendees of an object, in lower case."""
    return frozenset(address_of(line) for line, _ in _guests(read_components(data)))


def failures(data: str) -> tuple[Failure, ...]:
    """Whom the server says it could not tell of the last change."""
    found: dict[str, Failure] = {}
    for line, _ in _guests(read_components(data)):
        codes = [code for value in line.params.get(STATUS, ()) for code in value.split(",")]
        failed = next((code for code in codes if (match := _CODE.match(code)) and match[1] in _FAILED), None)
        if failed is not None:
            found.setdefault(address_of(line), Failure(attendee_of(line), failed.strip().partition(";")[0]))
    return tuple(found.values())


def without_scheduling(line: Line) -> Line:
    """The line as it may be sent to others."""
    return line.with_params(dict.fromkeys(_BETWEEN)) if any(line.param(name) for name in _BETWEEN) else line


def _guests(roots: list[Component]) -> list[tuple[Line, Component]]:
    """Only where somebody invites: without ORGANIZER a list of attendees asks nobody to come."""
    return [
        (line, event)
        for root in roots
        for event in root.components
        if event.name == "VEVENT" and event.first("ORGANIZER") is not None
        for line in event.all("ATTENDEE")
    ]
