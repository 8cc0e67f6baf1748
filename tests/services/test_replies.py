"""Answers in the scheduling inbox: applied where the server did not, deleted once they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.model import CalendarObject, Etag, Href, Kind
from calbot.core.settings import Delivery
from calbot.errors import CalendarReadOnly, CalendarUnavailable, PreconditionFailed
from calbot.services import startup
from tests.core.test_ical_replies import message

from .conftest import CALENDAR, Office
from .kills import killed_at
from .test_invitations import deliver

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def serving(office: Office) -> Office:
    """The server delivers what the bot writes, and leaves the answers in its inbox."""
    deliver(office, Delivery.SERVER)
    await office.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await startup.begin(office.world)
    await office.pass_time(MINUTE)
    return office


def put(office: Office, text: str, name: str = "1") -> None:
    office.calendar.inbox.append(CalendarObject(Href(f"/inbox/{name}.ics"), Etag('"1"'), text))


def answer(office: Office, partstat: str = "ACCEPTED", **more: str) -> str:
    uid = office.name()
    return message(partstat, **more).replace("uid-1", uid)


def unfolded(office: Office) -> list[str]:
    return [text.replace("\r\n ", "") for text in office.texts()]


def partstat_of_ben(office: Office) -> str:
    (text,) = office.texts()
    line = next(line for line in text.replace("\r\n ", "").split("\r\n") if line.endswith("mailto:ben@example.org"))
    return line.partition("PARTSTAT=")[2].partition(";")[0]


async def test_an_answer_reaches_the_event_and_the_card(serving: Office) -> None:
    put(serving, answer(serving))
    said = await serving.pass_time(20 * MINUTE)
    assert partstat_of_ben(serving) == "ACCEPTED"
    assert serving.calendar.inbox == []
    cards = [one for one in said if one.kind is Kind.MEETING]
    assert "Zugesagt: Anna (Leitung) und Ben" in cards[-1].text


async def test_what_the_server_applied_itself_is_only_deleted(serving: Office) -> None:
    put(serving, answer(serving))
    await serving.pass_time(20 * MINUTE)
    before = serving.texts()
    put(serving, answer(serving), "2")
    await serving.pass_time(20 * MINUTE)
    assert serving.texts() == before
    assert serving.calendar.inbox == []


async def test_other_messages_stay(serving: Office) -> None:
    put(serving, answer(serving, method="REQUEST"))
    put(serving, "nonsense", "2")
    await serving.pass_time(60 * MINUTE)
    assert len(serving.calendar.inbox) == 2


async def test_an_answer_to_nothing_stays_for_a_day(serving: Office) -> None:
    """The event may turn up with the next look at the calendar."""
    put(serving, message(stamp="20261124T070000Z"))
    await serving.pass_time(timedelta(hours=12))
    assert len(serving.calendar.inbox) == 1


async def test_an_answer_that_comes_before_its_event_counts_once_that_is_there(serving: Office) -> None:
    (text,) = serving.texts()
    late = text.replace(serving.name(), "late")
    put(serving, message(stamp="20261124T065900Z").replace("uid-1", "late"))
    await serving.pass_time(20 * MINUTE)
    serving.calendar.put(CALENDAR, "late", late)
    await serving.pull()
    await serving.pass_time(20 * MINUTE)
    assert serving.calendar.inbox == []
    assert [text.count("PARTSTAT=ACCEPTED;X-CALBOT-REPLIED-AT") for text in unfolded(serving)] == [0, 1]


@pytest.mark.parametrize("error", [PreconditionFailed(), CalendarReadOnly(calendar="it-team")])
async def test_an_answer_that_cannot_be_written_now_is_not_lost(
    serving: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def refuse(*_: object) -> None:
        raise error

    put(serving, answer(serving))
    with monkeypatch.context() as patches:
        patches.setattr(serving.calendar, "update", refuse)
        await serving.pass_time(20 * MINUTE)
    assert len(serving.calendar.inbox) == 1
    await serving.pass_time(20 * MINUTE)
    assert partstat_of_ben(serving) == "ACCEPTED"
    assert serving.calendar.inbox == []


async def test_an_answer_to_what_somebody_else_organises_is_not_ours_to_write(serving: Office) -> None:
    """Whoever knows its UID could send one."""
    name, (text,) = serving.name(), serving.texts()
    theirs = text.replace("mailto:termine@example.org", "mailto:chef@partner.example")
    assert theirs != text
    serving.calendar.put(CALENDAR, name, theirs)
    await serving.pull()
    put(serving, answer(serving))
    await serving.pass_time(20 * MINUTE)
    assert serving.texts() == [theirs]
    assert serving.calendar.inbox == []


async def test_an_old_answer_to_nothing_is_deleted(serving: Office) -> None:
    put(serving, message(stamp="20261101T070000Z"))
    await serving.pass_time(20 * MINUTE)
    assert serving.calendar.inbox == []


async def test_an_inbox_that_is_away_is_looked_at_again(serving: Office) -> None:
    put(serving, answer(serving))
    serving.calendar.unavailable = CalendarUnavailable("calendar_timeout")
    await serving.pass_time(60 * MINUTE)
    serving.calendar.unavailable = None
    await serving.pass_time(60 * MINUTE)
    assert partstat_of_ben(serving) == "ACCEPTED"


@pytest.mark.parametrize("step", ["write.expected", "write.done", "calendar.mirrored"])
async def test_a_kill_loses_no_answer(serving: Office, step: str) -> None:
    put(serving, answer(serving))
    assert await killed_at(serving, step, lambda: serving.pass_time(20 * MINUTE))
    await serving.pass_time(20 * MINUTE)
    assert partstat_of_ben(serving) == "ACCEPTED"
    assert serving.calendar.inbox == []


async def test_where_no_server_invites_no_inbox_is_looked_at(office: Office) -> None:
    await office.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    put(office, answer(office))
    await office.pass_time(60 * MINUTE)
    assert len(office.calendar.inbox) == 1
    assert CALENDAR in office.world.settings.calendars
