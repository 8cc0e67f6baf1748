"""How many commands are taken: a number and the time in which so many may come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.configuration import read_settings
from calbot.core.rate_limits import NO_LIMIT, Limits, Rate
from calbot.core.settings import Severity

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("raw", "limits"),
    [
        (None, Limits()),
        ({}, Limits()),
        ({"person": "20/m"}, Limits(person=Rate(20, MINUTE))),
        ({"person": "100 / h", "room": "5000/h"}, Limits(Rate(100, HOUR), Rate(5000, HOUR))),
        ({"person": "off", "room": False}, Limits(NO_LIMIT, NO_LIMIT)),
    ],
)
def test_what_is_read(raw: object, limits: Limits) -> None:
    settings, problems = read_settings({"limits": raw})
    assert problems == ()
    assert settings.limits == limits


@pytest.mark.parametrize("value", ["4/m", "20", 20, "20/s", "m", "/m", "1e9/m", "-5/m", True, [], "0/h", "999999/m"])
def test_what_is_no_rate_leaves_the_default(value: object) -> None:
    settings, (problem,) = read_settings({"limits": {"person": value}})
    assert (problem.path, problem.expected, problem.params) == ("limits.person", "expected_rate", {"least": "5"})
    assert settings.limits == Limits()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"room": "20/m"}, True),  # fewer than the 60 that everybody has by default
        ({"person": "60/m", "room": "60/m"}, True),
        ({"person": "60/m", "room": "1000/h"}, True),  # all at once, and then fewer a minute
        ({"person": "600/h", "room": "240/m"}, True),
        ({"person": "off"}, True),
        ({"person": "30/m", "room": "60/m"}, False),
        ({"person": "30/m", "room": "off"}, False),
        ({"person": "off", "room": "off"}, False),
    ],
)
def test_that_one_person_alone_can_silence_a_room_is_told(raw: object, told: bool) -> None:
    _, problems = read_settings({"limits": raw})
    found = [(one.path, one.expected, one.severity) for one in problems]
    assert found == ([("limits.room", "one_fills_room", Severity.NOTICE)] if told else [])


def test_a_mistyped_key_is_named() -> None:
    _, (problem,) = read_settings({"limits": {"persons": "20/m"}})
    assert (problem.path, problem.expected) == ("limits.persons", "unknown_key_nearest")
