"""What mutations begin with: commands and dates as people type them, and what has broken parsers before."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"

WORDS = """
neu termin new event liste list agenda zeige show verschiebe move ändere edit absagen cancel ja nein vielleicht yes no
maybe finde find umfrage poll stimme vote schließen close buche book frist until umfragen polls erinnere remind mich me
übersicht digest importiere import rückgängig undo wann when zeitzone tz sprache lang kalender calendars verbinde map
trenne unmap abo feed zustand status abgleich sync setze set hilfe help suche search nächster next alle all folgende
following letzter last keine none aus off standard immer always täglich wöchentlich auto einzeln verdeckt vormerken
bestätigen heute morgen übermorgen today tomorrow Montag Di Mittwochs Fr Sa Sonntag next nächsten kommenden diesen
Woche KW 49 Januar 24.11. 24.11.2026 2026-11-24 11/24 1. 3. 10 14-15 9:30 9.30 14h 14h30 25 24:00 0 00:00 Uhr halb
viertel dreiviertel mittags Mitternacht noon am pm früh abends jeden jede every bis ab von in vor nach um um
1h 90m 1,5h 45m 1h30 zwei drei 2. #2 2️⃣ Jour fixe Budgetrunde Runde's ganztägig werktags alle zwei Wochen
""".split()  # noqa: SIM905 - as above
KEYS = """
ort: loc: text: desc: dauer: for: kal: cal: raum: room: bis: until: quorum: nötig: required: optional: mit: ohne:
titel: title: grund: reason: link: puffer: zeit: suche: search: farbe: orr:
""".split()  # noqa: SIM905 - as above
MARKS: list[str] = [
    *"\"'„“”‚‘’«»‹›;,.:!?-–—()[]<>&@#/\\|*_~`",
    *" \n\t\r\x00\x1e\x1f",
    "\u00a0",
    "\u200b",
    "\u202e",
    "\u2028",
]
ODD: list[str] = [
    "\ufffc",
    "\ufeff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ud800",
    "\u0301\u0301\u0301",
    "ﷺ",
    "½",
    "²",
    "١٢",
    "１４",
    "ẞ",
    "İ",
    "ǆ",
    "0" * 40,
    "9" * 400,
    "1e9",
    "-1",
    "+",
    "99:99",
    "31.2.",
    "29.2.",
    "@anna:example.org",
    "@a:b",
    "@:",
    "https://example.org/a;b?c=1:2",
    '<a href="https://matrix.to/#/@anna:example.org">Anna</a>',
    "<a href='matrix:u/ben:example.org'>",
    "<br>",
    "<mx-reply>",
    "</mx-reply>",
    "<ol><li>",
    "<pre>",
    "<!--",
    "<![CDATA[",
    "<!",
    "&#x110000;",
    "&#" + "9" * 5000 + ";",
    "&amp;",
    "&nbsp",
]


def seeds() -> list[str]:
    """Every command of the tests and of help, every date of the phrases."""
    found = [line.split("\t")[2] for line in _lines(DATA / "commands.tsv")]
    for table in sorted((DATA / "phrases").glob("*.tsv")):
        phrases = [line.split("\t")[1] for line in _lines(table) if line.count("\t") > 1]
        found += [f"!meet neu Runde {phrase}" for phrase in phrases]
        found += [f"!meet wann {phrase}" for phrase in phrases[::3]]
        found += [f'!meet umfrage "X" {one}; {other}' for one, other in zip(phrases[::5], phrases[1::5], strict=False)]
        found += [f"!meet verschiebe 1 {phrase}" for phrase in phrases[::4]]
    for catalog in sorted((ROOT / "calbot" / "locales").glob("*.po")):
        with catalog.open("rb") as file:
            texts = [str(message.string) for message in read_po(file, locale=catalog.stem) if message.id]
        found += [re.sub(r"\{\w+\}", "!meet", text) for text in texts if text.startswith("{prefix} ")]
    return list(dict.fromkeys(found))


def _lines(table: Path) -> list[str]:
    return [line for line in table.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
