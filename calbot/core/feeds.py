"""The secret in the address of a feed.

It follows from the command that asked for it and from a secret of the bot, so that a repeat of the command gives the
same link. What lies in the database is a digest: neither that nor, once the command is over, anything beside it leads
back to the link.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final
from urllib.parse import urlsplit

from .model import EventId

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits
_EXAMPLE: Final = "example.com"  # maubot's own configuration begins with it


def feed_secret(key: bytes, command: EventId) -> str:
    mac = hmac.new(key, b"feed\0" + command.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def may_be_feed_secret(text: str) -> bool:
    return _SECRET.fullmatch(text) is not None


def feed_digest(secret: str) -> str:
    """What a secret is known by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same_digest(one: str, other: str) -> bool:
    """In a time that does not tell how much of them is the same."""
    return hmac.compare_digest(one.encode(), other.encode())


def is_reachable(base: str) -> bool:
    """Whether the bot's pages have an address: where none was given to maubot, it has a path alone, or the example."""
    parts = urlsplit(base)
    return parts.scheme in {"http", "https"} and parts.hostname not in {None, _EXAMPLE}


def feed_address(base: str, secret: str) -> str:
    """`base`: where the bot's pages begin."""
    return f"{base.rstrip('/')}/feed/{secret}.ics"
