"""Which URLs a login may be used for: those of the server that it was given for, and no other."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """RFC 6454, 4."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin | None:
    """None where it is no URL of a web server."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return Origin(parts.scheme, parts.hostname.lower(), port) if parts.hostname else None


def beside(place: str, href: str) -> str | None:
    """An href found at `place`, as a URL; None where it is on another server, which our password is not for."""
    try:
        url = urljoin(place, href)
    except ValueError:  # no URL at all
        return None
    here, there = origin_of(place), origin_of(url)
    return url if href and there is not None and there == here and "@" not in urlsplit(url).netloc else None


def redirected(url: str, location: str) -> str | None:
    """Where a redirect leads, if our login may go there: to the same server, or to the same name by TLS."""
    same = beside(url, location)
    if same is not None:
        return same
    try:
        target = urljoin(url, location)
        credentials = "@" in urlsplit(target).netloc
    except ValueError:
        return None
    here, there = origin_of(url), origin_of(target)
    if here is None or there is None or credentials:
        return None
    return target if (here.scheme, there.scheme) == ("http", "https") and here.host == there.host else None
