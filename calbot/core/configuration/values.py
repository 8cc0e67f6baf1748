"""The kinds of single values in the configuration."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import time, timedelta
from enum import Enum
from typing import Any, Final, TypeVar
from urllib.parse import quote, urljoin, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from calbot.core import people, quiet
from calbot.core.model import Locale, RoomId, UserId
from calbot.core.rate_limits import NO_LIMIT, Rate
from calbot.core.settings import Hours, Secret, Weekday

from .findings import Unexpected
from .kinds import Kind, Mismatch, kind

EnumT = TypeVar("EnumT", bound=Enum)

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_DURATION = re.compile(r"(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_RATE = re.compile(r"(\d{1,5})/([mh])")
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")
_UNIT_LETTERS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_SERVER = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
# Old user ids may hold any character but the separator; nothing that could be seen as something else is taken here.
_USER = re.compile(r"@(?P<localpart>[!-9;-~]+):(?P<server>.+)")
_ROOM = re.compile(r"!(?P<opaque>[!-9;-~]+)(?::(?P<server>.+))?")
_LONGEST_ID = 255  # octets
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")
_LONGEST_ADDRESS = 254
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_PREFIX = re.compile(r"\S{1,32}")
_VARIABLE = re.compile(r"[^=\s\0]+")
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._"


@kind("text")
def text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise Mismatch
    return value


@kind("filled_text")
def filled_text(value: object) -> str:
    found = text(value).strip()
    if not found:
        raise Mismatch
    return found


@kind("boolean")
def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Mismatch
    return value


def integer(least: int, most: int) -> Kind[int]:
    @kind("integer", least=str(least), most=str(most))
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Mismatch
        return int(value)

    return read


# A power level: the integers of canonical JSON.
level: Final = replace(integer(-(1 << 53) + 1, (1 << 53) - 1), id="level", params={})


def one_of(values: type[EnumT]) -> Kind[EnumT]:
    @kind("one_of", values=", ".join(str(candidate.value) for candidate in values))
    def read(value: object) -> EnumT:
        for candidate in values:
            if value == candidate.value:
                return candidate
        raise Mismatch

    return read


def duration(least: timedelta, most: timedelta) -> Kind[timedelta]:
    @kind("duration_between", least=write_duration(least), most=write_duration(most))
    def read(value: object) -> timedelta:
        compact = "".join(value.split()) if isinstance(value, str) else ""
        match = _DURATION.fullmatch(compact)
        if not match or not any(match.groups()):
            raise Unexpected("expected_duration")
        found = timedelta(**{unit: int(part) for unit, part in zip(_UNITS, match.groups(), strict=True) if part})
        if not least <= found <= most:
            raise Mismatch
        return found

    return read


def write_duration(value: timedelta) -> str:
    """In the notation in which durations are read."""
    rest, parts = int(value.total_seconds()), []
    for letter, seconds in _UNIT_LETTERS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0m"


lead: Final = duration(timedelta(0), 400 * DAY)
length: Final = duration(MINUTE, 30 * DAY)


def seconds(least: timedelta, most: timedelta) -> Kind[float]:
    """A duration, as a number."""
    read = duration(least, most)
    return Kind(read.id, lambda value: read.convert(value).total_seconds(), read.params)


def rate(*, least: int) -> Kind[Rate]:
    """``20/m``, ``300/h``; ``off``: no limit. Fewer than `least` in that time nobody can work with."""

    @kind("rate", least=str(least))
    def read(value: object) -> Rate:
        if value is False or value == "off":  # a YAML 1.1 reader takes off for false
            return NO_LIMIT
        match = _RATE.fullmatch("".join(value.split())) if isinstance(value, str) else None
        if not match or int(match[1]) < least:
            raise Mismatch
        return Rate(int(match[1]), MINUTE if match[2] == "m" else HOUR)

    return read


def language(languages: Collection[Locale]) -> Kind[Locale]:
    @kind("one_of", values=", ".join(languages))
    def read(value: object) -> Locale:
        if isinstance(value, str) and value in languages:
            return value
        raise Mismatch

    return read


@kind("zone")
def zone(value: object) -> ZoneInfo:
    name = value if isinstance(value, str) else ""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a directory of the zone database
        nearest = difflib.get_close_matches(name[:60], available_timezones(), n=1, cutoff=0.7)
        if nearest:
            raise Unexpected("expected_zone_nearest", nearest=nearest[0]) from None
        raise Mismatch from None


@kind("clock")
def clock(value: object) -> time:
    """A time of day; 24:00 is the midnight at which a day ends."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    hour, minute = (int(match[1]), int(match[2])) if match else (-1, 0)
    if not (0 <= hour < 24 and minute < 60) and (hour, minute) != (24, 0):
        raise Mismatch
    return time(hour % 24, minute)


@kind("hours")
def hours(value: object) -> Hours:
    """``08:00-18:00``; may go over midnight, but not once around."""
    ends = value.split("-") if isinstance(value, str) else []
    try:
        start, end = map(clock, ends)
    except (Unexpected, ValueError):  # ValueError: not two
        raise Mismatch from None
    if start == end:
        raise Mismatch
    return Hours(start, end)


@kind("weekday_and_clock")
def weekday_and_clock(value: object) -> tuple[Weekday, time]:
    """``mon 08:00``"""
    words = value.split() if isinstance(value, str) else []
    try:
        day, at = words
        return one_of(Weekday)(day), clock(at)
    except (Unexpected, ValueError):  # ValueError: not two
        raise Mismatch from None


@kind("region")
def region(value: object) -> str:
    """Whose public holidays count: a country or region as ISO 3166 writes it, and which others count besides."""
    written, *more = value.split() if isinstance(value, str) and value.strip() else ("",)
    known = quiet.regions()
    found = known.get(written.casefold())
    if found is None:
        nearest = difflib.get_close_matches(written[:60].casefold(), known, n=1, cutoff=0.7)
        if nearest:
            raise Unexpected("expected_region_nearest", nearest=known[nearest[0]])
        raise Mismatch
    kinds = quiet.more_kinds(found) if more else ()
    if not set(more) <= set(kinds):
        raise Unexpected("expected_holidays", region=found, kinds=", ".join((found, *(f"{found} {k}" for k in kinds))))
    return " ".join((found, *more))


@kind("prefix")
def command_prefix(value: object) -> str:
    if not _PREFIX.fullmatch(found := text(value)):
        raise Mismatch
    return found


@kind("server")
def server_name(value: object) -> str:
    if not isinstance(value, str) or not _SERVER.fullmatch(value) or len(value) > _LONGEST_ID:
        raise Mismatch
    return value


@kind("user")
def user_id(value: object) -> UserId:
    match = _USER.fullmatch(value) if isinstance(value, str) else None
    if not match or not _SERVER.fullmatch(match["server"]) or len(match[0]) > _LONGEST_ID:
        raise Mismatch
    return UserId(match[0])


@kind("room")
def room_id(value: object) -> RoomId:
    """From room version 12 on room ids have no server."""
    match = _ROOM.fullmatch(value) if isinstance(value, str) else None
    server = match["server"] if match else None
    if not match or (server is not None and not _SERVER.fullmatch(server)) or len(match[0]) > _LONGEST_ID:
        raise Mismatch
    return RoomId(match[0])


@kind("address")
def address(value: object) -> str:
    """An e-mail address, without ``mailto:``."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value) or len(value) > _LONGEST_ADDRESS:
        raise Mismatch
    return value


@kind("address")
def plain_address(value: object) -> str:
    """One that is written in headers and envelopes of mail as it is."""
    found = people.plain_address(value) if isinstance(value, str) else None
    if found is None:
        raise Mismatch
    return found


@kind("mail_host")
def mail_host(value: object) -> str:
    """A name or an IP address, without a port."""
    found = value.strip() if isinstance(value, str) else ""
    bare = f"[{found}]" if ":" in found else found
    if not _SERVER.fullmatch(bare) or len(found) > _LONGEST_ID:
        raise Mismatch
    return found


def anything(value: object) -> Any:
    """What is looked at where more is known."""
    return value


def is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


@kind("address_template")
def address_template(value: object) -> str:
    template = text(value)
    if set(_PLACEHOLDER.findall(template)) != {"{localpart}"}:
        raise Mismatch
    try:
        address(template.replace("{localpart}", "x"))
    except Unexpected:
        raise Mismatch from None
    return template


@kind("link_template")
def link_template(value: object) -> str:
    template = text(value)
    filled = template.replace("{secret}", "x")
    if set(_PLACEHOLDER.findall(template)) != {"{secret}"} or " " in filled or _host(filled, "https") is None:
        raise Mismatch
    if "{secret}" in template.split("/", 3)[2]:
        raise Mismatch  # the host must not depend on the secret
    return template


@kind("secret")
def secret(value: object) -> Secret:
    """A password as such, or where it is to be found."""
    if isinstance(value, str) and value:
        return Secret(value=value)
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, place),) = value.items()
        if kind == "env" and isinstance(place, str) and _VARIABLE.fullmatch(place):
            return Secret(env=place)
        if kind == "file" and isinstance(place, str) and place and "\0" not in place:
            return Secret(file=place)
    raise Mismatch


@kind("url")
def account_url(value: object) -> str:
    """Absolute, with a slash at the end, nothing else in it than host and path."""
    found = value.strip() if isinstance(value, str) else ""
    if _host(found, "https", "http") is None or not _is_path(found):
        raise Mismatch
    return _directory(found)


def calendar_url(base: str) -> Kind[str]:
    """Absolute, or relative to the account's; never on another host, for the account's password goes along."""

    @kind("calendar_url")
    def read(value: object) -> str:
        found = value.strip() if isinstance(value, str) else ""
        if not found or not found.isprintable() or not _is_path(found):
            raise Mismatch
        try:
            absolute = urljoin(base, found)
        except ValueError:
            raise Mismatch from None
        host = _host(absolute, "https", "http")
        if host is None:
            raise Mismatch
        if host != _host(base, "https", "http"):
            raise Unexpected("expected_same_host")
        return _directory(absolute)

    return read


def relative_path(value: object) -> str:
    """What of a calendar's URL may lie below the account's, or below its calendar home; nothing of a full one."""
    found = value.strip() if isinstance(value, str) else ""
    return "" if found.startswith("/") or urlsplit(found).scheme else _directory(found)


def _host(url: str, *schemes: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a URL in one of the schemes that names no user; else None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if (
        parts.scheme not in schemes
        or not _SERVER.fullmatch(f"[{host}]" if ":" in host else host)
        or "@" in parts.netloc
        or "\\" in url
        or not url.isprintable()
    ):
        return None
    return parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme]


def _is_path(url: str) -> bool:
    return "?" not in url and "#" not in url


def _directory(url: str) -> str:
    quoted = quote(url, safe=_SAFE_IN_PATH + "[]")
    return quoted if quoted.endswith("/") else f"{quoted}/"
