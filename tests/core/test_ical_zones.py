"""Which zone a TZID means: names of every maker, and definitions that say something else."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from babel.core import get_global
from tzlocal.windows_tz import win_tz

from calbot.core.ical.content import read_components
from calbot.core.ical.zones import MAX_TZID, Zones, iana_zone

from .ical_samples import calendar, event, times

# Three hours ahead of UTC, four in summer.
DEFINITION = (
    "BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\n{more}"
    "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0400\r\nTZOFFSETTO:+0300\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0400\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE"
)


def meant(tzid: str, definition: str = "") -> str | None:
    """The zone's key, its offset, or None."""
    zone = Zones(read_components(calendar(definition) if definition else calendar())).named(tzid)
    return zone.key if isinstance(zone, ZoneInfo) else None if zone is None else str(zone.tzname(None))


@pytest.mark.parametrize(
    ("tzid", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("EUROPE/BERLIN", "Europe/Berlin"),
        ('"Europe/Berlin"', "Europe/Berlin"),
        (" Europe/Berlin ", "Europe/Berlin"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("CET", "CET"),
        ("Etc/GMT-1", "Etc/GMT-1"),
        ("UTC", "UTC"),
        ("Z", "UTC"),
        ("GMT", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        # Behind a vendor's path.
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20070129_1/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York"),
        ("/citadel.org/20250101_1/Europe/Berlin", "Europe/Berlin"),
        ("http://tzurl.org/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        # Windows.
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("GMT Standard Time", "Europe/London"),
        ("Romance Standard Time", "Europe/Paris"),
        ("Pacific Standard Time (Mexico)", "America/Tijuana"),
        ("W. Europe Daylight Time", "Europe/Berlin"),
        ("W. Europe Standard Time 1", "Europe/Berlin"),
        ("Europe/Berlin 2", "Europe/Berlin"),
        ("Europe/Berlin-2", "Europe/Berlin"),
        ("W. Europe", "Europe/Berlin"),
        ("Eastern", "America/New_York"),
        # As people are shown it.
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "Europe/Amsterdam"),
        ("(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna", "Europe/Amsterdam"),
        ("(GMT+01:00) Sarajevo/Warsaw/Zagreb", "Europe/Sarajevo"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC) Coordinated Universal Time", "Etc/UTC"),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "Asia/Kolkata"),
        ("(UTC+03:15) Nirgendwo", "UTC+03:15"),
        ("GMT+0100", "UTC+01:00"),
        ("UTC-5", "UTC-05:00"),
        ("MESZ", "Europe/Berlin"),
        ("Mitteleuropäische Zeit", "Europe/Berlin"),
        # Nobody's.
        ("Customized Time Zone", None),
        ("tzone://Microsoft/Custom", None),
        ("Nowhere/Unknown", None),
        ("../../etc/passwd", None),
        ("UTC-99:00", None),
        ("", None),
        ("/", None),
        ("x" * (MAX_TZID + 1), None),
    ],
)
def test_names(tzid: str, expected: str | None) -> None:
    assert meant(tzid) == expected


def test_all_names_of_windows() -> None:
    known = {**win_tz, **get_global("windows_zone_mapping")}
    found = {name: getattr(iana_zone(name), "key", "UTC") for name in known}
    assert len(found) >= 142
    # Which city stands for a zone was another one in older lists.
    now = datetime(2026, 7, 1, tzinfo=timezone.utc)
    wrong = {
        name: found[name]
        for name, key in known.items()
        if now.astimezone(ZoneInfo(key)).utcoffset() != now.astimezone(ZoneInfo(found[name])).utcoffset()
    }
    assert wrong == {}


@pytest.mark.parametrize("tzid", ["Europe/Berlin", "W. Europe Standard Time", "/mozilla.org/20070129_1/Europe/Berlin"])
def test_a_known_name_wins_over_its_definition(tzid: str) -> None:
    data = calendar(DEFINITION.format(tzid=tzid, more=""), event(f"DTSTART;TZID={tzid}:20261124T100000"))
    assert times(data) == ["2026-11-24 10:00/10:00"]


@pytest.mark.parametrize(
    ("tzid", "start"),
    [
        ("Customized Time Zone", "DTSTART;TZID=Customized Time Zone"),
        ("W. Europe Standard Time 1", "DTSTART;TZID=W. Europe Standard Time 1"),
        ("Eastern", "DTSTART;TZID=Eastern"),
        # Escaped where it is a text, and not where it is a parameter.
        ("(UTC+01:00) Amsterdam\\, Berlin", 'DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin"'),
        ('"Quoted"', "DTSTART;TZID=Quoted"),
    ],
)
def test_a_name_that_has_to_be_guessed_yields_to_its_definition(tzid: str, start: str) -> None:
    data = calendar(DEFINITION.format(tzid=tzid, more=""), event(f"{start}:20261124T100000"))
    assert times(data) == ["2026-11-24 08:00/08:00"]


def test_a_definition_that_says_which_zone_it_is_means_that_one() -> None:
    definition = DEFINITION.format(tzid="Ours", more="X-LIC-LOCATION:Europe/Berlin\r\n")
    assert times(calendar(definition, event("DTSTART;TZID=Ours:20261124T100000"))) == ["2026-11-24 10:00/10:00"]


@pytest.mark.parametrize(
    "part",
    [
        "",
        "BEGIN:STANDARD\r\nEND:STANDARD\r\n",
        "BEGIN:STANDARD\r\nDTSTART:20200101T000000\r\nTZOFFSETFROM:+9900\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n",
    ],
)
def test_a_definition_that_says_nothing_leaves_the_time_floating(part: str) -> None:
    definition = f"BEGIN:VTIMEZONE\r\nTZID:Ours\r\n{part}END:VTIMEZONE"
    assert times(calendar(definition, event("DTSTART;TZID=Ours:20261124T100000"))) == ["2026-11-24 10:00/10:00"]


def test_times_that_a_defined_zone_leaves_out_or_has_twice() -> None:
    """RFC 5545, 3.3.5: the offset before the gap, and the first of two."""
    zone = Zones(read_components(calendar(DEFINITION.format(tzid="Ours", more="")))).named("Ours")
    left_out, twice = datetime(2026, 3, 29, 2, 30, tzinfo=zone), datetime(2026, 10, 25, 2, 30, tzinfo=zone)
    assert left_out.utcoffset() == timedelta(hours=3)
    assert twice.utcoffset() == timedelta(hours=4)
    assert twice.replace(fold=1).utcoffset() == timedelta(hours=3)
    instants = [twice.astimezone(timezone.utc) + timedelta(minutes=30 * n) for n in range(-8, 9)]
    assert [instant.astimezone(zone).astimezone(timezone.utc) for instant in instants] == instants
