"""Holds the catalogs against each other and against the code: what is missing, unused, differs, or is said past them.

``python -m tests.catalog_check`` prints one line a finding and fails if there is any; the tests ask the same functions.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import read_po

from calbot.core import room_settings
from calbot.core.dates.readings import Reason
from calbot.core.i18n import PLACEHOLDER
from calbot.core.ical.itip import News
from calbot.core.messages import Headline, Source
from calbot.core.model import PartStat
from calbot.core.notices import Hold
from calbot.core.permissions import Exposure
from calbot.core.settings import Alarms, Mention
from calbot.db.own_data import BY_ADDRESS, PLACES
from calbot.errors import Code
from calbot.services.sight import Check

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "calbot" / "locales"
SPEAKING = ("core/messages", "services", "matrix")  # where a text could be said past the catalogs

# Parameters that are filled in whatever the caller gives.
ALWAYS_KNOWN = frozenset(("prefix", "n"))
GIVEN_BY = {"Verdict": frozenset(("needed",)), "Refusal": frozenset(("why",))}

# Classes whose instances name a text: the family of ids that their argument belongs to, and which argument it is.
NAMED_BY: Mapping[str, tuple[tuple[str, ...], int]] = {
    "UserError": (("error.",), 1),
    "CalbotError": (("error.",), 1),
    "Unavailable": (("error.",), 1),
    "Misunderstood": (("error.",), 0),
    "Refusal": (("error.",), 0),
    "CalendarUnavailable": (("error.",), 0),
    "AnswerLost": (("error.",), 0),
    "CalendarReadOnly": (("error.",), 0),
    "BadCalendarData": (("error.",), 0),
    "ChatUnavailable": (("error.",), 0),
    "ChatForbidden": (("error.",), 0),
    "NotEncrypted": (("error.",), 0),
    "MailUnavailable": (("error.",), 0),
    "MailDeferred": (("error.",), 0),
    "MailRefused": (("error.",), 0),
    "Verdict": (("error.",), 0),
    "Ask": (("ask.",), 0),
    "Say": (("note.", "choice.", "status.note."), 0),
    "Note": (("note.",), 0),
    "ok": (("ok.",), 1),
    "Problem": (("config.", "config.kind."), 1),
    "Unexpected": (("config.", "config.kind."), 0),
}
# What a finding expected is the text of a kind of value, where there is one.
AS_KIND = {"config.kind.": "expected_"}
# Methods that do so in one package only.
NAMED_BY_METHODS = {
    "calbot/core/configuration/": {
        "error": (("config.", "config.kind."), 1),
        "notice": (("config.",), 1),
        "kind": (("config.kind.",), 0),
        "Kind": (("config.kind.",), 0),
    }
}
# Ids that are put together from values of enums.
FROM_VALUES = (
    *(f"error.{code.value}" for code in Code),
    *(f"error.date_{reason.value}" for reason in Reason),
    *(f"error.exposed_{exposure.value}" for exposure in Exposure),
    *(f"card.{headline.value}" for headline in Headline),
    *(f"{family}.{word}" for family in ("answer", "already") for word in ("accepted", "declined", "tentative")),
    *(f"undo.answer_{partstat.value.lower().replace('-', '_')}" for partstat in PartStat),
    "undo.answer_none",
    *(f"health.{check.value}" for check in Check),
    *(f"zone.from.{source.value}" for source in Source),
    *(f"own_data.{place.table}" for place in (*PLACES, *BY_ADDRESS)),
    *("own_data.poll", "own_data.kept"),
    *(f"weekday.on.{weekday}" for weekday in range(7)),
    *(f"status.waiting.{hold.value}" for hold in Hold if hold is not Hold.SETTLING),
    *(f"mail.{part}.{news.value}" for part in ("subject", "opening") for news in News),
    *(f"mail.subject.{news.value}_undated" for news in News),
    *(f"setting.from.{source.value}" for source in room_settings.Source),
    *(f"setting.{setting.id}.{part}" for setting in room_settings.Setting for part in ("name", "means")),
    *(f"error.setting_{setting.id}" for setting in room_settings.Setting),
    *(f"setting.alarms.{alarms.value}" for alarms in Alarms),
    *(f"setting.mention.{mention.value}" for mention in Mention),
    *(f"setting.level.{role}" for role in ("everybody", "moderation", "administration")),
)
# Families of which the code only holds the last part.
OPEN_FAMILIES = (
    "error.",
    "ask.",
    "note.",
    "choice.",
    "ok.",
    "config.",
    "check.",
    "help.",
    "status.note.",
    "status.crypto.",
    "change.count_",
)

NAMES = frozenset(("last good configuration", "agendas noted until"))  # of stored values
NOT_SAID = frozenset(("debug", "info", "warning", "error", "exception", "log", "compile", "getLogger", "getChild"))
_ID = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
_PART_OF_ID = re.compile(r"[a-z_]{4,}_|_[a-z_]{4,}")
_WORDS = re.compile(r"[^\W\d_]{2,}[,.:!?]? +[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A text in one language: its forms, of which there are several for a plural."""

    forms: tuple[str, ...]
    plural: bool

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(name for form in self.forms for name in PLACEHOLDER.findall(form))


@dataclass(frozen=True, slots=True)
class Use:
    """Where the code names a text: the ids that it may be, and the parameters given, None if they cannot be seen."""

    ids: tuple[str, ...]
    params: frozenset[str] | None
    where: str


def languages() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in LOCALES.glob("*.po")))


@cache
def catalog(language: str) -> Mapping[str, Entry]:
    source = read_po(BytesIO((LOCALES / f"{language}.po").read_bytes()), locale=language)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: Entry(
            (message.string,) if isinstance(message.string, str) else tuple(message.string or ()), message.pluralizable
        )
        for message in source
        if message.id
    }


# ----------------------------------------------------------------------------------------------- between the languages


def differences() -> Iterator[str]:
    """Ids that not all languages have, empty forms, differing placeholders, plurals that are none elsewhere."""
    everything = {language: catalog(language) for language in languages()}
    for id in sorted(set().union(*everything.values())):
        having = {language: entries[id] for language, entries in everything.items() if id in entries}
        yield from (f"{id}: not in {language}" for language in everything if language not in having)
        if len({entry.plural for entry in having.values()}) > 1:
            yield f"{id}: a plural in one language only"
        if len({entry.placeholders for entry in having.values()}) > 1:
            yield f"{id}: the placeholders differ"
        for language, entry in having.items():
            if not all(form.strip() for form in entry.forms):
                yield f"{id}: empty in {language}"
            for form in entry.forms:
                if entry.placeholders - set(PLACEHOLDER.findall(form)) - {"n"}:
                    yield f"{id}: a form in {language} lacks a placeholder"
                if form.count("`") % 2:
                    yield f"{id}: a backtick too few in {language}"


# --------------------------------------------------------------------------------------------------------- in the code


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "calbot").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def uses() -> Iterator[Use]:
    """The places where an error, a question, a note, an answer or a mistake of the configuration names its text."""
    for name, tree in trees():
        naming = dict(NAMED_BY)
        for folder, methods in NAMED_BY_METHODS.items():
            naming |= methods if name.startswith(folder) else {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (called := _called(node)) in naming:
                families, place = naming[called]
                if len(node.args) <= place:
                    continue
                for suffix in _texts(node.args[place]):
                    ids = tuple(f"{family}{suffix.removeprefix(AS_KIND.get(family, ''))}" for family in families)
                    yield Use(ids, _params(node), f"{name}:{node.lineno}")


def missing() -> Iterator[str]:
    """Texts that the code names and no catalog has, or for which it gives too few parameters."""
    entries = catalog("en")
    yield from (f"{id}: not in the catalogs" for id in FROM_VALUES if id not in entries)
    for use in uses():
        found = [entries[id] for id in use.ids if id in entries]
        if not found:
            yield f"{use.where}: {use.ids[0]} is not in the catalogs"
        for entry in found:
            lacking = frozenset() if use.params is None else entry.placeholders - use.params - ALWAYS_KNOWN
            if lacking:
                yield f"{use.where}: {use.ids[0]} is not given {', '.join(sorted(lacking))}"
    families = {id.partition(".")[0] for id in entries}
    for name, tree in trees():
        if not name.startswith("calbot/core/messages/"):
            continue
        for text in _constants(tree):
            named = _ID.fullmatch(text) and text.partition(".")[0] in families
            if named and text not in entries and not any(id.startswith(f"{text.rstrip('_')}_") for id in entries):
                yield f"{name}: {text} is not in the catalogs"


def unused() -> Iterator[str]:
    """Texts that nothing in the code names, be it whole, by its last part, or as one that an f-string makes."""
    said = {text for _, tree in trees() for text in _constants(tree)}
    made = [pattern for _, tree in trees() for pattern in _made(tree)]
    for id in catalog("en"):
        ends = {id.removeprefix(family) for family in OPEN_FAMILIES if id.startswith(family)}
        ends |= {end.partition(".")[0] for end in ends}
        named = id in said or id in FROM_VALUES or ends & said
        if not named and not any(pattern.fullmatch(end) for pattern in made for end in ends):
            yield f"{id}: not used"


def _made(tree: ast.Module) -> Iterator[re.Pattern[str]]:
    """What the f-strings of a module can yield, where enough of it is written there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts = [str(part.value) if isinstance(part, ast.Constant) else None for part in node.values]
            if any(text is not None and _PART_OF_ID.fullmatch(text) for text in texts):
                yield re.compile("".join("[a-z0-9_]+" if text is None else re.escape(text) for text in texts))


def said_past_the_catalogs() -> Iterator[str]:
    """Sentences in the code that people could come to read: words with blanks, no docstring, log line or raise."""
    for name, tree in trees():
        if not any(name.startswith(f"calbot/{part}/") for part in SPEAKING):
            continue
        quiet = {id(constant) for node in ast.walk(tree) for constant in _quiet(node)}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or id(node) in quiet:
                continue
            if node.value not in NAMES and _WORDS.search(node.value):
                yield f"{name}:{node.lineno}: {node.value!r} is not in the catalogs"


def findings() -> list[str]:
    return [*differences(), *missing(), *unused(), *said_past_the_catalogs()]


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can be, as far as they are written there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _params(node: ast.Call) -> frozenset[str] | None:
    """The parameters that a call gives for the text; None where that cannot be seen."""
    given = set(GIVEN_BY.get(_called(node), ()))
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg == "command":
            return None
        if keyword.arg != "params":
            given.add(keyword.arg)
    mappings = [k.value for k in node.keywords if k.arg == "params"]
    mappings += [argument for argument in node.args if isinstance(argument, ast.Dict)]
    for mapping in mappings:
        if not isinstance(mapping, ast.Dict):
            return None
        for key in mapping.keys:
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                return None
            given.add(key.value)
    return frozenset(given)


def _constants(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _quiet(node: ast.AST) -> Iterator[ast.AST]:
    """The constants below a node that nobody reads in a room."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value  # a docstring, of whatever
    elif isinstance(node, ast.Raise | ast.Assert) or (isinstance(node, ast.Call) and _called(node) in NOT_SAID):
        yield from _below(node)
    elif isinstance(node, ast.Call) and _called(node) == "__init__":
        yield from _below(node)  # of an exception of our own
    elif isinstance(node, ast.keyword) and node.arg == "name":
        yield from _below(node)  # of a task


def _below(node: ast.AST) -> Iterable[ast.AST]:
    return (child for child in ast.walk(node) if isinstance(child, ast.Constant))


def main() -> int:
    found = findings()
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
