"""The forms of commands in `tests/data/commands.tsv`: what is typed, what is answered, what lies on the calendar."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from calbot.core.commands import Answer, Misunderstood, ParseContext, alters, parse, read_text
from calbot.core.model import Locale, RoomId
from calbot.core.poll_events import POLL_START
from tests.fuzz.corpus import seeds
from tests.fuzz.mutations import Mutator

from .conftest import ANNA, BEN, BERLIN, CARLA, ROOM, Office

TABLE = Path(__file__).parents[1] / "data" / "commands.tsv"
DIRECT = RoomId("!direct:example.org")
SCENES = {
    "empty": (),
    "list": (
        "!meet neu Budgetrunde morgen 10-11",
        "!meet neu Jour fixe jeden Mittwoch 14-15 Uhr",
        "!meet neu Workshop Do 9-12",
        "!meet liste 3t",
    ),
    "poll": ('!meet umfrage "Klausur" 1.12. 14-15; 2.12. 10',),
    "asked": ("!meet neu Budgetrunde nächsten Freitag 9 Uhr",),
    "direct": (),
}
WRITTEN = frozenset({"meeting", "change", "cancelled", "ok", "poll_result"})
PILLS = {"ben": BEN, "carla": CARLA, "bot": "@calbot:example.org"}


@dataclass(frozen=True, slots=True)
class Row:
    locale: Locale
    scene: str
    typed: str
    kind: str
    contains: tuple[str, ...]


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            locale, scene, typed, kind, contains = line.split("\t")
            for escape in (r"\n", r"\t", r"\u00a0", r"\u200b"):
                typed = typed.replace(escape, escape.encode().decode("unicode_escape"))
            fragments = tuple(part for part in contains.split(" | ") if part)
            found.append(Row("de" if locale == "de" else "en", scene, typed, kind, fragments))
    return found


def content(typed: str) -> tuple[str, dict[str, Any]]:
    """The body, and what a client puts beside it where people are mentioned."""
    body, markup = typed, typed.replace("\n", "<br>")
    for name, user in PILLS.items():
        body = body.replace(f"{{{name}}}", name.title())
        markup = markup.replace(f"{{{name}}}", f'<a href="https://matrix.to/#/{user}">{name.title()}</a>')
    formatted = {"format": "org.matrix.custom.html", "formatted_body": markup}
    return body, formatted if body != typed else {}


@pytest.mark.parametrize(
    "row", rows(), ids=lambda row: f"{row.locale}-{row.scene}-{row.typed}".encode("unicode_escape").decode()
)
async def test_forms(office: Office, row: Row) -> None:
    for before in SCENES[row.scene]:
        await office.says(before)
    office.change_room(language=row.locale)
    room = office.chat.add_room(DIRECT, ANNA) if row.scene == "direct" else ROOM
    lying, seen = office.texts(), len(office.chat.posted)
    body, formatted = content(row.typed)
    said = await office.says(body, room=room, **formatted)
    kind, _, code = row.kind.partition(":")
    if kind == "nothing":
        assert said == []
        assert len(office.chat.posted) == seen
    elif kind == "poll_start":
        polls = [one for one in office.chat.posted[seen:] if one.type == POLL_START]
        assert len(polls) == 1, [message.text for message in said]
        assert all(fragment in str(polls[0].content) for fragment in row.contains)
    else:
        answer = next((message for message in said if message.kind.value == kind), said[-1])
        assert (answer.kind.value, answer.data.get("code", "")) == (kind, code), answer.text
        assert [fragment for fragment in row.contains if fragment not in answer.text] == [], answer.text
    if kind not in WRITTEN:
        assert office.texts() == lying
    assert await office.world.stores.inbox.unfinished() == [] or kind in ("question", "slots") or row.scene == "asked"


async def test_what_is_not_understood_writes_nothing(office: Office) -> None:
    """Commands changed by chance: each is answered, and the calendar changes with those alone that are to change it."""
    for before in SCENES["list"]:
        await office.says(before)
    mutator = Mutator(seeds(), random.Random(3))  # noqa: S311 - chances that can be had again
    for _ in range(200):
        text = mutator.next()
        lying = office.texts()
        said = await office.says(f"!meet {text.removeprefix('!meet')}")
        assert all(message.data.get("code") != "internal" for message in said), text
        typed = read_text({"body": text.removeprefix("!meet")})
        command = parse(typed, ParseContext(office.clock().astimezone(BERLIN), ("de", "en")))
        if isinstance(command, Misunderstood) or not alters(command):
            assert office.texts() == lying or isinstance(command, Answer), text
