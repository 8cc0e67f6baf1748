"""Whatever stands in a calendar, a poll, a name or a file: a message of the bot's means what it was meant to mean."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from calbot.core import messages
from calbot.core.messages import MailText
from calbot.core.messages.text import clean
from calbot.core.model import Details, EventId, Locale, Message
from calbot.matrix.content import edit_content, message_content, require_size
from tests.core.messages.examples import event, reader

from .corpus import KINDS, hostile_texts
from .every_message import LINKS, Sent, catalog_messages, every_message, placeholders
from .judge import judge, judge_text, same_keys, same_shape, texts_in

LOCALES: tuple[Locale, ...] = ("de", "en")
CATALOGS = Path(messages.__file__).resolve().parents[2] / "locales"
TOKEN = "Qzq"
TEXTS = hostile_texts()
# Where all of many texts are this long, names and single changes are left out, rather than the message.
SHORTENED = ("poll_card", "poll_result", "change_notice")
# What is edited later on holds its text four times.
EDITED = ("meeting_card", "poll_card", "poll_over", "question_answered", "slots_over")
# With what the bot or the homeserver has made up, and no person.
NEVER_EMPTY = ("internal_error", "welcome_unmapped", "when_answer", "error", "admin_news")
FLOODS = ("long_", "emoji_flood")
# Of the texts of the catalogs, each with these: what would show if a parameter were not taken for text.
TELLING = ("html_closes_paragraph", "pill_url", "room_mention", "user_mention", "newline_row", "bidi_unbalanced")


@pytest.mark.parametrize("locale", LOCALES)
def test_no_text_changes_what_a_message_means(locale: Locale) -> None:
    eyes = reader(locale)
    harmless = dict(every_message(eyes, TOKEN))
    for name, text in TEXTS.items():
        visible = text if clean(text) else f"{TOKEN}{text}"
        for id, sent in every_message(eyes, visible):
            shortened = name.startswith(FLOODS) and id.startswith(SHORTENED)
            try:
                judge_sent(sent, sent if shortened else harmless[id])
            except AssertionError as error:
                raise AssertionError(f"{id} with {name}: {error}") from error


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if not clean(text)])
def test_a_text_that_shows_nothing_leaves_no_hole(locale: Locale, name: str) -> None:
    for id, sent in every_message(reader(locale), TEXTS[name]):
        if isinstance(sent, Message) and id not in NEVER_EMPTY:
            judge(sent, links=LINKS)
            assert "\n\n\n" not in sent.text, id
            assert sent.text == sent.text.strip(), id


@pytest.mark.parametrize("locale", LOCALES)
def test_no_parameter_of_any_catalog_text_is_more_than_text(locale: Locale) -> None:
    eyes = reader(locale)
    known = placeholders(locale, (CATALOGS / f"{locale}.po").read_text(encoding="utf-8"))
    harmless = dict(catalog_messages(eyes, TOKEN, known))
    assert len(harmless) > 100
    for name in TELLING:
        for id, message in catalog_messages(eyes, KINDS[name], known):
            try:
                judge_message(message, harmless[id])
            except AssertionError as error:
                raise AssertionError(f"{id} with {name}: {error}") from error


def test_no_message_is_left_out() -> None:
    """Whoever adds one to `calbot.core.messages` adds it to `every_message` too."""
    made = {"Message", "Message | None", "dict[str, Any]", "MailText"}
    wanted = {
        name
        for name in messages.__all__
        if inspect.isfunction(function := getattr(messages, name))
        and inspect.signature(function).return_annotation in made
        and name not in ("event_data", "when_data")
    }
    assert wanted - {id.partition(".")[0] for id, _ in every_message(reader("de"), TOKEN)} == {"posted_agenda"}


@pytest.mark.parametrize("text", ["\U0001f4a5" * 400, '"' * 400, "&" * 400, "\u0130" * 400])
def test_long_texts_fit_into_an_event(text: str) -> None:
    for id, sent in every_message(reader("de"), text):
        if isinstance(sent, Message):
            try:
                require_size(message_content(sent, "k" * 64))
                if id.startswith(EDITED) and id != "meeting_card.show":
                    require_size(edit_content(sent, "k" * 64, EventId("$" + "e" * 43), frozenset()))
            except Exception as error:
                raise AssertionError(f"{id}: {error}") from error


def test_a_hundred_thousand_characters_cost_no_more_than_a_screen() -> None:
    began = time.process_time()
    for _ in every_message(reader("de"), "a\u0301\u200b<" * 25_000):
        pass
    assert time.process_time() - began < 5


@pytest.mark.parametrize("locale", LOCALES)
def test_a_link_from_a_calendar_leads_where_it_says_or_is_none(locale: Locale) -> None:
    for text in (*TEXTS.values(), *(f"https://meet.example.org/{text}" for text in TEXTS.values())):
        one = event(details=Details(title="x", link=text))
        for message in (
            messages.meeting_card(reader(locale), one, people=(), calendar_title="x"),
            messages.reminder(reader(locale), one, lead=timedelta(minutes=15)),
        ):
            judge(message, links=frozenset({text}))


def judge_sent(sent: Sent, harmless: Sent) -> None:
    if isinstance(sent, Message):
        assert isinstance(harmless, Message)
        judge_message(sent, harmless)
    elif isinstance(sent, MailText):
        assert isinstance(harmless, MailText)
        same_shape(sent.subject, harmless.subject, TOKEN)
        same_shape(sent.text, harmless.text, TOKEN)
    else:
        assert isinstance(harmless, Mapping)
        same_keys(sent, harmless)
        for text, model in zip(texts_in(sent), texts_in(harmless), strict=True):
            judge_text(text)
            same_shape(text, model, TOKEN)


def judge_message(message: Message, harmless: Message) -> None:
    judge(message, links=LINKS)
    same_shape(message.text, harmless.text, TOKEN)
    same_keys(message.data, harmless.data)
    assert (message.mentions, message.mention_room) == (harmless.mentions, harmless.mention_room)
    assert (message.kind, message.notify, message.discloses) == (harmless.kind, harmless.notify, harmless.discloses)
