"""What tests of open polls look at: the card beside one, who was reminded, what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from calbot.core.model import EventId, Kind, Message, RoomId
from calbot.core.poll_model import Poll, PollState
from calbot.core.settings import FreeBusy
from tests.fakes.chat import Posted

from .conftest import ANNA, ROOM, Office

DIRECT = RoomId("!direct:example.org")
LATER = timedelta(seconds=6)  # the next edit may be made by then


def look_at_free_times(office: Office, whose: FreeBusy) -> None:
    accounts = office.world.settings.accounts
    office.change(accounts={name: replace(one, freebusy=whose) for name, one in accounts.items()})


def edits(office: Office) -> list[Posted]:
    """Of the texts beside polls."""
    return [one for one in office.chat.posted if one.edits and one.message and one.message.kind is Kind.POLL]


def text_event(office: Office) -> EventId:
    return next(p.event for p in office.chat.posted if p.message and p.message.kind is Kind.POLL and not p.edits)


async def card(office: Office) -> str:
    """What the text beside the poll shows once everything has been edited."""
    await office.pass_time(LATER)
    shown = edits(office)
    return "" if not shown or shown[-1].message is None else shown[-1].message.text


def nudges(office: Office) -> list[Message]:
    return [m for m in office.said(Kind.POLL) if m.notify and m.mentions and "endet bald" in m.text]


async def stored(office: Office, state: PollState = PollState.OPEN) -> Poll:
    (poll,) = await office.world.stores.polls.in_state([state])
    return poll


async def redact(office: Office, target: EventId) -> None:
    office.chat.redacts(ROOM, target)
    await office.hears(office.chat.sends(ROOM, ANNA, "m.room.redaction", {"redacts": target}))
