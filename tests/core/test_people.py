from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.model import UserId
from calbot.core.people import (
    address_of,
    localpart_of,
    matching_address,
    plain_address,
    search_texts,
    server_of,
    user_of,
    users_by_address,
)
from calbot.core.settings import People

OWN = "example.org"
PEOPLE = People(
    address_template="{localpart}@stadt.example",
    templates={"other.example": "ext-{localpart}@other.example"},
    addresses={
        UserId("@anna:example.org"): "Anna.Huber@Stadt.example",
        UserId("@guest:elsewhere.example"): "guest@elsewhere.example",
        UserId("@broken:example.org"): "broken@stadt.example\r\nATTENDEE:mailto:x@y.z",
    },
)


@pytest.mark.parametrize(
    ("user", "localpart", "server"),
    [
        ("@anna:example.org", "anna", "example.org"),
        ("@anna:example.org:8448", "anna", "example.org:8448"),
        ("@anna:[::1]:8448", "anna", "[::1]:8448"),
        ("@anna", "anna", ""),
    ],
)
def test_parts_of_a_matrix_id(user: str, localpart: str, server: str) -> None:
    assert (localpart_of(UserId(user)), server_of(UserId(user))) == (localpart, server)


@pytest.mark.parametrize(
    ("why", "user", "address"),
    [
        ("the table comes first, in lower case", "@anna:example.org", "anna.huber@stadt.example"),
        ("the table holds for any server", "@guest:elsewhere.example", "guest@elsewhere.example"),
        ("the template holds for the own server", "@ben.k-1_x:example.org", "ben.k-1_x@stadt.example"),
        ("another server has its own template", "@ben:other.example", "ext-ben@other.example"),
        ("a server without a template has no addresses", "@ben:third.example", None),
        ("the port is part of the server", "@ben:example.org:8448", None),
        ("a table entry that is no plain address gives none", "@broken:example.org", None),
        ("upper case would share an address with lower case", "@Ben:example.org", None),
        ("what a mailto URI has to escape", "@ben=2e:example.org", None),
        ("a slash", "@b/en:example.org", None),
        ("a second at sign", "@ben@evil.example:example.org", None),
        ("quotes", '@"ben":example.org', None),
        ("a line end", "@ben\r\n:example.org", None),
        ("a trailing line end", "@ben:example.org\n", None),
        ("no ASCII", "@jürgen:example.org", None),
        ("nothing", "@:example.org", None),
        ("dots at the edge", "@.ben:example.org", None),
        ("two dots", "@b..en:example.org", None),
        ("too long", f"@{'b' * 65}:example.org", None),
    ],
)
def test_address_of(why: str, user: str, address: str | None) -> None:
    assert address_of(UserId(user), PEOPLE, OWN) == address, why


def test_without_a_template_only_the_table_holds() -> None:
    people = People(addresses=PEOPLE.addresses)
    assert address_of(UserId("@ben:example.org"), people, OWN) is None
    assert address_of(UserId("@anna:example.org"), people, OWN) == "anna.huber@stadt.example"


def test_braces_in_a_localpart_are_not_a_template() -> None:
    assert address_of(UserId("@{localpart}:example.org"), PEOPLE, OWN) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@b", "a@b"),
        ("O'Brien+city@Example.ORG", "o'brien+city@example.org"),
        ("termine@xn--mnchen-3ya.example", "termine@xn--mnchen-3ya.example"),
        ("a@b-.c", None),
        ("a@-b.c", None),
        ("a@b..c", None),
        ("a@b.", None),
        ("a@", None),
        ("@b", None),
        ("a", None),
        ("", None),
        ("mailto:a@b.c", None),
        ("a b@c.d", None),
        ("a?b@c.d", None),
        ("a%0d@c.d", None),
        ("a;b@c.d", None),
        ("a,b@c.d", None),
        ("<a@b.c>", None),
        ("a@b.c\n", None),
        ("a@b.c\x00", None),
        ("\u212a@b.c", None),  # the Kelvin sign, which is a k in lower case
        ("a@" + "b" * 64 + ".c", None),
        ("a@" + ".".join(["b" * 60] * 5), None),
    ],
)
def test_plain_address(text: str, address: str | None) -> None:
    assert plain_address(text) == address


MEMBERS = [
    UserId(f"@{name}") for name in ("anna:example.org", "ben:example.org", "ben:other.example", "x:third.example")
]


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ("anna.huber@stadt.example", "@anna:example.org"),
        ("ANNA.Huber@stadt.example", "@anna:example.org"),
        ("ben@stadt.example", "@ben:example.org"),
        ("ext-ben@other.example", "@ben:other.example"),
        ("guest@elsewhere.example", None),  # not in the room
        ("anna@stadt.example", None),  # the table replaces the template
        ("", None),
        ("no address", None),
    ],
)
def test_user_of(address: str, user: str | None) -> None:
    assert user_of(address, users_by_address(MEMBERS, PEOPLE, OWN)) == user


def test_an_address_that_two_members_have_is_nobodys() -> None:
    people = People(
        address_template="{localpart}@stadt.example", addresses={UserId("@ben2:example.org"): "ben@stadt.example"}
    )
    members = [UserId("@ben:example.org"), UserId("@ben2:example.org")]
    assert user_of("ben@stadt.example", users_by_address(members, people, OWN)) is None
    assert user_of("ben@stadt.example", users_by_address(members[:1] * 2, people, OWN)) == "@ben:example.org"


@given(st.text(max_size=20))
def test_no_localpart_gets_more_into_an_address_than_a_name(localpart: str) -> None:
    address = address_of(UserId(f"@{localpart}:{OWN}"), People(address_template="{localpart}@stadt.example"), OWN)
    if address is not None:
        assert re.fullmatch(r"[!-~]+@stadt\.example", address)
        assert address == f"{localpart}@stadt.example"
        assert not set(address) & set('"<>,;:\\()[]?%&=/# ')


@given(st.sampled_from(MEMBERS))
def test_there_and_back(user: UserId) -> None:
    address = address_of(user, PEOPLE, OWN)
    assert address is None or user_of(address, users_by_address(MEMBERS, PEOPLE, OWN)) == user


SEARCHING = replace(
    PEOPLE, address_template="", principal_search=True, found={UserId("@eva:example.org"): "e@x.example"}
)


@dataclass(frozen=True)
class Known:
    addresses: tuple[str, ...]


def test_what_was_found_comes_last() -> None:
    assert address_of(UserId("@eva:example.org"), SEARCHING, OWN) == "e@x.example"
    both = replace(SEARCHING, address_template="{localpart}@stadt.example")
    assert address_of(UserId("@eva:example.org"), both, OWN) == "eva@stadt.example"
    table = replace(SEARCHING, addresses={UserId("@eva:example.org"): "eva@tab.example"})
    assert address_of(UserId("@eva:example.org"), table, OWN) == "eva@tab.example"


@pytest.mark.parametrize(
    ("user", "account", "texts"),
    [
        ("@anna.huber:example.org", "termine@stadt.example", ["anna.huber@stadt.example", "huber"]),
        ("@anna.huber:example.org", "", ["huber"]),
        ("@a.b:example.org", "", []),
        ("@u12345:example.org", "termine@stadt.example", ["u12345@stadt.example"]),
        ("@Anna:example.org", "termine@stadt.example", []),
        ("@anna@stadt:example.org", "termine@stadt.example", []),
    ],
)
def test_what_servers_are_asked_for(user: str, account: str, texts: list[str]) -> None:
    assert list(search_texts(UserId(user), account)) == texts


@pytest.mark.parametrize(
    ("why", "people", "address"),
    [
        (
            "the same before the @",
            [Known(("huber@x.de",)), Known(("eva.huber@x.de",))],
            "eva.huber@x.de",
        ),
        ("nobody", [Known(("huber@x.de",)), Known(())], None),
        ("two people", [Known(("eva.huber@x.de",)), Known(("eva.huber@y.de",))], None),
        ("one with two", [Known(("eva.huber@x.de", "eva.huber@y.de"))], "eva.huber@x.de"),
        (
            "one, twice",
            [Known(("eva.huber@x.de",)), Known(("e@x", "eva.huber@x.de"))],
            "eva.huber@x.de",
        ),
        ("no plain address", [Known(("eva.huber@x.example\r\nX:1",))], None),
    ],
)
def test_who_is_meant(why: str, people: list[Known], address: str | None) -> None:
    assert matching_address(UserId("@eva.huber:example.org"), people) == address, why
