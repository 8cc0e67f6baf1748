"""The text beside a poll as votes come and in the end, the reminder, the list of open polls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calbot.core.messages import ListedPoll, poll_card, poll_list, poll_nudge, poll_over, poll_text, until_changed
from calbot.core.model import EventId, Kind, Locale, Member, UserId
from calbot.core.poll_model import Option, PollOptions, PollState, Quorum
from calbot.core.polls import Excluded, Tally
from calbot.matrix.content import edit_content, require_size

from .examples import ANNA, BEN, CARLA, NAMES, TUESDAY, at, member, reader
from .test_polls import OPTIONS, POLL

PEOPLE = {ANNA: "Anna", BEN: "Ben", CARLA: "Carla"}
TALLY = Tally({ANNA: ("s1", "s2"), BEN: ("s2",)}, (ANNA, BEN, CARLA))


def person(number: int) -> UserId:
    return UserId(f"@person{number}:example.org")


def crowd(number: int, *, per_option: int) -> tuple[Tally, dict[UserId, str]]:
    people = {person(one): f"Person {one}" for one in range(number)}
    ids = tuple(option.id for option in OPTIONS)
    ballots = dict.fromkeys(list(people)[:per_option], ids)
    return Tally(ballots, tuple(people)), people


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (
            "de",
            """\
Umfrage: Budgetrunde
Offen bis Di., 24.11., 13:00 Uhr
Wählen Sie alle Termine, die Ihnen passen.

1. Di., 24.11., 14:00–15:00 Uhr: 1 Stimme (Anna)
2. Mi., 25.11., 10:00–11:00 Uhr: 2 Stimmen (Anna und Ben)
3. Fr., 27.11., ganztägig: keine Stimme

Bisher haben 2 Personen abgestimmt.
Noch nicht abgestimmt: Carla

Sie können auch mit den Ziffern 1️⃣ bis 3️⃣ auf diese Nachricht reagieren oder !kal stimme 1 2 schreiben.""",
        ),
        (
            "en",
            """\
Poll: Budgetrunde
Open until Tue, 24 Nov, 13:00
Choose all dates that suit you.

1. Di., 24.11., 14:00–15:00 Uhr: 1 vote (Anna)
2. Mi., 25.11., 10:00–11:00 Uhr: 2 votes (Anna and Ben)
3. Fr., 27.11., ganztägig: no votes

2 people have voted so far.
Not voted yet: Carla

You can also vote with the numbers 1️⃣ to 3️⃣ as reactions to this message, or with !kal vote 1 2.""",
        ),
    ],
)
def test_a_card(locale: Locale, text: str) -> None:
    message = poll_card(reader(locale, prefix="!kal"), POLL, TALLY, PEOPLE)
    assert message.text == text
    assert (message.kind, message.mentions, message.notify) == (Kind.POLL, (), True)
    assert [option["votes"] for option in message.data["options"]] == [1, 2, 0]
    assert "matrix.to" not in message.html


def test_a_hidden_one_tells_nobody_s_choice() -> None:
    hidden = replace(POLL, behaviour=PollOptions(hidden=True))
    one = poll_card(reader("de"), hidden, TALLY, NAMES)
    other = poll_card(reader("de"), hidden, replace(TALLY, ballots={ANNA: ("s3",), BEN: ("s1",)}), NAMES)
    assert one == other
    assert "Bisher haben 2 Personen abgestimmt." in one.text


def test_names_are_cut() -> None:
    tally, people = crowd(40, per_option=17)
    text = poll_card(reader("de"), replace(POLL, asked=tuple(people)), tally, people).text
    assert "17 Stimmen (Person 0, Person 1, Person 2," in text
    assert "Person 9 und 7 weitere)" in text
    assert "Noch nicht abgestimmt: Person 17," in text
    assert "Person 26 und 13 weitere" in text


def test_of_a_whole_room_those_who_are_missing_are_only_counted() -> None:
    tally, people = crowd(40, per_option=17)
    assert "Es fehlen noch 23 Personen." in poll_card(reader("de"), replace(POLL, asked=()), tally, people).text


@pytest.mark.parametrize("name", ["Ann", "\N{EARTH GLOBE EUROPE-AFRICA}" * 200, "<&\"'>" * 40])
def test_an_edit_fits_into_an_event_whatever_people_are_called(name: str) -> None:
    people = {person(number): f"{name}{number}" for number in range(300)}
    options = tuple(
        Option(f"option-{number}", f"{name} {number} " * 9, TUESDAY, free=(100, 200)) for number in range(20)
    )
    ballots = {user: tuple(option.id for option in options) for user in people}
    large = replace(POLL, options=options, max_selections=20, title=name, asked=tuple(people))
    message = poll_card(reader("de"), large, Tally(ballots, tuple(people)), people, tuple(people))
    require_size(edit_content(message, "k" * 40, EventId("$" + "x" * 43), frozenset()))
    assert "300 Stimmen" in message.text
    require_size(edit_content(poll_over(reader("de"), large), "k" * 40, EventId("$" + "x" * 43), frozenset()))


def test_a_long_list_of_polls_is_cut() -> None:
    message = poll_list(reader("de"), [ListedPoll(POLL, TALLY)] * 33)
    assert "30. Budgetrunde" in message.text
    assert "3 weitere" in message.text
    assert len(message.data["items"]) == 30


def test_hints_and_terms_are_said_from_the_beginning() -> None:
    behaviour = PollOptions(auto=True, confirm=True, holds=True, quorum=Quorum(people=5))
    poll = replace(POLL, behaviour=behaviour, options=(replace(OPTIONS[0], free=(2, 5)), *OPTIONS[1:]))
    for message in (
        poll_text(reader("de"), poll, [member(BEN)]),
        poll_card(reader("de"), poll, replace(TALLY, ballots={}), NAMES),
    ):
        assert "1. Di., 24.11., 14:00–15:00 Uhr (2 von 5 frei)" in message.text
        assert "Offen bis spätestens" in message.text
        assert "alle Termine im Kalender vorgemerkt" in message.text
        assert "bestätigt ihn, wer die Umfrage gestartet hat" in message.text
        assert (message.data["options"][0]["free"], message.data["options"][0]["known"]) == (2, 5)
        assert "free" not in message.data["options"][1]


def test_what_does_not_count_is_named() -> None:
    tally = replace(TALLY, spoiled=(CARLA,), excluded={person(1): Excluded.FOREIGN, person(2): Excluded.LEFT})
    text = poll_card(reader("de"), POLL, tally, {**NAMES, person(1): "Fremd", person(2): "Fort"}, (BEN,)).text
    assert "Ungültig abgestimmt: Carla" in text
    assert "Nicht gezählt, weil von einem anderen Server: Fremd" in text
    assert "Nicht entschlüsseln kann ich bisher Stimmen von: Ben" in text
    assert "Fort" not in text


def test_one_made_by_hand_says_how_it_was_read() -> None:
    options = (Option("a", "Di 14 Uhr", TUESDAY), Option("b", "egal", None), replace(OPTIONS[1], id="c"))
    poll = replace(POLL, by_bot=False, asked=(), options=options)
    message = poll_card(reader("de"), poll, Tally({}, (ANNA,)), NAMES)
    assert message.text.splitlines()[1:7] == [
        "Wenn die Umfrage endet, trage ich den gewählten Termin in den Kalender it-team ein.",
        "Offen bis spätestens Di., 24.11., 13:00 Uhr",
        "",
        "1. Di 14 Uhr → Di., 24.11., 14:00–15:00 Uhr: keine Stimme",
        "2. egal (kann ich nicht als Datum lesen): keine Stimme",
        "3. Mi., 25.11., 10:00–11:00 Uhr: keine Stimme",
    ]
    assert not message.notify


@pytest.mark.parametrize(
    ("state", "said", "chosen"),
    [
        (PollState.CLOSING, "das Ergebnis folgt weiter unten", False),
        (PollState.CONFIRMING, "wartet auf Bestätigung", False),
        (PollState.BOOKED, "Das Ergebnis steht weiter unten", True),
        (PollState.ENDED, "kein Termin eingetragen", False),
    ],
)
def test_in_the_end_it_says_so(state: PollState, said: str, chosen: bool) -> None:
    message = poll_over(reader("de"), replace(POLL, state=state, chosen="s2", booked="s2"))
    assert message.text.startswith("Umfrage beendet: Budgetrunde\n")
    assert said in message.text
    assert ("2. Mi., 25.11., 10:00–11:00 Uhr (gewählt)" in message.text) is chosen
    assert message.data["state"] == state.value
    assert "stimme 1 2" not in message.text


def test_a_reminder_mentions_who_is_missing() -> None:
    message = poll_nudge(reader("de"), POLL, [Member(CARLA, "Carla"), Member(BEN, "B<e>n")])
    assert message.text.splitlines() == [
        "Die Umfrage Budgetrunde endet bald.",
        "Bitte stimmen Sie ab: Carla und B<e>n",
        "Offen bis Di., 24.11., 13:00 Uhr",
        "Sie können auch !meet stimme 1 2 schreiben.",
    ]
    assert (message.mentions, message.notify) == ((CARLA, BEN), True)
    assert "B&lt;e&gt;n</a>" in message.html


def test_a_reminder_of_a_hidden_poll_sends_votes_to_a_direct_chat() -> None:
    hidden = replace(POLL, behaviour=PollOptions(hidden=True))
    assert "Direktchat" in poll_nudge(reader("de"), hidden, [Member(CARLA, "Carla")]).text


def test_very_many_are_not_mentioned_by_name() -> None:
    crowded = poll_nudge(reader("en"), POLL, [Member(person(number), f"P{number}") for number in range(51)])
    assert (crowded.mentions, crowded.notify) == ((), True)
    assert "51 people are still missing." in crowded.text
    fifty = poll_nudge(reader("en"), POLL, [Member(person(number), f"P{number}") for number in range(50)])
    assert len(fifty.mentions) == 50


def test_a_list_of_polls() -> None:
    other = replace(POLL, key="o", title="Klausur", until=None)
    message = poll_list(
        reader("de"),
        [ListedPoll(POLL, TALLY), ListedPoll(other, Tally({ANNA: ("s1",)}, (ANNA,))), ListedPoll(other, None)],
    )
    assert message.text.splitlines()[2:5] == [
        "1. Budgetrunde, offen bis Di., 24.11., 13:00 Uhr, 2 abgestimmt, 1 noch offen",
        "2. Klausur, 1 abgestimmt",
        "3. Klausur",
    ]
    assert [(item["ref"], item.get("voted"), item.get("missing")) for item in message.data["items"]] == [
        (1, 2, 1),
        (2, 1, 0),
        (3, None, None),
    ]
    assert poll_list(reader("de"), []).data == {"items": []}


def test_another_deadline_is_said() -> None:
    said = until_changed(reader("de"), "Budgetrunde", at(24, 13))
    assert said.text == "Die Umfrage „Budgetrunde“ ist jetzt offen bis Di., 24.11., 13:00 Uhr."
