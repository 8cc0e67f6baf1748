"""Opening a poll: which words are title, options, behaviour, people; and every bad option named."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from calbot.core.commands import CommandId, Misunderstood, ParseContext, Poll, Polls, Until, check_settled
from calbot.core.dates import At, Choice, Day, Locale
from calbot.core.poll_model import PollOptions, Quorum
from calbot.errors import Code

from .typing_in import ANNA, BEN, NOW, at, refusal, typed

TUE = At(at(11, 24, 14), at(11, 24, 15))
WED = At(at(11, 25, 10))
FRI = At(at(11, 27, 9, 30))


def poll(text: str, locale: Locale = "de") -> Poll:
    result = typed(text, locale=locale)
    assert isinstance(result, Poll), result
    return result


def readings(result: Poll) -> list[tuple[At | Day, ...]]:
    return [option.readings for option in result.options]


@pytest.mark.parametrize(
    "text",
    [
        'umfrage "Budgetrunde" Di 14-15; Mi 10; Fr 9:30',
        "umfrage „Budgetrunde“ Di 14-15;Mi 10;Fr 9:30",
        "umfrage Budgetrunde Di 14-15; Mi 10; Fr 9:30",
        "umfrage Budgetrunde: Di 14-15; Mi 10; Fr 9:30;",
        "umfrage Budgetrunde; Di 14-15; Mi 10; Fr 9:30",
        'umfrage "Budgetrunde"\nDi 14-15\nMi 10\nFr 9:30',
        "umfrage Budgetrunde\nDi 14-15\nMi 10\nFr 9:30",
        "umfrage\nBudgetrunde\n\nDi 14-15\nMi 10\n\nFr 9:30\n",
        "umfrage Budgetrunde Di 14-15\nMi 10\nFr 9:30",
        'umfrage "Budgetrunde"; Di 14-15\nMi 10; Fr 9:30',
        'umfrage "Budgetrunde" "Di 14-15" "Mi 10" "Fr 9:30"',
        "umfrage Budgetrunde\n- Di 14-15\n- Mi 10\n- Fr 9:30",
        "umfrage Budgetrunde\n* Di 14-15\n* Mi 10\n* Fr 9:30",
        "umfrage Budgetrunde\n1. Di 14-15\n2. Mi 10\n3. Fr 9:30",
        "umfrage Budgetrunde\n1) Di 14-15\n2) Mi 10\n3) Fr 9:30",
        'poll "Budgetrunde" Tue 2-3pm; Wed 10am; Fri 9:30',
    ],
)
def test_title_and_options(text: str) -> None:
    result = poll(text)
    assert result.title == "Budgetrunde"
    assert readings(result) == [(TUE,), (WED,), (FRI,)]
    assert result.unsettled is None


def test_everything_at_once() -> None:
    result = poll(
        'poll "Budgetrunde" Di 14-15; Mi 10 {anna} verdeckt; Fr 9:30 for:1h until:"Mo 18 Uhr" quorum:60% ort:"Raum 4" '
        'kal:it text:"Bitte kommen" einzeln auto optional: {ben}'
    )
    assert readings(result) == [(TUE,), (WED,), (FRI,)]
    assert result == Poll(
        title="Budgetrunde",
        options=result.options,
        until=(at(11, 23, 18),),
        until_text="Mo 18 Uhr",
        duration=timedelta(hours=1),
        asked=(ANNA, BEN),
        required=(ANNA,),
        optional=(BEN,),
        behaviour=PollOptions(single=True, hidden=True, auto=True, quorum=Quorum(percent=60)),
        calendar="it",
        location="Raum 4",
        description="Bitte kommen",
    )
    assert [option.text for option in result.options] == ["Di 14-15", "Mi 10", "Fr 9:30"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X Di 14-15; 16-17; Mi 10", [TUE, At(at(11, 24, 16), at(11, 24, 17)), WED]),
        ('"X" Mi 10; 11; 12:30', [WED, At(at(11, 25, 11)), At(at(11, 25, 12, 30))]),
        ("X Di; Mi; 26.11.", [Day(date(2026, 11, day), date(2026, 11, day)) for day in (24, 25, 26)]),
        ("X Di; 10 Uhr", [Day(date(2026, 11, 24), date(2026, 11, 24)), At(at(11, 24, 10))]),
        ("X 24.-26.11.; Fr 9:30", [Day(date(2026, 11, 24), date(2026, 11, 26)), FRI]),
        ("X\n1. Dezember 10 Uhr\n2. Dezember 10 Uhr", [At(at(12, 1, 10)), At(at(12, 2, 10))]),
        ("X 14 Uhr; 15 Uhr", [At(at(11, 23, 14)), At(at(11, 23, 15))]),
    ],
)
def test_an_option_without_a_date_has_the_one_before(text: str, expected: list[At | Day]) -> None:
    assert readings(poll(f"umfrage {text}")) == [(reading,) for reading in expected]


@pytest.mark.parametrize(
    ("text", "asked", "required", "optional"),
    [
        ("{anna} {ben}", (ANNA, BEN), (ANNA, BEN), ()),
        ("required: {anna} optional: {ben}", (ANNA, BEN), (ANNA,), (BEN,)),
        ("{ben} nötig: {anna}", (BEN, ANNA), (ANNA,), ()),
        ("{anna} optional: {ben}", (ANNA, BEN), (ANNA,), (BEN,)),
        ("mit {anna} und {ben}", (ANNA, BEN), (ANNA, BEN), ()),
    ],
)
def test_who_is_asked(text: str, asked: object, required: object, optional: object) -> None:
    result = poll(f"umfrage X Di 14; Mi 10 {text}")
    assert (result.asked, result.required, result.optional) == (asked, required, optional)


@pytest.mark.parametrize(
    ("text", "behaviour"),
    [
        ('"X" einzeln Di 14; Mi 10', PollOptions(single=True)),
        ("X Di 14 single; Mi 10", PollOptions(single=True)),
        ("X Di 14; HIDDEN Mi 10", PollOptions(hidden=True)),
        ("X Di 14; Mi 10; auto", PollOptions(auto=True)),
        ("X Di 14; Mi 10 bestätigen", PollOptions(confirm=True)),
        ("X Di 14 confirm; Mi 10 holds", PollOptions(confirm=True, holds=True)),
        ("X Di 14; Mi 10 vormerken", PollOptions(holds=True)),
        ("X\nDi 14\nMi 10\nverdeckt, einzeln", PollOptions(single=True, hidden=True)),
        ("Auto waschen Di 14; Mi 10", PollOptions()),
        ('"Neues Auto" Di 14; Mi 10', PollOptions()),
        ("X Di 14; Mi 10 quorum:5", PollOptions(quorum=Quorum(people=5))),
        ('X Di 14; Mi 10 quorum:"60 %"', PollOptions(quorum=Quorum(percent=60))),
    ],
)
def test_behaviour(text: str, behaviour: PollOptions) -> None:
    result = poll(f"umfrage {text}")
    assert result.behaviour == behaviour
    assert len(result.options) == 2


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ('until:"heute 18 Uhr"', at(11, 23, 18)),
        ('bis:"heute"', at(11, 23, 23, 59)),
        ('bis:"Di 13:59"', at(11, 24, 13, 59)),
        ("until:„tomorrow 9am“", at(11, 24, 9)),
    ],
)
def test_deadlines(until: str, moment: datetime) -> None:
    assert poll(f"umfrage X {until} Di 14; Mi 10").until == (moment,)


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("frist Freitag", (at(11, 27, 23, 59),)),
        ("frist auf morgen 12 Uhr", (at(11, 24, 12),)),
        ("bis 18 Uhr", (at(11, 23, 18),)),
        ("until tomorrow 9am", (at(11, 24, 9),)),
        ("frist nächsten Di 9:00", (at(11, 24, 9), at(12, 1, 9))),
    ],
)
def test_another_deadline(text: str, moments: tuple[datetime, ...]) -> None:
    result = typed(text)
    assert isinstance(result, Until), result
    assert result.moments == moments


def test_a_deadline_that_is_over_is_none() -> None:
    assert refusal("frist heute 9 Uhr").code is Code.IN_PAST


def test_the_open_polls_can_be_listed() -> None:
    assert typed("umfragen") == typed("polls", locale="en") == Polls()


@pytest.mark.parametrize(
    ("text", "reason", "code", "params"),
    [
        ("umfrage", "title_missing", Code.NOT_UNDERSTOOD, {}),
        ("umfrage {anna}", "title_missing", Code.NOT_UNDERSTOOD, {}),
        ('umfrage "" Di 14; Mi 10', "title_missing", Code.NOT_UNDERSTOOD, {}),
        ("umfrage Di 14; Mi 10", "title_missing", Code.NOT_UNDERSTOOD, {}),
        ("umfrage Budgetrunde", "poll_too_few", Code.NOT_UNDERSTOOD, {}),
        ("umfrage X Di 14", "poll_only_one", Code.NOT_UNDERSTOOD, {"option": "Di 14"}),
        ('umfrage "X" Di 14, Mi 10', "poll_option_several", Code.NOT_UNDERSTOOD, {"option": "Di 14, Mi 10"}),
        ("umfrage X Di 14 Uhr oder Mi 15 Uhr", "poll_option_several", Code.NOT_UNDERSTOOD, {}),
        ("umfrage X: Freitag 18 Uhr / Samstag 18 Uhr", "poll_option_several", Code.NOT_UNDERSTOOD, {}),
        ('poll "X" tomorrow 12, wed 12:30, thu 1pm', "poll_option_several", Code.NOT_UNDERSTOOD, {}),
        ('umfrage "X" irgendwann oder nie; Mi 10', "poll_option_not_understood", Code.NOT_UNDERSTOOD, {}),
        ("umfrage X Di 14; irgendwann", "poll_option_not_understood", Code.NOT_UNDERSTOOD, {"option": "irgendwann"}),
        ('umfrage "X" Dienstg 14; Mi 10', "poll_option_not_understood", Code.NOT_UNDERSTOOD, {"option": "Dienstg 14"}),
        ("umfrage X Dienstg 14; Mi 10; Do 10", "poll_option_not_understood", Code.NOT_UNDERSTOOD, {}),
        ("umfrage X Di 14 farbe:rot; Mi 10", "unknown_option", Code.NOT_UNDERSTOOD, {"option": "farbe"}),
        ("umfrage X Di 14; Mi 10 farbe:rot", "unknown_option", Code.NOT_UNDERSTOOD, {"option": "farbe"}),
        ("umfrage X\n1. 10.30\n2. 11.30", "poll_numbers_unclear", Code.AMBIGUOUS, {}),
        ("umfrage X jeden Di 14; Mi 10", "poll_option_series", Code.NOT_UNDERSTOOD, {"option": "jeden Di 14"}),
        ('umfrage X Di 14; Mi 10 bis:"jeden Mo"', "poll_until_not_a_moment", Code.NOT_UNDERSTOOD, {}),
        ("umfrage X Di 14; Mi 10 bis:24.-25.11.", "poll_until_not_a_moment", Code.NOT_UNDERSTOOD, {}),
        ("umfrage X Di 14; Mi 10 @anna", "person_not_linked", Code.NOT_UNDERSTOOD, {"name": "@anna"}),
        ("umfrage X Di 14; gestern", "poll_option_past", Code.IN_PAST, {"option": "gestern"}),
        ("umfrage X heute; Mi 10", "poll_option_past", Code.IN_PAST, {"option": "heute"}),
        ("umfrage X Di 14; heute 9 Uhr", "poll_option_past", Code.IN_PAST, {"option": "heute 9 Uhr"}),
        ("umfrage X Di 14; Mi 10; 24.11. 14:00", "poll_option_twice", Code.NOT_UNDERSTOOD, {"option": "24.11. 14:00"}),
        ("umfrage X Di 14; Di 14-15", "poll_option_twice", Code.NOT_UNDERSTOOD, {"option": "Di 14-15"}),
        ("umfrage X Di 14; jeden Mi 10", "poll_option_series", Code.NOT_UNDERSTOOD, {"option": "jeden Mi 10"}),
        ("umfrage X 24.-26.11.; 10 Uhr", "poll_option_without_date", Code.NOT_UNDERSTOOD, {"option": "10 Uhr"}),
        ("umfrage X Di 14; Mi for:2h", "poll_option_without_time", Code.NOT_UNDERSTOOD, {"option": "Mi"}),
        ("umfrage X Di 14; Mi 10 for:bald", "duration_not_understood", Code.NOT_UNDERSTOOD, {"text": "bald"}),
        ("umfrage X Di 14; Mi 10 bis:Mi", "poll_until_too_late", Code.NOT_UNDERSTOOD, {"until": "Mi"}),
        ('umfrage X Di 14; Mi 10 bis:"Di 14:00"', "poll_until_too_late", Code.NOT_UNDERSTOOD, {"first": "Di 14"}),
        ("umfrage X Do 10; 24.11. 14 bis:Mi", "poll_until_too_late", Code.NOT_UNDERSTOOD, {"first": "24.11. 14"}),
        ('umfrage X Di 14; Mi 10 bis:"heute 9 Uhr"', "date_in_past", Code.IN_PAST, {"text": "heute 9 Uhr"}),
        ("umfrage X Di 14; Mi 10 bis:bald", "date_not_understood", Code.NOT_UNDERSTOOD, {"text": "bald"}),
        ('umfrage X Di 14; Mi 10 bis:"heute 14-15"', "poll_until_not_a_moment", Code.NOT_UNDERSTOOD, {}),
        ("umfrage X Di 14; Mi 10 quorum:0", "option_value", Code.NOT_UNDERSTOOD, {"value": "0"}),
        ("umfrage X Di 14; Mi 10 quorum:101%", "option_value", Code.NOT_UNDERSTOOD, {"value": "101%"}),
        ("umfrage X Di 14; Mi 10 quorum:alle", "option_value", Code.NOT_UNDERSTOOD, {"value": "alle"}),
        ("umfrage Neues Auto Di 14; Mi 10", "poll_flag_in_title", Code.NOT_UNDERSTOOD, {"option": "Auto"}),
        ("umfrage Klausur Dienstag\n10 Uhr\n11 Uhr", "poll_title_unclear", Code.AMBIGUOUS, {}),
    ],
)  # fmt: skip
def test_what_is_wrong_names_the_option(text: str, reason: str, code: Code, params: dict[str, str]) -> None:
    result = refusal(text)
    assert (result.reason, result.code, result.command) == (reason, code, CommandId.POLL)
    assert params.items() <= result.params.items()


def test_there_are_at_most_as_many_options_as_clients_show() -> None:
    options = "; ".join(f"{day}.12. 10:00" for day in range(1, 23))
    assert refusal(f"umfrage X {options}").code is Code.LIMIT
    allowed = "; ".join(f"{day}.12. 10:00" for day in range(1, 21))
    assert len(poll(f"umfrage X {allowed}").options) == 20
    result = typed(f"umfrage X {allowed}", max_options=5)
    assert isinstance(result, Misunderstood)
    assert result.params["maximum"] == 5


def test_one_choice_settles_an_option_and_those_that_share_its_day() -> None:
    result = poll('umfrage "X" nächsten Di 14; 16; Mi 10')
    early, late = At(at(11, 24, 14)), At(at(12, 1, 14))
    assert result.unsettled == Choice((early, late))
    assert readings(result) == [(early, late), (At(at(11, 24, 16)), At(at(12, 1, 16))), (WED,)]
    settled = result.settled(1)
    assert settled.unsettled is None
    assert readings(settled) == [(late,), (At(at(12, 1, 16)),), (WED,)]


def test_a_choice_may_make_options_equal_or_the_deadline_late() -> None:
    context = ParseContext(NOW, ("de", "en"))
    result = poll('umfrage "X" nächsten Di 14; Di 14; Mi 10')
    same = check_settled(result.settled(0), context)
    assert same is not None
    assert same.reason == "poll_option_twice"
    assert check_settled(result.settled(1), context) is None
    late = check_settled(poll('umfrage "X" nächsten Di 14; 2.12. 9:00 bis:"Mi 12:00"').settled(0), context)
    assert late is not None
    assert (late.reason, late.params["until"]) == ("poll_until_too_late", "Mi 12:00")


def test_of_a_deadline_only_plausible_readings_are_left() -> None:
    assert poll('umfrage "X" Di 14; Do 10 bis:"nächsten Di 9:00"').until == (at(11, 24, 9),)
    result = poll('umfrage "X" 3.12. 14:00; 4.12. 10:00 bis:"nächsten Di 9:00"')
    assert result.until == (at(11, 24, 9), at(12, 1, 9))
    assert result.unsettled == Choice((At(at(11, 24, 9)), At(at(12, 1, 9))))
    assert result.settled(1).until == (at(12, 1, 9),)


@pytest.mark.parametrize(
    ("text", "option", "longer"),
    [
        ('umfrage "X" Di 14; Mi 10 until:Mo 18 Uhr', "until", "Mo 18 Uhr"),
        ('umfrage "X" bis:heute 18 Uhr; Di 14; Mi 10', "bis", "heute 18 Uhr"),
        ('poll "X" Tue 14; Wed 10 until:today 6pm', "until", "today 6pm"),
        ('umfrage "X" Di 14; Mi 10 ort:Saal 3; Fr 9', "ort", "Saal 3"),
        ('umfrage "X" Di 14; Mi 10 text:Neues Auto', "text", "Neues Auto"),
        ('umfrage "X" Di 14; Mi 10 for:1 h', "for", "1 h"),
    ],
)
def test_a_value_that_may_go_on_is_not_cut_off(text: str, option: str, longer: str) -> None:
    result = refusal(text)
    assert result.reason == "option_needs_quotes"
    assert (result.params["option"], result.params["longer"]) == (option, longer)


def test_what_ends_a_value_without_quotes_in_a_poll() -> None:
    result = poll('umfrage "X" Di 14; Mi 10 ort:Saal; Fr 9 until:heute auto')
    assert (result.location, len(result.options), result.behaviour.auto) == ("Saal", 3, True)
    assert result.until == (at(11, 23, 23, 59),)


def test_an_option_on_the_wrong_weekday_is_told_the_right_one() -> None:
    assert refusal('umfrage "X" Mo 24.11. 10 Uhr; Mi 10').params["why"] == "date_falls_on_1"
