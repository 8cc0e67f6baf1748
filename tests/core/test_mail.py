"""How mail is put together: whatever names and texts say, it goes to one person and comes from the bot."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.mail import Mail, composed, is_over, pause_after
from calbot.core.model import CalendarName, Uid

NOW = datetime(2026, 11, 24, 8, tzinfo=timezone.utc)
PIECES = [
    *"abc äö\n\r\t\x00\x0b\x85\u2028\u202e\u200b\ufeff\"<>@,;:\\()[]=?_%&'😀",
    *("=?utf-8?q?a=0D=0ABcc:x@y?=", "\r\nBcc: boss@example.org", "x" * 300, "é" * 90, " " * 90, "boss@example.org"),
]
NASTY = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def mail(sender_name: str = "", recipient_name: str = "", subject: str = "", text: str = "") -> Mail:
    return Mail(
        key="mail-1",
        calendar=CalendarName("it-team"),
        uid=Uid("uid-1"),
        room=None,
        sender="calbot@example.org",
        sender_name=sender_name,
        reply_to="termine@example.org",
        recipient="ben@example.org",
        recipient_name=recipient_name,
        subject=subject,
        text=text,
        method="REQUEST",
        ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        queued_at=NOW,
    )


@given(NASTY, NASTY, NASTY, NASTY)
def test_no_name_becomes_an_address_and_no_text_a_header(by: str, to: str, subject: str, text: str) -> None:
    """Long names with commas lost their quotes where they were folded, and became addresses of their own."""
    written = composed(mail(by, to, subject, text)).as_bytes(policy=policy.SMTP)
    read = message_from_bytes(written, policy=policy.default)
    assert [one.addr_spec for one in read["From"].addresses] == ["calbot@example.org"]
    assert [one.addr_spec for one in read["To"].addresses] == ["ben@example.org"]
    assert "@" not in read["From"].addresses[0].display_name
    assert len(read.keys()) == 9
    assert read["Bcc"] is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Huber, Anna", "Huber Anna"),
        ("Anna Grün", "Anna Grün"),
        ("Oberbürgermeister <ob@example.org>", "Oberbürgermeister ob example.org"),
        ("n" * 100, "n" * 60),
        ("", ""),
    ],
)
def test_names_as_people_see_them(name: str, shown: str) -> None:
    read = message_from_bytes(composed(mail(recipient_name=name)).as_bytes(), policy=policy.default)
    assert read["To"].addresses[0].display_name == shown


def test_attempts_become_rarer_and_end() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 12)]
    assert pauses[0] == timedelta(minutes=1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
    assert not is_over(mail(), NOW + timedelta(days=2) - timedelta(seconds=1))
    assert is_over(mail(), NOW + timedelta(days=2))
