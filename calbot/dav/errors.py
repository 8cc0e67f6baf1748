"""What can go wrong with a calendar server, as `calbot.errors`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import aiohttp

from calbot.errors import CalendarUnavailable

_MAX_WAIT = 24 * 3600.0  # nobody means a Retry-After longer than that


class AnswerLost(CalendarUnavailable):
    """A request went out and no answer came: what it asked for may have been done."""


class Moved(CalendarUnavailable):
    """A redirect, which is never followed blindly. `for_good`: what was asked for will not come back."""

    def __init__(self, status: int) -> None:
        super().__init__("calendar_moved", status=status)
        self.for_good = status in (301, 308)


class TooLarge(CalendarUnavailable):
    """An answer was given up because it is larger than anything that can be meant."""

    def __init__(self) -> None:
        super().__init__("calendar_too_large")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Everything that the HTTP library raises, as CalendarUnavailable."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise CalendarUnavailable("calendar_timeout") from error
    except (asyncio.TimeoutError, TimeoutError) as error:
        raise AnswerLost("calendar_timeout") from error
    except aiohttp.ClientSSLError as error:
        raise CalendarUnavailable("calendar_tls") from error
    except aiohttp.ClientConnectorError as error:
        raise CalendarUnavailable("calendar_unreachable") from error
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
        raise AnswerLost("calendar_unreachable") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise AnswerLost("calendar_nonsense") from error


def unavailable(status: int, headers: Mapping[str, str], now: datetime) -> CalendarUnavailable:
    """An answer that is none of those asked for."""
    if status == 401:
        return CalendarUnavailable("calendar_login")
    if status == 403:
        return CalendarUnavailable("calendar_forbidden")
    if status in (404, 410):
        return CalendarUnavailable("calendar_missing")
    if status in (429, 503):
        return CalendarUnavailable("calendar_busy", retry_after=retry_after(headers.get("Retry-After"), now))
    if 300 <= status < 400:
        return Moved(status)
    if status >= 500:
        return CalendarUnavailable("calendar_server_error", status=status)
    return CalendarUnavailable("calendar_nonsense", status=status)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds, from either form of the header (RFC 9110, 10.2.3)."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), _MAX_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return min(max((at - now).total_seconds(), 0.0), _MAX_WAIT)
