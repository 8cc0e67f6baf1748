"""Whatever stands in a calendar, it reaches the room as text."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbot.core.messages import Headline, Person, agenda, meeting_card, reminder
from calbot.core.messages.text import TITLE, clean, data, join_link, pill, prose, say
from calbot.core.model import Details, Message, UserId

from .examples import LINK, NOW, event, reader

ALLOWED = frozenset(("p", "br", "strong", "del", "code", "a"))

HOSTILE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                "<b>",
                "</p>",
                "<script>alert(1)</script>",
                "<a href='https://matrix.to/#/@admin:example.org'>",
                "&lt;",
                "&#64;room",
                "@room",
                "@ROOM",
                "@anna:example.org",
                "#raum:example.org",
                "!abc:example.org",
                "https://matrix.to/#/@admin:example.org",
                "matrix:u/admin:example.org",
                "**fett**",
                "[x](https://evil.example)",
                "`x`",
                "{title}",
                "{prefix}",
                "\n",
                "\r\n",
                "\u202e",
                "\u200b",
                "\u2066",
                "\ufeff",
                "\x00",
                "\x1b[31m",
                "\ud800",
                "\u2028",
                "e\u0301",
                "\u0335" * 50,
                " ",
                "x",
            ]
        )
    ).map("".join),
)


class _Reader(HTMLParser):
    """What a client makes of a message: its tags, its links, its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "br":
            self.text += "\n"
        for name, value in attrs:
            assert (tag, name) == ("a", "href")
            self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        assert tag in ALLOWED
        if tag == "p":
            self.text += "\n\n"


def read(html: str) -> _Reader:
    parsed = _Reader()
    parsed.feed(html)
    parsed.close()
    return parsed


def looks_dangerous(text: str) -> bool:
    categories = {unicodedata.category(char) for char in text.replace("\n", "")}
    return bool(categories & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


@given(HOSTILE)
def test_html_is_the_cleaned_text_and_nothing_else(title: str) -> None:
    parsed = read(data(title).html)
    assert parsed.tags == set()
    assert parsed.text == clean(title)


@given(HOSTILE)
def test_cleaned_text_is_one_short_visible_line(title: str) -> None:
    line = clean(title)
    assert len(line) <= TITLE
    assert "\n" not in line
    assert not looks_dangerous(line)
    assert line == line.strip()
    line.encode()


@given(HOSTILE)
def test_cleaning_again_changes_nothing(title: str) -> None:
    assert clean(clean(title)) == clean(title)


@given(HOSTILE)
def test_text_comes_alive_in_no_client(title: str) -> None:
    line = clean(title).casefold()
    assert "@room" not in line
    assert "matrix.to" not in line
    assert "@anna:example" not in line


@given(HOSTILE, HOSTILE)
def test_messages_with_hostile_events_have_our_tags_only(title: str, place: str) -> None:
    details = Details(title=title, location=place, description=place, link=place)
    hostile = event(details=details)
    messages: tuple[Message, ...] = (
        meeting_card(
            reader(),
            hostile,
            people=[Person(place)],
            calendar_title=title,
            headline=Headline.CREATED,
            description=True,
        ),
        agenda(reader(), [(1, hostile)], window=(NOW.date(), NOW.date()), search=title, with_calendar=True),
    )
    for message in messages:
        parsed = read(message.html)
        assert parsed.tags <= ALLOWED - {"a", "code"} | {"code"}
        assert parsed.links == []
        assert parsed.text.strip() == message.text.strip()
        assert message.mentions == ()
        assert not message.mention_room
        assert len(message.text) < 10_000


def test_a_line_of_a_hundred_thousand_characters_is_cut() -> None:
    long = "x" * 100_000
    card = meeting_card(
        reader(),
        event(details=Details(title=long, location=long, description=f"{long}\n" * 3)),
        people=[Person(long)] * 3,
        calendar_title=long,
        description=True,
    )
    assert len(card.text) < 2_000
    assert len(card.data["title"]) == TITLE


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Jour fixe", "Jour fixe"),
        ("  Jour \t fixe\u00a0IT\n", "Jour fixe IT"),
        ("@room bitte lesen", "@ room bitte lesen"),
        ("@Room", "@ Room"),
        ("rooms@example.org", "rooms@example.org"),
        ("it@rooms.example.org", "it@ rooms.example.org"),
        ("@anna:example.org", "@ anna:example.org"),
        ("#plenum:example.org", "# plenum:example.org"),
        ("anna@example.org: Urlaub", "anna@example.org: Urlaub"),
        ("Achtung! Neu: Ort", "Achtung! Neu: Ort"),
        ("https://matrix.to/#/@a:b", "https://matrix. to/#/@ a:b"),
        ("https://webex.com@evil.example/x", "https:// webex.com@evil.example/x"),
        ("https://w\u0435bex.com/x", "https:// w\u0435bex.com/x"),
        ("https://www.münchen.example/x@y", "https://www.münchen.example/x@y"),
        ("gelb\u202eneuw", "gelbneuw"),
        ("Zé\u0301\u0301\u0301\u0301\u0301\u0301", "Zé\u0301\u0301\u0301\u0301"),
        ("", ""),
    ],
)
def test_cleaning(written: str, shown: str) -> None:
    assert clean(written) == shown


def test_prose_keeps_its_lines_and_is_bounded() -> None:
    quoted = prose("Bitte mitbringen:\n\n1. Zahlen\r\n2. <Akten>\n")
    assert quoted.text == "> Bitte mitbringen:\n> 1. Zahlen\n> 2. <Akten>"
    assert prose("a\n<b>").html == "&gt; a<br>&gt; &lt;b&gt;"
    assert len(prose("Zeile\n" * 1000).text) < 1_000


# ---------------------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    "url",
    [
        "https://meet.example.org/f3k9",
        "https://meet.example.org:8443/x?a=1&b=2",
        "https://MEET.example.org/x",
        "https://matrix.to/#/!abc:example.org?via=example.org",
    ],
)
def test_a_join_link_is_shown_as_it_is(url: str) -> None:
    link = join_link(url)
    parsed = read(link.html)
    assert link.text == url
    assert parsed.links == [url]
    assert parsed.text == url


def test_of_a_long_join_link_html_shows_the_beginning() -> None:
    url = "https://meet.example.org/" + "x" * 300
    link = join_link(url)
    assert link.text == url
    assert read(link.html).links == [url]
    assert read(link.html).text == f"{url[:99]}…"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://meet.example.org/x",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://webex.com@evil.example/x",
        "https://webex.com:443:80/x",
        "https://evil.example/\"onclick='x'",
        "https://evil.example/ x",
        "https://evil.example/\n",
        "https://ехample.org/x",
        "https://webex.com%2eevil.example/",
        "https://evil.example\\@webex.com/",
        "https://matrix.to/#/@admin:example.org",
        "https://matrix.to/#/%40admin:example.org",
        "https://meet.example.org/" + "x" * 600,
        "https://[::1/x",
        "https://meet.example.org:99999/",
    ],
)
def test_what_is_no_plain_web_address_is_no_link(url: str) -> None:
    assert not join_link(url)


@given(HOSTILE)
def test_no_link_leads_elsewhere_than_it_says(text: str) -> None:
    link = join_link(f"https://meet.example.org/{text}")
    if link:
        shown = read(link.html).text
        assert shown.startswith("https://meet.example.org/")
        assert link.text.startswith(shown.removesuffix("…"))
        assert read(link.html).links == [link.text]


# ------------------------------------------------------------------------------------------------------------ own texts


def test_a_pill_links_to_the_person_and_shows_the_name() -> None:
    piece = pill(UserId("@a/b?c:example.org"), "<Anna>")
    assert piece.text == "<Anna>"
    assert piece.html == '<a href="https://matrix.to/#/@a%2Fb%3Fc:example.org">&lt;Anna&gt;</a>'


def test_mentions_are_pills_only_of_those_who_are_mentioned() -> None:
    message = reminder(
        reader(), event(details=Details(title="x", link=LINK)), lead=NOW - NOW, mentions=[], mention_room=False
    )
    assert read(message.html).links == [LINK]


def test_what_is_to_be_typed_is_code_in_html_and_bare_in_text() -> None:
    piece = say(reader("en", prefix="!<m>"), "agenda.next", number=3)
    assert piece.text == "Details: !<m> show 3"
    assert piece.html == "Details: <code>!&lt;m&gt; show 3</code>"


def test_backticks_and_braces_of_a_calendar_mean_nothing() -> None:
    piece = say(reader("en"), "card.created", title="`{prefix}` <i>")
    assert piece.text == "Added: `{prefix}` <i>"
    assert piece.html == "Added: `{prefix}` &lt;i&gt;"
