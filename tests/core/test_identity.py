from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.identity import (
    key_for,
    may_be_derived,
    meeting_secret,
    poll_key,
    reminder_id,
    resource_name,
    uid_for_command,
    uid_for_contents,
    uid_for_hold,
    uid_for_import,
    uid_for_poll,
)
from calbot.core.model import EventId, RecurrenceId, RoomId, Uid

COMMAND = EventId("$143273582443PhrSn:example.org")
START = datetime(2026, 11, 24, 14, tzinfo=ZoneInfo("Europe/Berlin"))


def test_names_never_change() -> None:
    """They are in databases, on calendar servers and at homeservers: a later version has to find the same."""
    assert uid_for_command(COMMAND) == "7594af0e-3727-5a5c-ab09-4dc32802bbe9"
    assert uid_for_command(COMMAND, 1) == "196b3d9c-347f-5b08-a9ab-e8646e566f57"
    assert uid_for_poll(poll_key(COMMAND)) == "be3711d6-ecc0-5109-9ea4-c37d21895d3e"
    assert poll_key(COMMAND) == "poll-e2ba4a905f92d72d8b8d00c30f7ac66a"
    assert resource_name(Uid("a/b")) == "ba340eee-b282-5917-ba48-b3fcc92e7e2a"
    assert key_for("card", "!room:example.org", Uid("x"), None, 3) == "card-f408730e17dce16a612747f5aebc45e8"
    assert reminder_id(RoomId("!r:x"), Uid("u"), None, START, 900) == "c533034a488175b6e0ef2747f3d16640"
    assert meeting_secret(b"\x01" * 32, Uid("u")) == "y3bcwo2xavb3ccvat36t24kim2byz7jp"


def test_different_causes_have_different_uids() -> None:
    uids = {
        uid_for_command(COMMAND),
        uid_for_command(COMMAND, 1),
        uid_for_command(EventId("$other")),
        uid_for_poll(COMMAND),
        uid_for_poll(COMMAND, 1),
        uid_for_poll(poll_key(COMMAND)),
    }
    assert len(uids) == 6
    assert all(str(UUID(uid)) == uid for uid in uids)


@pytest.mark.parametrize(
    ("uid", "itself"),
    [
        ("6d2f6f0e-2a55-5c55-9d0c-3a6f1b1f6c11", True),
        ("040000008200E00074C5B7101A82E008", True),
        ("with_underscore", True),
        ("x@example.org", False),
        ("../../etc/passwd", False),
        (".hidden", False),
        ("-option", False),
        ("a b", False),
        ("ü", False),
        ("", False),
        ("a\n", False),
        ("a" * 101, False),
    ],
)
def test_a_resource_name_is_safe_in_a_path(uid: str, itself: bool) -> None:
    name = resource_name(Uid(uid))
    assert (name == uid) is itself
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name)
    assert name == resource_name(Uid(uid))


PARTS = st.text(max_size=5) | st.integers() | st.none()


@given(st.lists(PARTS, max_size=4), st.lists(PARTS, max_size=4))
def test_a_key_is_the_same_only_for_the_same_causes(
    some: list[str | int | None], others: list[str | int | None]
) -> None:
    assert (key_for("card", *some) == key_for("card", *others)) is (some == others)


def test_the_parts_of_a_key_do_not_run_together() -> None:
    assert key_for("card", "a", "bc") != key_for("card", "ab", "c")
    assert key_for("card", "1") != key_for("card", 1)
    assert key_for("card", None) != key_for("card", "null")
    assert key_for("card", "a") != key_for("note", "a")


def test_a_key_says_nothing_of_its_causes_but_the_kind() -> None:
    assert re.fullmatch(r"result-[0-9a-f]{32}", key_for("result", "@anna:example.org", "Personalgespräch"))


ROOM, UID, RID = RoomId("!r:example.org"), Uid("u"), RecurrenceId("20261124T130000Z")


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("room", reminder_id(RoomId("!s:example.org"), UID, RID, START, 900)),
        ("uid", reminder_id(ROOM, Uid("v"), RID, START, 900)),
        ("recurrence", reminder_id(ROOM, UID, RecurrenceId("20261125T130000Z"), START, 900)),
        ("no recurrence", reminder_id(ROOM, UID, None, START, 900)),
        ("start", reminder_id(ROOM, UID, RID, START + timedelta(minutes=1), 900)),
        ("lead", reminder_id(ROOM, UID, RID, START, 901)),
    ],
)
def test_a_reminder_is_another_one_if(what: str, other: str) -> None:
    assert reminder_id(ROOM, UID, RID, START, 900) != other, what


def test_a_reminder_is_the_same_in_any_zone() -> None:
    utc = START.astimezone(timezone.utc)
    assert reminder_id(ROOM, UID, RID, utc, 900) == reminder_id(ROOM, UID, RID, START, 900)


def test_a_start_within_the_repeated_hour_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert reminder_id(ROOM, UID, RID, first, 0) != reminder_id(ROOM, UID, RID, first.replace(fold=1), 0)


def test_a_meeting_secret_needs_the_secret() -> None:
    one = meeting_secret(b"a" * 32, UID)
    assert re.fullmatch(r"[a-z2-7]{32}", one)
    assert one == meeting_secret(b"a" * 32, UID)
    assert one != meeting_secret(b"b" * 32, UID)
    assert one != meeting_secret(b"a" * 32, Uid("v"))


@pytest.mark.parametrize(
    ("uid", "ours"),
    [
        (uid_for_command(EventId("$x")), True),
        (uid_for_poll("poll-x", 3).upper(), True),
        (uid_for_hold("poll-x", "o1"), True),
        (uid_for_import(Uid("x")), True),
        ("CALBOT-HOLD-x", True),
        ("1b2c3d4e-0000-4000-8000-1234567890ab", False),  # of version 4, as most programs make them
        ("040000008200E00074C5B7101A82E008", False),
        ("a@example.org", False),
        ("", False),
    ],
)
def test_uids_that_only_the_bot_gives_are_known(uid: str, ours: bool) -> None:
    assert may_be_derived(Uid(uid)) is ours


def test_what_is_imported_under_another_uid_gets_the_same_one_again() -> None:
    one, other = uid_for_import(Uid("a")), uid_for_import(Uid("b"))
    assert one == uid_for_import(Uid("a")) != other
    assert uid_for_contents("a") not in {one, uid_for_command(EventId("a"))}
