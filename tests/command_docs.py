"""Writes `docs/commands.*.md` from what the help of the bot is made of: the vocabulary and the catalogs.

``python -m tests.command_docs`` writes the pages, ``--check`` fails where one is not as it would be written.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from calbot.core.commands import ENTRIES, CommandId, Entry, grouped
from calbot.core.commands.editing import EDIT_KEYS
from calbot.core.commands.finding import FIND_KEYS
from calbot.core.commands.importing import IMPORT_KEYS
from calbot.core.commands.meetings import CANCEL_KEYS, NEW_KEYS
from calbot.core.commands.options import Key
from calbot.core.commands.polls import POLL_KEYS
from calbot.core.i18n import Catalog
from calbot.core.model import Locale

ROOT = Path(__file__).parents[1]
LOCALES: tuple[Locale, ...] = ("de", "en")
PREFIX = "!meet"
OPTIONS: Mapping[CommandId, Sequence[Key]] = {
    CommandId.NEW: NEW_KEYS,
    CommandId.FIND: FIND_KEYS,
    CommandId.EDIT: EDIT_KEYS,
    CommandId.CANCEL: CANCEL_KEYS,
    CommandId.IMPORT: IMPORT_KEYS,
    CommandId.POLL: POLL_KEYS,
}
PAGE: Mapping[Locale, Mapping[str, str]] = {
    "de": {
        "title": "Befehle",
        "generated": "Diese Seite entsteht aus denselben Texten wie die Hilfe des Bots: `make docs`",
        "address": "So sprechen Sie den Bot an",
        "address_text": (
            "Beginnen Sie mit `{prefix}`, mit dem Namen des Bots (`@calbot liste`, `calbot: liste`) oder "
            "mit seiner Erwähnung. Im Direktchat mit dem Bot genügt der Befehl. Groß- und "
            "Kleinschreibung, Zeilenumbrüche und mehrere Leerzeichen sind gleichgültig; deutsche und "
            "englische Befehle gelten überall. Auch `{prefix}liste` und `{prefix}: liste` werden verstanden. "
            "`{prefix}` allein zeigt eine kurze Hilfe."
        ),
        "rules": "So lesen Sie diese Seite",
        "rules_text": (
            "GROSSES steht für etwas, das Sie einsetzen, [Klammern] für etwas, das Sie weglassen können. "
            "NUMMER ist die Nummer aus der letzten Liste; `letzter` ist der zuletzt gezeigte Termin, und "
            "in einer Antwort auf eine Karte ist der Termin der Karte gemeint. Angaben wie `ort:Rathaus` "
            "und Personen können überall hinter dem Befehl stehen; Werte mit Leerzeichen gehören in "
            'Anführungszeichen, gleich welche: `ort:"Raum 4.12"`, `ort:„Raum 4.12“`. Bei Serien meint '
            "eine Nummer einen Termin, `alle` dahinter die Serie, `folgende` diesen und alle späteren."
        ),
        "questions": "Wenn der Bot nachfragt",
        "questions_text": (
            "Ist etwas mehrdeutig oder hätte es Folgen für viele, fragt der Bot, bevor er etwas tut. "
            "Antworten kann nur, wer gefragt ist: mit der Ziffer als Reaktion, mit der Nummer als Antwort"
            " auf die Frage oder mit `{prefix} 2`; im Direktchat genügt die Nummer. Nach zehn Minuten "
            "gilt die Frage nicht mehr."
        ),
        "edits": "Wenn Sie sich vertippt haben",
        "edits_text": (
            "In der ersten Minute können Sie einen Befehl durch Bearbeiten der Nachricht berichtigen, "
            "solange der Bot noch nichts eingetragen hat. Löschen Sie die Nachricht, wird ein Befehl, der"
            " noch wartet, nicht mehr ausgeführt. Was schon im Kalender steht, nimmt `{prefix} "
            "rückgängig` zurück."
        ),
        "overview": "Alle Befehle",
        "events": "Termine",
        "polls": "Umfragen",
        "posted": "Erinnerungen und Übersichten",
        "settings": "Hilfe und Einstellungen",
        "names": "Namen",
        "syntax": "Schreibweise",
        "options": "Angaben",
        "examples": "Beispiele",
        "answer": "Antwort",
        "command": "Befehl",
        "what": "Was er tut",
        "option": "Angabe",
        "meaning": "Bedeutung",
    },
    "en": {
        "title": "Commands",
        "generated": "This page is made of the same texts as the bot's help: `make docs`",
        "address": "How to address the bot",
        "address_text": (
            "Begin with `{prefix}`, with the name of the bot (`@calbot list`, `calbot: list`) or by "
            "mentioning it. In a direct chat with the bot the command is enough. Capitals, line breaks "
            "and several blanks make no difference; German and English commands work everywhere. "
            "`{prefix}list` and `{prefix}: list` are understood as well. `{prefix}` alone shows a short help."
        ),
        "rules": "How to read this page",
        "rules_text": (
            "CAPITALS stand for something you fill in, [brackets] for something you may leave out. NUMBER"
            " is the number from the last list; `last` is the event shown last, and in a reply to a card "
            "the event of that card is meant. Options such as `loc:Rathaus` and people may stand anywhere"
            ' behind the command; values with blanks go in quotes of any kind: `loc:"Room 4.12"`. Of a '
            "series, a number means one date, `all` behind it the series, `following` this one and all "
            "later ones."
        ),
        "questions": "When the bot asks",
        "questions_text": (
            "Where something has two meanings or would affect many, the bot asks before it does anything."
            " Only the person asked can answer: with the number as a reaction, with the number as a reply"
            " to the question, or with `{prefix} 2`; in a direct chat the number is enough. After ten "
            "minutes the question is over."
        ),
        "edits": "When you mistyped something",
        "edits_text": (
            "Within the first minute you can correct a command by editing the message, as long as the bot"
            " has not written anything. If you delete the message, a command that still waits is not "
            "carried out. What is on the calendar already, `{prefix} undo` takes back."
        ),
        "overview": "All commands",
        "events": "Events",
        "polls": "Polls",
        "posted": "Reminders and agendas",
        "settings": "Help and settings",
        "names": "Names",
        "syntax": "Syntax",
        "options": "Options",
        "examples": "Examples",
        "answer": "Answer",
        "command": "Command",
        "what": "What it does",
        "option": "Option",
        "meaning": "Meaning",
    },
}


def page(locale: Locale) -> str:
    """The whole page in one language."""
    return "\n".join(_lines(_Texts(locale))) + "\n"


class _Texts:
    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        path = ROOT / "calbot" / "locales" / f"{locale}.po"
        self._catalog = Catalog.read(path.read_bytes(), locale)

    def own(self, id: str) -> str:
        return PAGE[self.locale][id].replace("{prefix}", PREFIX)

    def help(self, entry: Entry, part: str) -> str:
        """What the help says of a command; empty where it says nothing."""
        return self.text(f"help.{entry.command.value}.{part}")

    def text(self, id: str) -> str:
        return self._catalog.text(id, prefix=PREFIX) if id in self._catalog else ""


def _lines(texts: _Texts) -> Iterator[str]:
    groups = grouped(ENTRIES)
    yield f"# {texts.own('title')}"
    yield ""
    yield f"<!-- {texts.own('generated')} -->"
    yield ""
    sections = ("address", "rules", "questions", "edits", "overview", *groups)
    for section in sections:
        yield f"- [{texts.own(section)}](#{_anchor(texts.own(section))})"
        for entry in groups.get(section, ()):
            yield f"  - [{_heading(texts, entry)}](#{_anchor(_heading(texts, entry))})"
    for section in ("address", "rules", "questions", "edits"):
        yield from ("", f"## {texts.own(section)}", "", texts.own(f"{section}_text"))
    yield from ("", f"## {texts.own('overview')}", "")
    yield f"| {texts.own('command')} | {texts.own('what')} |"
    yield "| --- | --- |"
    for entries in groups.values():
        for entry in entries:
            heading = _heading(texts, entry)
            yield f"| [{heading}](#{_anchor(heading)}) | {_cell(texts.help(entry, 'summary'))} |"
    for section, entries in groups.items():
        yield from ("", f"## {texts.own(section)}")
        for entry in entries:
            yield from _command(texts, entry)


def _command(texts: _Texts, entry: Entry) -> Iterator[str]:
    summary = texts.help(entry, "summary")
    yield from ("", f"### {_heading(texts, entry)}", "", f"{summary[:1].upper()}{summary[1:]}.", "")
    yield f"**{texts.own('syntax')}:** `{texts.help(entry, 'syntax')}`"
    yield ""
    yield f"**{texts.own('names')}:** " + ", ".join(f"`{name}`" for name in _names(texts, entry))
    yield from ("", f"**{texts.own('examples')}:**", "", "```text")
    yield from dict.fromkeys(texts.help(entry, part) for part in ("example1", "example2"))
    yield "```"
    for text in (texts.help(entry, "more"), _answer(texts, entry)):
        if text:
            yield from ("", text)
    yield from _options(texts, OPTIONS.get(entry.command, ()))


def _answer(texts: _Texts, entry: Entry) -> str:
    answer = texts.help(entry, "answer")
    return f"**{texts.own('answer')}:** {answer}" if answer else ""


def _options(texts: _Texts, keys: Sequence[Key]) -> Iterator[str]:
    if not keys:
        return
    yield from ("", f"| {texts.own('option')} | {texts.own('meaning')} |", "| --- | --- |")
    for key in keys:
        names = ", ".join(f"`{name}:`" for name in key.value)
        yield f"| {names} | {_cell(texts.text(f'help.option.{key.name.lower()}'))} |"


def _heading(texts: _Texts, entry: Entry) -> str:
    """With the prefix: a command and a section may have the same name."""
    return f"{PREFIX} {texts.help(entry, 'name')}"


def _names(texts: _Texts, entry: Entry) -> Sequence[str]:
    """Every word for a command, those of the page's language first."""
    other: Locale = "en" if texts.locale == "de" else "de"
    return list(dict.fromkeys((*entry.names(texts.locale), *entry.names(other))))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _anchor(heading: str) -> str:
    """As GitHub, GitLab and Gitea make them of headings."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def main(arguments: Sequence[str]) -> int:
    stale = []
    for locale in LOCALES:
        path = ROOT / "docs" / f"commands.{locale}.md"
        text = page(locale)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(ROOT)))
    sys.stdout.writelines(f"{path} is not current: make docs\n" for path in stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
