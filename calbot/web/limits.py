"""How many requests are taken from one address, and how many with a token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from calbot.core.rate_limits import Admission, Bucket, Rate, full, take

# A whole town hall may come from one address, on the hour. Links that have ended count like others: programs go on
# asking for them, which must take nothing from those who share the address, and nobody guesses 256 bits.
REQUESTS: Final = Rate(1200, timedelta(minutes=1))
GUESSES: Final = Rate(60, timedelta(minutes=1))  # at the token, which somebody may have thought up
_MOST: Final = 10_000  # addresses that are remembered
_WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+")  # RFC 7239, 6


@dataclass(slots=True)
class Addresses:
    """Of those heard of last; in memory only, and bounded."""

    rate: Rate = REQUESTS
    most: int = _MOST
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._buckets)

    def admit(self, address: str, now: datetime) -> bool:
        known = self._buckets.pop(address, None)
        self._buckets[address], admission = take(known or full(self.rate, now), self.rate, now)
        if len(self._buckets) > self.most:
            del self._buckets[next(iter(self._buckets))]
        return admission is Admission.TAKEN


def address_of(remote: str | None, forwarded: Sequence[str]) -> str:
    """Whose request it is: the other side's, or whom that forwards for where it is a proxy on the same machine or in
    the same network. Of IPv6 the network, which a household has to itself.

    `forwarded`: the lines of X-Forwarded-For, of which only the end of the last is the proxy's own.
    """
    last = ",".join(forwarded).rpartition(",")[2].strip()
    if (with_port := _WITH_PORT.fullmatch(last)) is not None:
        last = with_port[1] or with_port[2]
    for text in (last, remote or "") if _is_near(remote) else (remote or "",):
        try:
            address = ip_address(text)
        except ValueError:
            continue
        if isinstance(address, IPv6Address):
            return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
        return str(address)
    return ""


def _is_near(remote: str | None) -> bool:
    try:
        address = ip_address(remote or "")
    except ValueError:
        return remote is None or remote == ""  # a proxy at a socket of the same machine
    return address.is_private
