"""Finds the link by which one joins a meeting in what an event says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

_MAX_LENGTH = 2000
_MAX_TEXT = 100_000
_URL = re.compile(r"https://[^\s<>\"'\\^`{|}]+", re.IGNORECASE)
_TRAILING = ".,;:!?*_"
# Characters that make a link look like another: controls, directional marks, anything that is not plain ASCII.
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.?")

_WRAPPER = re.compile(r"(?:.+\.)?safelinks\.protection\.outlook\.com")

# Hosts and paths by which the usual products are recognised in a text; host first, then the path from its first slash.
_KNOWN = tuple(
    (re.compile(host), re.compile(path))
    for host, path in (
        (r"(?:.+\.)?webex\.com", r"/(?:meet|join|webappng|wbxmjs|[^/]+/j\.php|[^/]+/(?:meet|url)/).*"),
        (r"(?:.+\.)?teams\.(?:microsoft|live)\.(?:com|us)", r"/(?:l/meetup-join|meet|dl/launcher)/.+"),
        (r"(?:.+\.)?zoom(?:gov)?\.(?:us|com)|(?:.+\.)?zoom-x\.de", r"/(?:j|my|w|s|wc)/.+"),
        (r"meet\.goto\.com|(?:.+\.)?gotomeet(?:ing)?\.(?:com|me)", r"/.{3,}"),
        (r"meet\.google\.com", r"/[a-z]{3}-[a-z]{4}-[a-z]{3}.*"),
        (r"(?:.+\.)?(?:meet|jitsi|jit)(?:-[a-z0-9-]+)?\..+", r"/[^/?#]{3,}.*"),
        (r".+", r"/(?:b|rooms|room|bigbluebutton/rooms|bbb)/[a-z0-9]{3}-[a-z0-9-]+(?:/join)?/?(?:[?#].*)?"),
        (r".+", r"/bigbluebutton/.*"),
        (r"(?:call|element-call)\..+", r"/.+"),
        (r"(?:.+\.)?element\.io", r"/(?:call|room)/.+"),
        # Element Call elsewhere: which room, and its password, stand behind the #.
        (r".+", r"/room/?\?.*#.+|/room/#/.+|/#/room/.+[?&]password=.+"),
        (r"(?:.+\.)?opentalk\..+", r"/(?:room|invite)/.+"),
        (r".+", r"/(?:room|invite)/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/?(?:[?#].*)?"),  # OpenTalk elsewhere
        (r".+", r"/(?:index\.php/)?call/[a-z0-9]{6,32}/?(?:[?#].*)?"),  # Nextcloud Talk
    )
)


def join_link(*, conferences: Iterable[str], url: str, location: str, description: str) -> str:
    """The link to join by, or nothing: what is given as that (CONFERENCE, RFC 7986) first, then known patterns, then
    the event's URL.

    A URL that is no known pattern counts only after those, since programs also put the event's web page there. Only
    https links to a plain host name count, whatever the text around them says.
    """
    given = [link for link in conferences if is_safe(link)]
    if given:
        return given[0]
    for text in (url, location, description):
        for link in links_in(text):
            if _is_known(link):
                return link
    return url if is_safe(url) else ""


def links_in(text: str) -> list[str]:
    """The https links in a text, without the punctuation of the sentence around them."""
    found = []
    for match in _URL.finditer(text[:_MAX_TEXT]):
        link = match[0].rstrip(_TRAILING)
        while link.endswith((")", "]")) and link.count(link[-1]) > link.count("(" if link[-1] == ")" else "["):
            link = link[:-1].rstrip(_TRAILING)
        if is_safe(link):
            found.append(link)
    return found


def is_safe(link: str) -> bool:
    """https, a plain ASCII host, no credentials that pose as one, nothing unprintable."""
    if len(link) > _MAX_LENGTH or not _URL.fullmatch(link) or not link.isprintable():
        return False
    try:
        parts = urlsplit(link)
        _ = parts.port  # raises on a port that is none
    except ValueError:
        return False
    return parts.username is None and parts.password is None and _HOST.fullmatch(parts.hostname or "") is not None


def _is_known(link: str) -> bool:
    parts = urlsplit(link)
    host = (parts.hostname or "").rstrip(".")
    if _WRAPPER.fullmatch(host):
        # Outlook's check of links: it is left around them, and says itself where it leads.
        inner = parse_qs(parts.query).get("url", [""])[0]
        return is_safe(inner) and _WRAPPER.fullmatch(urlsplit(inner).hostname or "") is None and _is_known(inner)
    rest = link[link.index(parts.netloc) + len(parts.netloc) :]
    return any(known.fullmatch(host) and path.fullmatch(rest) for known, path in _KNOWN)
