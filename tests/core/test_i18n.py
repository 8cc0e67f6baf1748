from __future__ import annotations

import time
from pathlib import Path

import pytest

from calbot.core.i18n import Catalog

LOCALES = Path(__file__).resolve().parents[2] / "calbot" / "locales"

POLISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: pl\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "card.created"
msgstr "Dodano: {title}"

msgid "duration.days"
msgid_plural "duration.days"
msgstr[0] "{n} dzień"
msgstr[1] "{n} dni"
msgstr[2] "{n} dni (5)"

msgid "empty"
msgstr ""

#, fuzzy
msgid "guessed"
msgstr "coś"
""".encode()


@pytest.fixture(scope="module")
def polish() -> Catalog:
    return Catalog.read(POLISH, "pl")


def test_a_third_language_is_one_more_file(polish: Catalog) -> None:
    assert polish.text("card.created", title="Narada") == "Dodano: Narada"
    assert str(polish.locale) == "pl"


@pytest.mark.parametrize(("n", "text"), [(1, "1 dzień"), (2, "2 dni"), (5, "5 dni (5)"), (22, "22 dni")])
def test_the_plural_form_is_that_of_the_language(polish: Catalog, n: int, text: str) -> None:
    assert polish.plural("duration.days", n) == text


@pytest.mark.parametrize("id", ["nowhere", "empty", "guessed"])
def test_what_is_not_translated_is_not_there(polish: Catalog, id: str) -> None:
    assert id not in polish
    with pytest.raises(KeyError):
        polish.text(id)


@pytest.mark.parametrize(
    "value", ["{title}", "{0}", "{title.__class__}", "{", "}", "%(title)s", "\\g<0>", "{prefix}", "\\1"]
)
def test_parameters_are_put_in_as_they_are(polish: Catalog, value: str) -> None:
    assert polish.text("card.created", title=value) == f"Dodano: {value}"


def test_templates_reach_no_attributes() -> None:
    po = POLISH + b'\nmsgid "x"\nmsgstr "{a.__class__} {a[0]} {a!r} {a:>9}"\n'
    assert Catalog.read(po, "pl").text("x", a="secret") == "{a.__class__} {a[0]} {a!r} {a:>9}"


def test_a_forgotten_parameter_spoils_no_answer(polish: Catalog) -> None:
    assert polish.text("card.created") == "Dodano: …"


def test_all_languages_load_fast() -> None:
    files = {path.stem: path.read_bytes() for path in LOCALES.glob("*.po")}
    assert {"de", "en"} <= files.keys()
    started = time.process_time()
    for locale, po in files.items():
        Catalog.read(po, locale)
    assert time.process_time() - started < 2
