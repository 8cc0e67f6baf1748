"""How many requests are taken from one address, and whose address counts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from calbot.web.limits import GUESSES, Addresses, address_of

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("93.184.216.34", "198.51.100.1", "93.184.216.34"),  # anybody can write that
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "192.0.2.7, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1:51413", "198.51.100.1"),  # some proxies add the port
        ("10.0.0.2", "[2001:db8:1:2:3:4:5:6]:51413", "2001:db8:1:2::/64"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2a00:1450:4001:830::200e", None, "2a00:1450:4001:830::/64"),
        ("::ffff:8.8.8.8", None, "8.8.8.8"),
        (None, "198.51.100.1", "198.51.100.1"),
        (None, None, ""),
    ],
)
def test_whose_request_it_is(remote: str | None, forwarded: str | None, address: str) -> None:
    assert address_of(remote, [] if forwarded is None else [forwarded]) == address
    if forwarded is not None:
        assert address_of(remote, ["192.0.2.99", forwarded]) == address


def test_a_house_full_of_subscribers_is_served_and_a_flood_is_not() -> None:
    addresses = Addresses()
    assert all(addresses.admit("a", NOW) for _ in range(1200))
    assert not addresses.admit("a", NOW)
    assert addresses.admit("b", NOW)
    assert addresses.admit("a", NOW + timedelta(seconds=1))


def test_of_tokens_few_are_tried() -> None:
    addresses = Addresses(GUESSES)
    taken = 0
    while addresses.admit("a", NOW):
        taken += 1
    assert taken == 60
    assert addresses.admit("a", NOW + timedelta(seconds=1))


def test_no_more_than_so_many_are_remembered() -> None:
    addresses = Addresses(most=3)
    for name in ("a", "b", "c", "a", "d", "e"):
        addresses.admit(name, NOW)
    assert len(addresses) == 3
