"""Who is who: from Matrix IDs to addresses on calendars, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .model import UserId
from .settings import People

# The characters of a dot-atom (RFC 5322) that also stand for themselves in a mailto URI (RFC 6068 section 2): whatever
# would need quoting or escaping somewhere on its way is no address for us.
_ATOM = r"[a-z0-9!$'*+_~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@{_LABEL}(?:\.{_LABEL})*")
_MAX_ADDRESS = 254  # RFC 5321 section 4.5.3.1, less the angle brackets
_MAX_LOCAL = 64


def localpart_of(user: UserId) -> str:
    return user[1:].partition(":")[0]


def server_of(user: UserId) -> str:
    """The server name of a Matrix ID, with its port; empty where the ID is malformed."""
    return user.partition(":")[2]


def plain_address(text: str) -> str | None:
    """`text` as an address in lower case, if it is a plain one: no quoting, no comment, no control character."""
    address = text.lower()
    found = _ADDRESS.fullmatch(address) if text.isascii() else None  # some letters become ASCII in lower case
    if found is None or len(address) > _MAX_ADDRESS or len(found["local"]) > _MAX_LOCAL:
        return None
    return address


def address_of(user: UserId, people: People, own_server: str) -> str | None:
    """The address of `user`: from the table, else from the template of their server.

    `address_template` holds for the bot's own server only. A localpart in which case matters makes no address: two
    people must not come to share one.
    """
    if user in people.addresses:
        return plain_address(people.addresses[user])
    server = server_of(user)
    template = people.templates.get(server) or (people.address_template if server == own_server else "")
    localpart = localpart_of(user)
    if not template or localpart != localpart.lower() or "@" in localpart:
        return None
    return plain_address(template.replace("{localpart}", localpart))


def users_by_address(members: Iterable[UserId], people: People, own_server: str) -> Mapping[str, UserId]:
    """Who of `members` has which address; an address of which it is not clear whose it is, is nobody's."""
    users: dict[str, UserId] = {}
    doubtful: set[str] = set()
    for user in members:
        address = address_of(user, people, own_server)
        if address is not None and users.setdefault(address, user) != user:
            doubtful.add(address)
    return {address: user for address, user in users.items() if address not in doubtful}


def user_of(address: str, users: Mapping[str, UserId]) -> UserId | None:
    """Whose address this is, however it is written."""
    wanted = plain_address(address)
    return None if wanted is None else users.get(wanted)
