"""Writing an event: title, date, people and options in any order, and nothing taken for what it is not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbot.core.commands import CommandId, Event, New
from calbot.core.commands.lexing import clean
from calbot.core.dates import At, Choice, Day, Every, Locale
from calbot.errors import Code

from .typing_in import ANNA, BEN, at, refusal, typed

TEN = At(at(11, 24, 10))
TWO = (ANNA, BEN)
PARTS = [
    '"Jour fixe"',
    "morgen 10 Uhr",
    "{anna}",
    'ort:"Raum 4"',
    "for:45m",
    "link:no",
    "kal:it",
    "{ben}",
    "text:„A B“",
]
VISIBLE = st.characters(categories=["L", "N", "P", "S"], exclude_characters='"”“')


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ('neu "Jour fixe" morgen 10 Uhr', "de", New("Jour fixe", TEN)),
        ('neu titel:"Jour fixe" morgen 10 Uhr', "de", New("Jour fixe", TEN)),
        ('new tomorrow 10am title:"Jour fixe"', "en", New("Jour fixe", TEN)),
        ('new "Jour fixe" tomorrow 10am', "en", New("Jour fixe", TEN)),
        ('new "Jour fixe" tomorrow 10am', "de", New("Jour fixe", TEN)),
        ('neu "Jour fixe" morgen 10 Uhr', "en", New("Jour fixe", TEN)),
        ('termin "Jour fixe" morgen 10 Uhr', "de", New("Jour fixe", TEN)),
        ('event "Jour fixe" tomorrow 10am', "en", New("Jour fixe", TEN)),
        ("neu „Jour fixe“ morgen 10-11 Uhr", "de", New("Jour fixe", At(at(11, 24, 10), at(11, 24, 11)))),
        ("neu Jour fixe morgen 10 Uhr", "de", New("Jour fixe", TEN)),
        ("neu Jour fixe, morgen 10 Uhr", "de", New("Jour fixe", TEN)),
        ("neu Jour fixe: morgen 10 Uhr", "de", New("Jour fixe", TEN)),
        ("neu Jour fixe - morgen 10 Uhr", "de", New("Jour fixe", TEN)),
        ("neu\nJour fixe\nmorgen 10 Uhr", "de", New("Jour fixe", TEN)),
        ("neu\tJour\u00a0fixe   morgen\u202f10 Uhr", "de", New("Jour fixe", TEN)),
        ("NEU Jour Fixe MORGEN 10 UHR", "de", New("Jour Fixe", TEN)),
        ('neu morgen 10 Uhr "Jour fixe"', "de", New("Jour fixe", TEN)),
        ('neu morgen "Jour fixe" 10 Uhr', "de", New("Jour fixe", TEN)),
        ('neu "Jour fixe" "morgen 10 Uhr"', "de", New("Jour fixe", TEN)),
        ('neu Lesung "Faust" morgen 10 Uhr', "de", New('Lesung "Faust"', TEN)),
        ("neu „Faust“ und „Nathan“ morgen 10 Uhr", "de", New("„Faust“ und „Nathan“", TEN)),
        ("neu Bürger:innensprechstunde morgen 10 Uhr", "de", New("Bürger:innensprechstunde", TEN)),
        ("neu Betreff: Haushalt morgen 10 Uhr", "de", New("Betreff: Haushalt", TEN)),
        ("neu Abgabe bis: Freitagskreis morgen 10 Uhr", "de", New("Abgabe bis: Freitagskreis", TEN)),
        ("neu Projekt:Start morgen 10 Uhr", "de", New("Projekt:Start", TEN)),
        ("neu Geht's um https://example.org/a;b? morgen 10 Uhr", "de", New("Geht's um https://example.org/a;b?", TEN)),
        ("neu Inventur morgen", "de", New("Inventur", Day(date(2026, 11, 24), date(2026, 11, 24)))),
        ("neu Feier Fr 20 Uhr", "de", New("Feier", At(at(11, 27, 20)))),
        ("neu Reden Fr 10 Uhr", "de", New("Reden", At(at(11, 27, 10)))),
        ("neu Montage 24.11. 10 Uhr", "de", New("Montage", TEN)),
        ("new Match tue 10am", "en", New("Match", TEN)),
        ("neu Mittag Fr 12:10", "de", New("Mittag", At(at(11, 27, 12, 10)))),
        ("neu Nacht 25.11.2026 00:30-01:30", "de", New("Nacht", At(at(11, 25, 0, 30), at(11, 25, 1, 30)))),
        ("neu Abend Fr 19 Uhr", "de", New("Abend", At(at(11, 27, 19)))),
        ('new "Jour fixe" tomorrow 10am?', "en", New("Jour fixe", TEN)),
        ("neu Budget Ende Fr 11 Uhr", "de", New("Budget Ende", At(at(11, 27, 11)))),
        ("neu Weekly every other monday at 9", "de",
         New("Weekly", Every(At(at(11, 30, 9)), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"))),
        ("new Weekly every other monday at 9", "en",
         New("Weekly", Every(At(at(11, 30, 9)), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"))),
        ("neu Termin am Freitag um 9", "de", New("Termin", At(at(11, 27, 9)))),
        ("neu Termin um 9 Uhr am Freitag", "de", New("Termin", At(at(11, 27, 9)))),
        ("neu Termin am Freitag, den 27.11., ab 9", "de", New("Termin", At(at(11, 27, 9)))),
        ("new Review on friday at 9", "en", New("Review", At(at(11, 27, 9)))),
        ("neu Runde jeden Dienstag 10 Uhr", "de", New("Runde", Every(TEN, "FREQ=WEEKLY;BYDAY=TU"))),
        ("neu Runde nächsten Dienstag 10 Uhr", "de", New("Runde", Choice((TEN, At(at(12, 1, 10)))))),
        ("neu Budgetrunde nächsten Di 14-15 Uhr {anna} {ben}", "de",
         New("Budgetrunde", Choice((At(at(11, 24, 14), at(11, 24, 15)), At(at(12, 1, 14), at(12, 1, 15)))), TWO)),
    ],
)  # fmt: skip
def test_title_and_date(text: str, locale: Locale, expected: New) -> None:
    assert typed(text, locale=locale) == expected


@pytest.mark.parametrize(
    "text",
    [
        "neu Jour fixe morgen 10 Uhr {anna} {ben}",
        "neu Jour fixe morgen 10 Uhr mit {anna} und {ben}",
        "neu Jour fixe morgen 10 Uhr mit {anna}, {ben}.",
        "neu Jour fixe mit {anna} und {ben} morgen 10 Uhr",
        "neu {anna} {ben} Jour fixe morgen 10 Uhr",
        "neu {anna} & {ben}: Jour fixe morgen 10 Uhr",
        "neu Jour fixe {anna} morgen {ben} 10 Uhr",
        'neu "Jour fixe" morgen 10 Uhr\n{anna}\n{ben}',
        'neu "Jour fixe"{anna}{ben}morgen 10 Uhr',
        "neu Jour fixe morgen 10 Uhr mit {anna} und {ben} und {anna}",
        "neu Jour fixe morgen 10 Uhr with {anna}, and {ben}",
        "neu Jour fixe morgen 10 Uhr required: {anna} {ben}",
    ],
)
def test_people_stand_anywhere(text: str) -> None:
    assert typed(text) == New("Jour fixe", TEN, attendees=(ANNA, BEN))


@pytest.mark.parametrize(
    ("text", "attendees", "optional"),
    [
        ("neu X morgen 10 Uhr {anna} optional: {ben}", (ANNA,), (BEN,)),
        ("neu X morgen 10 Uhr optional:{ben} ort:A {anna}", (ANNA,), (BEN,)),
        ("neu X morgen 10 Uhr {anna} optional: {anna} und {ben}", (), (ANNA, BEN)),
        ("neu X optional: {anna} morgen 10 Uhr {ben}", (), (ANNA, BEN)),
        ("neu X morgen 10 Uhr optional:@ben:example.org", (), (BEN,)),
        ("neu X morgen 10 Uhr optional: {ben} ort:A {ben} {anna}", (ANNA,), (BEN,)),
        ("neu X morgen 10 Uhr {ben} {anna} optional: {ben}", (ANNA,), (BEN,)),
        ('neu "mit {anna}" morgen 10 Uhr {ben}', (BEN,), ()),
    ],
)
def test_who_is_optional(text: str, attendees: tuple[str, ...], optional: tuple[str, ...]) -> None:
    result = typed(text.replace("@ben:example.org", "{ben}") if "{" in text else text)
    assert isinstance(result, New)
    assert (result.attendees, result.optional) == (attendees, optional)


@pytest.mark.parametrize(
    "text",
    [
        'neu "Jour fixe" morgen 10 Uhr ort:"Raum 4.12" text:Haushalt for:45m kal:it-team link:no',
        "neu „Jour fixe“ ort:„Raum 4.12“ morgen 10 Uhr desc:Haushalt dauer:45m cal:it-team link:NEIN",
        "new LOC:'Raum 4.12' text:„Haushalt“ für:45min cal:it-team, link:no «Jour fixe» morgen 10 Uhr",
        "neu Jour fixe ort:“Raum 4.12”\ntext:Haushalt\nfor:0:45 kal:it-team\nlink:aus morgen 10 Uhr",
    ],
)
def test_options_stand_anywhere(text: str) -> None:
    assert typed(text.replace("0:45", "45m")) == New(
        "Jour fixe",
        TEN,
        duration=timedelta(minutes=45),
        location="Raum 4.12",
        description="Haushalt",
        calendar="it-team",
        link=False,
    )


def test_a_description_keeps_its_lines_and_a_place_may_be_an_address() -> None:
    result = typed('neu "X" morgen 10 Uhr text:"eins\nzwei" ort:https://example.org/r;a=b?c#d')
    assert isinstance(result, New)
    assert result.description == "eins\nzwei"
    assert result.location == "https://example.org/r;a=b?c#d"


@pytest.mark.parametrize(
    ("text", "reason", "params"),
    [
        ("neu", "title_missing", {}),
        ("neu {anna}", "title_missing", {}),
        ("neu morgen 10 Uhr", "title_missing", {}),
        ('neu "" morgen 10 Uhr', "title_missing", {}),
        ('neu "-" morgen 10 Uhr', "title_missing", {}),
        ("neu Jour fixe", "when_missing", {"title": "Jour fixe"}),
        ('neu "Jour fixe"', "when_missing", {"title": "Jour fixe"}),
        ("neu Jour fixe farbe:rot", "unknown_option", {"option": "farbe"}),
        ('neu "Jour fixe" irgendwann', "date_not_understood", {"text": "irgendwann"}),
        ('neu "Jour fixe" morgen 10 Uhr vielleicht', "date_not_understood", {"text": "morgen 10 Uhr vielleicht"}),
        ('neu "Jour fixe" morgen 10 Uhr farbe:rot', "unknown_option", {"option": "farbe"}),
        ('neu titel:"Jour fixe" Runde morgen 10 Uhr', "date_not_understood", {"text": "Runde morgen 10 Uhr"}),
        ("neu titel:Jour fixe morgen 10 Uhr", "option_needs_quotes", {"option": "titel", "value": "Jour"}),
        ('neu titel:"Jour fixe"', "when_missing", {"title": "Jour fixe"}),
        ("neu Jour fixe orr:Rathaus morgen 10 Uhr", "unknown_option_near", {"option": "orr", "suggestion": "ort"}),
        ("neu Jour fixe morgen 10 Uhr foo:bar", "unknown_option_near", {"option": "foo", "suggestion": "dauer"}),
        ("neu Jour fixe morgen 10 Uhr ort: Rathaus", "option_without_value", {"option": "ort"}),
        ('neu Jour fixe morgen 10 Uhr ort:""', "option_without_value", {"option": "ort"}),
        ("neu Jour fixe morgen 10 Uhr ort:A loc:B", "option_twice", {"option": "loc"}),
        ("neu Jour fixe morgen 10 Uhr bis:11", "option_not_here", {"option": "bis"}),
        ("neu Jour fixe morgen 10 Uhr raum:", "option_without_value", {"option": "raum"}),
        (
            "neu Jour fixe raum:Raum 4.12 morgen 10 Uhr",
            "option_needs_quotes",
            {"option": "raum", "value": "Raum", "longer": "Raum 4.12 …"},
        ),
        ("neu Jour fixe morgen 10 Uhr optional: alle", "option_wants_people", {"option": "optional"}),
        ("neu Jour fixe morgen 10 Uhr optional:anna", "option_wants_people", {"option": "optional"}),
        ("neu Jour fixe morgen 10 Uhr link:vielleicht", "option_value", {"option": "link", "value": "vielleicht"}),
        ("neu Jour fixe morgen 10 Uhr for:ewig", "duration_not_understood", {"text": "ewig"}),
        ("neu Jour fixe morgen 10-11 Uhr for:2h", "duration_and_end", {"text": "2h"}),
        ("neu Jour fixe morgen for:2h", "duration_all_day", {"text": "2h"}),
        ("neu farbe:rot ort:A", "unknown_option", {"option": "farbe"}),
    ],
)
def test_what_is_wrong_is_said_and_quoted(text: str, reason: str, params: dict[str, str]) -> None:
    result = refusal(text)
    assert (result.reason, result.code, result.command) == (reason, Code.NOT_UNDERSTOOD, CommandId.NEW)
    assert params.items() <= result.params.items()


@pytest.mark.parametrize(
    "text", ['neu "Jour fixe" heute 9 Uhr', "neu Jour fixe heute 9 Uhr", "neu Jour fixe 22.11. 9:00"]
)
def test_the_past_is_refused(text: str) -> None:
    assert refusal(text).code is Code.IN_PAST


def test_a_title_has_bounds() -> None:
    assert refusal(f'neu "{"x" * 300}" morgen 10 Uhr').code is Code.LIMIT


def test_termin_with_arguments_is_no_answer_to_a_poll() -> None:
    assert typed("termin", replying=True) == Event()
    assert typed("termin Jour fixe morgen 10 Uhr", replying=True) == New("Jour fixe", TEN)
    assert refusal("termin Budget", replying=True).command is CommandId.NEW


@settings(deadline=None)
@given(
    st.permutations(PARTS),
    st.sampled_from([" ", "  ", "\n", " \n "]),
)
def test_the_order_does_not_matter(parts: list[str], blank: str) -> None:
    result = typed(blank.join(["neu", *parts]))
    assert isinstance(result, New)
    assert sorted(result.attendees) == [ANNA, BEN]
    assert (result.title, result.when, result.duration) == ("Jour fixe", TEN, timedelta(minutes=45))
    assert (result.location, result.description, result.calendar, result.link) == ("Raum 4", "A B", "it", False)


@settings(deadline=None)
@given(
    st.text(
        alphabet=st.characters(categories=["L", "N", "P", "S"], exclude_characters='"”“\u034f'), min_size=1, max_size=30
    )
)
def test_a_quoted_title_is_kept_as_it_was_typed(title: str) -> None:
    result = typed(f'neu "{title}" morgen 10 Uhr')
    tidy = clean(title).rstrip(",;:–-")
    if tidy:
        assert result == New(tidy, TEN)


def test_where_the_title_ends_is_the_senders_choice() -> None:
    result = typed("neu Sitzung Freitag morgen 10 Uhr ort:Rathaus")
    friday = At(at(11, 27, 10))
    assert result == New(
        "Sitzung Freitag", Choice((TEN, friday)), location="Rathaus", titles=("Sitzung Freitag", "Sitzung")
    )
    assert isinstance(result, New)
    assert result.chosen(0) == New("Sitzung Freitag", TEN, location="Rathaus")
    assert result.chosen(1) == New("Sitzung", friday, location="Rathaus")


def test_of_two_dates_the_sender_chooses_one() -> None:
    result = typed("neu Runde nächsten Dienstag 10 Uhr")
    assert isinstance(result, New)
    assert result.chosen(1) == New("Runde", At(at(12, 1, 10)))
    with pytest.raises(TypeError):
        result.chosen(1).chosen(0)


@pytest.mark.parametrize(
    ("text", "reason", "params"),
    [
        (
            "neu Jour fixe Dienstg 10 Uhr",
            "border_unclear",
            {"words": "Dienstg", "suggestion": '"Jour fixe Dienstg" 10 Uhr'},
        ),
        ("neu Jour fixe Dienstg 10:00", "border_unclear", {"words": "Dienstg"}),
        ("new Jour fixe tuesdy 10:00", "border_unclear", {"words": "tuesdy"}),
        ("neu Dienstg 10 Uhr", "border_unclear", {"words": "Dienstg"}),
        ("neu Feier 20 Uhr", "border_unclear", {"words": "Feier", "suggestion": '"Feier" 20 Uhr'}),
        ("neu Budget Ende 14 Uhr", "border_unclear", {"words": "Ende"}),
        ('neu "Teil" zwei Mo 16 Uhr', "border_unclear", {"words": "zwei", "suggestion": '"Teil zwei" Mo 16 Uhr'}),
        (
            "neu Faust „Teil 2“ Dienstg 10 Uhr ort:Saal",
            "border_unclear",
            {"words": "Dienstg", "suggestion": '"Faust „Teil 2“ Dienstg" 10 Uhr …'},
        ),
        ("neu KW 49 Planung Mi 10", "border_unclear", {"words": "KW 49", "suggestion": '"KW 49 Planung" Mi 10'}),
        ("new next week planning wed 10am", "border_unclear", {"words": "next week"}),
        ("neu Test Mo 24.11. 10 Uhr", "date_falls_on_1", {"words": "Mo 24.11. 10 Uhr"}),
        ("new Test Mon 24 Nov 10am", "date_falls_on_1", {"words": "Mon 24 Nov 10am"}),
        ("neu Wer kann morgen?", "border_unclear", {"words": "morgen?", "suggestion": '"Wer kann" morgen?'}),
        ("new Jour fixe tomorrow 10am?", "border_unclear", {"words": "10am?"}),
        ("neu Jour fixe bitte morgen 10 Uhr", "border_unclear", {"words": "bitte"}),
        ("neu Jour fixe morgen 10 Uhr bitte", "date_not_understood", {"text": "morgen 10 Uhr bitte", "words": "bitte"}),
        ("neu Jour fixe morgen 7:30 abends", "date_meant", {"meant": "19:30"}),
        ("neu Jour fixe morgen 10 Uhr evtl", "date_not_understood", {"text": "morgen 10 Uhr evtl", "words": "evtl"}),
        ("neu Jour fixe morgen 10 Uhr @Anna, danke", "person_not_linked", {"name": "@Anna"}),
        ('neu Treffen Dienstag "Budget" 10 Uhr', "border_unclear", {"words": "Dienstag"}),
        ("neu morgen 10 Uhr Jour fixe", "title_after_date", {"suggestion": '"Jour fixe" morgen 10 Uhr'}),
        ("neu Klausur irgendwann nächste Woche", "date_vague", {"text": "nächste Woche"}),
        ("neu Infos für alle Dienstag 9 Uhr", "date_vague", {"text": "alle Dienstag 9 Uhr"}),
        ("neu Kommt bitte alle morgen 9 Uhr", "date_vague", {"text": "alle morgen 9 Uhr"}),
    ],
)
def test_a_doubtful_border_is_no_guess(text: str, reason: str, params: dict[str, str]) -> None:
    result = refusal(text)
    assert (result.reason, dict(result.params)) == (reason, {**result.params, **params})


@pytest.mark.parametrize("locale", ["de", "en"])
def test_the_language_that_reads_more_words_was_spoken(locale: Locale) -> None:
    assert typed("neu Jour fixe tomorrow 10:00", locale=locale) == New("Jour fixe", TEN)
    assert typed("neu Jour fixe morgen 10:00", locale=locale) == New("Jour fixe", TEN)


@pytest.mark.parametrize(
    ("text", "option", "value", "longer"),
    [
        ("neu Runde Freitag 13 Uhr {ben} optional: {anna} ort:Raum 4.12", "ort", "Raum", "Raum 4.12"),
        ("neu Sitzung Mi ort:Raum 15", "ort", "Raum", "Raum 15"),
        ("neu Sitzung Mi ort:Zimmer 9:30", "ort", "Zimmer", "Zimmer 9:30"),
        ("neu Sitzung ort:Saal 2 Mi 14 Uhr", "ort", "Saal", "Saal 2 …"),
        ("neu ort:Rathaus, Saal 2", "ort", "Rathaus", "Rathaus, Saal …"),
        ("neu Sitzung Mi 10 ort:Saal A:12", "ort", "Saal", "Saal A:12"),
        ("neu Sitzung Mi 10 ort:Haus und Hof {ben}", "ort", "Haus", "Haus und …"),
        ("neu Sitzung Mi 10 ort:Raum;2", "ort", "Raum", "Raum; …"),
        ('neu Mi 10 ort:Raum"4"', "ort", "Raum", 'Raum"4"'),
        ("new Review wed loc:Room 15 {ben}", "loc", "Room", "Room 15"),
        ("neu Sitzung Mi 10 text:Bitte alles mitbringen", "text", "Bitte", "Bitte alles …"),
        ("new Review wed 10am desc:bring all", "desc", "bring", "bring all"),
        ("neu Sitzung Mi 10 for:1 h", "for", "1", "1 h"),
        ("neu Sitzung Mi 10 dauer:1h 30", "dauer", "1h", "1h 30"),
        ("new Review wed 10am for:1h 30m", "for", "1h", "1h 30m"),
        ("neu Sitzung Mi 10 for:2 Stunden und 15 Minuten", "for", "2", "2 Stunden und 15 Minuten"),
    ],
)
def test_a_value_that_may_go_on_is_not_cut_off(text: str, option: str, value: str, longer: str) -> None:
    result = refusal(text)
    assert (result.reason, result.command) == ("option_needs_quotes", CommandId.NEW)
    assert result.params == {"option": option, "value": value, "longer": longer}


@pytest.mark.parametrize(
    "text",
    [
        "neu Jour fixe morgen 10 Uhr ort:Rathaus",
        "neu Jour fixe morgen 10 Uhr ort:Rathaus link:yes",
        'neu "Jour fixe" ort:"Rathaus" morgen 10 Uhr',
        'neu ort:Rathaus "Jour fixe" morgen 10 Uhr',
        "neu Jour fixe ort:Rathaus\nmorgen 10 Uhr",
        "new Jour fixe tomorrow 10am loc:Rathaus",
    ],
)
def test_a_value_without_quotes_ends_where_nothing_can_belong_to_it(text: str) -> None:
    assert typed(text) == New("Jour fixe", TEN, location="Rathaus")


@pytest.mark.parametrize("people", ["{ben}", "mit {ben}", ", {ben}", "with {ben}", "required: {ben}"])
def test_people_may_follow_a_value_without_quotes(people: str) -> None:
    assert typed(f"neu Jour fixe morgen 10 Uhr ort:Rathaus {people}") == New(
        "Jour fixe", TEN, location="Rathaus", attendees=(BEN,)
    )


def test_a_date_may_follow_a_length() -> None:
    assert typed("neu Jour fixe for:1h 24.11. 10 Uhr") == New("Jour fixe", TEN, duration=timedelta(hours=1))


def test_people_without_a_link_are_named_as_such_behind_a_value() -> None:
    assert refusal("neu Jour fixe morgen 10 Uhr ort:Rathaus mit @Anna").reason == "person_not_linked"


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("new meeting morgen at 5pm", "morgen at 5pm"),
        ("neu Planung tomorrow 15 Uhr", "tomorrow 15 Uhr"),
        ("neu Sync next monday um 10", "monday um 10"),
        ("new Planning übermorgen 10am", "übermorgen 10am"),
        ("new Retro Freitag 3pm", "Freitag 3pm"),
        ("new Retro Friday 15 Uhr", "Friday 15 Uhr"),
        ('neu "Call" Freitag 3pm', "Freitag 3pm"),
        ("poll Retro Freitag 3pm; Mo 10", "Freitag 3pm"),
    ],
)
def test_a_date_in_two_languages_is_not_read_by_half(text: str, date: str, locale: Locale) -> None:
    refused = refusal(text, locale=locale)
    assert (refused.reason, refused.params["text"]) == ("date_mixed", date)


@pytest.mark.parametrize(
    "text",
    [
        'neu "Call Freitag" 3pm',
        "neu Black Friday 27.11. 10 Uhr",
        "neu What to do tomorrow 3pm",
        "new Lunch with Mo 12pm",
        "new Weihnachtsfeier Dec 18 5pm",
    ],
)
def test_a_title_may_be_in_another_language_than_the_date(text: str) -> None:
    assert isinstance(typed(text), New)
