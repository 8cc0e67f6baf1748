"""What came out of a poll, by whose word, and why there is no event if there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calbot.core.ask import Say
from calbot.core.messages import poll_result, poll_unbooked
from calbot.core.model import Details, EventId, Kind, Locale, UserId
from calbot.core.poll_model import Cause, Decision, Poll
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
from calbot.matrix.content import message_content, require_size

from .examples import ANNA, BEN, CARLA, LINK, NAMES, WEDNESDAY, event, reader
from .test_polls import OPTIONS, POLL

TALLY = Tally({ANNA: ("s1", "s2"), BEN: ("s2",)}, (ANNA, BEN, CARLA))

BOOKED = event(details=Details(title="Budgetrunde", location="Rathaus", link=LINK), when=WEDNESDAY)

RESULTS: dict[Locale, str] = {
    "de": """\
Ergebnis der Umfrage: Budgetrunde
Gewählt: Mi., 25.11., 10:00–11:00 Uhr
Genauso viele Stimmen, aber schon begonnen: Di., 24.11., 14:00–15:00 Uhr

1. Di., 24.11., 14:00–15:00 Uhr: 1 Stimme (Anna Huber)
2. Mi., 25.11., 10:00–11:00 Uhr: 2 Stimmen (Anna Huber und Ben Maier)
3. Fr., 27.11., ganztägig: keine Stimme

Ungültig abgestimmt: @ d:example.org
Nicht entschlüsseln konnte ich Stimmen von: Carla Roth. Sie sind nicht mitgezählt.
Nicht gezählt, weil von einem anderen Server: @ e:else.example
Nicht gezählt, weil nicht mehr im Raum: @ f:example.org

Diese Umfrage darf ich im Raum nicht beenden, Apps zeigen sie daher noch als offen. \
Gezählt wird ab jetzt nicht mehr.""",
    "en": """\
Result of the poll: Budgetrunde
Chosen: Mi., 25.11., 10:00–11:00 Uhr
Just as many votes, but already begun: Di., 24.11., 14:00–15:00 Uhr

1. Di., 24.11., 14:00–15:00 Uhr: 1 vote (Anna Huber)
2. Mi., 25.11., 10:00–11:00 Uhr: 2 votes (Anna Huber and Ben Maier)
3. Fr., 27.11., ganztägig: no votes

Invalid votes: @ d:example.org
I could not decrypt votes from: Carla Roth. They are not counted.
Not counted, as they are on another server: @ e:else.example
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
        (NoVotes(), "no_votes", "Es gab keine gültigen Stimmen, daher wurde kein Termin eingetragen."),
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
            WinnerUnreadable(replace(OPTIONS[2], label="irgendwann <b>", when=None), (ANNA,)),
            "unreadable",
            "Gewonnen hat „irgendwann <b>“. Das kann ich nicht als Datum lesen, daher wurde kein Termin eingetragen.\n"
            "Mit einem Datum geht es: Antworten Sie hier mit !meet buche 3 Di 14-15 Uhr",
        ),
        (
            Winner(OPTIONS[0], (ANNA,), required_missing=(BEN,), ahead=(OPTIONS[1], OPTIONS[2])),
            "unconfirmed",
            "Gewählt: Di., 24.11., 14:00–15:00 Uhr\nErforderlich, aber anders abgestimmt: Ben Maier\n"
            "Mehr Stimmen, aber schon begonnen: Mi., 25.11., 10:00–11:00 Uhr\n"
            "Mehr Stimmen, aber von weniger Erforderlichen: Fr., 27.11., ganztägig\n"
            "Noch nicht gebucht: Anna Huber muss das bestätigen.\n"
            "Bestätigen: mit ✅ auf diese Nachricht reagieren oder !meet buche schreiben\n"
            "Ablehnen: mit ❌ reagieren oder !meet schließen schreiben",
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
    assert paragraphs[0].endswith(verdict)
    assert paragraphs[2] == rest


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


# ---------------------------------------------------------------------------------------------------- by whose word

BY_BEN = Decision(EventId("$book"), BEN, 7)


def verdict(poll: Poll, winner: Winner, locale: Locale = "de", *, tally: Tally = TALLY) -> list[str]:
    """What is said below the title."""
    message = poll_result(reader(locale), poll, tally, winner, occurrence=BOOKED, people=NAMES)
    return message.text.split("\n\n")[0].splitlines()[1:]


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        (
            "de",
            [
                "Gewählt von Ben Maier: Di., 24.11., 14:00–15:00 Uhr (1 statt 2 Stimmen)",
                "Mehr Stimmen: Mi., 25.11., 10:00–11:00 Uhr",
            ],
        ),
        (
            "en",
            [
                "Chosen by Ben Maier: Di., 24.11., 14:00–15:00 Uhr (1 instead of 2 votes)",
                "More votes: Mi., 25.11., 10:00–11:00 Uhr",
            ],
        ),
    ],
)
def test_whoever_chose_against_the_majority_is_named_with_the_votes(locale: Locale, lines: list[str]) -> None:
    poll = replace(POLL, cause=Cause.BOOKED, decision=BY_BEN)
    assert verdict(poll, Winner(OPTIONS[0], (ANNA,), ahead=(OPTIONS[1],)), locale) == lines


def test_whoever_chose_what_the_majority_wants_is_named() -> None:
    poll = replace(POLL, cause=Cause.BOOKED, decision=BY_BEN)
    assert verdict(poll, Winner(OPTIONS[1], (ANNA, BEN))) == ["Gewählt von Ben Maier: Mi., 25.11., 10:00–11:00 Uhr"]


def test_what_was_booked_before_is_said() -> None:
    poll = replace(POLL, cause=Cause.BOOKED, decision=BY_BEN, booked="s3", chosen="s2")
    assert verdict(poll, Winner(OPTIONS[1], (ANNA, BEN)))[-1] == "Bisher gebucht: Fr., 27.11., ganztägig"


def test_whoever_confirmed_is_named_where_that_had_to_be() -> None:
    behaviour = replace(POLL.behaviour, confirm=True)
    poll = replace(POLL, cause=Cause.DEADLINE, decision=BY_BEN, behaviour=behaviour)
    assert verdict(poll, Winner(OPTIONS[1], (ANNA, BEN))) == [
        "Gewählt: Mi., 25.11., 10:00–11:00 Uhr",
        "Bestätigt von Ben Maier",
    ]
    assert "Bestätigt" not in verdict(replace(poll, behaviour=POLL.behaviour), Winner(OPTIONS[1], (ANNA, BEN)))[-1]


def test_how_the_answer_in_somebodys_poll_was_read_is_said() -> None:
    poll = replace(POLL, by_bot=False)
    option = replace(OPTIONS[1], label="Mittwoch um zehn")
    assert verdict(poll, Winner(option, (ANNA,))) == ["Gewählt: Mittwoch um zehn → Mi., 25.11., 10:00–11:00 Uhr"]


@pytest.mark.parametrize(
    ("why", "by", "line"),
    [
        (
            "declined",
            BEN,
            "Abgelehnt von Ben Maier, daher wurde kein Termin eingetragen. Soll doch einer gelten, antworten Sie auf "
            "die Umfrage mit seiner Nummer: !meet buche 2",
        ),
        (
            "confirm_expired",
            None,
            "Bis zum Beginn hat das niemand bestätigt, daher wurde kein Termin eingetragen.",
        ),
    ],
)
def test_what_was_not_confirmed_is_not_booked(why: str, by: UserId | None, line: str) -> None:
    message = poll_unbooked(reader(), POLL, OPTIONS[1], why, by=by, people=NAMES)
    assert message.text.splitlines()[-1] == line
    assert message.kind is Kind.POLL_RESULT
    assert (message.data["outcome"], message.data["option"]) == (why, "s2")


@pytest.mark.parametrize(
    ("required", "line"),
    [
        ((), "Genauso viele Stimmen, aber später: Fr., 27.11., ganztägig"),
        ((BEN,), "Genauso viele Stimmen, aber von weniger Erforderlichen: Fr., 27.11., ganztägig"),
    ],
)
def test_it_says_why_another_option_with_as_many_votes_was_not_chosen(required: tuple[UserId, ...], line: str) -> None:
    tally = Tally({BEN: ("s2",), CARLA: ("s3",)}, ())
    poll = replace(POLL, required=required)
    assert verdict(poll, Winner(OPTIONS[1], (BEN,), tied=(OPTIONS[2],)), tally=tally)[-1] == line


@pytest.mark.parametrize(
    ("locale", "line"),
    [
        ("de", "Zurückgenommen von Ben Maier, wieder gebucht: Mi., 25.11., 10:00–11:00 Uhr"),
        ("en", "Taken back by Ben Maier, booked again: Mi., 25.11., 10:00–11:00 Uhr"),
    ],
)
def test_a_booking_that_is_taken_back_is_not_said_to_be_chosen(locale: Locale, line: str) -> None:
    poll = replace(POLL, cause=Cause.BOOKED, decision=replace(BY_BEN, undoes=True))
    assert verdict(poll, Winner(OPTIONS[1], (ANNA, BEN)), locale) == [line]


@pytest.mark.parametrize("name", ["Ann", "\N{EARTH GLOBE EUROPE-AFRICA}" * 200, "<&\"'>" * 40])
def test_it_fits_into_an_event_whatever_people_are_called(name: str) -> None:
    people = {UserId(f"@person{number}:example.org"): f"{name}{number}" for number in range(1000)}
    options = tuple(replace(OPTIONS[1], id=f"s{number}", label=f"{name} {number} " * 9) for number in range(20))
    large = replace(POLL, options=options, title=name)
    tally = Tally(dict.fromkeys(people, tuple(option.id for option in options)), tuple(people))
    winner = Winner(options[0], tuple(people), tied=options[1:])
    message = poll_result(reader(), large, tally, winner, occurrence=BOOKED, people=people).mentioning(*people)
    require_size(message_content(message, "k" * 40))
    assert "1000 Stimmen" in message.text
    assert 300 < len(message.mentions) < 1000
