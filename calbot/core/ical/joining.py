"""Puts a join link where somebody typed `@matrix` as the place of an event, as video products do with words of theirs.

No new revision (SEQUENCE): nobody has to answer again because of a link.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from .building import stamp
from .content import property_line
from .editing import read_to_edit, written
from .reading import ParsedObject, address_of
from .values import read_text, write_text

# The word by itself. "@matrix:example.org" is somebody's name, "post@matrix.org" an address.
_KEYWORD = re.compile(r"(?<![^\s(,;/|])@matrix(?![^\s),;/|.!])(?![.!]\S)", re.IGNORECASE)


def asks_for_link(location: str) -> bool:
    return _KEYWORD.search(location) is not None


def with_link(data: str, link: str, *, organizers: Collection[str], zone: ZoneInfo, now: datetime) -> str | None:
    """The object with `link` in place of the word, in all of a series. None where there is nothing to be replaced, or
    the event is somebody else's: who invites to it is none of `organizers`."""
    parsed = read_to_edit(data, zone)
    if not _organizers(parsed) <= set(organizers):
        return None
    changed = False
    for event in parsed.events:
        component = event.component
        line = component.first("LOCATION")
        place = read_text(line.value) if line is not None else ""
        if line is None or not asks_for_link(place):
            continue
        text = _KEYWORD.sub(lambda _: link, place)
        params = {name: ",".join(values) for name, values in line.params.items() if name != "ALTREP"}
        component.replace("LOCATION", property_line("LOCATION", write_text(text), params))
        if component.first("CONFERENCE") is None:
            component.append(property_line("CONFERENCE", link, {"VALUE": "URI", "FEATURE": "VIDEO"}))
        stamp(component, now, significant=False)
        changed = True
    return written(parsed) if changed else None


def _organizers(parsed: ParsedObject) -> set[str]:
    lines = (line for event in parsed.events for line in event.component.all("ORGANIZER") if line.value.strip())
    return {address_of(line) for line in lines}
