"""Polls: what clients draw, the text beside it, and what came out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from calbot.core.messages import poll_end_content, poll_option_label, poll_result, poll_start_content, poll_text
from calbot.core.model import AllDay, CalendarName, EventId, Kind, Locale, RoomId, Timed, UserId
from calbot.core.poll_events import POLL_START, read_start
from calbot.core.poll_model import Option, Poll, PollOptions, PollState, Quorum
from calbot.core.polls import NoVotes, Tally

from .examples import ANNA, BEN, CARLA, TUESDAY, WEDNESDAY, at, member, reader

OPTIONS = (
    Option("s1", "Di., 24.11., 14:00–15:00 Uhr", TUESDAY),
    Option("s2", "Mi., 25.11., 10:00–11:00 Uhr", WEDNESDAY),
    Option("s3", "Fr., 27.11., ganztägig", AllDay(date(2026, 11, 27), date(2026, 11, 28))),
)
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
    asked=(BEN, CARLA),
    required=(),
    optional=(),
    calendar=CalendarName("it-team"),
    until=at(24, 13),
    state=PollState.OPEN,
    start_event=EventId("$poll"),
)
RULED = replace(
    POLL,
    max_selections=1,
    required=(ANNA, BEN),
    behaviour=PollOptions(single=True, auto=True, quorum=Quorum(percent=60)),
)


def test_the_start_event_is_the_one_that_clients_send() -> None:
    assert poll_start_content(reader(), POLL) == {
        "org.matrix.msc1767.text": (
            "Budgetrunde\n1. Di., 24.11., 14:00–15:00 Uhr\n2. Mi., 25.11., 10:00–11:00 Uhr\n3. Fr., 27.11., ganztägig"
        ),
        "org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": 3,
            "question": {"org.matrix.msc1767.text": "Budgetrunde"},
            "answers": [
                {"id": "s1", "org.matrix.msc1767.text": "Di., 24.11., 14:00–15:00 Uhr"},
                {"id": "s2", "org.matrix.msc1767.text": "Mi., 25.11., 10:00–11:00 Uhr"},
                {"id": "s3", "org.matrix.msc1767.text": "Fr., 27.11., ganztägig"},
            ],
        },
    }


def test_the_bot_reads_its_own_poll() -> None:
    start = read_start(poll_start_content(reader(), POLL))
    assert start is not None
    assert [(answer.id, answer.text) for answer in start.answers] == [(one.id, one.label) for one in OPTIONS]


def test_a_hidden_poll_is_undisclosed() -> None:
    content = poll_start_content(reader(), replace(POLL, behaviour=PollOptions(hidden=True)))
    assert content[POLL_START]["kind"] == "org.matrix.msc3381.poll.undisclosed"


@pytest.mark.parametrize(("locale", "text"), [("de", "Die Umfrage ist beendet."), ("en", "The poll has ended.")])
def test_the_end_event_is_neutral(locale: Locale, text: str) -> None:
    assert poll_end_content(reader(locale), POLL) == {
        "m.relates_to": {"rel_type": "m.reference", "event_id": "$poll"},
        "org.matrix.msc1767.text": text,
        "org.matrix.msc3381.poll.end": {},
    }


@pytest.mark.parametrize(
    ("locale", "label"), [("de", "Mo., 11.01.2027, 09:00–10:00 Uhr"), ("en", "Mon, 11 Jan 2027, 09:00–10:00")]
)
def test_labels_of_options(locale: Locale, label: str) -> None:
    when = Timed(at(11, 9, month=1, year=2027), at(11, 10, month=1, year=2027))
    assert poll_option_label(reader(locale), when) == label


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
Umfrage: Budgetrunde
Bitte stimmen Sie ab: Ben Maier und Carla Roth
Offen bis Di., 24.11., 13:00 Uhr
Wählen Sie alle Termine, die Ihnen passen.

1. Di., 24.11., 14:00–15:00 Uhr
2. Mi., 25.11., 10:00–11:00 Uhr
3. Fr., 27.11., ganztägig

Sie können auch mit den Ziffern 1️⃣ bis 3️⃣ auf diese Nachricht reagieren oder !meet stimme 1 2 schreiben.""",
        ),
        (
            "en",
            """\
Poll: Budgetrunde
Please vote: Ben Maier and Carla Roth
Open until Tue, 24 Nov, 13:00
Choose all dates that suit you.

1. Di., 24.11., 14:00–15:00 Uhr
2. Mi., 25.11., 10:00–11:00 Uhr
3. Fr., 27.11., ganztägig

You can also vote with the numbers 1️⃣ to 3️⃣ as reactions to this message, or with !meet vote 1 2.""",
        ),
    ],
)
def test_the_text_beside_the_poll(locale: Locale, text: str) -> None:
    message = poll_text(reader(locale), POLL, [member(BEN), member(CARLA)])
    assert message.text == text
    assert message.kind is Kind.POLL
    assert message.notify
    assert message.mentions == (BEN, CARLA)
    assert message.html.count("https://matrix.to/#/@") == 2
    assert message.data["until"] == "2026-11-24T12:00:00Z"
    assert message.data["options"][0]["start"]["localtime"] == "2026-11-24T14:00:00"
    assert message.data["options"][2]["end"] == {"date": "2026-11-27"}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
Umfrage: Budgetrunde
Bitte stimmen Sie ab: Ben Maier und Carla Roth
Erforderlich: Ben Maier, außerdem wer die Umfrage gestartet hat
Offen bis spätestens Di., 24.11., 13:00 Uhr
Wählen Sie nur einen Termin.
Die Umfrage schließt, sobald alle Erforderlichen einen gemeinsamen Termin gewählt haben.
Ein Termin wird nur eingetragen, wenn mindestens 60 % der Gefragten abstimmen.

1. Di., 24.11., 14:00–15:00 Uhr
2. Mi., 25.11., 10:00–11:00 Uhr
3. Fr., 27.11., ganztägig

Sie können auch mit den Ziffern 1️⃣ bis 3️⃣ auf diese Nachricht reagieren oder !meet stimme 2 schreiben.""",
        ),
        (
            "en",
            """\
Poll: Budgetrunde
Please vote: Ben Maier and Carla Roth
Needed: Ben Maier, and whoever started the poll
Open until Tue, 24 Nov, 13:00 at the latest
Choose one date only.
The poll closes as soon as all who are needed have chosen a common date.
An event is added only if at least 60 % of those asked vote.

1. Di., 24.11., 14:00–15:00 Uhr
2. Mi., 25.11., 10:00–11:00 Uhr
3. Fr., 27.11., ganztägig

You can also vote with the numbers 1️⃣ to 3️⃣ as reactions to this message, or with !meet vote 2.""",
        ),
    ],
)
def test_the_text_beside_the_poll_names_its_rules(locale: Locale, text: str) -> None:
    message = poll_text(reader(locale), RULED, [member(BEN), member(CARLA)])
    assert message.text == text
    assert message.mentions == (BEN, CARLA)
    assert message.html.count("https://matrix.to/#/@") == 2


@pytest.mark.parametrize(
    ("behaviour", "de", "en"),
    [
        (
            PollOptions(auto=True),
            "Die Umfrage schließt, sobald alle Gefragten und wer sie gestartet hat einen gemeinsamen Termin gewählt "
            "haben.",
            "The poll closes as soon as all who are asked and whoever started it have chosen a common date.",
        ),
        (
            PollOptions(quorum=Quorum(people=1)),
            "Ein Termin wird nur eingetragen, wenn mindestens 1 Person abstimmt.",
            "An event is added only if at least 1 person votes.",
        ),
        (
            PollOptions(quorum=Quorum(people=5)),
            "Ein Termin wird nur eingetragen, wenn mindestens 5 Personen abstimmen.",
            "An event is added only if at least 5 people vote.",
        ),
    ],
)
def test_rules_where_those_asked_are_those_required(behaviour: PollOptions, de: str, en: str) -> None:
    poll = replace(POLL, asked=(BEN, ANNA), required=(BEN,), behaviour=behaviour)
    german, english = (poll_text(reader(locale), poll, [member(BEN)]).text.splitlines() for locale in ("de", "en"))
    assert de in german
    assert en in english
    assert not any(line.startswith("Erforderlich") for line in german)


def eleven() -> tuple[Option, ...]:
    return tuple(Option(f"s{number}", str(number), None) for number in range(11))


@pytest.mark.parametrize(
    ("poll", "line"),
    [
        (replace(POLL, max_selections=1), "Wählen Sie nur einen Termin."),
        (replace(POLL, max_selections=1, options=eleven()), "Sie können auch !meet stimme 2 schreiben."),
        (replace(POLL, options=eleven()), "Sie können auch !meet stimme 1 2 schreiben."),
        (
            replace(POLL, behaviour=PollOptions(hidden=True)),
            "Die Stimmen bleiben bis zum Ende verdeckt. "
            "Sie können auch im Direktchat mit mir abstimmen: !meet stimme 1 2",
        ),
    ],
)
def test_how_to_vote_depends_on_the_poll(poll: Poll, line: str) -> None:
    message = poll_text(reader(), poll, [])
    assert line in message.text.splitlines()
    assert message.mentions == ()


def test_texts_of_a_poll_made_by_others_are_text() -> None:
    hostile = replace(
        POLL, title="<b>@room</b>", options=(Option("1", "<a href=x>", None), Option("2", "\u202e@room", None))
    )
    said: list[Any] = [
        poll_result(reader(), hostile, Tally({}, ()), NoVotes(), occurrence=None, people={}),
        poll_text(reader(), hostile, []),
    ]
    for message in said:
        assert "<b>" not in message.html
        assert "<a href=x" not in message.html
        assert "@room" not in message.text
        assert "\u202e" not in message.text
