"""Writes `docs/configuration.*.md` from what the configuration is read by: its schema, and the catalogs.

``python -m tests.configuration_docs`` writes the pages, ``--check`` fails where one is not as it would be written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from calbot.core.configuration.keys import Key, Place, places
from calbot.core.configuration.schema import SCHEMA
from calbot.core.configuration.wording import named
from calbot.core.configuration.writing import write
from calbot.core.i18n import Catalog
from calbot.core.model import Locale

ROOT = Path(__file__).parents[1]
LOCALES: tuple[Locale, ...] = ("de", "en")
PAGE: Mapping[Locale, Mapping[str, str]] = {
    "de": {
        "title": "Konfiguration",
        "generated": "Diese Seite entsteht aus der Beschreibung, nach der die Konfiguration gelesen wird: `make docs`",
        "intro": (
            "Alle Schlüssel der Konfiguration einer Instanz, in der Reihenfolge von "
            "[`base-config.yaml`](../base-config.yaml); dort stehen auch Beispiele. Was fehlt oder keinen Wert "
            "hat, hat den Standardwert, auch einzeln in einem sonst ausgefüllten Abschnitt. GROSSES im Pfad steht "
            "für einen Namen: einen frei gewählten (NAME), eine Raum-ID (ROOM), einen Matrix-Server (SERVER) oder "
            "eine Matrix-ID (USER)."
        ),
        "durations": (
            "Eine Dauer hat Einheiten: `w` Wochen, `d` Tage, `h` Stunden, `m` Minuten, `s` Sekunden, auch "
            "zusammen wie `1h30m`. Uhrzeiten stehen in Anführungszeichen. Passwörter und Token stehen am besten "
            "nicht in der Datei: `{env: NAME}` nimmt sie aus einer Umgebungsvariablen des maubot-Servers, `{file: "
            "PFAD}` aus einer Datei, deren Inhalt jedes Mal neu gelesen wird."
        ),
        "save": (
            "Eine Änderung gilt, sobald Sie in maubot speichern, ohne Neustart. Ist etwas falsch, gilt die "
            "bisherige Konfiguration weiter, auch über einen Neustart hinweg; das Log und `!meet zustand` nennen "
            "Stelle und Erwartung. Gibt es keine bisherige, bleibt nur das aus, was falsch ist: ein Zugang, ein "
            "Kalender, ein Raum. `python -m calbot check DATEI` prüft vorher und probiert Zugänge, Kalender, "
            "Mailserver und auf Wunsch das Matrix-Konto aus."
        ),
        "general": "Allgemeines",
        "key": "Schlüssel",
        "value": "Wert",
        "default": "Standard",
        "meaning": "Bedeutung",
        "required": "nötig",
        "nothing": "–",
    },
    "en": {
        "title": "Configuration",
        "generated": "This page is made of the description by which the configuration is read: `make docs`",
        "intro": (
            "All keys of the configuration of an instance, in the order of "
            "[`base-config.yaml`](../base-config.yaml), which has examples, too. What is left out, or has no "
            "value, has its default, also a single key of a part that is given otherwise. CAPITALS in a path "
            "stand for a name: one of your choice (NAME), a room ID (ROOM), a Matrix server (SERVER) or a Matrix "
            "ID (USER)."
        ),
        "durations": (
            "A duration has units: `w` weeks, `d` days, `h` hours, `m` minutes, `s` seconds, also together as in "
            "`1h30m`. Times of day are written in quotes. Passwords and tokens are best kept out of the file: "
            "`{env: NAME}` takes them from an environment variable of the maubot server, `{file: PATH}` from a "
            "file, which is read anew each time."
        ),
        "save": (
            "A change takes effect as soon as you save it in maubot, without a restart. If something is wrong, "
            "the configuration before stays in force, across restarts, too; the log and `!meet status` name the "
            "place and what was expected there. If there is none before, only what is wrong is left out: an "
            "account, a calendar, a room. `python -m calbot check FILE` looks at a file beforehand, and tries "
            "accounts, calendars, the mail server and, if you want, the Matrix account."
        ),
        "general": "General",
        "key": "Key",
        "value": "Value",
        "default": "Default",
        "meaning": "Meaning",
        "required": "required",
        "nothing": "–",
    },
}


def page(locale: Locale) -> str:
    """The whole page in one language."""
    path = ROOT / "calbot" / "locales" / f"{locale}.po"
    return "\n".join(_lines(PAGE[locale], Catalog.read(path.read_bytes(), locale))) + "\n"


def _lines(own: Mapping[str, str], catalog: Catalog) -> Iterator[str]:
    yield from (f"# {own['title']}", "", f"<!-- {own['generated']} -->", "")
    yield from (own["intro"], "", own["durations"], "", own["save"])
    for heading, found in groupby(places(SCHEMA), key=_section):
        yield from ("", f"## {f'`{heading}`' if heading else own['general']}", "")
        yield f"| {own['key']} | {own['value']} | {own['default']} | {own['meaning']} |"
        yield "| --- | --- | --- | --- |"
        for place in found:
            meaning = catalog.text(f"config.key.{place.path}")
            cells = (f"`{place.path}`", _value(place.key, catalog), _default(place, own), meaning)
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _section(place: Place) -> str:
    heading, _, rest = place.path.partition(".")
    return heading if rest else ""


def _value(key: Key, catalog: Catalog) -> str:
    text = named(key.kind, catalog)
    return catalog.text("config.kind.many", what=text) if key.many else text


def _default(place: Place, own: Mapping[str, str]) -> str:
    if place.key.required:
        return own["required"]
    default = place.default
    return own["nothing"] if default is None and not place.key.kind.or_empty else f"`{write(default)}`"


def main(arguments: Sequence[str]) -> int:
    stale = []
    for locale in LOCALES:
        path = ROOT / "docs" / f"configuration.{locale}.md"
        text = page(locale)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(ROOT)))
    sys.stdout.writelines(f"{path} is not current: make docs\n" for path in stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
