"""A calendar object as a file for any program.

Without METHOD: PUBLISH must not have attendees (RFC 5546, 3.2.1), and what Outlook, Thunderbird and Apple's Calendar
take for a REQUEST they want to answer. All of them offer a file without one as events to be added. With definitions of
its zones, which servers may keep to themselves (RFC 7809): Outlook knows hardly any zone by its name.
"""

from __future__ import annotations

from .building import add_missing_zones
from .content import read_components, write_components


def exported(data: str) -> str:
    roots = [root for root in read_components(data) if root.name == "VCALENDAR"]
    for root in roots:
        root.replace("METHOD")
        add_missing_zones(root)
    return write_components(roots)
