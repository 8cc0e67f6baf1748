"""What the README shows of a room is what people get."""

from __future__ import annotations

import textwrap
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calbot.core import commands
from calbot.core.messages import Headline, Person, meeting_card, poll_option_label, poll_result, poll_text
from calbot.core.model import CalendarName, Member, Message, PartStat, Role, RoomId, Timed, UserId
from calbot.core.poll_model import Option, Poll, PollOptions, PollState
from calbot.core.polls import Tally, decide

from .examples import ANNA, BEN, NOW, at, event, reader

README = Path(__file__).resolve().parents[3] / "README.md"
TRANSCRIPT = README.read_text(encoding="utf-8").split("```")[1].strip("\n")
SAID = textwrap.dedent("\n".join(f"{'':9}{line[9:]}".rstrip() for line in TRANSCRIPT.splitlines()))

BEN_YILDIZ = "Ben Yıldız"
TIMES = (Timed(at(25, 14), at(25, 15)), Timed(at(26, 10), at(26, 11)), Timed(at(27, 9, 30), at(27, 10, 30)))
OPTIONS = tuple(Option(f"o{n}", poll_option_label(reader(), when), when) for n, when in enumerate(TIMES, 1))
POLL = Poll(
    key="k",
    room=RoomId("!r:example.org"),
    asker=ANNA,
    by_bot=True,
    creator=UserId("@calbot:example.org"),
    created_at=0,
    title="Budgetrunde",
    options=OPTIONS,
    max_selections=3,
    behaviour=PollOptions(),
    asked=(BEN,),
    required=(BEN,),
    optional=(),
    calendar=CalendarName("it-team"),
    until=at(25, 13),
    state=PollState.OPEN,
)


def card() -> Message:
    people = [Person("Anna Huber", ANNA, PartStat.ACCEPTED, Role.CHAIR), Person(BEN_YILDIZ, BEN)]
    meeting = event("Jour fixe", Timed(at(24, 10), at(24, 10, 30)))
    return meeting_card(reader(), meeting, people=people, calendar_title="it-team", headline=Headline.CREATED)


def result() -> Message:
    tally = Tally({ANNA: ("o2",), BEN: ("o2", "o3")}, (ANNA, BEN))
    outcome = decide(POLL, tally, now=NOW, zone=ZoneInfo("Europe/Berlin"))
    booked = event("Budgetrunde", TIMES[1])
    return poll_result(reader(), POLL, tally, outcome, occurrence=booked, people={ANNA: "Anna Huber", BEN: BEN_YILDIZ})


@pytest.mark.parametrize("message", [card(), poll_text(reader(), POLL, [Member(BEN, BEN_YILDIZ)]), result()])
def test_the_transcript_has_what_the_bot_says(message: Message) -> None:
    assert f"\n{message.text}\n" in f"{SAID}\n"


def test_the_commands_of_the_transcript_mean_what_it_shows() -> None:
    typed = [line for line in SAID.splitlines() if line.startswith("!meet ")]
    context = commands.ParseContext(NOW, ("de",))
    said = []
    for line in typed:
        text = commands.addressed(
            commands.read_text({"body": line.replace(" @Ben", "")}),
            prefix="!meet",
            bot=UserId("@bot:example.org"),
            bot_name="",
            direct=False,
        )
        assert text is not None
        said.append(commands.parse(text, context))
    new, poll, close = said
    assert isinstance(new, commands.New)
    assert new.title == "Jour fixe"
    assert isinstance(poll, commands.Poll)
    assert len(poll.options) == len(TIMES)
    assert isinstance(close, commands.Close)
