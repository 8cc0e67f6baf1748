"""Values of properties (RFC 5545, 3.3): texts, dates, times, durations, offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from calbot.errors import BadCalendarData

_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
_DATE_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)?(Z)?")
# Android writes seconds without a T: "P2700S".
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T?(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?", re.IGNORECASE
)
MAX_INTEGER = 2**31 - 1
_OFFSET = re.compile(r"([+-]?)(\d\d):?(\d\d):?(\d\d)?")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Duration:
    """Days follow the clock on the wall, hours are hours (RFC 5545, 3.3.6): both differ when clocks change."""

    nominal: timedelta = timedelta()
    exact: timedelta = timedelta()

    def after(self, start: datetime) -> datetime:
        try:
            # A time that a clock change leaves out is later on the wall than it was written: so is what lasts from
            # then on.
            start = start.astimezone(timezone.utc).astimezone(start.tzinfo)
            end = start + self.nominal
            if not self.exact:
                return end
            return (end.astimezone(timezone.utc) + self.exact).astimezone(start.tzinfo)
        except OverflowError as error:
            raise BadCalendarData("bad_time") from error

    def total(self) -> timedelta:
        return self.nominal + self.exact


def read_integer(value: str) -> int:
    """An INTEGER, within its 32 bits (RFC 5545, 3.3.8); -1 for what is none."""
    try:
        return min(int(value[:20]), MAX_INTEGER)
    except ValueError:
        return -1


def read_text(value: str) -> str:
    """A TEXT value without its escapes; control characters other than line ends and tabs are dropped."""
    text = _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
    return _UNPRINTABLE.sub("", text)


def write_text(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def read_date(value: str) -> date:
    match = _DATE.fullmatch(value.strip()[:10])
    if match is None:
        raise BadCalendarData("bad_time")
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise BadCalendarData("bad_time") from error


def is_date(value: str) -> bool:
    return _DATE.fullmatch(value.strip()) is not None


def is_utc(value: str) -> bool:
    return value.strip().endswith("Z")


def read_date_time(value: str, zone: tzinfo) -> datetime:
    """A DATE-TIME; a trailing Z says UTC, whatever zone is given beside it (RFC 5545, 3.3.5)."""
    match = _DATE_TIME.fullmatch(value.strip().upper())
    if match is None:
        raise BadCalendarData("bad_time")
    year, month, day, hour, minute, second, utc = match.groups()
    try:
        moment = datetime(
            *(int(year), int(month), int(day), int(hour), int(minute)),
            min(int(second or 0), 59),  # leap seconds
            tzinfo=timezone.utc if utc else zone,
        )
        moment.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise BadCalendarData("bad_time") from error
    return moment


def write_date(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def write_local(moment: datetime) -> str:
    return f"{write_date(moment.date())}T{moment.hour:02}{moment.minute:02}{moment.second:02}"


def write_utc(moment: datetime) -> str:
    return f"{write_local(moment.astimezone(timezone.utc))}Z"


def read_duration(value: str) -> Duration:
    match = _DURATION.fullmatch(value.strip())
    if match is None or value.strip()[-1:] in "PpTt":
        raise BadCalendarData("bad_time")
    weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    return Duration(
        sign * timedelta(weeks=weeks, days=days), sign * timedelta(hours=hours, minutes=minutes, seconds=seconds)
    )


def read_offset(value: str) -> timedelta:
    """A UTC-OFFSET."""
    match = _OFFSET.fullmatch(value.strip())
    if match is None:
        raise BadCalendarData("bad_time")
    size = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    if size >= timedelta(hours=24):
        raise BadCalendarData("bad_time")
    return -size if match[1] == "-" else size


def write_offset(offset: timedelta) -> str:
    seconds = int(abs(offset).total_seconds())
    sign = "-" if offset < timedelta() else "+"
    tail = f"{seconds % 60:02}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}{tail}"


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
