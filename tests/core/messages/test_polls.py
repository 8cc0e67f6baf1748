"""Polls: what clients draw, the text beside it, and what came out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from calbot.core.ask import Say
from calbot.core.messages import poll_end_content, poll_option_label, poll_result, poll_start_content, poll_text
from calbot.core.model import AllDay, CalendarName, Details, EventId, Kind, Locale, RoomId, Timed, UserId
from calbot.core.poll_events import POLL_START, read_start
from calbot.core.poll_model import Option, Poll, PollOptions, PollState, Quorum
from calbot.core.polls import (
    AllBegun,
    Excluded,
    NoVotes,
    Outcome,
    QuorumMissed,
    Tally,
    Winner,
    WinnerUnreadable,
)

from .examples import ANNA, BEN, CARLA, LINK, NAMES, TUESDAY, WEDNESDAY, at, event, member, reader

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
TALLY = Tally({ANNA: ("s1", "s2"), BEN: ("s2",)}, (ANNA, BEN, CARLA))


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
Ein Termin wird nur eingetragen, wenn mindestens 60 % der Gefragten abstimmen.

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
An event is made only if at least 60 % of those asked vote.

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
            "An event is made only if at least 1 person votes.",
        ),
        (
            PollOptions(quorum=Quorum(people=5)),
            "Ein Termin wird nur eingetragen, wenn mindestens 5 Personen abstimmen.",
            "An event is made only if at least 5 people vote.",
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


# --------------------------------------------------------------------------------------------------------------- result

BOOKED = event(details=Details(title="Budgetrunde", link=LINK), when=WEDNESDAY)

RESULTS: dict[Locale, str] = {
    "de": f"""\
Gebucht: Budgetrunde
Mi., 25.11.2026, 10:00–11:00 Uhr
Teilnehmen: {LINK}

Genauso viele Stimmen: Di., 24.11., 14:00–15:00 Uhr

1. Di., 24.11., 14:00–15:00 Uhr: 1 Stimme (Anna Huber)
2. Mi., 25.11., 10:00–11:00 Uhr: 2 Stimmen (Anna Huber und Ben Maier)
3. Fr., 27.11., ganztägig: keine Stimme

Ungültig abgestimmt: @ d:example.org
Nicht entschlüsseln konnte ich Stimmen von: Carla Roth. Sie sind nicht mitgezählt.
Nicht gezählt, weil von einem anderen Server: @ e:else.example
Nicht gezählt, weil nicht mehr im Raum: @ f:example.org

Diese Umfrage darf ich im Raum nicht beenden, Apps zeigen sie daher noch als offen. \
Gezählt wird ab jetzt nicht mehr.""",
    "en": f"""\
Booked: Budgetrunde
Wed, 25 Nov 2026, 10:00–11:00
Join: {LINK}

As many votes: Di., 24.11., 14:00–15:00 Uhr

1. Di., 24.11., 14:00–15:00 Uhr: 1 vote (Anna Huber)
2. Mi., 25.11., 10:00–11:00 Uhr: 2 votes (Anna Huber and Ben Maier)
3. Fr., 27.11., ganztägig: no votes

Invalid votes: @ d:example.org
I could not decrypt votes of: Carla Roth. They are not counted.
Not counted, as they are of another server: @ e:else.example
Not counted, as they have left the room: @ f:example.org

I may not end this poll in the room, so apps still show it as open. Votes from now on do not count.""",
}


@pytest.mark.parametrize("locale", RESULTS)
def test_a_booked_poll_says_everything_that_bears_on_it(locale: Locale) -> None:
    tally = replace(
        TALLY,
        spoiled=(UserId("@d:example.org"),),
        excluded={
            UserId("@e:else.example"): Excluded.FOREIGN,
            UserId("@f:example.org"): Excluded.LEFT,
            POLL.creator: Excluded.BOT,
        },
    )
    message = poll_result(
        reader(locale),
        POLL,
        tally,
        Winner(OPTIONS[1], (ANNA, BEN), tied=(OPTIONS[0],)),
        occurrence=BOOKED,
        people=NAMES,
        unreadable=(CARLA,),
        notes=[Say("poll_still_open")],
    )
    assert message.text == RESULTS[locale]
    assert message.kind is Kind.POLL_RESULT
    assert message.data["uid"] == "20ab@example.org"
    assert message.data["poll"] == "$poll"
    assert message.data["outcome"] == "booked"
    assert [option["votes"] for option in message.data["options"]] == [1, 2, 0]
    assert "2. <strong>Mi., 25.11., 10:00–11:00 Uhr</strong>: 2" in message.html


@pytest.mark.parametrize(
    ("outcome", "name", "line"),
    [
        (NoVotes(), "no_votes", "Es gab keine Stimmen, daher wurde kein Termin eingetragen."),
        (
            QuorumMissed(2, 5),
            "quorum_missed",
            "Zu wenige haben abgestimmt (2 von 5 nötigen), daher wurde kein Termin eingetragen.",
        ),
        (
            AllBegun(),
            "all_begun",
            "Alle Termine mit Stimmen haben schon begonnen, daher wurde kein Termin eingetragen.",
        ),
        (
            WinnerUnreadable(Option("x", "irgendwann <b>", None), (ANNA,)),
            "unreadable",
            "Gewonnen hat „irgendwann <b>“. Das kann ich nicht als Datum lesen, daher wurde kein Termin eingetragen.",
        ),
        (
            Winner(OPTIONS[0], (ANNA,), required_missing=(BEN,), ahead=(OPTIONS[1], OPTIONS[2])),
            "winner",
            "Gewählt: Di., 24.11., 14:00–15:00 Uhr\nErforderlich, aber anders abgestimmt: Ben Maier\n"
            "Mehr Stimmen, aber nicht für alle Erforderlichen möglich oder schon begonnen: "
            "Mi., 25.11., 10:00–11:00 Uhr und Fr., 27.11., ganztägig",
        ),
    ],
)
def test_without_an_event_it_says_why(outcome: Outcome, name: str, line: str) -> None:
    message = poll_result(reader(), POLL, TALLY, outcome, occurrence=None, people=NAMES)
    assert message.text.splitlines()[0] == "Ergebnis der Umfrage: Budgetrunde"
    assert line in message.text
    assert message.data["outcome"] == name
    assert "uid" not in message.data
    assert message.data["title"] == "Budgetrunde"


def test_those_who_did_not_vote_are_named() -> None:
    message = poll_result(reader(), POLL, TALLY, Winner(OPTIONS[1], (ANNA, BEN)), occurrence=BOOKED, people=NAMES)
    assert message.text.endswith("Nicht abgestimmt: Carla Roth")


@pytest.mark.parametrize(
    ("locale", "verdict", "rest"),
    [
        (
            "de",
            "Erforderlich, aber anders abgestimmt: Anna Huber\nErforderlich, aber nicht abgestimmt: Carla Roth",
            "Nicht abgestimmt: @ d:example.org\nUngültig abgestimmt: @ e:example.org",
        ),
        (
            "en",
            "Needed, but voted for other dates: Anna Huber\nNeeded, but did not vote: Carla Roth",
            "Did not vote: @ d:example.org\nInvalid votes: @ e:example.org",
        ),
    ],
)
def test_each_person_whose_vote_is_missing_is_named_once(locale: Locale, verdict: str, rest: str) -> None:
    silent, spoiled = UserId("@d:example.org"), UserId("@e:example.org")
    tally = Tally({ANNA: ("s1",), BEN: ("s2",)}, (ANNA, BEN, CARLA, silent, spoiled), spoiled=(spoiled,))
    winner = Winner(OPTIONS[1], (BEN,), required_missing=(ANNA, CARLA, spoiled))
    message = poll_result(reader(locale), POLL, tally, winner, occurrence=BOOKED, people=NAMES)
    paragraphs = message.text.split("\n\n")
    assert paragraphs[1] == verdict
    assert paragraphs[3] == rest


def test_whose_votes_cannot_be_read_is_not_said_to_be_silent_or_of_another_mind() -> None:
    tally = Tally({ANNA: ("s1",), BEN: ("s2",)}, (ANNA, BEN, CARLA))
    winner = Winner(OPTIONS[1], (BEN,), required_missing=(ANNA, CARLA))
    message = poll_result(reader(), POLL, tally, winner, occurrence=BOOKED, people=NAMES, unreadable=(ANNA, CARLA))
    assert "Erforderlich" not in message.text
    assert message.text.endswith(
        "Nicht entschlüsseln konnte ich Stimmen von: Anna Huber und Carla Roth. Sie sind nicht mitgezählt."
    )


def test_nobody_is_named_for_silence_where_nobody_voted() -> None:
    message = poll_result(
        reader(), POLL, Tally({}, (ANNA, BEN)), NoVotes(), occurrence=None, people=NAMES, unreadable=(BEN,)
    )
    assert "Nicht abgestimmt" not in message.text
    assert "Nicht entschlüsseln konnte ich Stimmen von: Ben Maier." in message.text


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
