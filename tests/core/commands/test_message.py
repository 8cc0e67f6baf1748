"""What a message says: quotes, blanks, people at their places, fallbacks cut, hostile content survived."""

from __future__ import annotations

from typing import Any

import pytest

from calbot.core.commands import read_text, reply_target, thread_root
from calbot.core.commands.tokens import Newline, Pill, Quoted, Semicolon, Token, Word
from calbot.core.model import UserId
from calbot.errors import Code

ANNA, BEN = UserId("@anna:example.org"), UserId("@ben:example.org")
THREAD = {"rel_type": "m.thread", "event_id": "$r"}


def shown(token: Token) -> str:
    """A token in a notation that tells the kinds apart."""
    if isinstance(token, Word):
        return token.text
    if isinstance(token, Quoted):
        return f"[{token.text}]"
    if isinstance(token, Pill):
        return f"<{token.name}|{token.user}>" if token.name != token.user else f"<{token.user}>"
    return ";" if isinstance(token, Semicolon) else "/"


def body(text: str) -> list[str]:
    return [shown(token) for token in read_text({"msgtype": "m.text", "body": text}).tokens]


def html(markup: str, plain: str = "plain") -> list[str]:
    content = {"msgtype": "m.text", "body": plain, "format": "org.matrix.custom.html", "formatted_body": markup}
    return [shown(token) for token in read_text(content).tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('neu "Jour fixe" morgen', ["neu", "[Jour fixe]", "morgen"]),
        ("neu „Jour fixe“ morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu „Jour fixe” morgen", ["neu", "[Jour fixe]", "morgen"]),
        ('neu „Jour fixe" morgen', ["neu", "[Jour fixe]", "morgen"]),
        ("neu “Jour fixe” morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu ”Jour fixe” morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu «Jour fixe» morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu « Jour fixe » morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu »Jour fixe« morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu ‚Jour fixe‘ morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu ‘Jour fixe’ morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu 'Jour fixe' morgen", ["neu", "[Jour fixe]", "morgen"]),
        ("neu ‹Jour fixe› morgen", ["neu", "[Jour fixe]", "morgen"]),
        ('neu"Jour fixe" morgen', ["neu", "[Jour fixe]", "morgen"]),
        ('neu "Jour fixe"morgen', ["neu", "[Jour fixe]", "morgen"]),
        ("neu„Jour fixe“morgen", ["neu", "[Jour fixe]", "morgen"]),
        ('"Die „neue“ Linie" morgen', ["[Die „neue“ Linie]", "morgen"]),
        ("„Die ‚neue‘ Linie“ morgen", ["[Die ‚neue‘ Linie]", "morgen"]),
        ("'Anna's Party' morgen", ["[Anna's Party]", "morgen"]),
        ('"eins"; "zwei"', ["[eins]", ";", "[zwei]"]),
        ('""', ["[]"]),
        ('"erste Zeile\nzweite" x', ["[erste Zeile\nzweite]", "x"]),
        ("geht's um Bens' Idee", ["geht's", "um", "Bens'", "Idee"]),
        ("geht’s um ’n Termin", ["geht’s", "um", "’n", "Termin"]),
        ('Monitor 24" morgen', ["Monitor", '24"', "morgen"]),
        ('ort:"Raum 4.12" x', ["ort:", "[Raum 4.12]", "x"]),
        ("ort:'Raum 4.12' x", ["ort:", "[Raum 4.12]", "x"]),
    ],
)
def test_quotes_of_all_kinds(text: str, expected: list[str]) -> None:
    assert body(text) == expected


@pytest.mark.parametrize(
    "text", ['neu "Jour fixe morgen 10', "neu „Jour fixe morgen", 'ort:"Raum 4', "»Jour fixe morgen"]
)
def test_an_unclosed_quote_is_a_fault_that_shows_where(text: str) -> None:
    fault = read_text({"body": text}).fault
    assert fault is not None
    assert fault.reason == "quote_open"
    assert str(fault.params["text"]) in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  b\tc\u00a0d\u202fe\u3000f", ["a", "b", "c", "d", "e", "f"]),
        ("a\nb\r\nc\rd\u2028e\u0085f", ["a", "/", "b", "/", "c", "/", "d", "/", "e", "/", "f"]),
        ("\n\na\n \n\nb\n\n", ["a", "/", "b"]),
        ("a\u200bb\u00ad\ufeffc\u2060\u200e\u202ed\x00\x07e", ["abcde"]),
        ("na\u0308chster", ["nächster"]),
        ("\N{WOMAN}\u200d\N{PERSONAL COMPUTER} ne\u200du", ["\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "neu"]),
        ("a \ud800 b \udfff", ["a", "b"]),
        ("a\ufffcb", ["ab"]),
        ("Di 14-15;Mi 10; Fr", ["Di", "14-15", ";", "Mi", "10", ";", "Fr"]),
        ("https://example.org/a;b?c=d; Fr", ["https://example.org/a;b?c=d", ";", "Fr"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_blanks_separators_and_invisible_characters(text: str, expected: list[str]) -> None:
    assert body(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mit @anna:example.org", ["mit", f"<{ANNA}>"]),
        ("(@anna:example.org)", ["(", f"<{ANNA}>", ")"]),
        ("@anna:example.org, @ben:example.org.", [f"<{ANNA}>", ",", f"<{BEN}>", "."]),
        ("@anna:example.org,@ben:example.org", [f"<{ANNA}>", ",", f"<{BEN}>"]),
        ("optional:@anna:example.org", ["optional:", f"<{ANNA}>"]),
        ("@anna:localhost:8448 x", ["<@anna:localhost:8448>", "x"]),
        ("@anna:127.0.0.1:8448", ["<@anna:127.0.0.1:8448>"]),
        ("@anna:[2001:db8::1]", ["<@anna:[2001:db8::1]>"]),
        ("mail@anna:example.org", ["mail@anna:example.org"]),
        ("um @14:30", ["um", "@14:30"]),
        ("@anna heute", ["@anna", "heute"]),
    ],
)
def test_raw_ids_are_people(text: str, expected: list[str]) -> None:
    assert body(text) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('mit <a href="https://matrix.to/#/@anna:example.org">Anna</a> x', ["mit", f"<Anna|{ANNA}>", "x"]),
        ('<a href="https://matrix.to/#/%40anna%3Aexample.org?via=example.org">Anna</a>', [f"<Anna|{ANNA}>"]),
        ('<a href="matrix:u/anna:example.org?action=chat">Anna</a>', [f"<Anna|{ANNA}>"]),
        ('<a href="https://chat.example.org/#/user/@anna:example.org">Anna</a>', [f"<Anna|{ANNA}>"]),
        ('<a href="https://matrix.to/#/@anna:example.org">A <b>&amp;</b><br>B</a>', [f"<A &|{ANNA}>", "/", "B"]),
        ('<a href="https://matrix.to/#/@anna:example.org"></a>', [f"<{ANNA}>"]),
        ('<a href="https://matrix.to/#/@anna:example.org">Anna', [f"<Anna|{ANNA}>"]),
        ('<a href="https://matrix.to/#/#room:example.org">Raum</a>', ["Raum"]),
        ('<a href="https://matrix.to/#/!room:example.org/$event">hier</a>', ["hier"]),
        ('<a href="https://example.org/@anna:example.org">Anna</a>', ["Anna"]),
        ("<a>Anna</a> <a href>Ben</a>", ["Anna", "Ben"]),
        ("<p>a<br />\nb</p>\n<p>c</p>", ["a", "/", "b", "/", "c"]),
        ("a\nb", ["a", "/", "b"]),
        ("<pre>a\nb</pre>", ["a", "/", "b"]),
        ("<ul>\n<li>Di 14</li>\n<li>Mi 10</li>\n</ul>", ["Di", "14", "/", "Mi", "10"]),
        ('<ol start="3"><li>Dezember</li><li>Januar</li></ol>', ["3.", "Dezember", "/", "4.", "Januar"]),
        ("<b>ort</b>:Rathaus", ["ort:Rathaus"]),
        ("&quot;Jour&nbsp;fixe&quot; &lt;x&gt;", ["[Jour fixe]", "<x>"]),
        ("5 < 6 & 7 > 3", ["5", "<", "6", "&", "7", ">", "3"]),
        ('<img src="mxc://x" alt=":tada:"> x', [":tada:", "x"]),
        ("<script>alert(1)</script>neu", ["neu"]),
        ("<!-- weg -->neu", ["neu"]),
        ("<mx-reply><blockquote>!meet absagen 1</blockquote></mx-reply>neu", ["neu"]),
        ('"mit <a href="matrix:u/anna:example.org">Anna</a>" <a href="matrix:u/ben:example.org">Ben</a>',
         ["[mit Anna]", f"<Ben|{BEN}>"]),
    ],
)  # fmt: skip
def test_markup(markup: str, expected: list[str]) -> None:
    assert html(markup) == expected


@pytest.mark.parametrize("markup", ["<![x y]>", "&#" + "9" * 5000 + ";", "", "  "])
def test_what_is_no_markup_leaves_the_body_to_count(markup: str) -> None:
    assert html(markup, "neu") == ["neu"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"body": None},
        {"body": 5},
        {"body": ["x"], "formatted_body": {}},
        {"format": "org.matrix.custom.html", "formatted_body": 5},
        {"body": {}, "m.relates_to": "x"},
    ],
)
def test_malformed_content_says_nothing(content: dict[str, Any]) -> None:
    assert read_text(content).tokens == ()


def test_the_body_counts_where_the_format_is_unknown() -> None:
    assert read_text({"body": "neu", "format": "x", "formatted_body": "alt"}).tokens == (Word("neu", False),)


def test_quoted_lines_are_cut_from_a_reply_only() -> None:
    text = "> <@anna:example.org> !meet absagen 1\n> ja\n\n!meet neu\n> x"
    reply = {"body": text, "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}}
    assert read_text(reply).tokens == (
        Word("!meet", False),
        Word("neu", True),
        Newline(),
        Word(">", True),
        Word("x", True),
    )
    assert read_text({"body": text}).tokens[0] == Word(">", False)


def test_a_message_that_is_too_long_keeps_enough_to_see_whom_it_addresses() -> None:
    typed = read_text({"body": "!meet neu " + "x " * 10_000})
    assert typed.fault is not None
    assert typed.fault.code is Code.LIMIT
    assert typed.tokens[:2] == (Word("!meet", False), Word("neu", True))
    assert len(typed.tokens) < 200


def test_a_long_quotation_does_not_make_a_reply_too_long() -> None:
    markup = "<mx-reply>" + "x" * 30_000 + "</mx-reply>!meet liste"
    typed = read_text({"body": "x", "format": "org.matrix.custom.html", "formatted_body": markup})
    assert typed.fault is None
    assert len(typed.tokens) == 2


@pytest.mark.parametrize(
    ("relation", "target", "root"),
    [
        ({"m.in_reply_to": {"event_id": "$1"}}, "$1", None),
        ({**THREAD, "m.in_reply_to": {"event_id": "$1"}}, "$1", "$r"),
        ({**THREAD, "is_falling_back": True, "m.in_reply_to": {"event_id": "$1"}}, None, "$r"),
        ({**THREAD, "is_falling_back": "yes", "m.in_reply_to": {"event_id": "$1"}}, "$1", "$r"),
        ({"rel_type": "m.replace", "event_id": "$r"}, None, None),
        ({"m.in_reply_to": {"event_id": 5}}, None, None),
        ({"m.in_reply_to": "$1"}, None, None),
        ({"rel_type": "m.thread"}, None, None),
        ([], None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_relations(relation: object, target: str | None, root: str | None) -> None:
    content = {"body": "x", "m.relates_to": relation}
    assert reply_target(content) == target
    assert thread_root(content) == root
