"""A calendar server that finds out late that it cannot invite somebody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.model import CalendarName, CalendarObject, Kind
from calbot.core.settings import Delivery

from .conftest import CALENDAR, ROOM, Office
from .test_invitations import deliver

MINUTE = timedelta(minutes=1)
INVITES = "!meet neu Budgetrunde Do 14-15 @ben:example.org @carla:example.org"


def notes_status(office: Office, *names: str, status: str = "3.7;Invalid calendar user", extra: str = "") -> None:
    """The server writes into the event what came of the invitations."""
    (text,) = office.texts()
    text = text.replace("\r\n ", "").replace("END:VEVENT", f"{extra}END:VEVENT")
    for name in names:
        text = text.replace(f":mailto:{name}@", f';SCHEDULE-STATUS="{status}":mailto:{name}@')
    office.calendar.put(CALENDAR, office.name(), text)


async def told(office: Office) -> list[str]:
    return [one.text for one in await office.pass_time(MINUTE) if one.kind is Kind.ERROR]


@pytest.fixture
async def invited(office: Office) -> Office:
    deliver(office, Delivery.SERVER)
    await office.says(INVITES)
    await office.pass_time(MINUTE)
    return office


async def test_it_is_told_once_where_the_card_is(invited: Office) -> None:
    notes_status(invited, "ben")
    await invited.pull()
    (said,) = await told(invited)
    assert "Budgetrunde" in said
    assert "nicht einladen: Ben." in said
    assert len(invited.chat.messages(ROOM, Kind.ERROR)) == 1
    notes_status(invited, extra="X-SEEN:1\r\n")
    await invited.pull()
    assert await told(invited) == []


async def test_each_of_several_is_told_when_it_is_known(invited: Office) -> None:
    notes_status(invited, "ben")
    await invited.pull()
    await told(invited)
    notes_status(invited, "carla")
    await invited.pull()
    (said,) = await told(invited)
    assert "nicht einladen: Carla." in said


@pytest.mark.parametrize("status", ["1.1;Pending", "1.2;Delivered", "2.0;Success"])
async def test_success_is_not_told(invited: Office, status: str) -> None:
    notes_status(invited, "ben", "carla", status=status)
    await invited.pull()
    assert await told(invited) == []


async def test_of_others_events_nothing_is_told(office: Office) -> None:
    """They have no card here, and whoever made them is told by their own program."""
    deliver(office, Delivery.SERVER)
    await office.says(INVITES)
    (text,) = office.texts()
    (href,) = office.calendar.objects(CALENDAR)
    uid = href.rpartition("/")[2].removesuffix(".ics")
    office.calendar.put(CALENDAR, "other", text.replace(f"UID:{uid}", "UID:other"))
    await office.pull()
    await office.pass_time(MINUTE)
    failed = text.replace("\r\n ", "").replace(":mailto:ben@", ";SCHEDULE-STATUS=5.1:mailto:ben@")
    office.calendar.put(CALENDAR, "other", failed.replace(f"UID:{uid}", "UID:other"))
    await office.pull()
    assert await told(office) == []


async def test_said_with_the_answer_it_is_not_told_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(office, Delivery.SERVER)
    create = office.calendar.create

    async def creates(calendar: CalendarName, name: str, data: str) -> CalendarObject:
        text = data.replace("\r\n ", "").replace(":mailto:ben@", ";SCHEDULE-STATUS=3.7:mailto:ben@")
        return await create(calendar, name, text)

    monkeypatch.setattr(office.calendar, "create", creates)
    (card,) = await office.says(INVITES)
    assert "konnte nicht einladen: Ben" in card.text
    notes_status(office, extra="X-SEEN:1\r\n")
    await office.pull()
    assert await told(office) == []
