"""What the bot says, over everything that the gallery shows: the same in both forms, safe in every client, short."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from calbot.core.model import Kind, Locale, Message
from tests.core.messages.test_text import read

from .pictures.__main__ import SHOWN, VIEWS, messages_page
from .pictures.bubbles import page
from .pictures.gallery import Line, Scene, gallery

LOCALES: tuple[Locale, ...] = ("de", "en")
# The tags of the specification that no client leaves out or draws in its own way, each with its attributes.
PLAIN_TAGS = {
    "a": {"href"},
    "br": set[str](),
    "code": set[str](),
    "del": set[str](),
    "p": set[str](),
    "strong": set[str](),
}
# Characters in a line of facts, links aside: two lines of a phone.
LINE = 84
FIRST_SENTENCE = 100  # what a notification shows at least
PHONE_LINE = 40
FACTS = (Kind.MEETING, Kind.AGENDA, Kind.REMINDER, Kind.SLOTS, Kind.CHANGE, Kind.CANCELLED, Kind.STATUS)
LINK = re.compile(r"https://\S+")
EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f\u20e3]")
WORD = re.compile(r"[^\W\d_]{2,}")


@pytest.fixture(params=LOCALES)
async def scenes(request: pytest.FixtureRequest) -> tuple[Scene, ...]:
    return await gallery(request.param)


def messages(scenes: tuple[Scene, ...]) -> list[tuple[str, Message]]:
    return [(scene.name, message) for scene in scenes for message in scene.messages]


class Tags(HTMLParser):
    """The tags of a message with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, set[str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name for name, _ in attrs}))


async def test_the_gallery_holds(scenes: tuple[Scene, ...]) -> None:
    """One test for all: the gallery is made once for each language."""
    assert all(scene.messages for scene in scenes)
    said = messages(scenes)
    assert {message.kind for _, message in said} == set(Kind)
    for name, message in said:
        assert message.data.get("code") != "internal", (name, message.text)
        both_forms_say_the_same(name, message)
        every_client_shows_it(name, message)
        nothing_is_said_by_a_picture(name, message)
        it_is_well_set(name, message)
        it_fits(name, message)
    help_fits_on_a_phone(scenes)
    assert {part for _, parts in SHOWN.values() for part in parts} <= {scene.name for scene in scenes}


def both_forms_say_the_same(name: str, message: Message) -> None:
    assert read(message.html).text.strip() == message.text, name


def every_client_shows_it(name: str, message: Message) -> None:
    for tag, attributes in Tags(message.html).found:
        assert tag in PLAIN_TAGS, (name, tag)
        assert attributes <= PLAIN_TAGS[tag], (name, tag, attributes)


def nothing_is_said_by_a_picture(name: str, message: Message) -> None:
    for line in message.text.splitlines():
        assert not EMOJI.search(line) or WORD.search(EMOJI.sub("", line)), (name, line)


def it_is_well_set(name: str, message: Message) -> None:
    assert "  " not in message.text, name
    assert "\n\n\n" not in message.text, name
    assert not re.search(r"[{}`]", message.text), name
    assert message.text == message.text.strip(), name


def it_fits(name: str, message: Message) -> None:
    first, *others = message.text.splitlines()
    assert WORD.search(first), (name, first)
    assert len(re.split(r"(?<=[.?!]) ", first)[0]) <= FIRST_SENTENCE, (name, first)
    if message.kind in FACTS:
        assert [line for line in others if len(LINK.sub("", line)) > LINE] == [], name


def help_fits_on_a_phone(scenes: tuple[Scene, ...]) -> None:
    rows = {scene.name: sum(_rows(message) for message in scene.messages) for scene in scenes}
    assert rows["help_short"] <= 12
    assert rows["help_overview"] <= 20


def _rows(message: Message) -> int:
    """How many lines a phone shows, about."""
    return sum(-(-len(line) // PHONE_LINE) for line in message.text.splitlines())


def test_the_page_shows_every_picture() -> None:
    shown = re.findall(r'src="pictures/([^"]+)"', messages_page())
    assert sorted(shown) == sorted(
        f"{name}-{locale}-{view}.png" for name in SHOWN for locale in LOCALES for view in VIEWS
    )


def test_a_message_is_shown_as_it_was_sent_and_what_was_typed_as_text() -> None:
    said = Message(Kind.OK, "a", "<strong>a</strong>", {})
    html = page([Scene("x", (Line("Anna <b>", "!meet <i>"), Line("calbot", said)))], "de")
    assert '<div class="bubble"><strong>a</strong></div>' in html
    assert "!meet &lt;i&gt;" in html
    assert "<i>" not in html
    assert "Anna &lt;b&gt;" in html
