"""The outbox for mail: what is kept, in which order it goes, and what is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.mail import GIVEN_UP_AFTER, Mail, MailDraft, is_over, pause_after
from calbot.core.model import CalendarName, Href, RoomId, Uid
from calbot.db.stores import Stores
from tests.fakes.clock import FakeClock

TEAM, OTHER = CalendarName("it-team"), CalendarName("presse")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLACE = Href("/it-team/1.ics")


def mail(key: str, recipient: str, clock: FakeClock, calendar: CalendarName = TEAM) -> Mail:
    return Mail(
        key=key,
        calendar=calendar,
        uid=Uid("uid-1"),
        room=RoomId("!it:example.org"),
        sender="calbot@example.org",
        sender_name="it-team",
        reply_to="termine@example.org",
        recipient=recipient,
        recipient_name="Ben",
        subject="Einladung: Straßenfest 🚲",
        text="Zeile\nZeile",
        method="REQUEST",
        ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        queued_at=clock(),
    )


async def test_a_mail_is_kept_whole_and_once(stores: Stores, clock: FakeClock) -> None:
    one = replace(mail("a", "ben@example.org", clock), room=None)
    await stores.mail.add([one])
    await stores.mail.add([replace(one, subject="Anders")])
    (queued,) = await stores.mail.due(clock(), 10)
    assert queued.mail == one
    assert (queued.attempts, queued.not_before) == (0, None)


async def test_to_each_recipient_the_first_goes_first(stores: Stores, clock: FakeClock) -> None:
    await stores.mail.add([mail("a", "ben@example.org", clock), mail("b", "anna@example.org", clock)])
    await stores.mail.add([mail("c", "ben@example.org", clock)])
    first, second = await stores.mail.due(clock(), 10)
    assert [one.mail.key for one in (first, second)] == ["a", "b"]
    await stores.mail.put_off(first.number, clock() + MINUTE, "mail_timeout")
    await stores.mail.sent(second.number, clock())
    assert await stores.mail.due(clock(), 10) == []  # what comes later waits as well
    assert await stores.mail.next_due(clock()) == clock() + MINUTE
    (again,) = await stores.mail.due(clock() + MINUTE, 10)
    assert (again.mail.key, again.attempts) == ("a", 1)
    await stores.mail.failed(again.number, "mail_recipient", clock())
    (last,) = await stores.mail.due(clock(), 10)
    assert last.mail.key == "c"


async def test_no_more_are_taken_than_asked_for(stores: Stores, clock: FakeClock) -> None:
    await stores.mail.add([mail(str(n), f"{n}@example.org", clock) for n in range(5)])
    assert len(await stores.mail.due(clock(), 3)) == 3


async def test_what_waits_and_what_failed_is_told_by_calendar(stores: Stores, clock: FakeClock) -> None:
    await stores.mail.add([mail("a", "ben@example.org", clock), mail("b", "anna@example.org", clock)])
    await stores.mail.add([mail("c", "carla@example.org", clock, OTHER)])
    assert await stores.mail.waiting([TEAM]) == (0, None)  # they were not tried yet
    one, two, three = await stores.mail.due(clock(), 10)
    await stores.mail.put_off(one.number, clock() + MINUTE, "mail_login")
    await stores.mail.failed(two.number, "mail_recipient", clock())
    await stores.mail.failed(three.number, "mail_refused", clock())
    assert await stores.mail.waiting([TEAM]) == (1, "mail_login")
    assert await stores.mail.waiting([OTHER]) == (0, None)
    assert await stores.mail.waiting([]) == (0, None)
    (failed,) = await stores.mail.undelivered([TEAM], clock() - HOUR)
    assert (failed.recipient, failed.reason, failed.at) == ("anna@example.org", "mail_recipient", clock())
    assert await stores.mail.undelivered([TEAM], clock() + HOUR) == []
    assert await stores.mail.undelivered([], clock() - HOUR) == []


async def test_what_is_over_is_forgotten_and_what_waits_is_not(stores: Stores, clock: FakeClock) -> None:
    await stores.mail.add([mail(key, f"{key}@example.org", clock) for key in ("a", "b", "c")])
    one, two, _ = await stores.mail.due(clock(), 10)
    await stores.mail.sent(one.number, clock())
    await stores.mail.failed(two.number, "mail_recipient", clock())
    await stores.mail.forget_before(clock() + HOUR)
    assert await stores.mail.undelivered([TEAM], clock() - HOUR) == []
    (left,) = await stores.mail.due(clock(), 10)
    assert left.mail.key == "c"


async def test_a_second_draft_remembers_what_was_there_before_the_first(stores: Stores, clock: FakeClock) -> None:
    first = MailDraft(TEAM, PLACE, "v0", "v1", RoomId("!it:example.org"), clock())
    await stores.mail.draft(first)
    assert await stores.mail.drafted(TEAM, PLACE) == first
    clock.advance(MINUTE)
    await stores.mail.draft(MailDraft(TEAM, PLACE, "v1", None, None, clock()))
    (kept,) = await stores.mail.drafts()
    assert kept == replace(first, after=None, drafted_at=clock())
    await stores.mail.drop_draft(TEAM, PLACE)
    assert await stores.mail.drafted(TEAM, PLACE) is None


@pytest.mark.parametrize(
    ("attempts", "pause"), [(1, MINUTE), (2, 2 * MINUTE), (3, 4 * MINUTE), (7, HOUR), (1000, HOUR)]
)
def test_pauses_grow_up_to_an_hour(attempts: int, pause: timedelta) -> None:
    assert pause_after(attempts) == pause


def test_two_days_are_long_enough(clock: FakeClock) -> None:
    one = mail("a", "ben@example.org", clock)
    assert not is_over(one, clock() + GIVEN_UP_AFTER - MINUTE)
    assert is_over(one, clock() + GIVEN_UP_AFTER)
