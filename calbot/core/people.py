"""Who is who: from Matrix IDs to addresses on calendars, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from .model import Attendee, UserId
from .settings import People

# The characters of a dot-atom (RFC 5322) that also stand for themselves in a mailto URI (RFC 6068 section 2): whatever
# would need quoting or escaping somewhere on its way is no address for us.
_ATOM = r"[a-z0-9!$'*+_~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@{_LABEL}(?:\.{_LABEL})*")
_MAX_ADDRESS = 254  # RFC 5321 section 4.5.3.1, less the angle brackets
_MAX_LOCAL = 64
_BETWEEN_NAMES = re.compile(r"[._+\-=/\d]+")
_SHORTEST_NAME = 3


class FoundPerson(Protocol):
    """Somebody whom a calendar server knows, with addresses in lower case."""

    @property
    def addresses(self) -> Sequence[str]: ...


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
    """The address of `user`: from the table, else from the template of their server, else as it was found.

    `address_template` holds for the bot's own server only. A localpart in which case matters makes no address: two
    people must not come to share one.
    """
    if user in people.addresses:
        return plain_address(people.addresses[user])
    server = server_of(user)
    template = people.templates.get(server) or (people.address_template if server == own_server else "")
    localpart = localpart_of(user)
    if localpart != localpart.lower() or "@" in localpart:
        return None
    address = plain_address(template.replace("{localpart}", localpart)) if template else None
    return address or plain_address(people.found.get(user, ""))


def search_texts(user: UserId, account_address: str) -> Sequence[str]:
    """What to ask a calendar server for to find `user`: the address that people there would have, then what may be the
    surname. Asking finds too many; `matching_address` says who is meant."""
    localpart = localpart_of(user)
    if localpart != localpart.lower() or "@" in localpart:
        return ()
    domain = account_address.rpartition("@")[2]
    words = [word for word in _BETWEEN_NAMES.split(localpart) if len(word) >= _SHORTEST_NAME]
    return [*([f"{localpart}@{domain}"] if domain else []), *sorted(words, key=len, reverse=True)[:1]]


def matching_address(user: UserId, people: Iterable[FoundPerson]) -> str | None:
    """The address of the one among these who is `user`: it has their localpart before the @, to the letter.

    Names do not count: everybody chooses their own in Matrix, and could choose that of somebody else.
    """
    localpart = localpart_of(user)
    theirs = [[address for address in one.addresses if address.partition("@")[0] == localpart] for one in people]
    found = [addresses for addresses in theirs if addresses]
    # The same person may be known to several servers; of several addresses of theirs the first counts.
    if not found or any(found[0][0] not in addresses for addresses in found):
        return None
    return plain_address(found[0][0])


def is_attendee(one: Attendee, user: UserId, address: str | None) -> bool:
    """Whether this is the entry of `user`, by Matrix ID where there is one, else by address."""
    return one.user == user if one.user is not None else address is not None and one.address == address


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
