"""What can go wrong with a calendar server, as `calbot.errors`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from caldav.lib.error import DAVError
from niquests.exceptions import ConnectionError as ConnectionFailed
from niquests.exceptions import RequestException, SSLError, Timeout

from calbot.errors import CalendarUnavailable

_MAX_WAIT = 24 * 3600.0  # nobody means a Retry-After longer than that


class AnswerLost(CalendarUnavailable):
    """A request went out and no answer came: what it asked for may have been done."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Everything that HTTP libraries raise, as CalendarUnavailable: a refused connection is no DAVError."""
    try:
        yield
    except (asyncio.TimeoutError, TimeoutError, Timeout) as error:
        raise AnswerLost("calendar_timeout") from error
    except SSLError as error:
        raise CalendarUnavailable("calendar_tls") from error
    except (ConnectionFailed, ConnectionError) as error:
        raise AnswerLost("calendar_unreachable") from error
    except (
        RequestException,
        DAVError,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
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
        # On 301 and 302 the request body is lost by common clients and servers alike: only a corrected URL helps.
        return CalendarUnavailable("calendar_moved", status=status)
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
