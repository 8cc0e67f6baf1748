from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from calbot.core.model import Attendee, Details, Role, RoomId, UserId
from calbot.core.permissions import (
    Action,
    Actor,
    Exposure,
    Ground,
    PowerLevels,
    Subject,
    Verdict,
    allowed_servers,
    exposure,
    is_own,
    level_of,
    may,
    may_map,
    may_set_level,
    may_unmap,
)
from calbot.core.settings import ForeignMembers, Levels, MapRights, Settings
from calbot.errors import Code

MAKER = UserId("@maker:example.org")
MEMBER = UserId("@member:example.org")
MODERATOR = UserId("@moderator:example.org")
CREATOR = UserId("@creator:example.org")

# Room version 10 as the presets make it, and version 12, where the creator is not among the users with a level.
V10 = PowerLevels(users={MODERATOR: 50, CREATOR: 100})
V12 = PowerLevels(users={MODERATOR: 50}, creators=frozenset({CREATOR}))

ROLES = {
    "stranger": Actor(UserId("@stranger:evil.example"), foreign=True),
    "member": Actor(MEMBER),
    "maker": Actor(MAKER),
    "moderator": Actor(MODERATOR),
    "creator": Actor(CREATOR),
    "admin": Actor(UserId("@admin:example.org"), admin=True),
}
ROOMS = {
    "mapped": Ground(V10),
    "version 12": Ground(V12),
    "strict": Ground(V10, Levels(new=50, cancel=100, settings=100)),
    "strict, version 12": Ground(V12, Levels(new=50, cancel=100, settings=100)),
    "read-only": Ground(V10, writable=False),
    "unmapped": Ground(V10, mapped=False),
    "left": Ground(V10, joined=False),
}
EVENT = Subject(maker=MAKER, details=Details(title="Jour fixe"))
HIDDEN = Subject(maker=MAKER, details=Details(hidden=True))

# Who may do what where: "+" allowed, otherwise the reason. Columns in the order of ROLES.
TABLE = """
action        room                 stranger  member      maker       moderator   creator     admin
read          mapped               foreign   +           +           +           +           +
read          version 12           foreign   +           +           +           +           +
read          strict               foreign   +           +           +           +           +
read          strict, version 12   foreign   +           +           +           +           +
read          read-only            foreign   +           +           +           +           +
read          unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
read          left                 foreign   left        left        left        left        left
vote          mapped               foreign   +           +           +           +           +
vote          version 12           foreign   +           +           +           +           +
vote          strict               foreign   +           +           +           +           +
vote          strict, version 12   foreign   +           +           +           +           +
vote          read-only            foreign   +           +           +           +           +
vote          unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
vote          left                 foreign   left        left        left        left        left
new           mapped               foreign   +           +           +           +           +
new           version 12           foreign   +           +           +           +           +
new           strict               foreign   level       level       +           +           +
new           strict, version 12   foreign   level       level       +           +           +
new           read-only            foreign   read-only   read-only   read-only   read-only   read-only
new           unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
new           left                 foreign   left        left        left        left        left
change        mapped               foreign   event       +           +           +           +
change        version 12           foreign   event       +           +           +           +
change        strict               foreign   event       +           event       +           +
change        strict, version 12   foreign   event       +           event       +           +
change        read-only            foreign   read-only   read-only   read-only   read-only   read-only
change        unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
change        left                 foreign   left        left        left        left        left
change hidden mapped               foreign   hidden      +           hidden      hidden      hidden
change hidden version 12           foreign   hidden      +           hidden      hidden      hidden
change hidden strict               foreign   hidden      +           hidden      hidden      hidden
change hidden strict, version 12   foreign   hidden      +           hidden      hidden      hidden
change hidden read-only            foreign   read-only   read-only   read-only   read-only   read-only
change hidden unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
change hidden left                 foreign   left        left        left        left        left
answer        mapped               foreign   +           +           +           +           +
answer        version 12           foreign   +           +           +           +           +
answer        strict               foreign   +           +           +           +           +
answer        strict, version 12   foreign   +           +           +           +           +
answer        read-only            foreign   read-only   read-only   read-only   read-only   read-only
answer        unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
answer        left                 foreign   left        left        left        left        left
answer hidden mapped               foreign   hidden      +           hidden      hidden      hidden
remind        mapped               foreign   event       +           +           +           +
remind        version 12           foreign   event       +           +           +           +
remind        strict               foreign   event       +           event       +           +
remind        strict, version 12   foreign   event       +           event       +           +
remind        read-only            foreign   event       +           +           +           +
remind        unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
remind        left                 foreign   left        left        left        left        left
remind hidden mapped               foreign   event       +           +           +           +
settings      mapped               foreign   level       level       +           +           +
settings      version 12           foreign   level       level       +           +           +
settings      strict               foreign   level       level       level       +           +
settings      strict, version 12   foreign   level       level       level       +           +
settings      read-only            foreign   level       level       +           +           +
settings      unmapped             foreign   level       level       +           +           +
settings      left                 foreign   left        left        left        left        left
close_poll    mapped               foreign   poll        +           +           +           +
close_poll    version 12           foreign   poll        +           +           +           +
close_poll    strict               foreign   poll        +           +           +           +
close_poll    strict, version 12   foreign   poll        +           +           +           +
close_poll    read-only            foreign   poll        +           +           +           +
close_poll    unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
close_poll    left                 foreign   left        left        left        left        left
attach_poll   mapped               foreign   poll        +           +           +           +
attach_poll   version 12           foreign   poll        +           +           +           +
attach_poll   strict               foreign   level       level       +           +           +
attach_poll   strict, version 12   foreign   level       level       +           +           +
attach_poll   read-only            foreign   read-only   read-only   read-only   read-only   read-only
attach_poll   unmapped             foreign   unmapped    unmapped    unmapped    unmapped    unmapped
attach_poll   left                 foreign   left        left        left        left        left
"""
REASONS = {
    "+": (None, Code.FORBIDDEN),
    "foreign": ("foreign_server", Code.FORBIDDEN),
    "left": ("not_in_room", Code.FORBIDDEN),
    "unmapped": ("not_mapped", Code.NOT_MAPPED),
    "read-only": ("read_only", Code.READ_ONLY),
    "level": ("level_too_low", Code.FORBIDDEN),
    "event": ("not_your_event", Code.FORBIDDEN),
    "hidden": ("hidden_event", Code.FORBIDDEN),
    "poll": ("not_your_poll", Code.FORBIDDEN),
}


def cells() -> list[tuple[str, str, str, str]]:
    """(action, room, role, expectation) for every cell of the table."""
    _, _, *lines = TABLE.splitlines()
    found = []
    for line in lines:
        action, room, *expected = line[:14].strip(), line[14:35].strip(), *line[35:].split()
        assert len(expected) == len(ROLES), line
        found += [(action, room, role, cell) for role, cell in zip(ROLES, expected, strict=True)]
    return found


@pytest.mark.parametrize(("action", "room", "role", "expected"), cells())
def test_may(action: str, room: str, role: str, expected: str) -> None:
    name, _, hidden = action.partition(" ")
    subject = HIDDEN if hidden else EVENT
    verdict = may(ROLES[role], Action(name), ROOMS[room], subject)
    assert (verdict.reason, verdict.code) == REASONS[expected]
    assert bool(verdict) is (expected == "+")


def test_the_table_is_complete() -> None:
    listed = [(action.partition(" ")[0], room) for action, room, role, _ in cells() if role == "member"]
    assert {(Action(name), room) for name, room in listed} == set(product(Action, ROOMS))


@pytest.mark.parametrize(
    ("action", "room", "role", "needed"),
    [
        (Action.NEW, "strict", "member", 50),
        (Action.CHANGE, "mapped", "member", 50),
        (Action.CHANGE, "strict", "moderator", 100),
        (Action.SETTINGS, "mapped", "member", 50),
        (Action.SETTINGS, "strict", "moderator", 100),
        (Action.CLOSE_POLL, "mapped", "member", 50),
        (Action.ATTACH_POLL, "mapped", "member", 50),
        (Action.READ, "left", "member", None),
    ],
)
def test_a_refusal_says_which_level_would_do(action: Action, room: str, role: str, needed: int | None) -> None:
    assert may(ROLES[role], action, ROOMS[room], EVENT).needed == needed


def test_settings_follow_the_rooms_state_default() -> None:
    relaxed = Ground(PowerLevels(state_default=0))
    assert may(ROLES["member"], Action.SETTINGS, relaxed)
    assert not may(ROLES["member"], Action.SETTINGS, replace(relaxed, levels=Levels(settings=50)))


def test_polls_follow_the_rooms_redact_level() -> None:
    relaxed = Ground(PowerLevels(redact=0))
    assert may(ROLES["member"], Action.CLOSE_POLL, relaxed, EVENT)
    assert not may(ROLES["moderator"], Action.CLOSE_POLL, Ground(replace(V10, redact=75)), EVENT)


def test_below_the_default_level_one_can_be_kept_from_making_events() -> None:
    muted = Ground(PowerLevels(users={MEMBER: -1}))
    assert may(ROLES["member"], Action.NEW, muted) == Verdict("level_too_low", needed=0)


def test_without_a_subject_nothing_is_ones_own() -> None:
    assert may(ROLES["maker"], Action.CHANGE, ROOMS["mapped"]).reason == "not_your_event"
    assert may(ROLES["maker"], Action.CLOSE_POLL, ROOMS["mapped"], Subject()).reason == "not_your_poll"


@pytest.mark.parametrize(
    ("power", "user", "level"),
    [
        (V10, CREATOR, 100),
        (V10, MODERATOR, 50),
        (V10, MEMBER, 0),
        (V12, CREATOR, math.inf),
        (V12, MEMBER, 0),
        (PowerLevels(users_default=10), MEMBER, 10),
        (PowerLevels(users={MEMBER: 0}, users_default=10), MEMBER, 0),
        (PowerLevels(users={CREATOR: 1}, creators=frozenset({CREATOR})), CREATOR, math.inf),
    ],
)
def test_level_of(power: PowerLevels, user: UserId, level: float) -> None:
    assert level_of(user, power) == level


ANNA = Actor(UserId("@anna:example.org"), addresses=frozenset({"anna@stadt.example"}))


@pytest.mark.parametrize(
    ("why", "subject", "own"),
    [
        ("made through the bot by this Matrix ID", Subject(maker=ANNA.user), True),
        ("made through the bot by another", Subject(maker=MAKER, details=Details()), False),
        ("organised by their address", Subject(details=Details(organizer=Attendee("A", "anna@stadt.example"))), True),
        ("organised in upper case", Subject(details=Details(organizer=Attendee("A", "Anna@Stadt.example"))), True),
        ("organised by another address", Subject(details=Details(organizer=Attendee("A", "ben@stadt.example"))), False),
        (
            "chaired by an address of theirs",
            Subject(details=Details(attendees=(Attendee("A", "anna@stadt.example", role=Role.CHAIR),))),
            True,
        ),
        (
            "chaired by their Matrix ID, no address being known",
            Subject(details=Details(attendees=(Attendee("A", user=ANNA.user, role=Role.CHAIR),))),
            True,
        ),
        (
            "the address decides where there is one",
            Subject(details=Details(attendees=(Attendee("A", "ben@stadt.example", ANNA.user, role=Role.CHAIR),))),
            False,
        ),
        ("only invited", Subject(details=Details(attendees=(Attendee("A", "anna@stadt.example"),))), False),
        ("nothing known", Subject(), False),
        ("nobody on it", Subject(details=Details()), False),
    ],
)  # fmt: skip
def test_what_is_ones_own(why: str, subject: Subject, own: bool) -> None:
    assert is_own(ANNA, subject) is own, why


def test_somebody_without_an_address_does_not_own_what_names_nobody() -> None:
    nobody = Actor(MEMBER)
    assert not is_own(nobody, Subject(maker=None, details=Details(organizer=Attendee("", ""))))


def test_a_hidden_event_is_its_organisers_too() -> None:
    hidden = Details(hidden=True, organizer=Attendee("A", "anna@stadt.example"))
    assert may(ANNA, Action.CHANGE, ROOMS["mapped"], Subject(details=hidden))


@pytest.mark.parametrize(
    ("configured", "servers"),
    [
        ((), {"example.org"}),
        (("a.example",), {"a.example"}),
        (("example.org", "a.example"), {"example.org", "a.example"}),
    ],
)
def test_allowed_servers(configured: tuple[str, ...], servers: set[str]) -> None:
    settings = Settings(allowed_servers=frozenset(configured))
    assert allowed_servers(settings, UserId("@calbot:example.org")) == servers


BOT = UserId("@calbot:bots.example.org")
STRANGER = UserId("@stranger:evil.example")


@pytest.mark.parametrize(
    ("why", "join_rule", "visibility", "guests", "members", "exposed"),
    [
        ("as the presets make private rooms", "invite", "shared", "can_join", [MEMBER, BOT], None),
        ("no state at all", None, None, None, [MEMBER, BOT], None),
        ("members of a space", "restricted", "shared", "forbidden", [MEMBER], None),
        ("knocking", "knock", "invited", "can_join", [MEMBER], None),
        ("history since joining", "invite", "joined", "forbidden", [MEMBER], None),
        ("public", "public", "joined", "forbidden", [MEMBER], Exposure.PUBLIC),
        ("world-readable", "invite", "world_readable", "forbidden", [MEMBER], Exposure.WORLD_READABLE),
        ("guests of a space", "restricted", "shared", "can_join", [MEMBER], Exposure.GUESTS),
        ("guests of a space that may also knock", "knock_restricted", "shared", "can_join", [MEMBER], Exposure.GUESTS),
        ("guests by a rule nobody knows yet", "org.example.rule", "shared", "can_join", [MEMBER], Exposure.GUESTS),
        ("a foreign member", "invite", "shared", "forbidden", [MEMBER, STRANGER], Exposure.FOREIGN_MEMBERS),
        ("another port", "invite", "shared", None, [UserId("@a:example.org:1")], Exposure.FOREIGN_MEMBERS),
        ("a malformed member", "invite", "shared", "forbidden", [UserId("@a")], Exposure.FOREIGN_MEMBERS),
    ],
)  # fmt: skip
def test_exposure(
    why: str,
    join_rule: str | None,
    visibility: str | None,
    guests: str | None,
    members: list[UserId],
    exposed: Exposure | None,
) -> None:
    found = exposure(
        join_rule=join_rule,
        history_visibility=visibility,
        guest_access=guests,
        members=members,
        bot=BOT,
        servers=frozenset({"example.org"}),
    )
    assert found is exposed, why


@pytest.mark.parametrize(("join_rule", "exposed"), [("invite", None), ("public", Exposure.PUBLIC)])
def test_foreign_members_can_be_allowed(join_rule: str, exposed: Exposure | None) -> None:
    found = exposure(
        join_rule=join_rule,
        history_visibility=None,
        guest_access=None,
        members=[MEMBER, STRANGER],
        bot=BOT,
        servers=frozenset({"example.org"}),
        foreign_members=ForeignMembers.ALLOW,
    )
    assert found is exposed


# ------------------------------------------------------------------------------------------------- connecting calendars

ROOM = RoomId("!room:example.org")
MAP_RIGHTS = {
    "nobody": MapRights(),
    "member": MapRights(users=frozenset({MEMBER})),
    "member 50": MapRights(users=frozenset({MEMBER, MODERATOR}), power_level=50),
    "room": MapRights(rooms=frozenset({ROOM})),
    "room 50": MapRights(rooms=frozenset({ROOM}), power_level=50),
    "room 100": MapRights(rooms=frozenset({ROOM}), power_level=100),
    "other room": MapRights(rooms=frozenset({RoomId("!other:example.org")}), power_level=0),
}
# Who may connect a calendar with these rights; columns in the order of ROLES.
MAP_TABLE = """
rights      room                 stranger  member      maker       moderator   creator     admin
nobody      mapped               foreign   nobody      nobody      nobody      nobody      +
nobody      unmapped             foreign   nobody      nobody      nobody      nobody      +
nobody      left                 foreign   left        left        left        left        left
member      mapped               foreign   +           nobody      nobody      nobody      +
member      unmapped             foreign   +           nobody      nobody      nobody      +
member      strict               foreign   +           nobody      nobody      nobody      +
member      left                 foreign   left        left        left        left        left
member 50   mapped               foreign   level       nobody      +           nobody      +
member 50   version 12           foreign   level       nobody      +           nobody      +
room        mapped               foreign   +           +           +           +           +
room        unmapped             foreign   +           +           +           +           +
room 50     unmapped             foreign   level       level       +           +           +
room 50     version 12           foreign   level       level       +           +           +
room 100    version 12           foreign   level       level       level       +           +
room 100    mapped               foreign   level       level       level       +           +
other room  mapped               foreign   nobody      nobody      nobody      nobody      +
"""
MAP_REASONS = {**REASONS, "nobody": ("map_not_allowed", Code.FORBIDDEN)}


def map_cells() -> list[tuple[str, str, str, str]]:
    _, _, *lines = MAP_TABLE.splitlines()
    rows = [(line[:12].strip(), line[12:33].strip(), line[33:].split()) for line in lines]
    return [
        (rights, room, role, expected)
        for rights, room, columns in rows
        for role, expected in zip(ROLES, columns, strict=True)
    ]


@pytest.mark.parametrize(("rights", "room", "role", "expected"), map_cells())
def test_who_may_connect_a_calendar(rights: str, room: str, role: str, expected: str) -> None:
    verdict = may_map(ROLES[role], MAP_RIGHTS[rights], ROOM, ROOMS[room])
    reason, code = MAP_REASONS[expected]
    assert bool(verdict) is (expected == "+")
    assert (verdict.reason, verdict.code) == (reason, code)


@pytest.mark.parametrize(("rights", "room", "role", "expected"), map_cells())
def test_who_may_connect_it_or_set_the_room_may_disconnect_it(rights: str, room: str, role: str, expected: str) -> None:
    actor, ground = ROLES[role], ROOMS[room]
    settings = may(actor, Action.SETTINGS, ground)
    verdict = may_unmap(actor, MAP_RIGHTS[rights], ROOM, ground)
    assert bool(verdict) is (expected == "+" or bool(settings))
    assert verdict.reason == (None if expected == "+" else settings.reason)
    assert may_unmap(actor, None, ROOM, ground) == settings  # no longer in the configuration


@pytest.mark.parametrize(
    ("role", "room", "before", "after", "reason"),
    [
        ("stranger", "mapped", 0, 0, "foreign_server"),
        ("member", "mapped", 0, 0, "level_too_low"),
        ("moderator", "mapped", 0, 50, None),
        ("moderator", "mapped", 50, 0, None),
        ("moderator", "mapped", 0, 51, "level_above_own"),
        ("moderator", "mapped", 51, 0, "level_above_own"),
        ("moderator", "strict", 0, 0, "level_too_low"),
        ("creator", "mapped", 0, 101, "level_above_own"),
        ("creator", "version 12", 0, 1000, None),
        ("admin", "mapped", 1000, 2000, None),
        ("admin", "left", 0, 0, "not_in_room"),
    ],
)
def test_nobody_moves_a_level_that_is_above_their_own(
    role: str, room: str, before: int, after: int, reason: str | None
) -> None:
    assert may_set_level(ROLES[role], ROOMS[room], before, after).reason == reason
